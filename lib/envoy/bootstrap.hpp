// What an Envoy is started with, and what it is told later: its own JSON, made from values.
// Source: envoy/api, config.bootstrap.v3, extensions.wasm.v3; what works was measured on 1.40.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace wasmctl::envoy {

namespace fs = std::filesystem;

enum class Traffic : std::uint8_t { http, tcp };

// What happens to traffic when the plugin fails at run time.
enum class OnFailure : std::uint8_t { close, open, reload };

// One plugin, as Envoy is told of it.
struct Filter {
  std::string name;                          // before what it logs
  fs::path module;                           // absolute
  std::string inline_module;                 // its bytes; if there are any, `module` does not count
  std::optional<std::string> configuration;  // the very bytes that it gets; null: none
  std::string root_id;
  std::string vm_id;
  std::optional<std::string> vm_configuration;  // likewise
  OnFailure on_failure = OnFailure::close;
  std::map<std::string, std::string> env;
  std::vector<std::string> host_env;  // names of Envoy's own variables

  bool operator==(const Filter&) const = default;
};

inline constexpr char kAdminSocket[] = "admin.sock";

// The cluster of what is behind the listener; none of Setup::clusters may have this name.
inline constexpr char kUpstreamName[] = "upstream";

enum class Protocol : std::uint8_t { http1, http2, tls };  // tls: HTTP/1.1 in it

// A server that Envoy knows by a name.
struct Cluster {
  std::string name;
  std::string host;  // a name or an address
  std::uint16_t port = 0;
  Protocol protocol = Protocol::http1;
};

// What Envoy makes of messages by itself.
enum class Manner : std::uint8_t {
  usual,
  // Adds no header that it can be told to leave out (x-forwarded-proto stays), takes any method,
  // closes without delay.
  transparent,
};

struct Setup {
  Traffic traffic = Traffic::http;
  Manner manner = Manner::usual;
  std::uint16_t port = 0;  // of the listener, on 127.0.0.1; 0: any that is free
  // Of the admin interface, likewise; null: it is on the socket kAdminSocket in the directory where
  // Envoy runs.
  std::optional<std::uint16_t> admin_port;
  std::optional<Cluster> upstream;  // null: Envoy answers 200 itself, or closes the connection
  std::vector<Cluster> clusters;    // for callouts
  fs::path authorities;             // of those in TLS the certificates are judged by this PEM file
};

// Everything in one document, which `envoy -c` takes as it is.
nlohmann::json static_bootstrap(const Setup& setup, const std::vector<Filter>& filters);

// The same with as many filters, each of which is read from discovery_path(directory, its index),
// and again when another file is moved there.
nlohmann::json dynamic_bootstrap(const Setup& setup, std::size_t filters,
                                 const fs::path& directory);
fs::path discovery_path(const fs::path& directory, std::size_t index);

// What is in that file.
nlohmann::json discovery(const Filter& filter, Traffic traffic, std::size_t index);

// Of the counters that tell what became of it: "extension_config_discovery.http_filter.plugin-0".
std::string counter_prefix(Traffic traffic, std::size_t index);

}  // namespace wasmctl::envoy
