// Rules about images: how they are named, and with what secret they are pulled.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "base/text.hpp"
#include "kube/check/rules/rules.hpp"
#include "oci/reference.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::kube {

namespace {

constexpr std::string_view kDockerConfigType = "kubernetes.io/dockerconfigjson";
constexpr std::string_view kPin = "@sha256:";

bool is_http(const std::string& url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

void check_unpinned(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    const auto* const sha256 = plugin->module_field("sha256");
    if (sha256 != nullptr && !sha256->text.empty()) continue;
    if (!image_of(plugin->url).empty() && plugin->url.find(kPin) == std::string::npos) {
      report.add(site_of(*plugin, *plugin->module_field("url")),
                 fmt::format("`{}` is whatever the tag names when it is fetched", plugin->url),
                 "pin it: `wasmctl render IMAGE` writes the digest");
    } else if (is_http(plugin->url)) {
      report.add(site_of(*plugin, *plugin->module_field("url")),
                 fmt::format("`{}` is whatever the server has when it is fetched", plugin->url),
                 "pin it by `sha256`: `wasmctl render MODULE --via http --url URL` writes it");
    }
  }
}

// Calls visit(volume) for each volume that is made of an image and mounted into a proxy.
template <typename Visit>
void for_each_image_volume(const Survey& survey, const Visit& visit) {
  for (const auto& pods : survey.pods()) {
    for (const auto* const volume : pods.volumes) {
      const bool mounted =
          std::ranges::find(pods.mounts, volume->name, &MountManifest::volume) != pods.mounts.end();
      if (mounted && !volume->image.empty()) visit(*volume);
    }
  }
}

void check_unpinned_volume(const Survey& survey, Report& report) {
  for_each_image_volume(survey, [&](const VolumeManifest& volume) {
    if (volume.image.find(kPin) != std::string::npos) return;
    report.add(volume.site,
               fmt::format("`{}` is whatever the tag names when a pod starts", volume.image),
               "pin it: `wasmctl patch IMAGE` writes the digest");
  });
}

void check_volume_image(const Survey& survey, Report& report) {
  for_each_image_volume(survey, [&](const VolumeManifest& volume) {
    const auto remark =
        judge_image(volume.image, "the kubelet", "REGISTRY/REPOSITORY[:TAG][@sha256:DIGEST]");
    if (remark) report.add(volume.site, remark->message, remark->hint);
  });
}

void check_unpinned_images(const Survey& survey, Report& report) {
  check_unpinned(survey, report);
  check_unpinned_volume(survey, report);
}

// One image under two names is fetched twice, and one of the names may be none that the registry,
// the secret's key or the admission rules know.
void check_image_spelling(const Survey& survey, Report& report) {
  struct Named {
    std::string name;
    Site site;
  };
  std::map<std::string, Named> first;  // by digest
  const auto see = [&](const std::string& reference, const Site& site) {
    const auto at = reference.find(kPin);
    if (at == std::string::npos) return;
    auto name = reference.substr(0, at);
    const auto colon = name.rfind(':');
    if (colon != std::string::npos && name.find('/', colon) == std::string::npos) {
      name.erase(colon);  // the tag
    }
    const auto& [known, is_new] = first.try_emplace(reference.substr(at), Named{name, site});
    if (is_new || known->second.name == name) return;
    report.add(
        site,
        fmt::format("this image is named `{}` here, and `{}` in {}", name, known->second.name,
                    yaml::place(survey.inventory().files[known->second.site.file],
                                known->second.site.mark)),
        "name it in one way: the one under which it was pushed");
  };
  for (const auto* const plugin : survey.plugins()) {
    const auto* const node = plugin->module_field("url");
    if (node != nullptr) see(image_of(plugin->url), site_of(*plugin, *node));
  }
  for (const auto& pods : survey.pods()) {
    for (const auto* const volume : pods.volumes) see(volume->image, volume->site);
  }
}

// The registry of an image, as a docker config names it; empty for a name that is none.
std::string registry_of(const std::string& image) {
  try {
    const auto reference = oci::parse_image_name(image);
    return oci::docker_config_key(reference.registry);
  } catch (const Error&) {
    return "";
  }
}

std::string registry_host(std::string registry) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (registry.starts_with(scheme)) registry.erase(0, scheme.size());
  }
  return registry.substr(0, registry.find('/'));
}

struct Secrets {
  const SecretManifest* here = nullptr;  // in the plugin's namespace
  const SecretManifest* elsewhere = nullptr;
};

Secrets find_secrets(const Survey& survey, const PluginManifest& plugin, const std::string& name) {
  Secrets found;
  for (const auto& secret : survey.inventory().secrets) {
    if (secret.name == name) (secret.ns == plugin.ns ? found.here : found.elsewhere) = &secret;
  }
  return found;
}

