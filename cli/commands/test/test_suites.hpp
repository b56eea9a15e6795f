// Which suites `wasmctl test` runs, and what their plugin is configured with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands/test/test_options.hpp"
#include "cli/flags/source.hpp"
#include "host/suite/suite.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::cli {

// Those that the flags name, else those of the plugin's directory: tests/*.yaml, *.yml, *.textpb,
// sorted. Throws Error{Code::not_found} if there are none.
std::vector<host::Suite> load_suites(const TestOptions& options, const Source& source);

// What the plugin is configured with: by the flag, else by the suite, else by wasmctl.yaml.
std::string test_configuration(const TestOptions& options, const host::Env& env,
                               const std::optional<plugin::Plugin>& plugin);

}  // namespace wasmctl::cli
