#include "cli/pages/inspect_page.hpp"

#include <nlohmann/json.hpp>

#include "cli/pages/page.hpp"

namespace wasmctl::cli {

std::string_view inspect_html();  // written by cmake/embed_texts.cmake

namespace {

nlohmann::json to_json(const wasm::SizeNode& node) {
  nlohmann::json value{{"name", node.name}, {"bytes", node.bytes}};
  if (!node.separator.empty() && node.separator != "::") value["separator"] = node.separator;
  if (!node.children.empty()) {
    auto& children = value["children"] = nlohmann::json::array();
    for (const auto& child : node.children) children.push_back(to_json(child));
  }
  return value;
}

}  // namespace

std::string to_html(const InspectPage& page) {
  nlohmann::json data{{"file", page.file},
                      {"tree", to_json(page.tree)},
                      {"facts", page.facts},
                      {"savings", nlohmann::json::array()}};
  for (const auto& [what, bytes, remedy] : page.savings) {
    data["savings"].push_back({{"name", what}, {"bytes", bytes}, {"remedy", remedy}});
  }
  return make_page(inspect_html(), data);
}

}  // namespace wasmctl::cli
