// The body-rewriter's configuration.
#pragma once

#include "proxy_wasm_config.h"

struct Config {
  std::string find;
  std::string replace;
  std::vector<std::string> content_types = {"text/", "application/json"};

  static constexpr auto fields() {
    using proxy_wasm::field, proxy_wasm::required;
    return std::tuple{
        required("find", &Config::find, "The text to look for in response bodies; not empty."),
        required("replace", &Config::replace, "What to put in its place."),
        field("content_types", &Config::content_types,
              "Only bodies whose content-type begins with one of these are rewritten.")};
  }
};
