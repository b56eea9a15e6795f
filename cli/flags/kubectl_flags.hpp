// Which cluster, as kubectl's own flags say it.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "cluster/kubectl.hpp"

namespace wasmctl::cli {

struct KubectlFlags {
  std::string context;
  std::string kubeconfig;
};

void add_kubectl_flags(CLI::App& app, KubectlFlags& flags);

// Throws Error{Code::tool_missing} if there is no kubectl on PATH.
cluster::Kubectl make_kubectl(const Context& context, const KubectlFlags& flags);

}  // namespace wasmctl::cli
