#include "wasm/size_tree.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)

namespace {

using Path = std::vector<std::string>;

std::uint64_t sum_of_leaves(const wasm::SizeNode& node) {
  if (node.children.empty()) return node.bytes;
  std::uint64_t sum = 0;
  for (const auto& child : node.children) sum += sum_of_leaves(child);
  CHECK(sum == node.bytes);
  return sum;
}

}  // namespace

TEST_CASE("names are split at their namespaces, in every language") {
  const std::pair<const char*, Path> cases[] = {
      {"main", {"main"}},
      {"a::b::f(c::d)", {"a", "b", "f(c::d)"}},
      {"a::b<c::d>::f", {"a", "b<c::d>", "f"}},
      {"(anonymous namespace)::f()", {"(anonymous namespace)", "f()"}},
      {"void a::f<int>(b::c)", {"a", "f<int>(b::c)"}},
      {"<a::B as c::D>::f", {"<a::B as c::D>", "f"}},
      {"a::operator<<(b::c)", {"a", "operator<<(b::c)"}},
      {"net/http.(*Server).Serve", {"net/http", "(*Server).Serve"}},
      {"runtime.mallocgc", {"runtime", "mallocgc"}},
      {"assembly/index/Root#constructor", {"assembly/index", "Root#constructor"}},
      {".hidden", {".hidden"}},
      {"", {""}},
  };
  for (const auto& [name, path] : cases) {
    CAPTURE(name);
    CHECK(wasm::name_path(name) == path);
  }
}

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
