// Which lines of a proxy's log are about plugins.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasmctl::cluster {

// Of one pod's log, line by line: the plugins' own; what Envoy, V8 and Istio's agent say of Wasm,
// unless it is of another plugin; and what goes on from such a line (a back-trace has no prefix).
class PluginLines {
 public:
  // As Plugin::log_name() has them.
  explicit PluginLines(std::vector<std::string> names) : names_(std::move(names)) {}
  bool takes(std::string_view line);

 private:
  std::vector<std::string> names_;
  bool took_last_ = false;
};

}  // namespace wasmctl::cluster
