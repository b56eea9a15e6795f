// Rules about the proxy's container itself, which belongs to Istio.
#include <fmt/format.h>

#include <algorithm>

#include "base/label.hpp"
#include "kube/check/rules/rules.hpp"
#include "kube/mount.hpp"

namespace wasmctl::kube {

namespace {

void check_proxy_image(const Survey& survey, Report& report) {
  for (const auto& pods : survey.pods()) {
    if (pods.injected) continue;  // that is Istio's proxy
    const auto& off = pods.why_not_injected;
    for (const auto& container : pods.workload->containers) {
      if (container.name != kProxyContainer) continue;
      if (container.image == kInjectedImage) {
        if (!off) continue;
        report.add(
            container.site,
            fmt::format("`image: auto` stays as it is ({}), and no such image can be pulled", *off),
            "allow the injection of these pods, or take the container out");
      } else if (!container.image) {
        report.add(container.site,
                   "container `istio-proxy` has no image, and the API server refuses it",
                   "write `image: auto`: the injector puts the right one there");
      } else if (!off) {  // where nothing is injected it is a proxy made by hand
        report.add(container.site,
                   fmt::format("image `{}` takes the place of Istio's proxy", *container.image),
                   "write `image: auto`: the injector puts the right one there");
      }
    }
  }
}

// Source: istio manifests/charts/istio-control/istio-discovery/files/injection-template.yaml.
constexpr std::string_view kIstioVolumes[] = {
    "workload-socket", "credential-socket", "workload-certs", "istio-envoy", "istio-data",
    "istio-podinfo",   "istio-token",       "istiod-ca-cert", "istio-ca-crl"};
constexpr std::string_view kIstioPaths[] = {"/var/run/secrets/workload-spiffe-uds",
                                            "/var/run/secrets/credential-uds",
                                            "/var/run/secrets/workload-spiffe-credentials",
                                            "/var/run/secrets/istio",
                                            "/var/lib/istio/data",
                                            "/etc/istio/proxy",
                                            "/var/run/secrets/tokens",
                                            "/etc/istio/pod"};

void check_reserved(const Survey& survey, Report& report) {
  for (const auto& pods : survey.pods()) {
    if (pods.own_proxy || pods.injected) continue;
    for (const auto* const mounted : pods.mounts) {
      const auto& mount = *mounted;
      const auto path = mount.path.substr(0, mount.path.find_last_not_of('/') + 1);
      if (std::ranges::find(kIstioVolumes, mount.volume) != std::end(kIstioVolumes)) {
        report.add(
            mount.site,
            fmt::format("volume `{}` is one of Istio's own, so no pod is made", mount.volume),
            "give it another name, for example `wasm-PLUGIN`");
      } else if (const auto why = base::refuse_label(mount.volume)) {
        report.add(mount.site, fmt::format("a volume's name {}", *why),
                   "the workload is accepted, but none of its pods: give it another name");
      }
      if (std::ranges::find(kIstioPaths, path) != std::end(kIstioPaths)) {
        report.add(mount.site,
                   fmt::format("{} is mounted by Istio itself, so no pod is made", path),
                   "mount it elsewhere, for example at /etc/wasm/PLUGIN");
      }
    }
  }
}

constexpr ManifestRule kProxyRules[] = {
    {"proxy-image", Severity::error, "a container istio-proxy has `image: auto`, and is injected",
     RuleScope::together, check_proxy_image},
    {"reserved-name", Severity::error, "volumes and paths are none of Istio's own",
     RuleScope::together, check_reserved},
};

}  // namespace

std::span<const ManifestRule> proxy_rules() {
  return kProxyRules;
}

}  // namespace wasmctl::kube
