#include "cli/image_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/config_schema.hpp"
#include "kube/check/survey.hpp"
#include "oci/consumers.hpp"
#include "oci/manifest.hpp"
#include "oci/reference.hpp"
#include "registry/image_module.hpp"
#include "registry/image_tree.hpp"
#include "registry/repository.hpp"
#include "wasm/lint/lint.hpp"

namespace wasmctl::cli {

namespace {

constexpr Rule kAbsent = {"image-absent", Severity::error, "the image is in its registry"};
constexpr Rule kIndexPin = {"index-pin", Severity::error,
                            "an image is not pinned by its index's own digest"};
constexpr Rule kDigest = {"image-digest", Severity::error,
                          "sha256 is the digest of the image's manifest"};
constexpr Rule kModule = {"image-module", Severity::error,
                          "the image holds a module that the proxy loads"};

class ImageCheck {
 public:
  ImageCheck(Context& context, const kube::Inventory& inventory, const RegistryOptions& options)
      : inventory_(inventory), options_(registry_options(context, options)) {}

  std::vector<Finding> run() {
    for (const auto& plugin : inventory_.plugins) {
      const auto image = kube::image_of(plugin.url);
      if (!image.empty()) check(plugin, image);
    }
    return std::move(findings_);
  }

 private:
  void check(const kube::PluginManifest& plugin, const std::string& image) {
    url_ = plugin.module_field("url");
    plugin_ = &plugin;
    oci::Reference reference;
    try {
      reference = oci::parse_image_name(image);
    } catch (const Error& error) {
      return add(kAbsent, *url_, error.message(), "no image can have this name");
    }
    const auto repository = registry::open_repository(reference, options_);
    try {
      check_pin(*repository, reference);
    } catch (const Error& error) {
      if (error.code() == Code::not_found) {
        add(kAbsent, *url_, error.message(), "push it, or correct the name");
      } else if (error.code() == Code::unloadable || error.code() == Code::bad_input) {
        add(kModule, *url_, error.message(), "`wasmctl push` makes images that Istio loads");
      } else {
        throw;
      }
    }
  }

  void check_pin(registry::Repository& repository, const oci::Reference& reference) {
    const auto manifest = repository.fetch_manifest(reference);
    const auto for_istio = registry::fetch_for_istio(repository, reference, manifest);
    const auto& named = manifest.descriptor.digest;
    const auto& loaded = for_istio.descriptor.digest;
    const auto* const sha256 = plugin_->module_field("sha256");
    const auto who =
        plugin_->kind == kube::PluginKind::extension_policy ? oci::kEnvoyGateway : oci::kIstio;
    const auto right = fmt::format("the one that {} computes is {}", who, loaded.hex());
    const auto of_index =
        fmt::format("this is the digest of an index, which {} never computes", who);
    if (reference.digest && named != loaded) {
      add(kIndexPin, *url_, of_index, right);
    }
    if (sha256 != nullptr && sha256->text == named.hex() && named != loaded) {
      add(kIndexPin, *sha256, of_index, right);
    } else if (sha256 != nullptr && !sha256->text.empty() && sha256->text != loaded.hex()) {
      add(kDigest, *sha256, "this is not the digest of the image's manifest", right);
    }
    const auto image = registry::read_image_tree(repository, reference, for_istio);
    if (const auto why = oci::why_not(who, image); !why.empty()) {
      add(kModule, *url_, fmt::format("{} does not load the image: {}", who, why),
          "`wasmctl push` makes images that it loads");
      return;
    }
    const auto fetched =
        registry::fetch_module(repository, reference, for_istio, registry::WithSchema::yes);
    check_module(fetched.content);
    const auto& schema = fetched.config_schema;
    if (!schema) return;
    const auto name = fmt::format("the schema in {}", oci::to_string(reference));
    std::ranges::move(judge_config(inventory_, *plugin_, oci::parse_json(*schema, name), name),
                      std::back_inserter(findings_));
  }

  void check_module(const base::Content& bytes) {
    for (const auto& finding : wasm::lint(wasm::read_module(bytes, plugin_->url), plugin_->url)) {
      if (finding.severity != Severity::error) continue;
      add(kModule, *url_, fmt::format("the image's module {}", finding.message), finding.hint);
    }
  }

  void add(const Rule& rule, const yaml::Node& node, std::string message, std::string hint) {
    findings_.push_back({rule.name, rule.severity, place_of(inventory_, site_of(*plugin_, node)),
                         std::move(message), std::move(hint)});
  }

  const kube::Inventory& inventory_;
  registry::Options options_;
  const kube::PluginManifest* plugin_ = nullptr;
  const yaml::Node* url_ = nullptr;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Rule> image_check_rules() {
  return {kAbsent, kIndexPin, kDigest, kModule};
}

std::vector<Finding> check_images(Context& context, const kube::Inventory& inventory,
                                  const RegistryOptions& options) {
  return ImageCheck(context, inventory, options).run();
}

}  // namespace wasmctl::cli
