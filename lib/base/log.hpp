// What the tool does, for -v and -vv: written to stderr, never to stdout. The pure folders (wasm,
// oci, kube, plugin, yaml) do not log. Safe from several threads. spdlog stays behind this header.
#pragma once

#include <string_view>

namespace wasmctl::base {

enum class LogLevel { debug, info, warning, off };

void set_log_level(LogLevel level);  // default: warning
bool log_enabled(LogLevel level);

void log_debug(std::string_view message);  // -vv: each request, each file
void log_info(std::string_view message);   // -v: each step, each command that is run
void log_warning(std::string_view message);
// A warning that no level turns off: of what makes the run insecure.
void log_alarm(std::string_view message);

}  // namespace wasmctl::base
