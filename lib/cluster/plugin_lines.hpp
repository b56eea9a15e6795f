// Which lines of a proxy's log are about a plugin.
#pragma once

#include <string>
#include <string_view>

namespace wasmctl::cluster {

// Of one pod's log, line by line: the plugin's own; what Envoy, V8 and Istio's agent say of Wasm,
// unless it is another plugin's; and what goes on from such a line (a back-trace has no prefix).
class PluginLines {
 public:
  PluginLines(std::string_view ns, std::string_view name);
  bool takes(std::string_view line);

 private:
  std::string name_;  // "shop.header-logger"
  bool took_last_ = false;
};

}  // namespace wasmctl::cluster
