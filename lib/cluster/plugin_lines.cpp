#include "cluster/plugin_lines.hpp"

#include <algorithm>
#include <initializer_list>

namespace wasmctl::cluster {

namespace {

// What Envoy writes before a plugin's own message.
constexpr std::string_view kOwn = "wasm log ";

// Loggers, and what has none before it: V8's own lines.
// Source: Istio, pkg/bootstrap, log_format; Envoy, kDefaultLogFormat; proxy-wasm-cpp-host, v8.cc.
bool is_of_wasm(std::string_view line) {
  constexpr std::string_view kSigns[] = {"\tenvoy wasm ", "][wasm] ", "\twasm\t", "wasm://wasm/",
                                         "Proxy-Wasm plugin in-VM backtrace"};
  return std::ranges::any_of(kSigns,
                             [&](auto sign) { return line.find(sign) != std::string_view::npos; });
}

// Loggers begin with a time, in brackets or not, and access logs mostly; a frame with blanks.
bool continues(std::string_view line) {
  return line.empty() || line[0] == ' ' || line[0] == '\t';
}

}  // namespace

bool PluginLines::takes(std::string_view line) {
  if (continues(line)) return took_last_;
  took_last_ = is_of_wasm(line);
  const auto own = line.find(kOwn);
  if (!took_last_ || own == std::string_view::npos) return took_last_;
  // `wasm log NAME[~translated] [ROOT_ID] [VM_ID]: `, and without a name `wasm log: `
  const auto rest = line.substr(own + kOwn.size());
  took_last_ = std::ranges::any_of(names_, [&](const std::string& name) {
    return rest.starts_with(name) &&
           (rest.size() == name.size() ||
            std::string_view(":~ ").find(rest[name.size()]) != std::string_view::npos);
  });
  return took_last_;
}

}  // namespace wasmctl::cluster
