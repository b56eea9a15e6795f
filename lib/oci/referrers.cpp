#include "oci/referrers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "oci/media_type.hpp"

namespace wasmctl::oci {

std::optional<Referrer> as_referrer(const Blob& manifest) {
  const auto document = parse_manifest(manifest.content, manifest.descriptor.media_type);
  Referrer referrer{{}, manifest.descriptor};
  auto& descriptor = referrer.descriptor;
  const auto take = [&](const auto& read) {
    if (!read.subject) return false;
    referrer.subject = read.subject->digest;
    descriptor.artifact_type = read.artifact_type;
    descriptor.annotations = read.annotations;
    return true;
  };
  if (!std::visit(take, document)) return std::nullopt;
  const auto* single = std::get_if<Manifest>(&document);
  if (!descriptor.artifact_type && single != nullptr) {
    descriptor.artifact_type = single->config.media_type;
  }
  return referrer;
}

std::string referrers_tag(const Digest& subject) {
  return "sha256-" + subject.hex();
}

std::string signature_tag(const Digest& subject) {
  return referrers_tag(subject) + ".sig";
}

std::string_view cosign_tag_stem(std::string_view tag) {
  constexpr std::string_view kSuffixes[] = {".sig", ".att", ".sbom"};
  for (const auto suffix : kSuffixes) {
    if (tag.ends_with(suffix)) return tag.substr(0, tag.size() - suffix.size());
  }
  return {};
}

bool is_cosign_tag(std::string_view tag) {
  constexpr std::string_view kPrefix = "sha256-";
  constexpr std::size_t kHexDigits = 64;
  const auto stem = cosign_tag_stem(tag);
  return stem.starts_with(kPrefix) && stem.size() == kPrefix.size() + kHexDigits;
}

std::string with_referrer(const std::optional<Blob>& list, const Descriptor& referrer) {
  if (!list) {
    Index index;
    index.media_type = media_type::kOciIndex;
    index.manifests.push_back(referrer);
    return to_json_text(index);
  }
  auto index = parse_json(list->content, "the list of referrers");
  auto& entries = index["manifests"];
  const bool there = std::ranges::any_of(entries, [&](const nlohmann::json& entry) {
    return descriptor_from_json(entry, "the entry").digest == referrer.digest;
  });
  if (there) return std::string(list->content.view());
  entries.push_back(to_json(referrer));
  return index.dump();
}

std::vector<Descriptor> of_type(std::vector<Descriptor> referrers, std::string_view artifact_type) {
  if (!artifact_type.empty()) {
    std::erase_if(referrers, [&](const Descriptor& entry) {
      return entry.artifact_type.value_or("") != artifact_type;
    });
  }
  return referrers;
}

}  // namespace wasmctl::oci
