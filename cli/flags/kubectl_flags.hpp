// Which cluster, as kubectl's own flags say it.
#pragma once

#include <string>

#include "cluster/kubectl.hpp"

namespace CLI {
class App;
}

namespace wasmctl::cli {

struct KubectlFlags {
  std::string context;
  std::string kubeconfig;
};

void add_kubectl_flags(CLI::App& app, KubectlFlags& flags);

cluster::Kubectl make_kubectl(const KubectlFlags& flags);

}  // namespace wasmctl::cli
