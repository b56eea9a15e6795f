#include "wasm/backtrace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/error.hpp"

namespace wasmctl::wasm {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdef";

// The number at the beginning of `text`, which it must fill up to the first other letter.
std::optional<std::uint64_t> leading_number(std::string_view text, int base) {
  const auto end = std::min(text.find_first_not_of(base == 16 ? kHexDigits : kDigits), text.size());
  if (end == 0) return std::nullopt;
  const auto digits = text.substr(0, end);
  std::uint64_t value = 0;
  const auto [stopped, error] =
      std::from_chars(std::to_address(digits.begin()), std::to_address(digits.end()), value, base);
  if (error != std::errc()) return std::nullopt;
  return value;
}

// The 3 of a text that ends like "  3:  ", what stands before a frame's offset.
std::optional<std::uint64_t> number_at_end(std::string_view text) {
  const auto colon = text.find_last_not_of(' ');
  if (colon == std::string_view::npos || text[colon] != ':' || colon + 1 == text.size()) {
    return std::nullopt;
  }
  text = text.substr(0, colon);
  const auto before = text.find_last_not_of(kDigits);
  return leading_number(text.substr(before == std::string_view::npos ? 0 : before + 1), 10);
}

bool is_call(std::uint32_t code) {
  return code >= 0x10 && code <= 0x15;  // call, call_indirect, call_ref and their tail forms
}

}  // namespace

std::optional<TraceFrame> parse_frame(std::string_view line) {
  constexpr std::string_view kBetween = " - ";
  constexpr std::string_view kUnknown = "unknown(function index:";
  for (auto at = line.find("0x"); at != std::string_view::npos; at = line.find("0x", at + 2)) {
    const auto number = number_at_end(line.substr(0, at));
    if (!number) continue;
    const auto rest = line.substr(at + 2);
    const auto offset = leading_number(rest, 16);
    const auto digits = std::min(rest.find_first_not_of(kHexDigits), rest.size());
    if (!offset || !rest.substr(digits).starts_with(kBetween)) continue;
    TraceFrame frame;
    frame.number = *number;
    frame.offset = *offset;
    frame.name_begin = at + 2 + digits + kBetween.size();
    frame.name_end = line.size();
    const auto name = line.substr(frame.name_begin);
    if (name.starts_with(kUnknown)) {
      const auto index = leading_number(name.substr(kUnknown.size()), 10);
      const auto close = name.find(')');
      if (!index || *index > UINT32_MAX || close == std::string_view::npos) continue;
      frame.index = static_cast<std::uint32_t>(*index);
      frame.name_end = frame.name_begin + close + 1;
    }
    return frame;
  }
  return std::nullopt;
}

bool fits(std::span<const TraceFrame> trace, const Module& module) {
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const auto body = body_at(module, trace[i].offset);
    if (!body) return false;
    if (trace[i].index && *trace[i].index != module.imported_functions.size() + *body) return false;
    const auto instruction = instruction_at(module, trace[i].offset);
    if (!instruction || (i > 0 && !is_call(instruction->opcode))) return false;
  }
  return !trace.empty();
}

std::string describe(const TraceFrame& frame, const Module& module, const Symbols& symbols) {
  const auto body = body_at(module, frame.offset);
  if (!body) return {};
  const auto index = static_cast<std::uint32_t>(module.imported_functions.size() + *body);
  const auto place = symbols.place(frame.offset);
  return symbols.function(index) + (place ? " at " + to_string(*place) : std::string());
}

}  // namespace wasmctl::wasm
