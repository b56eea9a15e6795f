#include "cli/flags/kubectl_flags.hpp"

#include <CLI/CLI.hpp>

#include <utility>

#include "base/error.hpp"
#include "base/process.hpp"

namespace wasmctl::cli {

void add_kubectl_flags(CLI::App& app, KubectlFlags& flags) {
  app.add_option("--context", flags.context, "The context of kubectl (default: the current one)")
      ->type_name("NAME");
  app.add_option("--kubeconfig", flags.kubeconfig, "The configuration of kubectl")
      ->type_name("FILE");
}

cluster::Kubectl make_kubectl(const Context& context, const KubectlFlags& flags) {
  const auto program = base::find_program("kubectl", env_or(context, "PATH", ""));
  if (!program) {
    throw Error(Code::tool_missing, "PATH has no `kubectl`, by which the cluster is asked")
        .hint(
            "https://kubernetes.io/docs/tasks/tools; Debian: `apt-get install kubernetes-client`");
  }
  cluster::Arguments arguments;
  if (!flags.context.empty()) arguments.insert(arguments.end(), {"--context", flags.context});
  if (!flags.kubeconfig.empty()) {
    arguments.insert(arguments.end(), {"--kubeconfig", flags.kubeconfig});
  }
  return {program->native(), std::move(arguments)};
}

}  // namespace wasmctl::cli
