// Logs of many proxies by few processes: one `kubectl logs` prints those of all pods that labels
// select in a namespace.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/kubectl.hpp"
#include "cluster/objects.hpp"
#include "cluster/selection.hpp"

namespace wasmctl::cluster {

struct LogSource {
  std::string ns;
  std::string labels;  // empty: of one pod, by its name
  std::string container;
  std::vector<const Pod*> pods;
};

// Of the pods that the queries have found and whose proxy runs; each pod is in one source.
std::vector<LogSource> log_sources(const std::map<Query, std::vector<const Pod*>>& found);

// `kubectl logs`, each line after `[pod/NAME/CONTAINER] `.
Arguments logs_question(const LogSource& source, const Arguments& flags);

// A line of it.
struct PodLine {
  std::string_view pod;   // its name; empty: no such line
  std::string_view text;  // after the blank
};
PodLine read_pod_line(std::string_view line);

}  // namespace wasmctl::cluster
