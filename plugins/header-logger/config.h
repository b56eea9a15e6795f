// The header-logger's configuration.
#pragma once

#include "proxy_wasm_config.h"

struct Config {
  LogLevel log_level = LogLevel::info;
  proxy_wasm::TokenList headers = "\"user-agent\"";

  static constexpr auto fields() {
    using proxy_wasm::field;
    return std::tuple{field("log_level", &Config::log_level,
                            "The level at which the headers are logged. The host's own level must be "
                            "this or lower for the lines to be seen."),
                      field("headers", &Config::headers,
                            "The names of the request headers to log, in any case.")};
  }
};
