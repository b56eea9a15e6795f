// The header-rewriter's configuration.
#pragma once

#include "proxy_wasm_config.h"

struct Rewrites {
  std::vector<std::string> remove;
  proxy_wasm::StringPairs set;
  proxy_wasm::StringPairs add;

  static constexpr auto fields() {
    using proxy_wasm::field;
    return std::tuple{field("remove", &Rewrites::remove, "Names of headers to remove."),
                      field("set", &Rewrites::set, "Headers to set, in place of all of that name."),
                      field("add", &Rewrites::add, "Headers to add to those of that name.")};
  }
};

struct Config {
  Rewrites request;
  Rewrites response;

  static constexpr auto fields() {
    using proxy_wasm::field;
    return std::tuple{
        field("request", &Config::request, "What to do with the request's headers."),
        field("response", &Config::response, "What to do with the response's headers.")};
  }
};
