#include "wasm/size_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "wasm/code.hpp"
#include "wasm/name_path.hpp"
#include "wasm/names.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

namespace {

SizeNode sum_up(SizeNode node) {
  if (!node.children.empty()) {
    node.bytes = 0;
    for (const auto& child : node.children) node.bytes += child.bytes;
  }
  return node;
}

// A tree in the making.
struct Builder {
  std::string separator;
  std::map<std::string, Builder, std::less<>> groups;
  std::vector<SizeNode> leaves;

  SizeNode finish(std::string name) {
    SizeNode node{std::move(name), 0, std::move(leaves), separator};
    node.children.reserve(node.children.size() + groups.size());
    for (auto& [group, builder] : groups) node.children.push_back(builder.finish(group));
    return sum_up(std::move(node));
  }
};

// What its language puts between the parts of a name that has several.
std::string separator_in(std::string_view name) {
  if (name.find("::") != std::string_view::npos) return "::";
  const auto slash = name.rfind('/', name.find_first_of("([{<"));
  return name.find('.', slash == std::string_view::npos ? 0 : slash) != std::string_view::npos
             ? "."
             : "/";
}

SizeNode functions(const Module& module, const Section& code, const Symbols& symbols) {
  Builder root;
  std::uint64_t bodies = 0;
  for (std::size_t i = 0; i < module.bodies.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(module.imported_functions.size() + i);
    const auto name = symbols.function(index);
    auto path = name_path(name);
    auto* at = &root;
    for (std::size_t k = 0; k + 1 < path.size(); ++k) {
      at = &at->groups[path[k]];
      at->separator = separator_in(name);
    }
    at->leaves.push_back({std::move(path.back()), module.bodies[i].size, {}});
    bodies += module.bodies[i].size;
  }
  root.leaves.push_back({"sizes of functions", code.end - code.begin - bodies, {}});
  return root.finish("code");
}

// The segments of the data section, by name or number; in one piece where they cannot be told
// apart.
SizeNode segments(const Module& module, const Section& data) {
  const auto names = data_segment_names(module);
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
      const auto name = names.find(i);
      node.children.push_back({name == names.end() ? fmt::format("segment {}", i) : name->second,
                               reader.offset() - begin,
                               {}});
      sum += node.children.back().bytes;
    }
    node.children.push_back({"header", node.bytes - sum, {}});
  } catch (const Error&) {
    node.children.clear();
  }
  return node;
}

}  // namespace

SizeNode size_tree(const Module& module, const Symbols& symbols) {
  SizeNode root{"module", 0, {}};
  root.children.reserve(module.sections.size() + 1);
  root.children.push_back({"header", kHeaderBytes, {}});
  for (const auto& section : module.sections) {
    if (section.id == SectionId::code) {
      root.children.push_back(functions(module, section, symbols));
    } else if (section.id == SectionId::data) {
      root.children.push_back(segments(module, section));
    } else {
      const auto name = section.id == SectionId::custom ? fmt::format("custom: {}", section.name)
                                                        : std::string(to_string(section.id));
      root.children.push_back({name, section.end - section.begin, {}});
    }
  }
  return sum_up(std::move(root));
}

}  // namespace wasmctl::wasm
