#include "host/call_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "host/abi.hpp"
#include "host/hostcalls.hpp"

namespace wasmctl::host {

namespace {

template <typename Enum>
std::string word(std::uint64_t number, Enum last) {
  if (number > static_cast<std::uint64_t>(last)) return std::to_string(number);
  return std::string(to_string(static_cast<Enum>(number)));
}

bool is_written(char letter) {
  return std::string_view("oOaPADC").find(letter) != std::string_view::npos;
}

bool is_configuration(std::uint64_t buffer) {
  return buffer == static_cast<std::uint64_t>(BufferType::vm_configuration) ||
         buffer == static_cast<std::uint64_t>(BufferType::plugin_configuration);
}

std::string_view form_of(std::string_view name) {
  const auto rows = proxy_hostcalls();
  const auto found = std::ranges::find(rows, name, &HostcallRow::name);
  return found == rows.end() ? "" : found->form;
}

}  // namespace

CallWords::CallWords(Memory memory, Mask& mask, std::string_view name,
                     std::span<const engine::Slot> slots, std::size_t most_bytes)
    : memory_(std::move(memory)),
      mask_(mask),
      name_(name),
      form_(form_of(name)),
      slots_(slots),
      most_bytes_(most_bytes) {}

std::string CallWords::call() {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (i < form_.size() && (form_[i] == '.' || is_written(form_[i]))) continue;
    shown.push_back(argument(i));
  }
  return fmt::format("{}({})", name_, fmt::join(shown, ", "));
}

std::string CallWords::result_of_abi(std::uint32_t result) {
  const bool is_status = result <= static_cast<std::uint32_t>(Status::unimplemented);
  return with_written(
      is_status ? std::string(to_string(static_cast<Status>(result))) : std::to_string(result),
      result);
}

std::string CallWords::result_of_wasi(std::uint32_t result) {
  return with_written(std::to_string(result), result);
}

std::string CallWords::with_written(std::string text, std::uint32_t result) {
  for (std::size_t i = 0; result == 0 && i < form_.size(); ++i) {
    if (is_written(form_[i])) text += ' ' + written(i);
  }
  return text;
}

std::string CallWords::argument(std::size_t i) {
  switch (letter(i)) {
    case 'L':
      return word(slots_[i], kLastLogLevel);
    case 'M':
      return word(slots_[i], kLastMapType);
    case 'B':
      return word(slots_[i], kLastBufferType);
    case 'S':
      return word(slots_[i], kLastStreamType);
    case 't':
      return text(bytes_at(slots_[i], slots_[i + 1]));
    case 'v':
      return value(bytes_at(slots_[i], slots_[i + 1]), mask_.hides(name_before(i)));
    case 'p':
      return pairs(bytes_at(slots_[i], slots_[i + 1]));
    case 'N':
      return std::to_string(static_cast<std::int64_t>(slots_[i]));
    default:
      return std::to_string(static_cast<std::uint32_t>(slots_[i]));
  }
}

std::string CallWords::written(std::size_t i) {
  if (letter(i) == 'o') return std::to_string(number_at(slots_[i], 4));
  if (letter(i) == 'O') return std::to_string(number_at(slots_[i], 8));
  const auto bytes = bytes_at(number_at(slots_[i], 4), number_at(slots_[i + 1], 4));
  switch (letter(i)) {
    case 'P':
      return pairs(bytes);
    case 'A':
      return value(bytes, mask_.hides(name_before(i)));
    case 'C':
      return configuration(bytes);
    case 'D':
      return is_configuration(slots_[0]) ? configuration(bytes) : text(bytes);
    default:
      return text(bytes);
  }
}

std::uint64_t CallWords::number_at(std::uint64_t address, unsigned size) const {
  const auto bytes = memory_(address, size);
  std::uint64_t value = 0;
  for (unsigned i = 0; bytes && i < size; ++i)
    value |= std::uint64_t{static_cast<unsigned char>((*bytes)[i])} << (8 * i);
  return value;
}

std::string_view CallWords::bytes_at(std::uint64_t address, std::uint64_t size) const {
  return memory_(address, size).value_or("(outside of the memory)");
}

std::string CallWords::in_quotes(std::string_view text) const {
  std::string shown;
  for (const char c : text.substr(0, most_bytes_)) {
    if (c == '"' || c == '\\') shown += '\\';
    if (c == '\0') {
      shown += "\\0";
    } else if (c == '\n') {
      shown += "\\n";
    } else {
      shown += c;
    }
  }
  return text.size() > most_bytes_ ? fmt::format("\"{}\"... ({} bytes)", shown, text.size())
                                   : fmt::format("\"{}\"", shown);
}

std::string CallWords::value(std::string_view bytes, bool is_hidden) {
  return is_hidden ? mask_.hide(bytes) : text(bytes);
}

// What is secret in it nobody knows.
std::string CallWords::configuration(std::string_view bytes) const {
  return mask_.is_on() ? fmt::format("*** ({} bytes)", bytes.size()) : text(bytes);
}

std::string CallWords::pairs(std::string_view bytes) {
  std::vector<std::string> parts;
  for (const auto& [name, content] : read_pairs(bytes))
    parts.push_back(fmt::format("{}: {}", name, value(content, mask_.hides(name))));
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

std::string_view CallWords::name_before(std::size_t i) const {
  const auto at = form_.substr(0, i).rfind('t');
  return at == std::string_view::npos ? "" : bytes_at(slots_[at], slots_[at + 1]);
}

}  // namespace wasmctl::host
