// Where the plugins of a cluster stand: everything is asked of kubectl, and nothing is changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/chain.hpp"
#include "cluster/kubectl.hpp"
#include "cluster/objects.hpp"

namespace wasmctl::cluster {

struct Scope {
  std::string name;  // of a plugin; empty: all
  std::string ns;    // empty: that of the user's context
  bool all_namespaces = false;
};

// A later one is worse.
enum class Progress : std::uint8_t {
  serves,  // in all pods
  unseen,  // as far as can be seen, nothing is wrong
  waits,   // nothing is wrong, but it is not done
  broken,
};
std::string_view to_string(Progress progress);  // "serves", "unseen", "in progress", "broken"

struct PluginStatus {
  Plugin plugin;
  std::vector<PodStatus> pods;              // by namespace and name
  std::optional<explain::Explanation> why;  // where it has no pods, or is not accepted
  bool pods_unseen = false;                 // no right to list them

  Progress progress() const;
};

// What could not be looked at.
struct Unseen {
  std::string what;       // "what the proxies run"
  std::string why;        // kubectl's word
  std::string command;    // for one who may
  std::size_t count = 1;  // pods
};

struct Status {
  std::vector<PluginStatus> plugins;
  std::vector<Unseen> unseen;

  Progress progress() const;
};

// The plugins of the scope.
struct Plugins {
  std::vector<Plugin> found;
  std::vector<Refusal> refusals;  // of kinds that could not be looked at
};

// Throws Error{Code::not_found} if there is none of that name. Where none is found and a kind could
// not be looked at: Error{Code::denied}, or Error{Code::network} if nothing answers.
Plugins find_plugins(const Kubectl& kubectl, const Scope& scope);

Status read_status(const Kubectl& kubectl, const Scope& scope);

}  // namespace wasmctl::cluster
