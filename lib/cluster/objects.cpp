#include "cluster/objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/base64.hpp"
#include "base/json_member.hpp"
#include "base/sha256.hpp"
#include "kube/check/survey.hpp"
#include "kube/gateway_labels.hpp"
#include "kube/mount.hpp"

namespace wasmctl::cluster {

namespace {

using base::text_member;
using nlohmann::json;

const json& member(const json& value, std::initializer_list<const char*> path) {
  static const json kNothing;
  const json* at = &value;
  for (const auto* const key : path) {
    if (!at->is_object()) return kNothing;
    const auto found = at->find(key);
    if (found == at->end()) return kNothing;
    at = &*found;
  }
  return *at;
}

std::string text_of(const json& value, std::initializer_list<const char*> path) {
  const auto& found = member(value, path);
  return found.is_string() ? found.get<std::string>() : "";
}

bool is_true(const json& value, std::initializer_list<const char*> path) {
  const auto& found = member(value, path);
  return found.is_boolean() && found.get<bool>();
}

std::int64_t number_of(const json& value, std::initializer_list<const char*> path) {
  const auto& found = member(value, path);
  return found.is_number_integer() ? found.get<std::int64_t>() : 0;
}

Labels labels_of(const json& value, std::initializer_list<const char*> path) {
  Labels labels;
  const auto& found = member(value, path);
  if (!found.is_object()) return labels;
  for (const auto& [key, text] : found.items()) {
    if (text.is_string()) labels.emplace(key, text.get<std::string>());
  }
  return labels;
}

// The objects of an answer: a List, or one.
std::vector<json> objects_of(const std::string& text) {
  auto document = json::parse(text, nullptr, false);
  if (!document.is_object()) return {};
  const auto items = document.find("items");
  if (items == document.end()) return {std::move(document)};
  if (!items->is_array()) return {};
  return std::move(items->get_ref<json::array_t&>());
}

bool is_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string digest_in(const std::string& url) {
  constexpr std::string_view kAt = "@sha256:";
  const auto at = url.find(kAt);
  return at == std::string::npos ? "" : url.substr(at + kAt.size());
}

void add_targets(Plugin& plugin, const json& spec) {
  const auto add = [&](const json& target) {
    if (target.is_object()) {
      plugin.targets.push_back({text_member(target, "kind"), text_member(target, "name")});
    }
  };
  if (const auto& one = member(spec, {"targetRef"}); one.is_object()) add(one);
  if (const auto& list = member(spec, {"targetRefs"}); list.is_array()) {
    std::ranges::for_each(list, add);
  }
}

std::string config_of(const json& config) {
  if (config.is_null() || (config.is_object() && config.empty())) return {};
  return config.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Istio's names for it; what comes to Envoy is another for the first.
std::string policy_of(const std::string& strategy) {
  return strategy == "FAIL_OPEN" || strategy == "FAIL_RELOAD" ? strategy : "FAIL_CLOSED";
}

void read_module(Plugin& plugin, const json& module) {
  plugin.url = text_of(module, {"url"});
  plugin.sha256 = text_of(module, {"sha256"});
  plugin.config = config_of(member(module, {"pluginConfig"}));
  plugin.root_id = text_of(module, {"pluginName"});
  plugin.policy = policy_of(text_of(module, {"failStrategy"}));
}

void read_policy_item(Plugin& plugin, const json& item) {
  plugin.item = text_of(item, {"name"});
  const auto image = text_of(item, {"code", "image", "url"});
  plugin.url = image.empty() ? text_of(item, {"code", "http", "url"}) : "oci://" + image;
  plugin.sha256 = text_of(item, {"code", image.empty() ? "http" : "image", "sha256"});
  plugin.config = config_of(member(item, {"config"}));
  plugin.root_id = text_of(item, {"rootID"});
  plugin.policy = is_true(item, {"failOpen"}) ? "FAIL_OPEN" : "FAIL_CLOSED";
}

// Conditions of Gateway API policies are of each ancestor.
std::string refusal_of(const json& object) {
  const auto& ancestors = member(object, {"status", "ancestors"});
  if (!ancestors.is_array()) return {};
  for (const auto& ancestor : ancestors) {
    const auto& conditions = member(ancestor, {"conditions"});
    if (!conditions.is_array()) continue;
    for (const auto& condition : conditions) {
      if (text_of(condition, {"status"}) == "False") return text_of(condition, {"message"});
    }
  }
  return {};
}

// ---- pods ----

const json* container_named(const json& spec, std::string_view name) {
  for (const auto* const list : {"containers", "initContainers"}) {
    const auto& containers = member(spec, {list});
    if (!containers.is_array()) continue;
    const auto found = std::ranges::find_if(
        containers, [&](const json& container) { return text_of(container, {"name"}) == name; });
    if (found != containers.end()) return &*found;
  }
  return nullptr;
}

void read_state(Pod& pod, const json& status) {
  for (const auto* const list : {"containerStatuses", "initContainerStatuses"}) {
    const auto& statuses = member(status, {list});
    if (!statuses.is_array()) continue;
    for (const auto& container : statuses) {
      if (text_of(container, {"name"}) != pod.proxy) continue;
      pod.runs = member(container, {"state", "running"}).is_object();
      pod.started = text_of(container, {"state", "running", "startedAt"});
      pod.waiting = text_of(container, {"state", "waiting", "reason"});
      const auto message = text_of(container, {"state", "waiting", "message"});
      if (!message.empty()) pod.waiting += ": " + message;
    }
  }
}

std::vector<Mount> mounts_of(const json& container) {
  std::vector<Mount> mounts;
  const auto& list = member(container, {"volumeMounts"});
  if (!list.is_array()) return mounts;
  for (const auto& mount : list) {
    mounts.push_back(
        {text_of(mount, {"name"}), text_of(mount, {"mountPath"}), text_of(mount, {"subPath"})});
  }
  return mounts;
}

std::vector<Volume> volumes_of(const json& spec) {
  std::vector<Volume> volumes;
  const auto& list = member(spec, {"volumes"});
  if (!list.is_array()) return volumes;
  for (const auto& source : list) {
    Volume volume;
    volume.name = text_of(source, {"name"});
    volume.config_map = text_of(source, {"configMap", "name"});
    volume.optional = is_true(source, {"configMap", "optional"});
    volume.image = text_of(source, {"image", "reference"});
    const auto& items = member(source, {"configMap", "items"});
    if (items.is_array()) {
      for (const auto& item : items) {
        volume.items[text_of(item, {"path"})] = text_of(item, {"key"});
      }
    }
    volumes.push_back(std::move(volume));
  }
  return volumes;
}

bool has_ended(const json& object) {
  const auto phase = text_of(object, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed" ||
         member(object, {"metadata", "deletionTimestamp"}).is_string();
}

bool is_pod_ready(const json& status) {
  const auto& conditions = member(status, {"conditions"});
  return conditions.is_array() && std::ranges::any_of(conditions, [](const json& condition) {
           return text_of(condition, {"type"}) == "Ready" &&
                  text_of(condition, {"status"}) == "True";
         });
}

Pod read_pod(const json& object) {
  Pod pod;
  pod.ns = text_of(object, {"metadata", "namespace"});
  pod.name = text_of(object, {"metadata", "name"});
  pod.created = text_of(object, {"metadata", "creationTimestamp"});
  pod.labels = labels_of(object, {"metadata", "labels"});
  pod.annotations = labels_of(object, {"metadata", "annotations"});
  const auto& owners = member(object, {"metadata", "ownerReferences"});
  if (owners.is_array() && !owners.empty()) {
    pod.owner_kind = text_of(owners[0], {"kind"});
    pod.owner = text_of(owners[0], {"name"});
  }
  const auto& spec = member(object, {"spec"});
  pod.host_network = is_true(spec, {"hostNetwork"});
  // Envoy Gateway's has another name.
  const bool is_envoy_gateway = pod.labels.contains(kube::kOwningGatewayName);
  const auto* const wanted = is_envoy_gateway ? "envoy" : kube::kProxyContainer;
  if (const auto* const container = container_named(spec, wanted)) {
    pod.proxy = wanted;
    pod.mounts = mounts_of(*container);
  }
  pod.volumes = volumes_of(spec);
  pod.is_ready = is_pod_ready(member(object, {"status"}));
  read_state(pod, member(object, {"status"}));
  return pod;
}

// ---- workloads ----

std::string stuck_of(const json& status) {
  const auto& conditions = member(status, {"conditions"});
  if (!conditions.is_array()) return {};
  for (const auto& condition : conditions) {
    const bool is_late = text_of(condition, {"type"}) == "Progressing" &&
                         text_of(condition, {"reason"}) == "ProgressDeadlineExceeded";
    const bool is_refused = text_of(condition, {"type"}) == "ReplicaFailure" &&
                            text_of(condition, {"status"}) == "True";
    if (is_late || is_refused) return text_of(condition, {"message"});
  }
  return {};
}

// Source: kubectl, polymorphichelpers/rollout_status.go.
bool is_rolled_out(const json& object) {
  const auto wanted =
      member(object, {"spec", "replicas"}).is_null() ? 1 : number_of(object, {"spec", "replicas"});
  const auto& status = member(object, {"status"});
  if (number_of(object, {"metadata", "generation"}) > number_of(status, {"observedGeneration"})) {
    return false;
  }
  const auto updated = number_of(status, {"updatedReplicas"});
  return updated >= wanted && number_of(status, {"replicas"}) <= updated;
}

Workload read_workload(const json& object, std::string newest) {
  return {text_of(object, {"kind"}), text_of(object, {"metadata", "name"}), std::move(newest),
          is_rolled_out(object), stuck_of(member(object, {"status"}))};
}

std::int64_t revision_of(const json& set) {
  const auto text = text_of(set, {"metadata", "annotations", "deployment.kubernetes.io/revision"});
  std::int64_t revision = 0;
  std::from_chars(text.data(), text.data() + text.size(), revision);
  return revision;
}

int two_digits(std::string_view text, std::size_t at) {
  int value = -1;
  std::from_chars(text.data() + at, text.data() + at + 2, value);
  return value;
}

}  // namespace

std::string_view to_string(PluginKind kind) {
  switch (kind) {
    case PluginKind::wasm_plugin:
      return "WasmPlugin";
    case PluginKind::traffic_extension:
      return "TrafficExtension";
    case PluginKind::extension_policy:
      return "EnvoyExtensionPolicy";
  }
  return {};
}

std::string_view resource_of(PluginKind kind) {
  switch (kind) {
    case PluginKind::wasm_plugin:
      return "wasmplugins.extensions.istio.io";
    case PluginKind::traffic_extension:
      return "trafficextensions.extensions.istio.io";
    case PluginKind::extension_policy:
      return "envoyextensionpolicies.gateway.envoyproxy.io";
  }
  return {};
}

std::string Plugin::file() const {
  constexpr std::string_view kScheme = "file://";
  return url.starts_with("file:///") ? url.substr(kScheme.size()) : "";
}

std::string Plugin::proxy_name() const {
  return kind == PluginKind::extension_policy
             ? fmt::format("envoyextensionpolicy/{}/{}/wasm/{}", ns, name, index)
             : fmt::format("{}.{}", ns, name);
}

std::string Plugin::log_name() const {
  // envoyproxy/gateway, internal/xds/translator/wasm.go: PluginConfig.name
  return item.empty() ? proxy_name() : item;
}

std::vector<Plugin> read_plugins(PluginKind kind, const std::string& text) {
  std::vector<Plugin> plugins;
  for (const auto& object : objects_of(text)) {
    Plugin plugin;
    plugin.kind = kind;
    plugin.ns = text_of(object, {"metadata", "namespace"});
    plugin.name = text_of(object, {"metadata", "name"});
    plugin.created = text_of(object, {"metadata", "creationTimestamp"});
    plugin.refusal = refusal_of(object);
    const auto& spec = member(object, {"spec"});
    plugin.selector = labels_of(spec, {"selector", "matchLabels"});
    add_targets(plugin, spec);
    const auto add = [&](Plugin made) {
      if (made.sha256.empty()) made.sha256 = digest_in(made.url);
      if (!is_hex(made.sha256)) made.sha256.clear();
      plugins.push_back(std::move(made));
    };
    if (kind == PluginKind::extension_policy) {
      const auto& items = member(spec, {"wasm"});
      if (!items.is_array()) continue;
      for (std::size_t i = 0; i < items.size(); ++i) {
        auto made = plugin;
        made.index = i;
        read_policy_item(made, items[i]);
        add(std::move(made));
      }
      continue;
    }
    const bool is_extension = kind == PluginKind::traffic_extension;
    const auto& module = is_extension ? member(spec, {"wasm"}) : spec;
    if (!module.is_object()) continue;
    read_module(plugin, module);
    add(std::move(plugin));
  }
  return plugins;
}

const Mount* Pod::mount_of(const std::string& file) const {
  // The longest path is the one that is seen.
  const Mount* best = nullptr;
  for (const auto& mount : mounts) {
    if (!kube::covers(mount.path, file)) continue;
    if (best == nullptr || mount.path.size() > best->path.size()) best = &mount;
  }
  return best;
}

const Volume* Pod::volume_of(const Mount& mount) const {
  const auto found = std::ranges::find(volumes, mount.volume, &Volume::name);
  return found == volumes.end() ? nullptr : &*found;
}

std::vector<Pod> read_pods(const std::string& text) {
  std::vector<Pod> pods;
  for (const auto& object : objects_of(text)) {
    if (!has_ended(object)) pods.push_back(read_pod(object));
  }
  return pods;
}

std::vector<ConfigMap> read_config_maps(const std::string& text) {
  std::vector<ConfigMap> maps;
  for (const auto& object : objects_of(text)) {
    ConfigMap map{text_of(object, {"metadata", "name"}), {}};
    for (const auto& [key, value] : labels_of(object, {"data"})) {
      map.digests[key] = base::sha256_hex(value);
    }
    for (const auto& [key, value] : labels_of(object, {"binaryData"})) {
      const auto bytes = base::base64_decode_as_go(value);
      map.digests[key] = bytes ? base::sha256_hex(*bytes) : "";
    }
    maps.push_back(std::move(map));
  }
  return maps;
}

Labels read_labels(const std::string& text) {
  return labels_of(json::parse(text, nullptr, false), {"metadata", "labels"});
}

std::vector<Event> read_events(const std::string& text) {
  std::vector<Event> events;
  for (const auto& object : objects_of(text)) {
    events.push_back({text_of(object, {"involvedObject", "kind"}),
                      text_of(object, {"involvedObject", "name"}), text_of(object, {"message"})});
  }
  return events;
}

std::map<std::string, Workload> read_workloads(const std::string& text) {
  std::map<std::string, Workload> workloads;
  const auto objects = objects_of(text);
  std::map<std::string, std::vector<const json*>> sets;  // by the Deployment's name
  for (const auto& object : objects) {
    if (text_of(object, {"kind"}) != "ReplicaSet") continue;
    const auto& owners = member(object, {"metadata", "ownerReferences"});
    if (owners.is_array() && !owners.empty()) {
      sets[text_of(owners[0], {"name"})].push_back(&object);
    }
  }
  for (const auto& object : objects) {
    const auto kind = text_of(object, {"kind"});
    const auto name = text_of(object, {"metadata", "name"});
    if (kind == "StatefulSet") {
      workloads["StatefulSet/" + name] =
          read_workload(object, text_of(object, {"status", "updateRevision"}));
    }
    const auto own = sets.find(name);
    if (kind != "Deployment" || own == sets.end()) continue;
    const auto* const newest = *std::ranges::max_element(
        own->second, {}, [](const json* set) { return revision_of(*set); });
    const auto workload = read_workload(object, text_of(*newest, {"metadata", "name"}));
    for (const auto* const set : own->second) {
      workloads["ReplicaSet/" + text_of(*set, {"metadata", "name"})] = workload;
    }
  }
  return workloads;
}

std::optional<double> read_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kForm.size() + 1) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !is_digit : text[i] != kForm[i]) return std::nullopt;
  }
  const std::chrono::year_month_day day{
      std::chrono::year(two_digits(text, 0) * 100 + two_digits(text, 2)),
      std::chrono::month(static_cast<unsigned>(two_digits(text, 5))),
      std::chrono::day(static_cast<unsigned>(two_digits(text, 8)))};
  if (!day.ok()) return std::nullopt;
  double seconds = std::chrono::duration<double>(std::chrono::sys_days(day).time_since_epoch() +
                                                 std::chrono::hours(two_digits(text, 11)) +
                                                 std::chrono::minutes(two_digits(text, 14)) +
                                                 std::chrono::seconds(two_digits(text, 17)))
                       .count();
  text.remove_prefix(kForm.size());
  if (text.starts_with('.')) {
    double unit = 0.1;
    for (text.remove_prefix(1); !text.empty() && text[0] >= '0' && text[0] <= '9';
         text.remove_prefix(1), unit /= 10) {
      seconds += (text[0] - '0') * unit;
    }
  }
  if (text.starts_with('Z')) return seconds;
  const bool is_offset = text.size() >= 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
  if (!is_offset) return std::nullopt;
  const int minutes = two_digits(text, 1) * 60 + two_digits(text, 4);
  return seconds - (text[0] == '+' ? 60 : -60) * minutes;
}

std::string to_time(double seconds) {
  const std::chrono::sys_seconds time{
      std::chrono::seconds(static_cast<std::int64_t>(std::floor(seconds)))};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace wasmctl::cluster
