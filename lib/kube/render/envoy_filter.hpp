// The filter in Envoy's own configuration, for an Envoy without a control plane: an entry of
// `http_filters`, or with `type: NETWORK` of a filter chain's `filters`.
// Source: envoy api/envoy/extensions/wasm/v3/wasm.proto and filters/{http,network}/wasm/v3.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "kube/render/settings.hpp"
#include "kube/render/wasm_plugin.hpp"

namespace wasmctl::kube {

void check_envoy_filter(const Settings& settings);

// A module at a http url is fetched through the cluster that is named as the url's host.
nlohmann::ordered_json envoy_filter(const Identity& identity, const Location& location,
                                    const Settings& settings);

}  // namespace wasmctl::kube
