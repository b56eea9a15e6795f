// One line of a log, taken out of what loggers, kubectl and container runtimes put around it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasmctl::explain {

struct LogLine {
  std::string text;    // what was logged; of JSON its message, unescaped, maybe of several lines
  std::string thread;  // of Envoy; empty where none is told
  std::optional<double> seconds;  // of the day, as the line has it
  std::string_view level;         // "error", "warning"...; empty where none is told. Lives for ever
};

// Any line can be read: what is known of none of these forms is a text alone.
//
//     [2026-11-26 16:15:53.129][22][error][wasm] [source/extensions/common/wasm/wasm_vm.cc:38] TEXT
//     2026-11-26T16:15:53.129123Z<TAB>error<TAB>envoy wasm source/...cc:38<TAB>TEXT<TAB>thread=22
//     2026-11-26T16:15:53.129123Z<TAB>error<TAB>wasm<TAB>TEXT         Istio's agent, istiod
//     {"level":"error","time":"2026-11-26T16:15:53Z","msg":"TEXT"}
//     [pod/web-1/istio-proxy] 2026-11-26T16:15:53.129123456Z ...      kubectl logs --prefix
//     2026-11-26T16:15:53.129123456Z stderr F ...                     CRI
// Sources: Envoy, kDefaultLogFormat; Istio, pkg/bootstrap, log_format.text_format; Kubernetes, CRI
// logs.
LogLine read_log_line(std::string_view line);

}  // namespace wasmctl::explain
