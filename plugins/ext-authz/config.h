// The configuration of ext-authz.
#pragma once

#include "proxy_wasm_config.h"

struct Config {
  std::string cluster;
  std::string authority = "authz";
  std::string path = "/authorize";
  uint32_t timeout_ms = 500;
  bool fail_open = false;
  std::vector<std::string> request_headers = {"authorization", "cookie"};
  std::vector<std::string> upstream_headers;

  static constexpr auto fields() {
    using proxy_wasm::field, proxy_wasm::required;
    return std::tuple{required("cluster", &Config::cluster,
                               "The cluster of the authorization service, as the proxy names it."),
                      field("authority", &Config::authority, "The :authority of the call."),
                      field("path", &Config::path, "The :path of the call."),
                      field("timeout_ms", &Config::timeout_ms,
                            "After so many milliseconds the service has failed."),
                      field("fail_open", &Config::fail_open,
                            "Let requests pass if the service fails; else answer 503."),
                      field("request_headers", &Config::request_headers,
                            "Headers of the request that the service is sent, beside "
                            "x-original-method and x-original-path."),
                      field("upstream_headers", &Config::upstream_headers,
                            "Headers of the service's answer that the upstream is sent, in place "
                            "of the client's.")};
  }
};
