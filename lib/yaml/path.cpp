#include "yaml/path.hpp"

#include <fmt/format.h>

namespace wasmctl::yaml {

std::string to_string(const Path& path) {
  std::string text;
  for (const auto& step : path) {
    if (const auto* const key = std::get_if<std::string>(&step)) {
      text += fmt::format("{}{}", text.empty() ? "" : ".", *key);
    } else {
      text += fmt::format("[{}]", std::get<std::size_t>(step));
    }
  }
  return text;
}

const Node& node_at(const Node& root, const Path& path) {
  const auto* node = &root;
  for (const auto& step : path) {
    const Node* below = nullptr;
    if (const auto* const key = std::get_if<std::string>(&step)) {
      below = find(*node, *key);
    } else if (const auto index = std::get<std::size_t>(step); index < node->items.size()) {
      below = &node->items[index];
    }
    if (below == nullptr) break;
    node = below;
  }
  return *node;
}

}  // namespace wasmctl::yaml
