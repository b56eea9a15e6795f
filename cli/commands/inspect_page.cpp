#include "cli/commands/inspect_page.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace wasmctl::cli {

std::string_view inspect_template();  // written by cmake/embed_text.cmake

namespace {

nlohmann::json to_json(const wasm::SizeNode& node) {
  nlohmann::json json{{"name", node.name}, {"bytes", node.bytes}};
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

std::string inspect_page(std::string_view file, const wasm::SizeNode& tree) {
  constexpr std::string_view kPlace = "@DATA@";
  std::string page(inspect_template());
  const auto at = page.find(kPlace);
  if (at == std::string::npos) throw Error(Code::internal, "the page has no place for its data");
  return page.replace(at, kPlace.size(), for_script({{"file", file}, {"tree", to_json(tree)}}));
}

}  // namespace wasmctl::cli
