// The lines that an Envoy of ours writes: its log, one record a line, and an access log in JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::envoy {

using Time = std::chrono::microseconds;  // since the epoch, by Envoy's clock

// Envoy's --log-format, which parse_record() reads. With --log-format-escaped a record is one line,
// whatever a plugin logs: none can look like another.
inline constexpr char kLogFormat[] = "[%E.%f][%t][%l][%n] %v";

struct Record {
  Time time{0};           // 0: not known
  int thread = 0;         // of Envoy
  std::string level;      // trace, debug, info, warning, error, critical; empty: not Envoy's line
  std::string component;  // "wasm", "main", "config"
  std::string text;       // as it was logged; may have several lines

  bool operator==(const Record&) const = default;
};

// A line that is not Envoy's, such as V8's own, is a record of text alone.
Record parse_record(std::string_view line);

// What a plugin logged, if the record is that.
struct PluginLine {
  std::string prefix;  // "NAME", "NAME ROOT_ID VM_ID"; empty where Envoy says none
  std::string message;
  bool operator==(const PluginLine&) const = default;
};
std::optional<PluginLine> plugin_line(const Record& record);

// A request, or a TCP connection, that is over.
struct Access {
  Time start{0};
  Time duration{0};
  std::string method;  // empty: a TCP connection
  std::string path;
  int status = 0;              // 0: no response
  std::string flags;           // Envoy's response flags, "UF"; empty: none
  std::string details;         // "via_upstream", "wasm_fail_stream"
  std::uint64_t received = 0;  // bytes from the client, and to it
  std::uint64_t sent = 0;
};

// Envoy's `json_format` of an access log whose lines parse_access() reads, as JSON text.
std::string access_format();

// Null for what is none.
std::optional<Access> parse_access(std::string_view line);

}  // namespace wasmctl::envoy
