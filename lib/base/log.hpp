// What the tool says of itself while it works: steps for -v and -vv, warnings for everybody. It
// goes to one stream, the talk's, never to the data's. The pure folders (wasm, oci, kube, plugin,
// yaml) do not log. Safe from several threads. spdlog stays behind this header.
#pragma once

#include <functional>
#include <string_view>

namespace wasmctl::base {

enum class LogLevel { debug, info, warning, off };
enum class LogColor : bool { no, yes };

// What gets the lines from now on, whole and escaped, with colours of ours; before that nothing
// does.
using LogWrite = std::function<void(std::string_view line)>;
void open_log(LogWrite write, LogColor color);

void set_log_level(LogLevel level);  // default: warning
bool log_enabled(LogLevel level);

// What is drawn on the stream's last line, such as a bar: a line of the log is written by calling
// `around`, which takes away what is drawn, calls `write`, and draws nothing in between.
using LogAround = std::function<void(const std::function<void()>& write)>;
void set_log_around(LogAround around);  // null: nothing is drawn

void log_debug(std::string_view message);  // -vv: each request, each file
void log_info(std::string_view message);   // -v: each step, each command that is run
void log_warning(std::string_view message);
void log_warning_and_hint(std::string_view message, std::string_view hint);
// A warning that no level turns off: of what makes the run insecure.
void log_alarm(std::string_view message);

}  // namespace wasmctl::base
