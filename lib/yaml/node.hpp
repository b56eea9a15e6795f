// A YAML document as a tree that still knows where in the text each part stands: for messages
// (line and column) and for edits that touch no other byte (offset).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wasmctl::yaml {

// A place in the text.
struct Mark {
  std::uint32_t line = 1;    // from 1
  std::uint32_t column = 1;  // from 1, in code points
  std::uint32_t offset = 0;  // from 0, in bytes

  bool operator==(const Mark&) const = default;
};

enum class Kind : std::uint8_t { scalar, sequence, mapping };

enum class Style : std::uint8_t {
  plain,  // scalars
  single_quoted,
  double_quoted,
  literal,
  folded,
  block,  // sequences and mappings
  flow,
};

struct Entry;

struct Node {
  Kind kind = Kind::scalar;
  Style style = Style::plain;
  bool alias = false;  // a copy of the anchored node: children have the places of the original
  Mark start;          // of an alias: of `*name`
  // Just behind the last byte. For a *block* collection libyaml's end lies behind the comments and
  // blank lines that follow it: take the last descendant's instead.
  Mark end;
  std::string tag;             // as written and resolved ("tag:yaml.org,2002:str"), or empty
  std::string text;            // of a scalar: unescaped and unfolded
  std::vector<Node> items;     // of a sequence
  std::vector<Entry> entries;  // of a mapping, in the order of the text; keys are distinct scalars
};

struct Entry {
  Node key;
  Node value;
};

// The value under `key`, or null if `node` is no mapping or has no such key.
const Node* find(const Node& node, std::string_view key);

// The same of several keys, one within the other, from `node` on, which may be null.
const Node* at(const Node* node, std::span<const std::string_view> path);
const Node* at(const Node* node, std::initializer_list<std::string_view> path);
// The text of the scalar there; empty where there is none.
std::string text_at(const Node* node, std::initializer_list<std::string_view> path);

// The key `<<` of YAML 1.1, whose value is a mapping, or a list of such, that is merged in.
bool is_merge(const Node& key);

// Merges, at every depth: what `<<` brings stands behind the mapping's own entries, at its own
// places, and `<<` is gone. One that merges no mapping stays, for whoever refuses it.
void apply_merges(Node& node);

// "a mapping", "a list", "a string", "a number"...: what stands there, for messages.
std::string_view describe(const Node& node);

// `FILE:LINE:COLUMN`, as compilers and editors write a place.
std::string place(std::string_view file, const Mark& mark);

// Error{Code::bad_input} at that place.
Error error_at(std::string_view file, const Mark& mark, std::string_view message);

}  // namespace wasmctl::yaml
