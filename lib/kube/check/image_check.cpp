#include "kube/check/image_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "kube/check/config_check.hpp"
#include "kube/check/survey.hpp"
#include "oci/consumers.hpp"
#include "oci/manifest.hpp"
#include "wasm/lint/lint.hpp"

namespace wasmctl::kube {

namespace {

constexpr Rule kAbsent = {"image-absent", Severity::error, "the image is in its registry"};
constexpr Rule kIndexPin = {"index-pin", Severity::error,
                            "an image is not pinned by its index's own digest"};
constexpr Rule kDigest = {"image-digest", Severity::error,
                          "sha256 is the digest of the image's manifest"};
constexpr Rule kModule = {"image-module", Severity::error,
                          "the image holds a module that the proxy loads"};
constexpr Rule kChoice = {"image-choice", Severity::warning,
                          "nobody takes another module of the image"};
constexpr Rule kRules[] = {kAbsent, kIndexPin, kDigest, kModule, kChoice};

class ImageCheck {
 public:
  ImageCheck(const Inventory& inventory, const OpenImage& open)
      : inventory_(inventory), open_(open) {}

  std::vector<Finding> run() {
    for (const auto& plugin : inventory_.plugins) {
      const auto image = image_of(plugin.url);
      if (!image.empty()) check(plugin, image);
    }
    return std::move(findings_);
  }

 private:
  void check(const PluginManifest& plugin, const std::string& image) {
    url_ = plugin.module_field("url");
    plugin_ = &plugin;
    oci::Reference reference;
    try {
      reference = oci::parse_image_name(image);
    } catch (const Error& error) {
      return add(kAbsent, *url_, error.message(), "no image can have this name");
    }
    try {
      check_image(open_(reference), reference);
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

  void check_image(oci::PulledImage& image, const oci::Reference& reference) {
    const auto who = plugin_->kind->fetcher;
    const auto named = image.descriptor().digest;
    const auto loaded = image.manifest_for(who).digest;
    const auto* const sha256 = plugin_->module_field("sha256");
    const auto right = fmt::format("the one that {} computes is {}", to_string(who), loaded.hex());
    const auto of_index =
        fmt::format("this is the digest of an index, which {} never computes", to_string(who));
    if (reference.digest && named != loaded) {
      add(kIndexPin, *url_, of_index, right);
    }
    if (sha256 != nullptr && sha256->text == named.hex() && named != loaded) {
      add(kIndexPin, *sha256, of_index, right);
    } else if (sha256 != nullptr && !sha256->text.empty() && sha256->text != loaded.hex()) {
      add(kDigest, *sha256, "this is not the digest of the image's manifest", right);
    }
    if (const auto verdict = image.verdict(who); !verdict.why_not.empty()) {
      add(kModule, *url_,
          fmt::format("{} does not load the image: {}", to_string(who), verdict.why_not),
          "`wasmctl push` makes images that it loads");
      return;
    }
    const auto module = *image.module_for(who);
    if (!module.remark.empty()) {
      add(kChoice, *url_, module.remark, "leave one module in the image: `wasmctl push`");
    }
    check_module(module.content);
    const auto schema = image.config_schema(module.manifest);
    if (!schema) return;
    const auto name = fmt::format("the schema in {}", oci::to_string(reference));
    std::ranges::move(check_config(inventory_, *plugin_, oci::parse_json(*schema, name), name),
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

  const Inventory& inventory_;
  const OpenImage& open_;
  const PluginManifest* plugin_ = nullptr;
  const yaml::Node* url_ = nullptr;
  std::vector<Finding> findings_;
};

// The image that is fetched: `sha256` pins it where its name does not.
oci::Reference fetched_image(const PluginManifest& plugin, const std::string& image) {
  auto reference = oci::parse_image_name(image);
  const auto* const sha256 = plugin.module_field("sha256");
  if (!reference.digest && sha256 != nullptr && !sha256->text.empty()) {
    reference.digest = oci::Digest::parse("sha256:" + sha256->text);
  }
  return reference;
}

std::string why_unsigned(const PluginManifest& plugin, const VerifyImage& verify) {
  const auto image = image_of(plugin.url);
  if (image.empty()) return "it loads no image, and nothing else is signed";
  std::optional<oci::Reference> reference;
  try {
    reference = fetched_image(plugin, image);
  } catch (const Error& error) {
    return error.message();
  }
  auto why = verify(*reference);
  if (!why.empty() || reference->digest) return why;
  return fmt::format("`{}` is signed now, and whatever the tag names when it is fetched",
                     plugin.url);
}

Finding unsigned_finding(const Inventory& inventory, const PluginManifest& plugin,
                         std::string message) {
  const auto* const url = plugin.module_field("url");
  const auto place = url == nullptr ? place_of(inventory, site_of(plugin, plugin.spec))
                                    : place_of(inventory, site_of(plugin, *url));
  return {kSignedRule.name, kSignedRule.severity, place, std::move(message),
          "sign the image, `wasmctl sign IMAGE --key FILE`, and name it by the digest"};
}

}  // namespace

std::vector<Finding> check_signatures(const Inventory& inventory, const VerifyImage& verify) {
  std::vector<Finding> findings;
  for (const auto& plugin : inventory.plugins) {
    const auto why = why_unsigned(plugin, verify);
    if (!why.empty()) findings.push_back(unsigned_finding(inventory, plugin, why));
  }
  return findings;
}

std::span<const Rule> image_check_rules() {
  return kRules;
}

std::vector<Finding> check_images(const Inventory& inventory, const OpenImage& open) {
  return ImageCheck(inventory, open).run();
}

}  // namespace wasmctl::kube
