// The rate-limiter's configuration.
#pragma once

#include "proxy_wasm_config.h"

struct Config {
  uint32_t requests_per_minute = 60;
  uint32_t burst = 10;
  std::string header;

  static constexpr auto fields() {
    using proxy_wasm::field, proxy_wasm::required;
    return std::tuple{
        required("requests_per_minute", &Config::requests_per_minute,
                 "How fast a bucket fills: at least 1."),
        field("burst", &Config::burst, "How many requests a full bucket holds: at least 1."),
        field("header", &Config::header,
              "Each value of this request header has a bucket of its own; without it, all requests "
              "share one.")};
  }
};
