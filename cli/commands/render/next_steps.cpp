#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/printable.hpp"
#include "base/process.hpp"
#include "cli/commands/render/rendering.hpp"
#include "kube/check/survey.hpp"
#include "kube/injection.hpp"
#include "kube/mount.hpp"
#include "kube/render/config_map.hpp"
#include "kube/render/envoy_filter.hpp"

namespace wasmctl::cli {

namespace {

std::string in_shell(const std::string& word) {
  return base::to_shell(std::vector{word});
}

// The proxies of its namespace, whatever their pods.
bool selects_all(const RenderedPlugin& plugin) {
  const auto* const selector = plugin.settings.find("selector");
  const auto* const targets = plugin.settings.find("targetRefs");
  return (selector == nullptr || selector->value("matchLabels", kube::Labels()).empty()) &&
         (targets == nullptr || targets->empty());
}

class Steps {
 public:
  Steps(const Rendering& rendering, const Invocation& invocation)
      : rendering_(rendering), directory_(invocation.directory) {
    self_ = base::to_shell(invocation.command_line);
    if (rendering.ns) namespace_ = " -n " + *rendering.ns;
    // From there all namespaces are reached.
    pods_namespace_ = rendering.ns == kube::kRootNamespace ? " -n NAMESPACE" : namespace_;
    if (invocation.config_from_stdin) self_ += " < CONFIG.yaml";
    if (invocation.workload_from_stdin) {
      workload_ = fmt::format("kubectl get {}{} -o yaml | ",
                              kube::to_string(rendering.patch->workload), namespace_);
    }
  }

