#include "host/trace.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/abi.hpp"
#include "host/hostcalls.hpp"

namespace wasmctl::host {

namespace {

constexpr std::size_t kMostBytesShown = 200;  // of a text

std::string in_quotes(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kMostBytesShown)) {
    if (c == '"' || c == '\\') shown += '\\';
    if (c == '\0') {
      shown += "\\0";
    } else if (c == '\n') {
      shown += "\\n";
    } else {
      shown += c;
    }
  }
  return text.size() > kMostBytesShown ? fmt::format("\"{}\"... ({} bytes)", shown, text.size())
                                       : fmt::format("\"{}\"", shown);
}

template <typename Enum>
std::string word(std::uint64_t number, Enum last) {
  if (number > static_cast<std::uint64_t>(last)) return std::to_string(number);
  return std::string(to_string(static_cast<Enum>(number)));
}

std::uint64_t number_at(const Vm& vm, std::uint64_t address, unsigned size) {
  const auto bytes = vm.read(address, size);
  std::uint64_t value = 0;
  for (unsigned i = 0; bytes && i < size; ++i)
    value |= std::uint64_t{static_cast<unsigned char>((*bytes)[i])} << (8 * i);
  return value;
}

std::string_view bytes_at(const Vm& vm, std::uint64_t address, std::uint64_t size) {
  return vm.read(address, size).value_or("(outside of the memory)");
}

bool is_written(char letter) {
  return std::string_view("oOaPADC").find(letter) != std::string_view::npos;
}

bool is_configuration(std::uint64_t buffer) {
  return buffer == static_cast<std::uint64_t>(BufferType::vm_configuration) ||
         buffer == static_cast<std::uint64_t>(BufferType::plugin_configuration);
}

// Shows what one call was given, and what it wrote.
class CallWords {
 public:
  CallWords(const Vm& vm, Mask& mask, std::string_view form, std::span<const engine::Slot> slots)
      : vm_(vm), mask_(mask), form_(form), slots_(slots) {}

  std::string argument(std::size_t i) {
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
        return text(bytes_at(vm_, slots_[i], slots_[i + 1]));
      case 'v':
        return value(bytes_at(vm_, slots_[i], slots_[i + 1]), mask_.hides(name_before(i)));
      case 'p':
        return pairs(bytes_at(vm_, slots_[i], slots_[i + 1]));
      case 'N':
        return std::to_string(static_cast<std::int64_t>(slots_[i]));
      default:
        return std::to_string(static_cast<std::uint32_t>(slots_[i]));
    }
  }

  // What the call has written, at the addresses in its slots.
  std::string result(std::size_t i) {
    if (letter(i) == 'o') return std::to_string(number_at(vm_, slots_[i], 4));
    if (letter(i) == 'O') return std::to_string(number_at(vm_, slots_[i], 8));
    const auto bytes =
        bytes_at(vm_, number_at(vm_, slots_[i], 4), number_at(vm_, slots_[i + 1], 4));
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

 private:
  char letter(std::size_t i) const { return i < form_.size() ? form_[i] : 'n'; }

  std::string text(std::string_view bytes) const { return in_quotes(mask_.masked(bytes)); }

  std::string value(std::string_view bytes, bool is_hidden) {
    return is_hidden ? mask_.hide(bytes) : text(bytes);
  }

  // What is secret in it nobody knows.
  std::string configuration(std::string_view bytes) const {
    return mask_.is_on() ? fmt::format("*** ({} bytes)", bytes.size()) : text(bytes);
  }

  std::string pairs(std::string_view bytes) {
    std::vector<std::string> parts;
    for (const auto& [name, content] : read_pairs(bytes))
      parts.push_back(fmt::format("{}: {}", name, value(content, mask_.hides(name))));
    return fmt::format("{{{}}}", fmt::join(parts, ", "));
  }

  std::string_view name_before(std::size_t i) const {
    const auto at = form_.substr(0, i).rfind('t');
    return at == std::string_view::npos ? "" : bytes_at(vm_, slots_[at], slots_[at + 1]);
  }

  const Vm& vm_;
  Mask& mask_;
  std::string_view form_;
  std::span<const engine::Slot> slots_;
};

std::string_view form_of(std::string_view name) {
  const auto rows = proxy_hostcalls();
  const auto found = std::ranges::find(rows, name, &HostcallRow::name);
  return found == rows.end() ? "" : found->form;
}

// The allocator is called by host calls: that is left out.
bool is_allocator(std::string_view name) {
  return std::ranges::find(wasm::kAllocators, name) != std::end(wasm::kAllocators);
}

}  // namespace

void Trace::add(std::string text) {
  lines_.push_back(std::string(2 * depth_, ' ') + std::move(text));
}

void Trace::callback_begins(Vm& /*vm*/, std::string_view name,
                            std::span<const engine::Slot> arguments) {
  if (is_allocator(name)) return;
  std::vector<std::uint32_t> numbers;
  for (const auto slot : arguments) numbers.push_back(static_cast<std::uint32_t>(slot));
  add(fmt::format("{}({})", name, fmt::join(numbers, ", ")));
  ++depth_;
}

void Trace::callback_ends(Vm& /*vm*/, std::string_view name, const engine::Outcome& outcome) {
  if (is_allocator(name)) return;
  --depth_;
  if (outcome.trap) {
    add(fmt::format("trap: {}", engine::to_string(outcome.trap->reason)));
  } else if (!outcome.results.empty()) {
    add(fmt::format("= {}", static_cast<std::uint32_t>(outcome.results[0])));
  }
}

void Trace::hostcall_begins(Vm& vm, const wasm::HostFunction& function,
                            std::span<const engine::Slot> arguments) {
  arguments_.assign(arguments.begin(), arguments.end());
  const auto form = form_of(function.name);
  CallWords words(vm, mask_, form, arguments);
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i < form.size() && (form[i] == '.' || is_written(form[i]))) continue;
    shown.push_back(words.argument(i));
  }
  add(fmt::format("{}({})", function.name, fmt::join(shown, ", ")));
  ++depth_;
}

void Trace::hostcall_ends(Vm& vm, const wasm::HostFunction& function,
                          std::optional<std::uint32_t> result) {
  --depth_;
  if (!result) return;
  const bool is_status =
      function.module == "env" && *result <= static_cast<std::uint32_t>(Status::unimplemented);
  auto text =
      is_status ? std::string(to_string(static_cast<Status>(*result))) : std::to_string(*result);
  const auto form = form_of(function.name);
  CallWords words(vm, mask_, form, arguments_);
  for (std::size_t i = 0; *result == 0 && i < form.size(); ++i) {
    if (is_written(form[i])) text += ' ' + words.result(i);
  }
  // On the call's own line, if nothing came between.
  auto& last = lines_.back();
  if (last.starts_with(std::string(2 * depth_, ' ') + std::string(function.name))) {
    last += " = " + text;
  } else {
    add("= " + text);
  }
}

void Trace::begin(std::string_view phase) {
  depth_ = 0;
  add(fmt::format("{}:", phase));
  depth_ = 1;
}

std::vector<std::string> Trace::take_lines() {
  return std::move(lines_);
}

}  // namespace wasmctl::host
