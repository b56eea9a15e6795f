#include "wasm/symbols.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "wasm/names.hpp"
#include "wasm/reader.hpp"
#include "wasm/writer.hpp"

namespace wasmctl::wasm {

namespace {

constexpr std::size_t kDigestBytes = 32;

std::string from_hex(std::string_view hex) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(value(hex[i]) << 4 | value(hex[i + 1]));
  }
  return bytes;
}

// The number of the instruction at `offset` in its body, counted from 0.
std::optional<std::size_t> ordinal(const Module& module, std::size_t body, std::size_t offset) {
  Instructions instructions(instructions_of(module, body));
  Instruction instruction;
  for (std::size_t n = 0; instructions.next(instruction); ++n) {
    if (instruction.offset == offset) return n;
    if (instruction.offset > offset) break;
  }
  return std::nullopt;
}

std::optional<std::size_t> offset_of(const Module& module, std::size_t body, std::size_t n) {
  Instructions instructions(instructions_of(module, body));
  Instruction instruction;
  while (instructions.next(instruction)) {
    if (n-- == 0) return instruction.offset;
  }
  return std::nullopt;
}

}  // namespace

std::string build_id(const Module& module) {
  return base::sha256_hex(without_custom_sections(module, [](std::string_view) { return true; }));
}

std::optional<std::string> carried_build_id(const Module& module) {
  const auto* const section = module.find_custom_section(kBuildIdSection);
  if (section == nullptr) return std::nullopt;
  const auto content = section->content();
  if (content.size() != kDigestBytes + 1 || content[0] != kDigestBytes) return std::nullopt;
  std::string hex;
  for (const char c : content.substr(1)) hex += fmt::format("{:02x}", static_cast<std::uint8_t>(c));
  return hex;
}

std::filesystem::path side_file(std::filesystem::path module) {
  return module.replace_extension(".debug.wasm");
}

std::string make_side_file(const Module& shipped, std::string_view linked) {
  std::string content;
  put_text(content, from_hex(build_id(shipped)));
  return std::string(linked) + custom_section(kBuildIdSection, content);
}

namespace {

// By their own names for the host, those under which functions go in and out.
std::map<std::uint32_t, std::string> external_names(const Module& module) {
  std::map<std::uint32_t, std::string> names;
  for (const auto& item : module.exports) {
    if (item.kind == ExternalKind::function) names.emplace(item.index, item.name);
  }
  std::uint32_t index = 0;
  for (const auto& import : module.imports) {
    if (import.kind == ExternalKind::function) names.emplace(index++, import.name);
  }
  return names;
}

std::map<std::uint32_t, std::string> without_empty(std::map<std::uint32_t, std::string> names) {
  std::erase_if(names, [](const auto& name) { return name.second.empty(); });
  return names;
}

}  // namespace

Symbols::Symbols(const Module& module)
    : module_(module),
      names_(without_empty(function_names(module))),
      externals_(external_names(module)),
      lines_(module),
      inlined_(module) {}

Symbols::Symbols(const Module& module, Module side, std::string_view side_name)
    : module_(module),
      names_(without_empty(function_names(side))),
      externals_(external_names(module)),
      side_(std::move(side)),
      lines_(*side_),
      inlined_(*side_) {
  if (carried_build_id(*side_) != build_id(module)) {
    throw Error(Code::bad_input,
                fmt::format("{} belongs to another build of the module", side_name))
        .hint("build the module again, and ship that one");
  }
}

std::string Symbols::function(std::uint32_t index) const {
  if (const auto written = written_name(index)) return demangle(*written);
  const auto found = externals_.find(index);
  return found == externals_.end() ? fmt::format("function {}", index) : demangle(found->second);
}

