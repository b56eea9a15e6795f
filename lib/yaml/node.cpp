#include "yaml/node.hpp"

#include <algorithm>

#include "yaml/scalar.hpp"

namespace wasmctl::yaml {

const Node* find(const Node& node, std::string_view key) {
  for (const auto& entry : node.entries) {
    if (entry.key.text == key) return &entry.value;
  }
  return nullptr;
}

const Node* at(const Node* node, std::span<const std::string_view> path) {
  for (const auto key : path) node = node == nullptr ? nullptr : find(*node, key);
  return node;
}

const Node* at(const Node* node, std::initializer_list<std::string_view> path) {
  return at(node, std::span(path.begin(), path.size()));
}

std::string text_at(const Node* node, std::initializer_list<std::string_view> path) {
  const auto* const found = at(node, path);
  return found == nullptr ? "" : found->text;
}

bool is_merge(const Node& key) {
  return key.text == "<<" && key.style == Style::plain && key.tag.empty();
}

namespace {

// The first that has a key wins.
void add_missing(Node& mapping, const Node& source) {
  for (const auto& item : source.items) add_missing(mapping, item);
  for (const auto& entry : source.entries) {
    if (find(mapping, entry.key.text) == nullptr) mapping.entries.push_back(entry);
  }
}

bool holds_mappings(const Node& value) {
  const auto is_mapping = [](const Node& node) { return node.kind == Kind::mapping; };
  return is_mapping(value) ||
         (value.kind == Kind::sequence && std::ranges::all_of(value.items, is_mapping));
}

}  // namespace

void apply_merges(Node& node) {
  for (auto& item : node.items) apply_merges(item);
  for (auto& entry : node.entries) apply_merges(entry.value);
  const auto merges = [](const Entry& entry) {
    return is_merge(entry.key) && holds_mappings(entry.value);
  };
  std::vector<Node> sources;
  for (const auto& entry : node.entries) {
    if (merges(entry)) sources.push_back(entry.value);
  }
  if (sources.empty()) return;
  std::erase_if(node.entries, merges);
  for (const auto& source : sources) add_missing(node, source);
}

std::string_view describe(const Node& node) {
  if (node.kind == Kind::mapping) return "a mapping";
  if (node.kind == Kind::sequence) return "a list";
  switch (type_of(node)) {
    case ScalarType::null:
      return "nothing";
    case ScalarType::boolean:
      return "a boolean";
    case ScalarType::integer:
    case ScalarType::floating:
      return "a number";
    case ScalarType::string:
      break;
  }
  return "a string";
}

std::string place(std::string_view file, const Mark& mark) {
  return to_string(Place{std::string(file), mark.line, mark.column});
}

Error error_at(std::string_view file, const Mark& mark, std::string_view message) {
  return Error(Code::bad_input, Place{std::string(file), mark.line, mark.column}, message);
}

}  // namespace wasmctl::yaml
