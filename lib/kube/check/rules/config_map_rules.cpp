// Rules about ConfigMaps: that the one which is mounted is there, and that a module is in it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/suggest.hpp"
#include "kube/check/rules/rules.hpp"
#include "kube/names.hpp"
#include "kube/render/config_map.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"

namespace wasmctl::kube {

namespace {

// The file of plugins in one workload's pods, seen through the mount that covers it.
struct MountedFile {
  const std::vector<const PluginManifest*>& plugins;
  const Pods& pods;
  const std::string& file;
  const MountManifest& mount;
  const VolumeManifest& volume;  // made of a ConfigMap

  const PluginManifest& plugin() const { return *plugins.front(); }
};

// Calls visit(MountedFile) for each file of plugins, and each of the pods that mount a ConfigMap
// for it.
template <typename Visit>
void for_each_mounted_file(const Survey& survey, const Visit& visit) {
  for (const auto& [file, selection, plugins] : survey.module_files()) {
    for (const auto* const pods : selection->with_proxy) {
      for (const auto* const mount : survey.proxy_mounts(*plugins.front(), *pods)) {
        if (!covers(mount->path, file)) continue;
        const auto volume = std::ranges::find(pods->volumes, mount->volume, &VolumeManifest::name);
        if (volume == pods->volumes.end() || (*volume)->config_map.empty()) continue;
        visit(MountedFile{plugins, *pods, file, *mount, **volume});
      }
    }
  }
}

// The key that becomes `file`, seen through the mount and the volume's items; nothing where that
// cannot be told.
std::optional<std::string> file_key(const MountManifest& mount, const VolumeManifest& volume,
                                    const std::string& file) {
  auto path = mount.sub_path;
  if (mount.path != file) {
    const auto below = file.substr(mount.path.size() + (mount.path.ends_with('/') ? 0 : 1));
    path += (path.empty() ? "" : "/") + below;
  }
  if (path.empty()) return std::nullopt;  // the directory itself is where the file should be
  if (!volume.items) return path;
  const auto item = volume.items->find(path);
  return item == volume.items->end() ? std::nullopt : std::optional(item->second);
}

void check_config_map_namespace(const Survey& survey, Report& report) {
  std::map<std::string_view, const ConfigMapManifest*> by_name;
  for (const auto& config_map : survey.inventory().config_maps) {
    by_name.emplace(config_map.name, &config_map);
  }
  for (const auto& pods : survey.pods()) {
    const auto& workload = *pods.workload;
    for (const auto* const volume : pods.volumes) {
      const auto other = by_name.find(volume->config_map);
      if (volume->config_map.empty() || other == by_name.end() ||
          survey.is_mended(*other->second) ||
          survey.find_config_map(workload, volume->config_map) != nullptr) {
        continue;
      }
      report.add(
          volume->site,
          fmt::format("ConfigMap `{}` is in namespace {}, the pods of {} in {}", volume->config_map,
                      other->second->ns, describe(workload), workload.ns),
          fmt::format("a volume finds ConfigMaps of the pods' namespace only: make it in {}{}",
                      workload.ns, assumption({&workload, other->second})));
    }
  }
}

// ---- which ConfigMap

// `NAME` of `NAME-HASH`, as this tool and kustomize write it.
std::string_view stem_of(std::string_view name) {
  const auto dash = name.rfind('-');
  if (dash == std::string_view::npos || name.size() - dash - 1 < 8) return name;
  const auto hash = name.substr(dash + 1);
  const bool is_hash =
      hash.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") == std::string_view::npos &&
      hash.find_first_of("0123456789") != std::string_view::npos;
  return is_hash ? name.substr(0, dash) : name;
}

// The ConfigMaps of a namespace that nobody mounts, by the stems of their names. (What others mount
// may be another version.)
using Unused = std::multimap<std::string_view, const ConfigMapManifest*>;

std::map<std::string_view, Unused> unused_config_maps(const Survey& survey) {
  std::set<std::pair<std::string_view, std::string_view>> in_use;  // namespace and name
  for (const auto& pods : survey.pods()) {
    for (const auto* const volume : pods.volumes) {
      in_use.emplace(pods.workload->ns, volume->config_map);
    }
  }
  std::map<std::string_view, Unused> unused;
  for (const auto& config_map : survey.inventory().config_maps) {
    if (in_use.contains({config_map.ns, config_map.name}) || survey.is_mended(config_map)) continue;
    unused[config_map.ns].emplace(stem_of(config_map.name), &config_map);
  }
  return unused;
}

// The one that was meant: with the file in it, of the same name but for the hash, or nearly so.
const ConfigMapManifest* find_meant(const Unused& unused, std::string_view name,
                                    const std::string& key) {
  constexpr std::size_t kMostCompared = 300;  // among more, a name that is near is no hint
  const auto has_key = [&](const auto& candidate) {
    return candidate.second->values.contains(key);
  };
  const auto wanted = stem_of(name);
  const auto [begin, end] = unused.equal_range(wanted);
  if (const auto same = std::find_if(begin, end, has_key); same != end) return same->second;
  if (unused.size() > kMostCompared) return nullptr;
  const auto near = std::ranges::find_if(unused, [&](const auto& candidate) {
    return has_key(candidate) && !base::nearest(wanted, {candidate.first}).empty();
  });
  return near == unused.end() ? nullptr : near->second;
}

// A mounted ConfigMap that is not in the files, in no namespace; of several plugins and workloads
// that need it the first.
struct Absent {
  MountedFile mounted;
  std::set<const Pods*> pods;
  const ConfigMapManifest* meant;  // null: none of the files'
};

std::vector<Absent> absent_config_maps(const Survey& survey) {
  std::set<std::string_view> names;
  for (const auto& config_map : survey.inventory().config_maps) names.insert(config_map.name);
  const auto unused = unused_config_maps(survey);
  std::vector<Absent> absent;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> index;
  for_each_mounted_file(survey, [&](const MountedFile& mounted) {
    const auto& name = mounted.volume.config_map;
    if (names.contains(name)) return;
    const auto [found, is_new] =
        index.try_emplace({mounted.pods.workload->ns, name}, absent.size());
    if (is_new) {
      const auto key = file_key(mounted.mount, mounted.volume, mounted.file);
      const auto candidates = unused.find(mounted.pods.workload->ns);
      const bool known = key && candidates != unused.end();
      absent.push_back({mounted, {}, known ? find_meant(candidates->second, name, *key) : nullptr});
    }
    absent[found->second].pods.insert(&mounted.pods);
  });
  return absent;
}

std::string describe(const Absent& absent) {
  return describe(std::vector<const Pods*>(absent.pods.begin(), absent.pods.end()));
}

void check_config_map_stale(const Survey& survey, Report& report) {
  for (const auto& absent : absent_config_maps(survey)) {
    const auto& mounted = absent.mounted;
    if (absent.meant == nullptr) continue;
    report.add(mounted.volume.site,
               fmt::format("{} {} ConfigMap `{}` for {}, but the files have `{}`", describe(absent),
                           absent.pods.size() == 1 ? "mounts" : "mount", mounted.volume.config_map,
                           describe(mounted.plugin()), absent.meant->name),
               "a module's ConfigMap has another name with each build: write the new one into the "
               "pod template, `wasmctl patch` does");
  }
}

// Of a module that is at hand the hash is known.
void check_config_map_build(const Survey& survey, Report& report) {
  std::set<const VolumeManifest*> seen;
  for_each_mounted_file(survey, [&](const MountedFile& mounted) {
    const ModuleFacts* facts = nullptr;
    for (const auto* const plugin : mounted.plugins) {
      if (facts == nullptr) facts = facts_of(survey, *plugin);
    }
    const auto& name = mounted.volume.config_map;
    const auto& workload = *mounted.pods.workload;
    if (facts == nullptr || facts->hash.empty() || !seen.insert(&mounted.volume).second) return;
    const auto stem = stem_of(name);
    const bool has_hash = name.size() == stem.size() + 1 + facts->hash.size();
    if (!has_hash || name.ends_with(facts->hash) || survey.find_config_map(workload, name)) return;
    report.add(
        mounted.volume.site,
        fmt::format("{} mounts ConfigMap `{}` for {}, but the module's is `{}-{}`",
                    kube::describe(workload), name, describe(mounted.plugin()), stem, facts->hash),
        "that is of another build: `wasmctl patch` writes the new name into the pod "
        "template");
  });
}

void check_config_map_absent(const Survey& survey, Report& report) {
  for (const auto& absent : absent_config_maps(survey)) {
    const auto& mounted = absent.mounted;
    if (absent.meant != nullptr) continue;
    report.add(
        mounted.volume.site,
        fmt::format("ConfigMap `{}`, which {} {} for {}, is not in these files",
                    mounted.volume.config_map, describe(absent),
                    absent.pods.size() == 1 ? "mounts" : "mount", describe(mounted.plugin())),
        fmt::format("see that it is in the cluster: `kubectl get configmap {} -n {}`; "
                    "without it the pods do not start",
                    mounted.volume.config_map, mounted.pods.workload->ns));
  }
}

// ---- what is in it

void check_config_map_key(const Survey& survey, Report& report) {
  std::set<std::string> said;
  const auto add = [&](const MountedFile& mounted, std::string message, std::string hint) {
    const auto site = site_of(mounted.plugin(), *mounted.plugin().module_field("url"));
    const auto key = fmt::format("{}:{}:{}", site.file, site.mark.offset, message);
    if (said.insert(key).second) report.add(site, std::move(message), std::move(hint));
  };
  for_each_mounted_file(survey, [&](const MountedFile& mounted) {
    const auto key = file_key(mounted.mount, mounted.volume, mounted.file);
    if (!key && mounted.mount.path == mounted.file) {
      return add(mounted,
                 fmt::format("{} is a directory in the proxy of {}", mounted.file,
                             describe(*mounted.pods.workload)),
                 "name a file in it, or mount the file by `subPath`");
    }
    if (!key) {
      return add(mounted,
                 fmt::format("no item of volume `{}` has the path of {}", mounted.volume.name,
                             mounted.file),
                 "an item's `path` is the file's name in the volume");
    }
    const auto* const config_map =
        survey.find_config_map(*mounted.pods.workload, mounted.volume.config_map);
    if (config_map == nullptr || config_map->values.contains(*key)) return;
    if (survey.is_mended(*config_map)) return;
    std::vector<std::string> keys;
    keys.reserve(config_map->values.size());
    for (const auto& [name, value] : config_map->values) keys.push_back(name);
    add(mounted,
        fmt::format("ConfigMap `{}` has no key `{}`, so there is no file {}", config_map->name,
                    *key, mounted.file),
        keys.empty() ? "it has none" : fmt::format("it has: {}", fmt::join(keys, ", ")));
  });
}

// The values that some plugin's file is made of, each once.
std::vector<std::pair<const ConfigMapManifest*, std::string>> module_values(const Survey& survey) {
  std::vector<std::pair<const ConfigMapManifest*, std::string>> found;
  std::set<std::pair<const ConfigMapManifest*, std::string>> seen;
  for_each_mounted_file(survey, [&](const MountedFile& mounted) {
    const auto key = file_key(mounted.mount, mounted.volume, mounted.file);
    const auto* const config_map =
        survey.find_config_map(*mounted.pods.workload, mounted.volume.config_map);
    if (!key || config_map == nullptr || !config_map->values.contains(*key)) return;
    if (seen.emplace(config_map, *key).second) found.emplace_back(config_map, *key);
  });
  return found;
}

// What is wrong with a module, as lint says it.
void lint_value(const ConfigMapValue& value, const std::string& name, Report& report) {
  try {
    const auto module = wasm::read_module(value.bytes, name);
    for (const auto& finding : wasm::lint(module, name)) {
      if (finding.severity != Severity::error) continue;
      report.add(value.site, fmt::format("the module {} {}", name, finding.message), finding.hint);
    }
  } catch (const Error& error) {
    const bool twice = value.bytes.view().starts_with("AGFzbQ");
    report.add(value.site, error.message(),
               twice ? "it is base64 twice: `kubectl create configmap --from-file` makes that of a "
                       "file that is base64 already; give it the module itself"
               : error.hints().empty() ? "all traffic is denied: put the module there, `wasmctl "
                                         "render --via configmap` does"
                                       : error.hints().front());
  }
}

void check_config_map_module(const Survey& survey, Report& report) {
  for (const auto& [config_map, key] : module_values(survey)) {
    const auto& value = config_map->values.at(key);
    const auto name = fmt::format("`{}` of ConfigMap `{}`", key, config_map->name);
    if (value.is_text) {
      const auto is_said = [&](const auto& text_module) { return text_module.first == key; };
      if (std::ranges::any_of(config_map->text_modules, is_said)) continue;  // module-as-text
      report.add(value.site, fmt::format("{} is text under `data`, no module", name),
                 "a module is binary: put it under `binaryData`, `wasmctl render --via configmap` "
                 "does");
    } else if (value.is_base64) {
      lint_value(value, name, report);
    }
  }
}

void check_config_map_base64(const Survey& survey, Report& report) {
  for (const auto& config_map : survey.inventory().config_maps) {
    for (const auto& [key, value] : config_map.values) {
      if (value.is_base64 || !value.is_string) continue;
      report.add(value.site, fmt::format("`{}` under `binaryData` is not base64", key),
                 "the API server refuses the ConfigMap: encode the file with `base64 -w 0`");
    }
  }
}

void check_config_map_form(const Survey& survey, Report& report) {
  for (const auto& config_map : survey.inventory().config_maps) {
    for (const auto& [key, value] : config_map.values) {
      const auto* const field = value.is_text ? "data" : "binaryData";
      if (const auto why = refuse_data_key(key)) {
        report.add(value.site, fmt::format("a key of `{}` {}", field, *why), "");
      }
      if (!value.is_string) {
        report.add(value.site, fmt::format("`{}` under `{}` must be a string", key, field),
                   "write it in quotes");
      }
      if (value.is_twice) {
        report.add(value.site, fmt::format("`{}` is under `data` and under `binaryData`", key),
                   "the API server refuses the ConfigMap: take one of them out");
      }
    }
  }
}

std::size_t size_of(const ConfigMapManifest& config_map) {
  std::size_t size = 0;
  for (const auto& [key, value] : config_map.values) size += value.size;
  return size;
}

void check_config_map_size(const Survey& survey, Report& report) {
  for (const auto& config_map : survey.inventory().config_maps) {
    const auto size = size_of(config_map);
    if (size <= kMaxConfigMapBytes) continue;
    report.add(config_map.site,
               fmt::format("ConfigMap `{}` has {} bytes; at most {} are accepted", config_map.name,
                           size, kMaxConfigMapBytes),
               "make the module smaller, or push it as an image: `wasmctl push`, then `wasmctl "
               "render IMAGE`");
  }
}

// What is in the cluster already was applied somehow.
void check_config_map_apply(const Survey& survey, Report& report) {
  for (const auto& config_map : survey.inventory().config_maps) {
    if (config_map.of_cluster || fits_client_side_apply(config_map.json_size)) continue;
    if (size_of(config_map) > kMaxConfigMapBytes) continue;  // nothing takes it
    report.add(config_map.site,
               fmt::format("`kubectl apply` refuses ConfigMap `{}`: it copies the object, of {} "
                           "bytes, into an annotation, and all together may have {}",
                           config_map.name, config_map.json_size, kMaxAnnotationBytes),
               "`kubectl apply --server-side`, or `ServerSideApply=true` in Argo CD");
  }
}

void check_module_as_text(const Survey& survey, Report& report) {
  for (const auto& config_map : survey.inventory().config_maps) {
    for (const auto& [key, site] : config_map.text_modules) {
      report.add(site, fmt::format("`{}` under `data` is base64 text to the proxy, no module", key),
                 "move it to `binaryData`");
    }
  }
}

constexpr ManifestRule kConfigMapRules[] = {
    {"config-map-namespace", Severity::error, "the ConfigMap is in the pods' namespace",
     RuleScope::together, check_config_map_namespace},
    {"config-map-stale", Severity::error, "a workload mounts the ConfigMap that the files have",
     RuleScope::together, check_config_map_stale},
    {"config-map-build", Severity::error,
     "a workload mounts the ConfigMap of the module at hand (needs --module)", RuleScope::together,
     check_config_map_build},
    {"config-map-absent", Severity::warning, "the ConfigMap that a plugin needs is among the files",
     RuleScope::together, check_config_map_absent, false},
    {"config-map-key", Severity::error, "the ConfigMap has the file that the url names",
     RuleScope::together, check_config_map_key},
    {"config-map-module", Severity::error,
     "what the ConfigMap has there is a module that Envoy loads", RuleScope::together,
     check_config_map_module},
    {"config-map-form", Severity::error, "keys and values are what the API server accepts",
     RuleScope::alone, check_config_map_form},
    {"config-map-base64", Severity::error, "binaryData is base64", RuleScope::alone,
     check_config_map_base64},
    {"config-map-size", Severity::error, "a ConfigMap has at most 1,048,576 bytes",
     RuleScope::alone, check_config_map_size},
    {"config-map-apply", Severity::warning,
     "a ConfigMap is small enough for client-side `kubectl apply`", RuleScope::alone,
     check_config_map_apply, false},
    {"module-as-text", Severity::error, "a module is under binaryData", RuleScope::alone,
     check_module_as_text},
};

}  // namespace

std::span<const ManifestRule> config_map_rules() {
  return kConfigMapRules;
}

}  // namespace wasmctl::kube
