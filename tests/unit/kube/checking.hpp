// Manifests in, findings out as text, for the tests of check.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/check/check.hpp"

namespace checking {

namespace kube = wasmctl::kube;

inline std::set<std::string_view> rules_seen;  // by all tests of check

// Digests are written short in these texts: `@sha256:00` is 64 digits to check, and places and
// messages are told as if it had seen two.
inline constexpr std::string_view kPin = "@sha256:";
inline constexpr std::size_t kDigits = 64;
inline constexpr std::size_t kShown = 2;

inline std::string lengthen(std::string text) {
  for (auto at = text.find(kPin); at != std::string::npos; at = text.find(kPin, at + 1)) {
    const auto digits = text.substr(at + kPin.size(), kShown);
    const auto end = text.find_first_not_of("0123456789abcdef", at + kPin.size());
    if (end != at + kPin.size() + kShown) continue;
    for (std::size_t i = kShown; i < kDigits; i += kShown) text.insert(end, digits);
  }
  return text;
}

inline std::string shorten(std::string text) {
  for (auto at = text.find(kPin); at != std::string::npos; at = text.find(kPin, at + 1)) {
    const auto end = text.find_first_not_of("0123456789abcdef", at + kPin.size());
    if (std::min(end, text.size()) == at + kPin.size() + kDigits) {
      text.erase(at + kPin.size() + kShown, kDigits - kShown);
    }
  }
  return text;
}

struct Files : kube::Inventory {
  std::vector<std::string> texts;
};

inline std::size_t column_in(const std::string& text, const wasmctl::Place& place) {
  std::size_t begin = 0;
  for (std::size_t line = 1; line < place.line; ++line) begin = text.find('\n', begin) + 1;
  const auto before = text.substr(begin, place.column == 0 ? 0 : place.column - 1);
  return place.column - (before.size() - shorten(before).size());
}

inline std::string findings(const Files& files, const kube::Inventory* before = nullptr) {
  std::string out;
  for (const auto& finding : kube::check_manifests(files, before)) {
    rules_seen.insert(finding.rule);
    const auto& place = finding.place;
    const auto file = std::ranges::find(files.files, place.file) - files.files.begin();
    out += fmt::format("{}{}:{} {} [{}] {}\n", place.file == "f" ? "" : place.file + ':',
                       place.line, column_in(files.texts[static_cast<std::size_t>(file)], place),
                       shorten(finding.message), finding.rule, shorten(finding.hint));
  }
  return out;
}

inline Files read(const std::vector<std::pair<std::string, std::string>>& files) {
  Files inventory;
  for (const auto& [name, text] : files) {
    inventory.texts.push_back(lengthen(text));
    kube::read_manifests(inventory, inventory.texts.back(), name, "default");
  }
  kube::apply_kustomizations(inventory);
  return inventory;
}

inline Files read(const std::string& text) {
  return read({{"f", text}});
}

inline std::string findings(const std::string& text) {
  return findings(read(text));
}

inline std::string plugin(const std::string& spec, const std::string& name = "a") {
  return "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: " + name +
         "}\nspec: " + spec + "\n---\n";
}

inline std::string workload(const std::string& pod_spec, const std::string& annotations = "{}",
                            const std::string& more = "") {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web" + more +
         "}\nspec:\n  template:\n    metadata: {labels: {app: web}, annotations: " + annotations +
         "}\n    spec: " + pod_spec + "\n---\n";
}

inline std::string policy(const std::string& targets, const std::string& wasm) {
  return "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicy\n"
         "metadata: {name: p}\nspec:\n  " +
         targets + "\n  wasm:\n  - " + wasm + "\n---\n";
}

inline std::string config_map(const std::string& ns, const std::string& data) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm, namespace: " + ns + "}\n" + data +
         "\n---\n";
}

inline constexpr char kFilePlugin[] =
    "{url: 'file:///etc/wasm/a/plugin.wasm', selector: {matchLabels: {app: web}}}";
inline constexpr char kMounted[] =
    "{containers: [{name: istio-proxy, image: auto, volumeMounts: [{name: v, mountPath: "
    "/etc/wasm/a}]}], volumes: [{name: v, configMap: {name: cm}}]}";

// tests/data/minimal.wasm: the least that Envoy loads.
inline constexpr char kModule[] =
    "binaryData: {plugin.wasm: "
    "AGFzbQEAAAABCQJgAABgAX8BfwMDAgABBQMBAAEHLQMXcHJveHlfYWJpX3ZlcnNpb25fMF8yXzEAAAZtYWxsb2MAAQZtZW"
    "1vcnkCAAoKAgIACwUAQYAICw==}";

// The same under another key.
inline constexpr char kFilterModule[] =
    "binaryData: {filter.wasm: "
    "AGFzbQEAAAABCQJgAABgAX8BfwMDAgABBQMBAAEHLQMXcHJveHlfYWJpX3ZlcnNpb25fMF8yXzEAAAZtYWxsb2MAAQZtZW"
    "1vcnkCAAoKAgIACwUAQYAICw==}";

}  // namespace checking
