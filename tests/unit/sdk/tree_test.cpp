#include <map>
#include <memory>
#include <random>

#include <doctest/doctest.h>

#include "plugins/sdk/proxy_wasm_tree.h"

namespace {
struct Node {
  explicit Node(std::uint32_t id) : id_(id) {}
  const std::uint32_t id_;
  Node* children_[2] = {};
};
}  // namespace

TEST_CASE("tree: finds what is in it, and nothing else") {
  proxy_wasm::Tree<Node> tree;
  std::map<std::uint32_t, std::unique_ptr<Node>> expected;
  std::mt19937 random(3);
  for (int step = 0; step < 50000; ++step) {
    // Few numbers, so that they come again; some far apart.
    const auto draw = [&](std::uint32_t below) {
      return static_cast<std::uint32_t>(random() % below);
    };
    const std::uint32_t id = draw(2) == 0 ? draw(500) : draw(8) << 29 | draw(4);
    const auto known = expected.find(id);
    REQUIRE(tree.find(id) == (known == expected.end() ? nullptr : known->second.get()));
    if (known == expected.end()) {
      auto node = std::make_unique<Node>(id);
      tree.insert(node.get());
      expected.emplace(id, std::move(node));
    } else {
      REQUIRE(tree.remove(id) == known->second.get());
      expected.erase(known);
      REQUIRE(tree.find(id) == nullptr);
      CHECK(tree.remove(id) == nullptr);
    }
  }
  for (const auto& [id, node] : expected) CHECK(tree.find(id) == node.get());
  while (Node* node = tree.any()) expected.erase(tree.remove(node->id_)->id_);
  CHECK(expected.empty());
}
