// Rules about images: how they are named, and with what secret they are pulled.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "kube/check/rules/rules.hpp"
#include "oci/reference.hpp"

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
                 fmt::format("`{}` is whatever the tag names when it is fetched",
                             base::without_login(plugin->url)),
                 "pin it: `wasmctl render IMAGE` writes the digest");
    } else if (is_http(plugin->url)) {
      report.add(site_of(*plugin, *plugin->module_field("url")),
                 fmt::format("`{}` is whatever the server has when it is fetched",
                             base::without_login(plugin->url)),
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
      report.add(
          site_of(*plugin, *node),
          fmt::format("secret `{}` is in namespace {}, the plugin in {}", node->text, elsewhere->ns,
                      plugin->ns),
          fmt::format("{} looks in the plugin's namespace only", row_of(plugin->kind).consumer));
    }
    if (secret == nullptr) continue;
    const auto wanted = registry_of(image);
    if (secret->type != kDockerConfigType) {
      report.add(
          secret->site, fmt::format("secret `{}` has type `{}`", secret->name, secret->type),
          fmt::format("{} reads the type {}", row_of(plugin->kind).consumer, kDockerConfigType));
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
    {"pull-secret-absent", Severity::warning, "the pull secret is among the files",
     RuleScope::together, check_pull_secret_absent},
};

}  // namespace

std::span<const ManifestRule> image_rules() {
  return kImageRules;
}

}  // namespace wasmctl::kube
