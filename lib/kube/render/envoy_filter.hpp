// The filter in Envoy's own configuration, for an Envoy without a control plane: an entry of
// `http_filters`, or with `type: NETWORK` of a filter chain's `filters`.
// Source: envoy api/envoy/extensions/wasm/v3/wasm.proto and filters/{http,network}/wasm/v3.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "kube/render/settings.hpp"
#include "kube/render/wasm_plugin.hpp"

namespace wasmctl::kube {

// Throws for what this kind cannot say; returns what is left out of it, to be said to the user.
std::vector<std::string> check_envoy_filter(const Settings& settings);

// The cluster through which Envoy fetches what is at a http url: named as the url's host. Of
// another url nothing.
std::optional<std::string> cluster_of(const std::string& url);

nlohmann::ordered_json envoy_filter(const Identity& identity, const Location& location,
                                    const Settings& settings);

}  // namespace wasmctl::kube
