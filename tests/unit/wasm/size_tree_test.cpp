#include "wasm/size_tree.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)

namespace {

std::uint64_t sum_of_leaves(const wasm::SizeNode& node) {
  if (node.children.empty()) return node.bytes;
  std::uint64_t sum = 0;
  for (const auto& child : node.children) sum += sum_of_leaves(child);
  CHECK(sum == node.bytes);
  return sum;
}

}  // namespace

TEST_CASE("all bytes of a module are in its tree") {
  const auto data = section(11, vec({std::string("\0\x41\0\x0b", 4) + name("hello")}));
  const auto bytes = plugin_module({{"env", "proxy_log", "iii:i"}}, {{"proxy_on_tick", "i:"}}) +
                     data + custom("x", "y");
  const auto module = wasm::read_module(bytes, "m");
  const auto tree = wasm::size_tree(module, wasm::Symbols(module));
  CHECK(tree.bytes == bytes.size());
  CHECK(sum_of_leaves(tree) == bytes.size());
  CHECK(tree.children.back().name == "custom: x");
}

TEST_CASE("segments have their names, and groups what their language puts between") {
  const auto data = section(11, vec({std::string("\0\x41\0\x0b", 4) + name("hello")}));
  const auto functions = vec({leb(1) + name("fmt.Println"), leb(2) + name("a::f")});
  const auto segments = vec({leb(0) + name(".rodata")});
  const auto bytes = plugin_module({{"env", "proxy_log", "iii:i"}}) + data +
                     custom("name", "\1" + name(functions) + "\x09" + name(segments));
  const auto module = wasm::read_module(bytes, "m");
  const auto tree = wasm::size_tree(module, wasm::Symbols(module));
  const auto part = [](const wasm::SizeNode& node, std::string_view wanted) {
    return *std::ranges::find(node.children, wanted, &wasm::SizeNode::name);
  };
  CHECK(part(tree, "data").children.front().name == ".rodata");
  CHECK(part(part(tree, "code"), "fmt").separator == ".");
  CHECK(part(part(tree, "code"), "a").separator == "::");
}
