#include "cli/flags/kubectl_flags.hpp"

#include <CLI/CLI.hpp>

namespace wasmctl::cli {

void add_kubectl_flags(CLI::App& app, KubectlFlags& flags) {
  app.add_option("--context", flags.context, "The context of kubectl (default: the current one)")
      ->type_name("NAME");
  app.add_option("--kubeconfig", flags.kubeconfig, "The configuration of kubectl")
      ->type_name("FILE");
}

cluster::Kubectl make_kubectl(const KubectlFlags& flags) {
  cluster::Arguments arguments;
  if (!flags.context.empty()) arguments.insert(arguments.end(), {"--context", flags.context});
  if (!flags.kubeconfig.empty()) {
    arguments.insert(arguments.end(), {"--kubeconfig", flags.kubeconfig});
  }
  return cluster::Kubectl(std::move(arguments));
}

}  // namespace wasmctl::cli
