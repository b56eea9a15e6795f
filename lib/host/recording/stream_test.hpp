// A recorded stream as a test of a suite: what the plugin was given in it, and what it logged.
#pragma once

#include <string>
#include <vector>

#include "host/local_proxy.hpp"
#include "host/recording/disguise.hpp"
#include "host/recording/recording.hpp"
#include "host/suite/suite.hpp"

namespace wasmctl::host {

// A call of the plugin's to a cluster, and its row in Test::http_call.
struct RecordedCall {
  std::size_t row = 0;
  Pairs headers;
  std::string body;
};

struct StreamTest {
  Test test;                     // without expectations
  std::vector<LogLine> created;  // what was logged when the stream began, and when it ended
  std::vector<LogLine> destroyed;
  // The same of each invocation and what follows until the next, in the order of a run.
  std::vector<std::vector<LogLine>> logged;
  std::vector<RecordedCall> calls;
};

// `root_id` is the plugin's. What the embedded host knows by itself is not in the test: what it
// makes of a local response, which properties the headers say.
StreamTest stream_test(const RecordedStream& stream, const std::string& root_id);

// Notes all secrets of the stream.
void learn_secrets(const RecordedStream& stream, Disguise& disguise);

// What the test without secrets comes to, and the test.
TapEvent disguised(const Disguise& disguise, const TapEvent& event);
void apply(const Disguise& disguise, StreamTest& test);

}  // namespace wasmctl::host
