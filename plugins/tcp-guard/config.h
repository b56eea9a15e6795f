// The configuration of tcp-guard.
#pragma once

#include "proxy_wasm_config.h"

struct Config {
  std::string prefix;
  uint32_t max_bytes = 0;

  static constexpr auto fields() {
    using proxy_wasm::field;
    return std::tuple{
        field("prefix", &Config::prefix,
              "What a client must send first, e.g. the magic of a protocol; others are closed."),
        field("max_bytes", &Config::max_bytes,
              "How much a client may send on one connection; 0: any amount.")};
  }
};
