#include "wasm/size_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "wasm/code.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

namespace {

// Names nest no deeper than this; what is left stays in one.
constexpr std::size_t kMaxDepth = 12;

SizeNode sum_up(SizeNode node) {
  if (!node.children.empty()) {
    node.bytes = 0;
    for (const auto& child : node.children) node.bytes += child.bytes;
  }
  return node;
}

// A tree in the making.
struct Builder {
  std::map<std::string, Builder, std::less<>> groups;
  std::vector<SizeNode> leaves;

  SizeNode finish(std::string name) {
    SizeNode node{std::move(name), 0, std::move(leaves)};
    node.children.reserve(node.children.size() + groups.size());
    for (auto& [group, builder] : groups) node.children.push_back(builder.finish(group));
    return sum_up(std::move(node));
  }
};

SizeNode functions(const Module& module, const Section& code, const Symbols& symbols) {
  Builder root;
  std::uint64_t bodies = 0;
  for (std::size_t i = 0; i < module.bodies.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(module.imported_functions.size() + i);
    auto path = name_path(symbols.function(index));
    auto* at = &root;
    for (std::size_t k = 0; k + 1 < path.size(); ++k) at = &at->groups[path[k]];
    at->leaves.push_back({std::move(path.back()), module.bodies[i].size, {}});
    bodies += module.bodies[i].size;
  }
  root.leaves.push_back({"sizes of functions", code.end - code.begin - bodies, {}});
  return root.finish("code");
}

// The segments of the data section, by number; in one piece where they cannot be told apart.
SizeNode segments(const Section& data) {
  SizeNode node{"data", data.end - data.begin, {}};
  try {
    Reader reader = data.reader();
    const auto count = reader.count("data segments");
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto begin = reader.offset();
      const auto flags = reader.u32_leb("a data segment");
      if (flags == 2) reader.u32_leb("a memory");
      if (flags != 1) {
        Instructions address(reader);
        Instruction ignored;
        while (address.next(ignored)) continue;
        reader = address.reader();
      }
      reader.take(reader.u32_leb("a data segment"), "a data segment");
      node.children.push_back({fmt::format("segment {}", i), reader.offset() - begin, {}});
      sum += node.children.back().bytes;
    }
    node.children.push_back({"header", node.bytes - sum, {}});
  } catch (const Error&) {
    node.children.clear();
  }
  return node;
}

// Where the last separator of the kind is that stands outside of brackets, from the left.
std::vector<std::string> split_scopes(std::string_view name) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    // `operator<`, `operator()` and their like: the rest is the function's name.
    if (depth == 0 && name.substr(i).starts_with("operator")) break;
    if (c == '(' && depth == 0 && !name.substr(i).starts_with("(anonymous namespace)")) break;
    if (c == '<' || c == '(' || c == '[' || c == '{') ++depth;
    if ((c == '>' && (i == 0 || name[i - 1] != '-')) || c == ')' || c == ']' || c == '}') --depth;
    if (depth == 0 && name.substr(i).starts_with("::") && parts.size() < kMaxDepth) {
      parts.emplace_back(name.substr(begin, i - begin));
      begin = i + 2;
      ++i;
    }
  }
  parts.emplace_back(name.substr(begin));
  return parts;
}

}  // namespace

std::vector<std::string> name_path(std::string_view name) {
  if (name.find("::") != std::string_view::npos) {
    // A return type, as templates have, is no namespace.
    const auto space = name.substr(0, name.find_first_of("(<")).find(' ');
    if (space != std::string_view::npos) name.remove_prefix(space + 1);
    return split_scopes(name);
  }
  const auto slash = name.rfind('/', name.find('('));
  const auto dot = name.find('.', slash == std::string_view::npos ? 0 : slash);
  const auto cut = dot != std::string_view::npos ? dot : slash;
  if (cut == std::string_view::npos || cut == 0 || cut + 1 == name.size()) {
    return {std::string(name)};
  }
  return {std::string(name.substr(0, cut)), std::string(name.substr(cut + 1))};
}

SizeNode size_tree(const Module& module, const Symbols& symbols) {
  SizeNode root{"module", 0, {}};
  root.children.reserve(module.sections.size() + 1);
  root.children.push_back({"header", kHeaderBytes, {}});
  for (const auto& section : module.sections) {
    if (section.id == SectionId::code) {
      root.children.push_back(functions(module, section, symbols));
    } else if (section.id == SectionId::data) {
      root.children.push_back(segments(section));
    } else {
      const auto name = section.id == SectionId::custom ? fmt::format("custom: {}", section.name)
                                                        : std::string(to_string(section.id));
      root.children.push_back({name, section.end - section.begin, {}});
    }
  }
  return sum_up(std::move(root));
}

}  // namespace wasmctl::wasm
