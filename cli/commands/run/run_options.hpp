// The flags of `wasmctl run`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/flags/build_flags.hpp"
#include "cli/flags/plugin_flags.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "envoy/bootstrap.hpp"

namespace wasmctl::cli {

// Where the listener is unless a flag says otherwise: the port of Envoy's own examples.
inline constexpr unsigned kUsualPort = 10000;

struct RunOptions {
  std::string source = ".";
  std::vector<std::string> chain;  // plugins behind SOURCE
  PluginFlags plugin;              // of SOURCE
  std::string envoy;
  std::optional<unsigned> port;
  std::optional<unsigned> admin_port;
  unsigned concurrency = 1;
  std::string log_level = "info";
  std::string upstream;                   // HOST:PORT
  std::vector<std::string> clusters;      // NAME=HOST:PORT
  std::vector<std::string> tls_clusters;  // the same
  std::string record;                     // a file; empty: nothing is recorded
  std::vector<std::string> masked;  // headers whose values are not recorded, beside the usual ones
  bool unmasked = false;
  std::string once;
  bool is_once = false;
  bool tcp = false;
  bool fresh = false;
  bool print_config = false;
  bool json = false;
  Lint lint = Lint::refuse;
  BuildFlags build;
  RegistryOptions registry;
};

void add_run_options(CLI::App& app, RunOptions& options);

// All but the ports and the upstream of our own. Throws Error{Code::usage}.
envoy::Setup setup_of(const RunOptions& options);

}  // namespace wasmctl::cli