  std::string text() {
    text_ = "next:\n";
    const auto fetcher = rendering_.kind->fetcher;
    if (fetcher == oci::Consumer::istio) {
      istio();
    } else if (fetcher == oci::Consumer::envoy_gateway) {
      envoy_gateway();
    } else {
      envoy();
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
    see_istio();
    notes();
  }

  void envoy_gateway() {
    apply_all();
    text_ += "see that it works:\n";
    see_with_wasmctl();
    for (const auto& plugin : rendering_.plugins) {
      add(fmt::format("kubectl get envoyextensionpolicy/{}{} -o jsonpath='{{.status.ancestors}}'",
                      plugin.name, namespace_));
    }
    note_loopback("the gateway's own: it");
  }

  void envoy() {
    for (const auto& plugin : rendering_.plugins) {
      const auto what = rendering_.plugins.size() > 1 ? plugin.name : "it";
      const bool network = plugin.settings.text("type") == "NETWORK";
      add(network ? fmt::format("put {} into a filter chain's `filters:`, as an item of the list, "
                                "before the last one",
                                what)
                  : fmt::format("put {} into `http_filters:` of the HTTP connection manager, as an "
                                "item of the list, before the router",
                                what));
      if (const auto cluster = kube::cluster_of(plugin.url)) {
        add(fmt::format("define the cluster `{}`, through which Envoy fetches the module",
                        *cluster));
      }
    }
    text_ += "see that it works:\n";
    add("envoy -c FILE --component-log-level wasm:info");
    for (const auto& plugin : rendering_.plugins) {
      if (!plugin.may_log) continue;
      add(fmt::format("send a request: Envoy writes what the plugin says as `wasm log {}`",
                      plugin.name));
    }
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
    const bool everywhere = any([](const auto& plugin) { return selects_all(plugin); });
    if (everywhere && !rendering_.ns) {
      text_ +=
          "note: without a selector every pod of the namespace loads it; in istio-system every "
          "proxy of the mesh\n";
    } else if (everywhere) {
      text_ += *rendering_.ns == kube::kRootNamespace
                   ? "note: without a selector it is loaded by every proxy of the mesh\n"
                   : "note: without a selector every pod of the namespace loads it\n";
    }
    if (rendering_.policy) {
      text_ +=
          "note: the policy needs Kyverno 1.16 or later, and demands of every WasmPlugin and\n"
          "TrafficExtension of the cluster that its image is signed with the key\n";
    }
    note_observers();
    note_loopback("the pod's own: its proxy");
  }

  void note_observers() {
    std::vector<std::string> names;
    for (const auto& plugin : rendering_.plugins) {
      const bool observes = plugin.module && plugin.module->observes;
      if (observes && plugin.settings.find("failStrategy") == nullptr) names.push_back(plugin.name);
    }
    if (names.empty()) return;
    text_ += fmt::format(
        "note: a failure of {} denies all traffic, though it changes no request: --fail-strategy "
        "FAIL_OPEN lets it pass\n",
        fmt::join(names, ", "));
  }

  void note_loopback(std::string_view whose) {
    const bool is_loopback = any([](const auto& plugin) {
      constexpr std::string_view kHosts[] = {"oci://127.0.0.1", "oci://localhost", "oci://[::1]"};
      return std::ranges::any_of(kHosts, [&](auto host) { return plugin.url.starts_with(host); });
    });
    if (!is_loopback) return;
    text_ += fmt::format("note: in a cluster this address is {} will not find the image\n", whose);
  }

  // Whose proxies load it: by the labels that the plugin selects, or else by what is known of them.
  struct Pods {
    std::string flags;  // of istioctl and `kubectl logs`: "-l app=web", "deployment/web", "POD"
    std::string one;    // of `kubectl exec`, which takes one pod
  };

  Pods pods() const {
    const auto& settings = rendering_.plugins.front().settings;
    auto labels = labels_of(settings);
    if (labels.empty()) {
      const auto name =
          rendering_.patch ? kube::to_string(rendering_.patch->workload) : std::string("POD");
      return {name, name};
    }
    return {"-l " + labels,
            fmt::format("$(kubectl get pod{} -l {} -o name | head -1)", pods_namespace_, labels)};
  }

  // "app=web,tier=shop"; a Gateway's pods have its name. Empty: no labels tell.
  static std::string labels_of(const kube::Settings& settings) {
    std::vector<std::string> labels;
    if (const auto* const selector = settings.find("selector")) {
      const auto all = selector->value("matchLabels", kube::Labels());
      for (const auto& [key, value] : all) labels.push_back(fmt::format("{}={}", key, value));
    } else if (const auto* const targets = settings.find("targetRefs");
               targets != nullptr && !targets->empty()) {
      const auto& target = targets->front();
      if (target.at("kind") == "Gateway") {
        labels.push_back("gateway.networking.k8s.io/gateway-name=" +
                         target.at("name").get<std::string>());
      }
    }
    return fmt::format("{}", fmt::join(labels, ","));
  }

  // Istio's agent answers for the admin interface of its Envoy.
  std::string ask_agent(const Pods& pods, std::string_view request) const {
    return fmt::format("kubectl exec{} {} -c {} -- pilot-agent request {}", pods_namespace_,
                       pods.one, kube::kProxyContainer, request);
  }

  // Of several plugins all of the namespace.
  void see_with_wasmctl() {
    const auto& plugins = rendering_.plugins;
    add(fmt::format("wasmctl status{}{} --wait",
                    plugins.size() == 1 ? " " + plugins.front().name : std::string(), namespace_));
  }

  void see_istio() {
    const auto where = pods();
    see_with_wasmctl();
    for (const auto& plugin : rendering_.plugins) {
      if (!plugin.may_log) continue;
      add(fmt::format("wasmctl logs {}{} -f", plugin.name, namespace_));
    }
    text_ += "the same without wasmctl:\n";
    if (any([](const auto& plugin) { return plugin.may_log; })) see_lines(where);
    if (any([](const auto& plugin) { return !plugin.may_log; })) see_configuration(where);
    add("if it is not to be seen, why:");
    add(fmt::format("kubectl logs{} {} -c {} --tail=-1 | wasmctl explain", pods_namespace_,
                    where.flags, kube::kProxyContainer));
  }

  void see_lines(const Pods& where) {
    add(fmt::format("istioctl proxy-config log{} {} --level wasm:info", pods_namespace_,
                    where.flags));
    add("  or, without istioctl: " + ask_agent(where, "POST 'logging?wasm=info'"));
    add("send a request, and see what the plugin says of it:");
    add(fmt::format("kubectl logs{} {} -c {} --tail=-1 --since=5m | grep {}", pods_namespace_,
                    where.flags, kube::kProxyContainer, grep_words("wasm log ")));
  }

  void see_configuration(const Pods& where) {
    add("it writes no log; that the proxy has it shows its configuration (type wasm.v3.Wasm; "
        "rbac.v3.RBAC stands for a plugin that could not be fetched):");
    add(ask_agent(where, "GET 'config_dump?resource=ecds_filters'") + " | grep -e '@type' " +
        grep_words(""));
  }

  // `-e 'wasm log shop.tally'` for each plugin, as Istio names it.
  std::string grep_words(std::string_view before) const {
    std::string words;
    for (const auto& plugin : rendering_.plugins) {
      words += fmt::format("{}-e '{}{}.{}'", words.empty() ? "" : " ", before,
                           rendering_.ns.value_or("[^ ]*"), plugin.name);
    }
    return words;
  }

  const Rendering& rendering_;
  std::string directory_;
  std::string self_;
  std::string namespace_;       // " -n shop"
  std::string pods_namespace_;  // likewise, of the pods that load it
  std::string workload_;        // what prints it for a JSON patch, into a pipe
  std::string text_;
};

}  // namespace

std::string next_steps(const Rendering& rendering, const Invocation& invocation) {
  return Steps(rendering, invocation).text();
}

}  // namespace wasmctl::cli
