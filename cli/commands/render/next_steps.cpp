#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/printable.hpp"
#include "base/process.hpp"
#include "cli/commands/render/rendering.hpp"
#include "kube/mount.hpp"
#include "kube/render/config_map.hpp"

namespace wasmctl::cli {

namespace {

std::string in_shell(const std::string& word) {
  return base::to_shell(std::vector{word});
}

class Steps {
 public:
  Steps(const Rendering& rendering, const Invocation& invocation)
      : rendering_(rendering), directory_(invocation.directory) {
    self_ = base::to_shell(invocation.command_line);
    if (rendering.ns) namespace_ = " -n " + *rendering.ns;
    if (invocation.reads_stdin) {
      workload_ = fmt::format("kubectl get {}{} -o yaml | ",
                              kube::to_string(rendering.patch->workload), namespace_);
    }
  }

  std::string text() {
    text_ = "next:\n";
    switch (rendering_.consumer) {
      case kube::Consumer::istio:
        istio();
        break;
      case kube::Consumer::envoy_gateway:
        envoy_gateway();
        break;
      case kube::Consumer::envoy:
        envoy();
        break;
    }
    return std::move(text_);
  }

 private:
  void istio() {
    if (rendering_.patch) {
      // The plugin comes last: a proxy told of a file that it does not have denies all traffic.
      if (any([](const auto& plugin) { return plugin.config_map.has_value(); }))
        add(apply_each("configmap", apply()));
      patch(*rendering_.patch);
      add(apply_each("plugin", "kubectl apply"));
      if (!directory_.empty()) {
        add(fmt::format("or list {} under `components:` of a kustomization that has the workload",
                        directory_));
      }
    } else {
      apply_all();
    }
    text_ += "see that it works:\n";
    add(fmt::format("kubectl logs{}{} -c {} | grep wasm", namespace_, pods(),
                    kube::kProxyContainer));
    notes();
  }

  void envoy_gateway() {
    apply_all();
    text_ += "see that it works:\n";
    for (const auto& plugin : rendering_.plugins) {
      add(fmt::format("kubectl get envoyextensionpolicy/{}{} -o jsonpath='{{.status.ancestors}}'",
                      plugin.name, namespace_));
    }
    note_loopback("the gateway's own: it");
  }

  void envoy() {
    for (const auto& plugin : rendering_.plugins) {
      const auto what = rendering_.plugins.size() > 1 ? plugin.name : "it";
      const bool network = plugin.resource.at("name") == "envoy.filters.network.wasm";
      add(network ? fmt::format("put {} into a filter chain's `filters:`, as an item of the list, "
                                "before the last one",
                                what)
                  : fmt::format("put {} into `http_filters:` of the HTTP connection manager, as an "
                                "item of the list, before the router",
                                what));
      const auto& code = plugin.resource.at("typed_config").at("config").at("vm_config").at("code");
      if (code.contains("remote")) {
        add(fmt::format("define the cluster `{}`, through which Envoy fetches the module",
                        code["remote"]["http_uri"]["cluster"].get<std::string>()));
      }
    }
    text_ += "see that it works:\n";
    add("envoy --mode validate -c FILE");
  }

  void add(const std::string& line) { text_ += "  " + base::printable(line) + '\n'; }

  bool any(bool (*fits)(const RenderedPlugin& plugin)) const {
    return std::ranges::any_of(rendering_.plugins, fits);
  }

  std::string apply() const {
    const bool large = any([](const auto& plugin) {
      return plugin.config_map && !kube::fits_client_side_apply(*plugin.config_map);
    });
    return large ? "kubectl apply --server-side" : "kubectl apply";
  }

  // That document of every plugin which has it.
  std::string apply_each(const std::string& what, const std::string& command) const {
    if (directory_.empty()) return fmt::format("{} --only {} | {} -f -", self_, what, command);
    auto line = command;
    for (const auto& plugin : rendering_.plugins) {
      if (what == "configmap" && !plugin.config_map) continue;
      line += " -f " + in_shell(directory_ + "/" + file_name(rendering_, plugin, what));
    }
    return line;
  }

