#include "cluster/log_sources.hpp"

#include <set>
#include <utility>

namespace wasmctl::cluster {

namespace {

struct Candidate {
  LogSource source;
  std::size_t pods = 0;    // that run or not
  bool is_uneven = false;  // one has no such container, which would end it for all
};

void consider(Candidate& candidate, const Pod& pod, bool is_new) {
  auto& source = candidate.source;
  if (candidate.pods++ == 0) source.container = pod.proxy;
  candidate.is_uneven |= pod.proxy.empty() || pod.proxy != source.container;
  if (is_new && !pod.proxy.empty() && pod.runs) source.pods.push_back(&pod);
}

}  // namespace

std::vector<LogSource> log_sources(const std::map<Query, std::vector<const Pod*>>& found) {
  std::vector<LogSource> sources;
  std::set<const Pod*> seen;
  for (const auto& [query, pods] : found) {
    std::map<std::string, Candidate> by_ns;
    for (const auto* const pod : pods) {
      consider(by_ns[pod->ns], *pod, seen.insert(pod).second);
    }
    for (auto& [ns, candidate] : by_ns) {
      auto& source = candidate.source;
      source.ns = ns;
      source.labels = query.labels;
      if (!query.labels.empty() && !candidate.is_uneven && source.pods.size() > 1) {
        sources.push_back(std::move(source));
        continue;
      }
      for (const auto* const pod : source.pods) sources.push_back({ns, "", pod->proxy, {pod}});
    }
  }
  return sources;
}

Arguments logs_question(const LogSource& source, const Arguments& flags) {
  Arguments question = {"logs", "-n", source.ns, "-c", source.container, "--prefix"};
  question.insert(question.end(), flags.begin(), flags.end());
  if (source.labels.empty()) {
    question.push_back(source.pods.front()->name);
  } else {
    question.insert(question.end(), {"-l", source.labels});
  }
  return question;
}

PodLine read_pod_line(std::string_view line) {
  constexpr std::string_view kPrefix = "[pod/";
  if (!line.starts_with(kPrefix)) return {};
  const auto slash = line.find('/', kPrefix.size());
  const auto end = line.find("] ", kPrefix.size());
  if (slash == std::string_view::npos || end == std::string_view::npos || slash > end) return {};
  return {line.substr(kPrefix.size(), slash - kPrefix.size()), line.substr(end + 2)};
}

}  // namespace wasmctl::cluster
