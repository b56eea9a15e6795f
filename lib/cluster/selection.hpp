// Which pods a plugin is for, in the words of `kubectl get pods`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/kubectl.hpp"
#include "cluster/objects.hpp"

namespace wasmctl::cluster {

struct Query {
  std::string ns;      // empty: all namespaces
  std::string labels;  // of `-l`; empty: all pods
  std::string target;  // "Gateway/public", of a targetRef; empty: a selector

  auto operator<=>(const Query&) const = default;
};

// Of a plugin with targetRefs one for each, and what they name is looked up.
std::vector<Query> queries_of(const Kubectl& kubectl, const Plugin& plugin);

// The arguments of `kubectl get pods`.
Arguments pods_question(const Query& query);

using PodKey = std::pair<std::string, std::string>;  // namespace, name
inline PodKey key_of(const Pod& pod) {
  return {pod.ns, pod.name};
}

// What kubectl answered to queries.
struct Selection {
  std::map<PodKey, Pod> pods;
  std::map<Query, std::vector<const Pod*>> found;  // of `pods`
  std::vector<Refusal> refusals;                   // of the queries that are not in `found`
};
Selection select_pods(const Kubectl& kubectl, const std::set<Query>& queries);

// Whether a plugin without targetRefs is for it, if its labels fit: waypoints heed no selector.
bool heeds_selectors(const Pod& pod);

// "app=web,version=v1"
std::string to_selector(const Labels& labels);

}  // namespace wasmctl::cluster
