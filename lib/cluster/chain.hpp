// From what is seen of a pod to how far a plugin has come in it. The sentences are those of the
// table of lib/explain: what status sees itself is there as chapter W-7.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/objects.hpp"
#include "cluster/proxy.hpp"
#include "explain/report.hpp"

namespace wasmctl::cluster {

// What has to happen, in this order.
enum class Link : std::uint8_t {
  applied,     // the resource is there, and its control plane takes it
  selected,    // the pod has a proxy, and the plugin is for it
  pushed,      // the proxy has the plugin, as the cluster has it now
  fetched,     // its module is there; of a file: mounted
  loaded,      // Envoy takes the module
  configured,  // the plugin takes its configuration
  serving,     // it has not stopped since
};
inline constexpr std::size_t kLinks = 7;
// Of a plugin in a file `fetched` is "mounted".
std::string_view to_string(Link link, const Plugin& plugin);

enum class Mark : std::uint8_t {
  none,  // a link before it is not ok
  ok,
  waits,   // nothing is wrong, but it is not done
  unseen,  // a right is missing to look
  broken,
};
std::string_view to_string(Mark mark);  // "ok", "wait", "?", "FAIL", "-"; in JSON as above

// What was seen of a pod's proxy.
struct ProxyView {
  std::optional<std::vector<Filter>> filters;  // none: it was not seen
  std::optional<std::string> log;              // with times; the part that matters
};

// The agent fetches before it hands a filter on, and says so before Envoy has it: so many seconds
// of the log before that matter.
inline constexpr double kBeforeUpdate = 5;

// What is the same to all pods.
struct World {
  double now = 0;                                // seconds since 1970
  std::map<std::string, ConfigMap> config_maps;  // by "NAMESPACE/NAME"; those that are mounted
  // Whose ConfigMaps could be read: what is missing there is missing in the cluster.
  std::map<std::string, bool> knows_config_maps;                     // by namespace
  std::map<std::string, std::vector<Event>> events;                  // by namespace
  std::map<std::string, std::map<std::string, Workload>> workloads;  // by namespace
  std::map<std::string, Labels> namespaces;  // their labels, where they are known
};

struct PodStatus {
  std::string ns;
  std::string name;
  std::array<Mark, kLinks> marks{};
  std::optional<explain::Explanation> why;  // of the first link that is not ok
  std::string module;  // what it runs: a digest or an image; empty where that is not known

  Mark mark(Link link) const { return marks[static_cast<std::size_t>(link)]; }
  // The first link that is not ok; none: it serves.
  std::optional<Link> stop() const;
};

// How far the plugin has come in a pod that it selects.
PodStatus judge(const Plugin& plugin, const Pod& pod, const ProxyView& view, const World& world);

// The explanation of a sentence of the row `code`.
explain::Explanation explain_sentence(std::string_view code, const std::string& source,
                                      std::string sentence);

}  // namespace wasmctl::cluster
