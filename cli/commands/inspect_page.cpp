#include "cli/commands/inspect_page.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace wasmctl::cli {

std::string_view inspect_template();  // written by cmake/embed_text.cmake

namespace {

nlohmann::json to_json(const wasm::SizeNode& node) {
  nlohmann::json json{{"name", node.name}, {"bytes", node.bytes}};
  if (!node.separator.empty() && node.separator != "::") json["separator"] = node.separator;
  if (!node.children.empty()) {
    auto& children = json["children"] = nlohmann::json::array();
    for (const auto& child : node.children) children.push_back(to_json(child));
  }
  return json;
}

// In a script element only `</script` and `<!--` mean anything, and both begin with `<`.
std::string for_script(const nlohmann::json& json) {
  std::string text;
  for (const char c : json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string to_html(const InspectPage& page) {
  constexpr std::string_view kPlace = "@DATA@";
  nlohmann::json data{{"file", page.file},
                      {"tree", to_json(page.tree)},
                      {"facts", page.facts},
                      {"savings", nlohmann::json::array()}};
  for (const auto& [what, bytes, remedy] : page.savings) {
    data["savings"].push_back({{"name", what}, {"bytes", bytes}, {"remedy", remedy}});
  }
  std::string html(inspect_template());
  const auto at = html.find(kPlace);
  if (at == std::string::npos) throw Error(Code::internal, "the page has no place for its data");
  return html.replace(at, kPlace.size(), for_script(data));
}

}  // namespace wasmctl::cli
