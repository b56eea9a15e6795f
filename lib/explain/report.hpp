// What `explain` answers: values, which the command prints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "explain/sight.hpp"
#include "wasm/backtrace.hpp"

namespace wasmctl::explain {

struct Evidence {
  std::string file;
  std::size_t line = 0;
  std::string text;  // masked and cut (secrets.hpp), but not yet made fit for a terminal
};

struct Explanation {
  const Sight* sight = nullptr;
  std::string cause;   // the table's sentence with what was seen in it
  std::string remedy;  // likewise
  std::string effect;  // on requests; may be empty
  std::string plugin;  // as Istio has it, `NAMESPACE.NAME`; empty where nothing tells
  std::string
      said;  // the last line that a plugin logged before on this thread, where it may be why
  std::vector<Evidence> evidence;   // of the cause; the first is the earliest
  std::vector<Evidence> followers;  // lines that only follow from it
  std::size_t count = 1;            // how often the cause was seen
  std::size_t follower_count = 0;
  bool is_complaint = false;          // of a line of the plugin's own: logged as an error
  std::vector<std::string> editions;  // what this version of Istio does, or each, if none is told
  std::vector<wasm::TraceFrame> trace;
};

enum class State : std::uint8_t { broken, healthy, unknown };
std::string_view to_string(State state);

struct Report {
  State state = State::unknown;
  std::vector<Explanation> causes;   // the first cause first
  std::vector<Explanation> remarks;  // of what breaks nothing
  std::vector<Explanation> signs;    // of health
  std::string istio;                // "1.24.3", "1.26 to 1.29"; empty where the input does not tell
  std::vector<std::string> wanted;  // commands whose output would tell more
  std::size_t lines = 0;            // that were read
};

}  // namespace wasmctl::explain
