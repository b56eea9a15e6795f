#include "wasm/backtrace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/printable.hpp"
#include "wasm/code.hpp"
#include "wasm/name_path.hpp"
#include "wasm/names.hpp"

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

// Where a name ends that begins at 0, whatever it is.
std::size_t likely_end(std::string_view text) {
  auto end = std::min(text.find_first_of("\t\r\n\"\\"), text.size());
  end = std::min(end, text.find("  "));
  while (end > 0 && text[end - 1] == ' ') --end;
  return end;
}

// `text` as it stands in so many strings of JSON, one in another.
std::string quoted_in_json(std::string text, unsigned strings) {
  for (; strings > 0; --strings) {
    std::string escaped;
    for (const char c : text) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    text = std::move(escaped);
  }
  return text;
}

// ---- who calls

bool is_call(std::uint32_t code) {
  return code >= 0x10 && code <= 0x15;  // call, call_indirect, call_ref and their tail forms
}

// Calls of a body that may have led to the next frame.
struct CallSites {
  std::vector<std::size_t> offsets;  // the first is the most likely one
  bool is_fit = false;               // a frame can name this place
};

// Which blocks are open, and which of them catch what is thrown in them.
class Tries {
 public:
  void pass(std::uint32_t code) {
    switch (code) {
      case opcode::kBlock:
      case opcode::kLoop:
      case opcode::kIf:
        return open_.push_back(false);
      case opcode::kTry:
      case opcode::kTryTable:
        return open_.push_back(true);
      case opcode::kCatch:
      case opcode::kCatchAll:
        if (!open_.empty()) open_.back() = false;
        return;
      case opcode::kEnd:
      case opcode::kDelegate:
        if (!open_.empty()) open_.pop_back();
        return;
      default:
        return;
    }
  }
  bool catches() const { return std::ranges::find(open_, true) != open_.end(); }

 private:
  std::vector<bool> open_;
};

// Whether the instruction may call that function, and leave its own on the stack.
bool may_call(const Instruction& instruction, std::uint32_t callee, const Module& module) {
  switch (instruction.opcode) {
    case opcode::kCall:
      return instruction.index == callee;
    case opcode::kCallIndirect:
    case opcode::kCallRef: {
      const auto& type = module.types[module.type_index(callee)];
      return instruction.index < module.types.size() &&
             module.types[instruction.index].canonical == type.canonical;
    }
    default:
      return false;
  }
}

// The calls that a frame with this offset may stand for, of the function `callee`.
CallSites call_sites(const Module& module, std::size_t body, std::size_t offset,
                     std::uint32_t callee) {
  CallSites sites;
  bool is_caught = false;  // some call behind the offset is in a try
  bool is_place = offset + 1 == module.bodies[body].offset;
  Tries tries;
  Instructions instructions(instructions_of(module, body));
  Instruction instruction;
  while (instructions.next(instruction)) {
    tries.pass(instruction.opcode);
    if (instruction.offset == offset) {
      is_place = true;
      if (is_call(instruction.opcode)) sites.is_fit = true;
      if (may_call(instruction, callee, module)) sites.offsets.push_back(offset);
    } else if (instruction.offset > offset && is_call(instruction.opcode) && tries.catches()) {
      is_caught = true;
      if (may_call(instruction, callee, module)) sites.offsets.push_back(instruction.offset);
    }
  }
  // What it calls may have gone on by a tail call, of which no frame is left.
  if (sites.offsets.empty() && sites.is_fit) sites.offsets.push_back(offset);
  sites.is_fit = is_place && (sites.is_fit || is_caught);
  return sites;
}

// ---- what functions are called

// The parts of a name that all demanglers write alike: no types, no parameters.
std::vector<std::string> bare_path(std::string_view name) {
  auto path = name_path(name);
  for (auto& part : path) part.resize(std::min(part.find_first_of("<({['"), part.size()));
  return path;
}

// Where the frame's name ends, if it is that of the function; 0 if it is another's.
std::size_t end_of_name(const TraceFrame& frame, const std::string& written) {
  const auto rest = std::string_view(frame.text).substr(frame.name_begin);
  const auto printed = printed_by_envoy(written);
  for (const auto& candidate : {printed.value_or(written), written}) {
    const auto name = quoted_in_json(candidate, frame.strings);
    if (!rest.starts_with(name)) continue;
    const auto after = rest.substr(name.size());
    constexpr std::string_view kEnds = "\t\r\n\"\\";
    const bool ends = after.empty() || kEnds.find(after.front()) != std::string_view::npos ||
                      (after.front() == ' ' && likely_end(rest) <= name.size());
    if (ends) return frame.name_begin + name.size();
  }
  const auto name =
      std::string_view(frame.text).substr(frame.name_begin, frame.name_end - frame.name_begin);
  const bool unknowable = !printed;  // too long a name to be demangled here
  const bool same = written.starts_with("_Z") && bare_path(name) == bare_path(*printed);
  return unknowable || same ? frame.name_end : 0;
}

