// The configuration of request-metrics.
#pragma once

#include "proxy_wasm_config.h"

struct Config {
  std::string prefix = "requests";
  std::string header;

  static constexpr auto fields() {
    using proxy_wasm::field;
    return std::tuple{field("prefix", &Config::prefix, "What the metrics' names begin with."),
                      field("header", &Config::header,
                            "A request header whose values are counted apart, as tag `value`. Only "
                            "where they are few: each value is a metric for ever.")};
  }
};
