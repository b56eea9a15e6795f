// What `kubectl get -o json` prints, so far as it matters to a plugin. All of it is of others: what
// is missing or of another type is empty here.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::cluster {

using Labels = std::map<std::string, std::string>;

enum class PluginKind : std::uint8_t { wasm_plugin, traffic_extension, extension_policy };
std::string_view to_string(PluginKind kind);    // "WasmPlugin"
std::string_view resource_of(PluginKind kind);  // "wasmplugins.extensions.istio.io", for kubectl

// What targetRefs name.
struct Target {
  std::string kind;
  std::string name;
};

// One module that a resource loads; an EnvoyExtensionPolicy may have several.
struct Plugin {
  PluginKind kind = PluginKind::wasm_plugin;
  std::string ns;
  std::string name;
  std::string item;       // of a policy: the name of its item, which may be empty
  std::size_t index = 0;  // and its place in the list
  std::string created;
  std::string url;     // a policy's image with `oci://`
  std::string sha256;  // as it is written, or of the url's digest; hexadecimal digits or empty
  Labels selector;
  std::vector<Target> targets;
  std::string config;  // JSON; empty: none
  std::string root_id;
  std::string policy;   // "FAIL_CLOSED", "FAIL_OPEN", "FAIL_RELOAD"
  std::string refusal;  // a condition that says why it is not accepted; empty: there is none

  // "shop/header-logger"
  std::string full_name() const { return ns + "/" + name; }
  // The absolute path of a file://; else empty.
  std::string file() const;
  // What names it in its proxies' configuration, at the end: "shop.header-logger" after Istio's
  // name of the kind, "envoyextensionpolicy/shop/guard/wasm/0" of Envoy Gateway.
  std::string proxy_name() const;
  // What Envoy calls it in its log: as its item is named, or by proxy_name().
  std::string log_name() const;
};

// The plugins of an answer; what has no module (Lua) is left out.
std::vector<Plugin> read_plugins(PluginKind kind, const std::string& json);

struct Mount {
  std::string volume;
  std::string path;
  std::string sub_path;
};

struct Volume {
  std::string name;
  std::string config_map;                    // its name; empty: made of something else
  std::string image;                         // its reference; likewise
  std::map<std::string, std::string> items;  // path -> key; empty: each key by its name
  bool optional = false;
};

struct Pod {
  std::string ns;
  std::string name;
  std::string created;
  std::string owner_kind;  // "ReplicaSet"
  std::string owner;
  Labels labels;
  Labels annotations;
  bool host_network = false;
  bool is_ready = false;
  std::string proxy;          // the container with the proxy; empty: it has none
  bool runs = false;          // that container does
  std::string started;        // when it began
  std::string waiting;        // why it does not run: "CrashLoopBackOff: back-off ..."; may be empty
  std::vector<Mount> mounts;  // of the proxy
  std::vector<Volume> volumes;

  std::string full_name() const { return ns + "/" + name; }
  // What is mounted over the file in the proxy; null: nothing.
  const Mount* mount_of(const std::string& file) const;
  const Volume* volume_of(const Mount& mount) const;
};

// Those that run or will: not what has ended or is being deleted.
std::vector<Pod> read_pods(const std::string& json);

struct ConfigMap {
  std::string name;
  std::map<std::string, std::string> digests;  // key -> SHA-256 of its value, hexadecimal
};
std::vector<ConfigMap> read_config_maps(const std::string& json);

// Of one object.
Labels read_labels(const std::string& json);

struct Event {
  std::string kind;  // of the object that it is about
  std::string name;
  std::string message;
};
std::vector<Event> read_events(const std::string& json);

// Of a Deployment or a StatefulSet: whether its pods are being replaced.
struct Workload {
  std::string kind;
  std::string name;
  std::string newest;   // the ReplicaSet, or the label controller-revision-hash, of new pods
  bool is_done = true;  // all pods are new, and no old one is left
  std::string stuck;    // why it goes on no more, as its condition says; empty: it does
};
// By "ReplicaSet/NAME" of each of its ReplicaSets, or "StatefulSet/NAME". Of an answer that has all
// three kinds.
std::map<std::string, Workload> read_workloads(const std::string& json);

// Seconds since 1970 of "2026-11-27T04:19:08.392Z", with an offset in place of Z, too; none for
// anything else.
std::optional<double> read_time(std::string_view text);
// "2026-11-27T04:19:08Z", rounded down.
std::string to_time(double seconds);

}  // namespace wasmctl::cluster
