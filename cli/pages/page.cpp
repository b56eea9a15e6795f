#include "cli/pages/page.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace wasmctl::cli {

std::string_view kit_html();  // written by cmake/embed_texts.cmake

namespace {

// In a script element only `</script` and `<!--` mean anything, and both begin with `<`.
std::string for_script(const nlohmann::json& data) {
  std::string text;
  for (const char c : data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

void fill(std::string& page, std::string_view place, std::string_view text) {
  const auto at = page.find(place);
  if (at == std::string::npos) throw Error(Code::internal, "a page has no " + std::string(place));
  page.replace(at, place.size(), text);
}

}  // namespace

std::string make_page(std::string_view page, const nlohmann::json& data) {
  std::string html(page);
  fill(html, "@KIT@", kit_html());
  fill(html, "@DATA@", for_script(data));
  return html;
}

}  // namespace wasmctl::cli