class Describer {
 public:
  Describer(std::span<const TraceFrame> trace, const Module& module, const Symbols& symbols)
      : trace_(trace), module_(module), symbols_(symbols) {}

  std::optional<std::vector<Description>> run() {
    std::vector<Description> descriptions;
    for (const auto& frame : trace_) {
      auto description = describe(frame);
      if (!description) return std::nullopt;
      descriptions.push_back(std::move(*description));
    }
    return descriptions;
  }

 private:
  std::optional<Description> describe(const TraceFrame& frame) {
    const auto body = frame_body(frame);
    if (!body) return std::nullopt;
    const auto index = static_cast<std::uint32_t>(module_.imported_functions.size() + *body);
    if (frame.index && *frame.index != index) return std::nullopt;
    const auto sites = sites_of(frame, *body);
    if (!sites.is_fit) return std::nullopt;
    callee_ = index;
    const auto written = symbols_.written_name(index);
    auto name = symbols_.function(index);
    auto end = frame.name_end;
    if (!frame.index && written) {
      end = end_of_name(frame, *written);
      if (end == 0) return std::nullopt;
    } else if (!frame.index) {  // the log knows more
      return Description{end,
                         frame.text.substr(frame.name_begin, end - frame.name_begin) +
                             quoted_in_json(base::printable(place_text(sites)), frame.strings)};
    }
    name += place_text(sites);
    return Description{end, quoted_in_json(base::printable(name), frame.strings)};
  }

  // A call in a try may be told by the byte before the body.
  std::optional<std::size_t> frame_body(const TraceFrame& frame) const {
    if (const auto body = body_at(module_, frame.offset)) return body;
    return body_at(module_, frame.offset + 1);
  }

  CallSites sites_of(const TraceFrame& frame, std::size_t body) const {
    // The function as a whole, if the log names it, too.
    if (frame.offset == module_.bodies[body].offset && !frame.index) return {{frame.offset}, true};
    if (callee_) return call_sites(module_, body, frame.offset, *callee_);
    if (!instruction_at(module_, frame.offset)) return {};
    return {{frame.offset}, true};
  }

  std::string place_text(const CallSites& sites) const {
    std::vector<std::vector<Origin>> all;
    all.reserve(sites.offsets.size());
    for (const auto offset : sites.offsets) all.push_back(symbols_.origins(offset));
    if (all.empty() || all.front().empty()) return "";
    const bool alike =
        std::ranges::all_of(all, [&](const auto& one) { return one == all.front(); });
    const auto& likely = all.front();
    if (!alike) return with_place(" near ", likely.front().place);
    auto text = with_place(" at ", likely.front().place);
    for (std::size_t i = 1; i < likely.size(); ++i) {
      text += i == 1 ? ", inlined: " : ", ";
      text += likely[i].function.empty() ? to_string(likely[i].place)
                                         : likely[i].function + with_place(" at ", likely[i].place);
    }
    return text;
  }

  static std::string with_place(std::string_view before, const Place& place) {
    return place.line == 0 ? "" : std::string(before) + to_string(place);
  }

  std::span<const TraceFrame> trace_;
  const Module& module_;
  const Symbols& symbols_;
  std::optional<std::uint32_t> callee_;  // the function of the frame before
};

}  // namespace

std::optional<TraceFrame> parse_frame(std::string_view text, unsigned strings) {
  constexpr std::string_view kBetween = " - ";
  constexpr std::string_view kUnknown = "unknown(function index:";
  for (auto at = text.find("0x"); at != std::string_view::npos; at = text.find("0x", at + 2)) {
    const auto number = number_at_end(text.substr(0, at));
    if (!number) continue;
    const auto rest = text.substr(at + 2);
    const auto offset = leading_number(rest, 16);
    const auto digits = std::min(rest.find_first_not_of(kHexDigits), rest.size());
    // Programs print back-traces of themselves in this form, too: their addresses are larger.
    if (!offset || *offset > kMaxModuleBytes || !rest.substr(digits).starts_with(kBetween)) {
      continue;
    }
    TraceFrame frame;
    frame.strings = strings;
    frame.number = *number;
    frame.offset = *offset;
    frame.name_begin = at + 2 + digits + kBetween.size();
    const auto name = text.substr(frame.name_begin);
    frame.name_end = frame.name_begin + likely_end(name);
    if (name.starts_with(kUnknown)) {
      const auto index = leading_number(name.substr(kUnknown.size()), 10);
      const auto close = name.find(')');
      if (!index || *index > UINT32_MAX || close == std::string_view::npos) continue;
      frame.index = static_cast<std::uint32_t>(*index);
      frame.name_end = frame.name_begin + close + 1;
    }
    frame.text = text;
    return frame;
  }
  return std::nullopt;
}

std::optional<std::vector<Description>> describe(std::span<const TraceFrame> trace,
                                                 const Module& module, const Symbols& symbols) {
  if (trace.empty()) return std::nullopt;
  return Describer(trace, module, symbols).run();
}

}  // namespace wasmctl::wasm