std::optional<std::string> Symbols::written_name(std::uint32_t index) const {
  const auto found = names_.find(index);
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

// Where the instruction is in the file that has the lines.
std::optional<std::size_t> Symbols::linked_offset(std::size_t offset) const {
  if (!side_) return offset;
  // The shipped module's numbers are written shorter: the same instruction is elsewhere.
  const auto body = body_at(module_, offset);
  if (!body || *body >= side_->bodies.size()) return std::nullopt;
  try {
    const auto n = ordinal(module_, *body, offset);
    return n ? offset_of(*side_, *body, *n) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;  // a side file with code that is none
  }
}

std::vector<Symbols::PlacedInstruction> Symbols::instructions(std::size_t body) const {
  std::vector<PlacedInstruction> list;
  Instructions own(instructions_of(module_, body));
  for (Instruction instruction; own.next(instruction);) list.push_back({instruction, std::nullopt});
  if (lines_.empty()) {
    for (auto& [instruction, where] : list) where = place(instruction.offset);
    return list;
  }
  if (!side_) {
    for (auto& [instruction, where] : list) where = lines_.find(instruction.offset);
    return list;
  }
  if (body >= side_->bodies.size()) return list;
  try {
    Instructions linked(instructions_of(*side_, body));
    Instruction instruction;
    for (auto& item : list) {
      if (!linked.next(instruction)) break;
      item.place = lines_.find(instruction.offset);
    }
  } catch (const Error&) {  // a side file with code that is none
  }
  return list;
}

std::optional<Place> Symbols::place(std::size_t offset) const {
  const auto linked = linked_offset(offset);
  if (auto place = linked ? lines_.find(*linked) : std::nullopt) return place;
  const auto body = body_at(module_, offset);
  if (!body) return std::nullopt;
  const auto begin =
      *body == 0 ? 0 : module_.bodies[*body - 1].offset + module_.bodies[*body - 1].size;
  return map_.find(offset, begin);
}

std::vector<Origin> Symbols::origins(std::size_t offset) const {
  const auto innermost = place(offset);
  if (!innermost) return {};
  std::vector<Origin> origins{{"", {}}};
  if (const auto linked = linked_offset(offset)) {
    for (auto& call : inlined_.at(*linked, lines_)) {
      origins.back().place = std::move(call.from);
      origins.push_back({std::move(call.function), {}});
    }
  }
  origins.back().place = *innermost;
  return origins;
}

PlacedFunctions Symbols::functions() const {
  const auto size = (side_ ? *side_ : module_).bytes.size();
  auto linked = inlined_.functions(lines_, size);
  if (!side_) return linked;
  PlacedFunctions shipped{std::move(linked.functions), {}};
  shipped.at.resize(module_.bytes.size(), PlacedFunction::kNone);
  const auto count = std::min(module_.bodies.size(), side_->bodies.size());
  for (std::size_t body = 0; body < count; ++body) {
    try {
      Instructions own(instructions_of(module_, body));
      Instructions there(instructions_of(*side_, body));
      Instruction a;
      Instruction b;
      while (own.next(a) && there.next(b)) shipped.at[a.offset] = linked.at[b.offset];
    } catch (const Error&) {  // a side file with code that is none
    }
  }
  return shipped;
}

std::optional<std::size_t> body_at(const Module& module, std::size_t offset) {
  const auto& bodies = module.bodies;
  auto body = std::upper_bound(bodies.begin(), bodies.end(), offset,
                               [](std::size_t at, const Body& b) { return at < b.offset; });
  if (body == bodies.begin()) return std::nullopt;
  --body;
  if (offset >= body->offset + body->size) return std::nullopt;
  return static_cast<std::size_t>(body - bodies.begin());
}

std::optional<Instruction> instruction_at(const Module& module, std::size_t offset) {
  const auto body = body_at(module, offset);
  if (!body) return std::nullopt;
  Instructions instructions(instructions_of(module, *body));
  Instruction instruction;
  while (instructions.next(instruction)) {
    if (instruction.offset == offset) return instruction;
    if (instruction.offset > offset) break;
  }
  return std::nullopt;
}

}  // namespace wasmctl::wasm
