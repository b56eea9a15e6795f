// The options of every command that talks to a registry.
#pragma once

#include "cli/command.hpp"
#include "registry/options.hpp"

namespace wasmctl::cli {

using RegistryOptions = registry::Transport;

// `--plain-http` and the like.
void add_registry_options(CLI::App& command, RegistryOptions& options);

// Adds what only matters to a command that sends blobs.
void add_upload_options(CLI::App& command, RegistryOptions& options);

// What lib/registry is told: the options, the environment, and where warnings go.
registry::Options registry_options(Context& context, const RegistryOptions& options);

// The options of a command that reads from one registry and writes to another: `--plain-http` for
// both, `--from-plain-http` and `--to-plain-http` for one of them.
struct EndsOptions {
  RegistryOptions both;
  RegistryOptions from;
  RegistryOptions to;
};

void add_registry_options(CLI::App& command, EndsOptions& options);

// Both share a line of progress.
struct Ends {
  registry::Options source;
  registry::Options target;
};

// What was given for one end stands there in place of what it contradicts in that for both: plain
// HTTP in place of all that is about TLS, and the reverse.
Ends registry_options(Context& context, const EndsOptions& options);

}  // namespace wasmctl::cli
