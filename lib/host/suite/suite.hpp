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

#include "host/abi.hpp"
#include "yaml/node.hpp"

namespace wasmctl::host {

// A level in a suite: one more than the ABI's, 0 is info.
enum class SuiteLogLevel : std::uint8_t { undefined, trace, debug, info, warn, error, critical };

// Whose semantics a suite has: those of Google's tester, or Envoy's. What follows and is marked
// (envoy) is of Envoy's alone.
enum class SuiteHost : std::uint8_t { google, envoy };

// (envoy) What becomes of a message in the end, when all answers have come.
enum class Action : std::uint8_t { proceed, pause };

// (envoy) How a callout fails: there is no connection, no answer in time, or no answer at all.
enum class Failing : std::uint8_t { no, connect, timeout, reset };

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
  std::optional<Action> action;    // (envoy) none: the message goes on
  // (envoy) The plugin closes the connection, or resets the stream of HTTP: by which of its sides.
  std::optional<StreamType> close;
  yaml::Mark mark;
};

struct Invocation {
  Input input;
  Expectation result;
  std::optional<bool> end_of_stream;        // (envoy) none: as Google's tester has it
  std::optional<std::uint64_t> advance_ms;  // (envoy) so much time passes before
  yaml::Mark mark;
};

// (envoy) What happens on a connection of TCP: one of these.
struct ConnectionEvent {
  std::optional<Invocation> downstream_data;   // of the client
  std::optional<Invocation> upstream_data;     // of the server
  std::optional<Invocation> downstream_close;  // the client is gone; there is no input
  std::optional<Invocation> upstream_close;    // the server ends: data that end the stream
  yaml::Mark mark;
};

struct Property {
  std::string path;    // a.b.c
  std::string prefix;  // (envoy) in its place: a.b, for all that begin with a.b.
  std::string value;
};

// (envoy) What a cluster answers to calls of the plugin's; the first one that fits.
struct Callout {
  std::string cluster;  // empty: any
  std::string path;     // the same
  Failing failure = Failing::no;
  std::vector<Header> header;
  std::string content;
  std::vector<Header> trailer;
  std::optional<Expectation> request;  // of each call that it answers; none: they are not looked at
  std::optional<std::uint64_t> calls;  // how many there are to be
  yaml::Mark mark;
};

// (envoy) What a gRPC server answers to calls and streams of the plugin's; the first one that fits.
struct GrpcCallout {
  std::string cluster;  // empty: any
  std::string service;  // the same
  std::string method;   // the same
  Failing failure = Failing::no;
  std::vector<Header> header;        // the initial metadata
  std::vector<std::string> message;  // of a call, the first
  std::vector<Header> trailer;
  std::uint64_t status = 0;
  std::string status_message;
  std::optional<Expectation> request;  // of the metadata, and (body) of each message
  std::optional<std::uint64_t> calls;
  yaml::Mark mark;
};

// (envoy) What a foreign function answers; the first one that fits.
struct ForeignFunction {
  std::string name;
  std::optional<std::string> argument;  // none: any
  std::string content;
  Status status = Status::ok;
  std::optional<std::uint64_t> calls;
  yaml::Mark mark;
};

// (envoy) A metric when the test ends.
struct MetricExpectation {
  std::string name;         // as the plugin defined it
  std::uint64_t value = 0;  // of a histogram: the last one recorded
  yaml::Mark mark;
};

// (envoy) What shared data holds before the plugin starts.
struct SharedEntry {
  std::string key;
  std::string value;
};

// (envoy) A variable of the VM.
struct Variable {
  std::string name;
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
  std::optional<Invocation> request_metadata;  // (envoy) of HTTP/2
  std::vector<Invocation> request_body;
  std::optional<Invocation> request_trailers;  // (envoy)
  std::optional<Invocation> response_headers;
  std::optional<Invocation> response_metadata;  // (envoy)
  std::vector<Invocation> response_body;
  std::optional<Invocation> response_trailers;  // (envoy)
  std::optional<Invocation> new_connection;     // (envoy) of TCP; there is no input
  std::vector<ConnectionEvent> connection;      // (envoy) of TCP, in order
  Expectation plugin_init;                      // of these, only the log counts
  Expectation stream_init;
  Expectation stream_destroy;
  std::vector<Callout> http_call;                 // (envoy)
  std::vector<GrpcCallout> grpc_call;             // (envoy)
  std::vector<ForeignFunction> foreign_function;  // (envoy)
  std::vector<MetricExpectation> metrics;         // (envoy)
  std::optional<std::string> config;              // (envoy) the plugin's, in place of all others
  bool refuses = false;                  // (envoy) the plugin does not take it, which ends the test
  std::vector<SharedEntry> shared_data;  // (envoy)
  std::optional<std::uint64_t> time_ns;  // (envoy) since 1970, in place of Env::time_secs
  bool strict = false;                   // (envoy) what the suite does not give may not be asked
  yaml::Mark mark;
};

// Whether the test is a connection of TCP; if not, it is a request of HTTP.
inline bool is_of_tcp(const Test& test) {
  return test.new_connection || !test.connection.empty();
}

struct Env {
  std::string test_path;    // of no consequence
  std::string wasm_path;    // paths are relative to the working directory
  std::string config_path;  // of the plugin's configuration
  SuiteLogLevel log_level = SuiteLogLevel::undefined;
  std::string log_path;                                         // to which log messages are added
  std::optional<std::uint64_t> time_secs;                       // since 1970; 0: not set
  std::optional<std::uint64_t> num_additional_streams;          // of benchmarks
  std::optional<std::uint64_t> additional_stream_advance_rate;  // of benchmarks
  SuiteHost host = SuiteHost::google;
  std::string config;                 // (envoy) the plugin's, where there is no config_path
  std::string root_id;                // (envoy)
  std::string vm_config;              // (envoy)
  std::vector<Variable> environment;  // (envoy)
};

struct Suite {
  std::filesystem::path file;
  Env env;
  std::vector<Test> test;
};

}  // namespace wasmctl::host
