// The options of every command that talks to a registry.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.hpp"
#include "registry/repository.hpp"

namespace wasmctl::cli {

struct RegistryOptions {
  bool plain_http = false;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  bool skip_tls_verify = false;
  std::uint64_t chunk_bytes = 0;
};

void add_registry_options(CLI::App& command, RegistryOptions& options);

// Adds what only matters to a command that sends blobs.
void add_upload_options(CLI::App& command, RegistryOptions& options);

// What lib/registry is told: the options, the environment, and where warnings go.
registry::Options registry_options(Context& context, const RegistryOptions& options);

}  // namespace wasmctl::cli
