// A suite of tests: what a plugin is given, phase by phase, and what is expected of it. The format
// is that of Google's plugin tester (GoogleCloudPlatform/service-extensions, plugins/test,
// runner.proto), as YAML or as protobuf text; schema.hpp reads it.
//
//     env: {log_level: DEBUG}
//     test:
//     - name: removes the server header
//       response_headers:
//         input: {header: [{key: server, value: nginx}]}
//         result: {no_header: [{key: server}]}
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "yaml/node.hpp"

namespace wasmctl::host {

// A level in a suite: one more than the ABI's, 0 is info.
enum class SuiteLogLevel : std::uint8_t { undefined, trace, debug, info, warn, error, critical };

struct Header {
  std::string key;
  std::string value;
  yaml::Mark mark;  // where it stands in the suite, as in all that follow
};

// At most one of the three.
struct StringMatcher {
  bool invert = false;  // nothing may match
  std::optional<std::string> exact;
  std::optional<std::string> regex;  // RE2's; the whole text must match
  std::optional<std::string> file;   // its content is `exact`
  yaml::Mark mark;
};

struct Input {
  std::vector<Header> header;
  std::string content;  // of headers: HTTP/1 text; in place of `header`
  std::string file;     // the same, from a file in the suite's folder
  yaml::Mark mark;
};

struct Immediate {
  std::optional<std::int32_t> http_status;
  std::optional<std::int32_t> grpc_status;
  std::optional<StringMatcher> details;  // a text is read as `exact`
};

struct Expectation {
  std::vector<Header> has_header;      // this very value, the values of a name joined
  std::vector<Header> no_header;       // the value counts for nothing
  std::vector<StringMatcher> headers;  // of "name: value"
  std::vector<StringMatcher> body;
  std::optional<Immediate> immediate;
  std::vector<StringMatcher> log;  // of whole messages of the phase
  yaml::Mark mark;
};

struct Invocation {
  Input input;
  Expectation result;
  yaml::Mark mark;
};

struct Property {
  std::string path;  // a.b.c
  std::string value;
};

struct Test {
  std::string name;
  bool benchmark = false;
  // How a body is cut: into so many pieces, or pieces of that size. One of them.
  std::optional<std::int32_t> num_chunks;
  std::optional<std::int64_t> chunk_size;
  std::vector<Property> properties;
  std::optional<Invocation> request_headers;
  std::vector<Invocation> request_body;
  std::optional<Invocation> response_headers;
  std::vector<Invocation> response_body;
  Expectation plugin_init;  // of these, only the log counts
  Expectation stream_init;
  Expectation stream_destroy;
  yaml::Mark mark;
};

struct Env {
  std::string test_path;    // of no consequence
  std::string wasm_path;    // paths are relative to the working directory
  std::string config_path;  // of the plugin's configuration
  SuiteLogLevel log_level = SuiteLogLevel::undefined;
  std::string log_path;                                         // to which log messages are added
  std::optional<std::uint64_t> time_secs;                       // since 1970; 0: not set
  std::optional<std::uint64_t> num_additional_streams;          // of benchmarks
  std::optional<std::uint64_t> additional_stream_advance_rate;  // of benchmarks
};

struct Suite {
  std::filesystem::path file;
  Env env;
  std::vector<Test> test;
};

}  // namespace wasmctl::host