void check_pull_secret(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    const auto* const node = plugin->module_field("imagePullSecret");
    const auto image = image_of(plugin->url);
    if (node == nullptr || image.empty()) continue;
    const auto [secret, elsewhere] = find_secrets(survey, *plugin, node->text);
    if (secret == nullptr && elsewhere != nullptr) {
      report.add(site_of(*plugin, *node),
                 fmt::format("secret `{}` is in namespace {}, the plugin in {}", node->text,
                             elsewhere->ns, plugin->ns),
                 fmt::format("{} looks in the plugin's namespace only", plugin->kind->consumer));
    }
    if (secret == nullptr) continue;
    const auto wanted = registry_of(image);
    // Envoy Gateway reads the key, whatever the type.
    const bool typed = plugin->kind->fetcher != oci::Consumer::envoy_gateway;
    if (typed && secret->type != kDockerConfigType) {
      report.add(secret->site, fmt::format("secret `{}` has type `{}`", secret->name, secret->type),
                 fmt::format("{} reads the type {}", plugin->kind->consumer, kDockerConfigType));
    } else if (secret->registries.empty()) {
      report.add(
          secret->site,
          fmt::format("secret `{}` has no credentials under `.dockerconfigjson`", secret->name),
          "`wasmctl render --pull-secret-from-docker-config` makes one");
    } else if (!wanted.empty() && std::ranges::find(secret->registries, registry_host(wanted),
                                                    registry_host) == secret->registries.end()) {
      report.add(secret->site,
                 fmt::format("secret `{}` has no credentials for {}", secret->name, wanted),
                 fmt::format("it has: {}", fmt::join(secret->registries, ", ")));
    }
  }
}

void check_pull_secret_absent(const Survey& survey, Report& report) {
  for (const auto* const plugin : survey.plugins()) {
    const auto* const node = plugin->module_field("imagePullSecret");
    if (node == nullptr || image_of(plugin->url).empty()) continue;
    const auto [here, elsewhere] = find_secrets(survey, *plugin, node->text);
    if (here != nullptr || elsewhere != nullptr) continue;
    report.add(site_of(*plugin, *node),
               fmt::format("secret `{}` is not in these files", node->text),
               fmt::format("see that it is in the cluster: `kubectl get secret {} -n {}`; without "
                           "it the module cannot be fetched",
                           node->text, plugin->ns));
  }
}

// ---- what a policy of Envoy Gateway's names --------------------------------------------------

// A Secret or ConfigMap that an image or url of a policy needs.
struct Reference {
  const PluginManifest& plugin;
  const yaml::Node& node;
  std::string kind;
  std::string ns;
  std::string name;

  Site site() const {
    const auto* const name_node = yaml::find(node, "name");
    return site_of(plugin, name_node == nullptr ? node : *name_node);
  }
};

Reference reference_at(const PluginManifest& plugin, const yaml::Node& node) {
  const auto text = [&](std::string_view key, std::string_view otherwise) {
    const auto* const value = yaml::find(node, key);
    const bool said = value != nullptr && yaml::type_of(*value) == yaml::ScalarType::string;
    return said && !value->text.empty() ? value->text : std::string(otherwise);
  };
  return {plugin, node, text("kind", "Secret"), text("namespace", plugin.ns), text("name", "")};
}

// Calls visit(reference) for what stands at `path` below a policy's sources.
template <typename Visit>
void for_each_reference(const Survey& survey, std::initializer_list<std::string_view> path,
                        const Visit& visit) {
  for (const auto* const plugin : survey.plugins()) {
    const auto* const code =
        plugin->kind->form == PluginForm::policy_item ? yaml::find(plugin->spec, "code") : nullptr;
    for (const auto* const source : {"image", "http"}) {
      const auto* node = code == nullptr ? nullptr : yaml::find(*code, source);
      for (const auto key : path) node = node == nullptr ? nullptr : yaml::find(*node, key);
      if (node != nullptr) visit(reference_at(*plugin, *node));
    }
  }
}

bool is_granted(const Inventory& inventory, const Reference& reference) {
  return std::ranges::any_of(inventory.grants, [&](const GrantManifest& grant) {
    return grant.ns == reference.ns &&
           std::ranges::any_of(grant.from,
                               [&](const auto& from) {
                                 return from.kind == reference.plugin.kind->name &&
                                        from.ns == reference.plugin.ns;
                               }) &&
           std::ranges::any_of(grant.to, [&](const auto& to) {
             return to.kind == reference.kind && (to.name.empty() || to.name == reference.name);
           });
  });
}

// What is in the files, of the kind.
std::vector<const Object*> find_objects(const Survey& survey, const Reference& reference) {
  std::vector<const Object*> found;
  const auto see = [&](const Object& object) {
    if (object.name == reference.name && !survey.is_mended(object)) found.push_back(&object);
  };
  if (reference.kind == "ConfigMap") {
    for (const auto& config_map : survey.inventory().config_maps) see(config_map);
  } else {
    for (const auto& secret : survey.inventory().secrets) see(secret);
  }
  return found;
}