  void apply_all() {
    if (any([](const auto& plugin) { return plugin.mount.has_value(); })) {
      add("mount the module first: the same with --workload KIND/NAME");
    }
    add(directory_.empty() ? fmt::format("{} | {} -f -", self_, apply())
                           : fmt::format("{} -k {}", apply(), in_shell(directory_)));
  }

  void patch(const RenderedPatch& patch) {
    const auto& kind = *patch.workload.kind;
    const auto workload = kube::to_string(patch.workload);
    if (kind.rollout == kube::Rollout::frozen) {
      add(
          fmt::format("put the patch into the manifest of {0}, delete it and apply it anew: the "
                      "API server changes no {1}'s pods",
                      workload, kind.kind));
      return;
    }
    const auto command = fmt::format("kubectl patch {}{}{} --patch-file", workload, namespace_,
                                     patch.type == PatchType::json ? " --type json" : "");
    add(directory_.empty()
            ? fmt::format("{}{} --only patch | {} /dev/stdin", workload_, self_, command)
            : fmt::format("{} {}", command, in_shell(directory_ + "/patch.yaml")));
    if (kind.rollout == kube::Rollout::rolls) {
      // An unchanged template restarts no pod, and Envoy reads no file twice.
      if (any([](const auto& plugin) { return plugin.fixed_config_map; })) {
        add(fmt::format("kubectl rollout restart {}{}", workload, namespace_));
      }
      add(fmt::format("kubectl rollout status {}{}", workload, namespace_));
    }
  }

  void notes() {
    const auto& patch = rendering_.patch;
    if (patch && patch->style == kube::MountStyle::annotations &&
        patch->type == PatchType::strategic) {
      text_ +=
          "note: the annotations hold one plugin: those of another one are replaced, and the API\n"
          "      server checks neither: `--mount container` has no such fault\n";
    }
    if (any([](const auto& plugin) {
          const auto& spec = plugin.resource.at("spec");
          return !spec.contains("selector") && !spec.contains("targetRefs");
        })) {
      text_ += "note: without a selector every pod of the namespace loads it\n";
    }
    if (any([](const auto& plugin) {
          const auto& spec = plugin.resource.at("spec");
          const auto& wasm = spec.contains("wasm") ? spec.at("wasm") : spec;
          return plugin.mount && wasm.contains("imagePullSecret");
        })) {
      text_ +=
          "note: no proxy pulls the module, so imagePullSecret does nothing; a volume's image\n"
          "      is pulled with the `imagePullSecrets` of the pods\n";
    }
    note_loopback("the pod's own: its proxy");
  }

  void note_loopback(std::string_view whose) {
    const bool is_loopback = any([](const auto& plugin) {
      constexpr std::string_view kHosts[] = {"oci://127.0.0.1", "oci://localhost", "oci://[::1]"};
      return std::ranges::any_of(kHosts, [&](auto host) { return plugin.url.starts_with(host); });
    });
    if (!is_loopback) return;
    text_ += fmt::format("note: in a cluster this address is {} will not find the image\n", whose);
  }

  // Whose log to read.
  std::string pods() const {
    if (rendering_.patch) return " " + kube::to_string(rendering_.patch->workload);
    const auto& spec = rendering_.plugins.front().resource.at("spec");
    if (!spec.contains("selector")) return " POD";
    std::vector<std::string> labels;
    for (const auto& [key, value] : spec["selector"]["matchLabels"].items()) {
      labels.push_back(fmt::format("{}={}", key, value.get<std::string>()));
    }
    return fmt::format(" --tail=-1 -l {}", fmt::join(labels, ","));
  }

  const Rendering& rendering_;
  std::string directory_;
  std::string self_;
  std::string namespace_;
  std::string workload_;  // what prints it for a JSON patch, into a pipe
  std::string text_;
};

}  // namespace

std::string next_steps(const Rendering& rendering, const Invocation& invocation) {
  return Steps(rendering, invocation).text();
}

}  // namespace wasmctl::cli
