// What was recorded as a suite, which `wasmctl test` replays: a test for each stream, that expects
// what the embedded host makes of it. Whether that is what the plugin did in Envoy is told by
// comparing all that crossed the ABI in both, call by call.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/program.hpp"
#include "host/mask.hpp"
#include "host/recording/recording.hpp"
#include "host/suite/suite.hpp"

namespace wasmctl::host {

struct RecordedPlugin {
  const engine::Program* program = nullptr;  // of the module before it was tapped
  Env env;                                   // of the suite; its semantics are Envoy's
  std::string configuration;                 // what `test` gives it if the suite has none
};

struct RecordedSuite {
  std::string text;  // YAML
  std::size_t tests = 0;
  // Streams in which the plugin does something else than in Envoy, or that no suite can say; a
  // comment says what.
  std::size_t different = 0;
};

// Secrets are disguised, as `mask` says.
RecordedSuite recorded_suite(const std::vector<RecordedStream>& streams,
                             const RecordedPlugin& plugin, const MaskOptions& mask);

}  // namespace wasmctl::host