// A Secret of another namespace that is in these files, where no grant is.
void check_reference_grant(const Survey& survey, Report& report) {
  const auto check = [&](const Reference& reference) {
    const bool here = std::ranges::any_of(find_objects(survey, reference), [&](const auto* object) {
      return object->ns == reference.ns;
    });
    const bool elsewhere = reference.ns != reference.plugin.ns;
    if (!elsewhere || !here || is_granted(survey.inventory(), reference)) return;
    report.add(
        reference.site(),
        fmt::format("{} `{}` is in namespace {}, and no ReferenceGrant of these files lets "
                    "policy `{}` of {} name it",
                    reference.kind, reference.name, reference.ns, reference.plugin.name,
                    reference.plugin.ns),
        fmt::format("see that there is one: `kubectl get referencegrant -n {}`", reference.ns));
  };
  for_each_reference(survey, {"pullSecretRef"}, check);
  for_each_reference(survey, {"tls", "caCertificateRef"}, check);
}

bool has_key(const Survey& survey, const Object& object, const Reference& reference,
             const std::string& key) {
  if (reference.kind == "ConfigMap") {
    return std::ranges::any_of(survey.inventory().config_maps, [&](const auto& config_map) {
      return &config_map == &object && config_map.values.contains(key);
    });
  }
  return std::ranges::any_of(survey.inventory().secrets, [&](const auto& secret) {
    return &secret == &object && secret.keys.contains(key);
  });
}

// Source: envoyproxy/gateway internal/gatewayapi/envoyextensionpolicy.go, which reads `ca.crt`.
void check_ca(const Survey& survey, Report& report) {
  constexpr char kCaKey[] = "ca.crt";
  for_each_reference(survey, {"tls", "caCertificateRef"}, [&](const Reference& reference) {
    const auto found = find_objects(survey, reference);
    const auto here =
        std::ranges::find(found, reference.ns, [](const auto* object) { return object->ns; });
    if (here != found.end() && !has_key(survey, **here, reference, kCaKey)) {
      report.add(reference.site(),
                 fmt::format("{} `{}` has no key `{}`, where Envoy Gateway looks for the "
                             "authority's certificate",
                             reference.kind, reference.name, kCaKey),
                 "put it under that key");
    } else if (here == found.end() && !found.empty()) {
      report.add(reference.site(),
                 fmt::format("{} `{}` is in namespace {}, and looked for in {}", reference.kind,
                             reference.name, found.front()->ns, reference.ns),
                 fmt::format("make it in {}{}", reference.ns,
                             assumption({&reference.plugin, found.front()})));
    }
  });
}

// A name that is nearly that of another of the kind and namespace.
void check_ca_absent(const Survey& survey, Report& report) {
  for_each_reference(survey, {"tls", "caCertificateRef"}, [&](const Reference& reference) {
    if (!find_objects(survey, reference).empty()) return;
    std::vector<std::string_view> names;
    const auto see = [&](const Object& object) {
      if (object.ns == reference.ns && !survey.is_mended(object)) names.push_back(object.name);
    };
    if (reference.kind == "ConfigMap") {
      for (const auto& config_map : survey.inventory().config_maps) see(config_map);
    } else {
      for (const auto& secret : survey.inventory().secrets) see(secret);
    }
    const auto guess = base::nearest(reference.name, names);
    if (guess.empty()) return;
    report.add(reference.site(),
               fmt::format("{} `{}` is not in these files", reference.kind, reference.name),
               fmt::format("did you mean `{}`?", guess));
  });
}

constexpr ManifestRule kImageRules[] = {
    {"unpinned", Severity::warning, "what is downloaded is named by its digest", RuleScope::alone,
     check_unpinned_images},
    {"volume-image", Severity::error, "a volume's image has a name that is one", RuleScope::alone,
     check_volume_image},
    {"image-spelling", Severity::warning, "an image has one name", RuleScope::alone,
     check_image_spelling},
    {"pull-secret", Severity::error,
     "the pull secret is in the plugin's namespace, of the right type, for the registry",
     RuleScope::together, check_pull_secret},
    {"reference-grant", Severity::warning,
     "what a policy names in another namespace is granted to it", RuleScope::together,
     check_reference_grant},
    {"ca-certificate", Severity::error, "the authority's certificate is where a policy names it",
     RuleScope::together, check_ca},
    {"ca-certificate-absent", Severity::warning,
     "the authority's certificate has the name of one that is there", RuleScope::together,
     check_ca_absent},
    {"pull-secret-absent", Severity::warning, "the pull secret is among the files",
     RuleScope::together, check_pull_secret_absent, false},
};

}  // namespace

std::span<const ManifestRule> image_rules() {
  return kImageRules;
}

}  // namespace wasmctl::kube
