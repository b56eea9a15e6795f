// Objects by their number: a digital search tree, whose n-th branch is chosen by the n-th lowest
// bit of the number. Hosts count their numbers up, which fills such a tree evenly: of 10,000
// objects each is found in 14 steps, and nothing is ever rehashed or rebalanced. The links are in
// the objects. Nothing here calls the host. Source: Knuth, The Art of Computer Programming, volume
// 3, 6.3.
#pragma once

#include <stdint.h>

namespace proxy_wasm {

// `Node` has the members `const uint32_t id_` and `Node* children_[2] = {}`. Owned by the caller.
template <class Node>
class Tree {
 public:
  // Null if there is none.
  Node* find(uint32_t id) { return *link_to(id); }

  // No node of that number may be in the tree.
  void insert(Node* node) { *link_to(node->id_) = node; }

  // Takes a node out; null if there is none.
  Node* remove(uint32_t id) {
    Node** const link = link_to(id);
    Node* const node = *link;
    if (node == nullptr) return nullptr;
    // Any leaf below may stand in its place: the bits that lead there are its own.
    Node** leaf = link;
    for (Node** below = link; *below != nullptr;) {
      leaf = below;
      below = &(*leaf)->children_[(*leaf)->children_[0] == nullptr];
    }
    Node* const heir = *leaf;
    *leaf = nullptr;
    if (heir != node) {
      heir->children_[0] = node->children_[0];
      heir->children_[1] = node->children_[1];
      *link = heir;
    }
    return node;
  }

  // Any node, or null if the tree is empty.
  Node* any() const { return top_; }

 private:
  // The pointer that points to that node, or would, were it there.
  Node** link_to(uint32_t id) {
    Node** link = &top_;
    for (uint32_t bits = id; *link != nullptr && (*link)->id_ != id; bits >>= 1) {
      link = &(*link)->children_[bits & 1];
    }
    return link;
  }

  Node* top_ = nullptr;
};

}  // namespace proxy_wasm
