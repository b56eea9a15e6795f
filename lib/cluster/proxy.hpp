// What a proxy says of itself: its discovered filters, and its log.
//
// Measured with Envoy 1.40: a filter that Envoy refuses is in the dump all the same, with the time
// of the refusal. Why, and that, is in the log alone, since Istio's proxies keep no
// counters of discovery by default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::cluster {

// The path on Envoy's admin port.
inline constexpr char kFiltersPath[] = "config_dump?resource=ecds_filters";

struct Filter {
  enum class Kind : std::uint8_t {
    wasm,
    denies,  // what Istio's agent puts in the place of a plugin that it could not fetch
    allows,  // likewise, under FAIL_OPEN
    other,
  };
  std::string resource;  // "extensions.istio.io/wasmplugin/shop.header-logger"
  Kind kind = Kind::other;
  std::string file;    // of a wasm one: where its code is
  std::string served;  // of one that Envoy fetches: of the module
  std::string config;  // JSON or other text; empty: none
  std::string root_id;
  std::string policy;   // "FAIL_CLOSED"; empty where it has no such field
  std::string updated;  // a time

  // Whether it is of the plugin with this Plugin::proxy_name(), whichever Istio named it.
  bool is_of(const std::string& name) const;
  // The checksum by which Istio's agent names what it fetched; else empty.
  std::string fetched_digest() const;
};

// The part of Envoy Gateway's proxies that has its filters, which are not discovered one by one.
inline constexpr char kListenersPath[] = "config_dump?resource=dynamic_listeners";

// Of either dump; none if it is neither.
std::optional<std::vector<Filter>> read_filters(const std::string& json);

// Of what `kubectl logs --timestamps` prints the lines at `since` (seconds since 1970) and after
// it; those without a time go with the line before them.
std::string log_since(std::string_view log, double since);

// The time of its first line; none if it has no times.
std::optional<double> log_begin(std::string_view log);

}  // namespace wasmctl::cluster
