#include "cli/commands/inspect_image.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/error.hpp"

namespace wasmctl::cli {

namespace {

void print_row(std::ostream& out, std::string_view label, const std::string& text) {
  out << fmt::format("  {:<12} {}\n", label, escape_controls(text));
}

std::string one_line(const oci::Descriptor& descriptor) {
  return fmt::format("{}, {} bytes, {}", descriptor.digest.text(), descriptor.size,
                     descriptor.media_type);
}

// An entry of an index.
std::string one_line_of_entry(const oci::Descriptor& entry) {
  return fmt::format("{} for {}", one_line(entry),
                     entry.platform ? to_string(*entry.platform) : "any platform");
}

// One child of an index, or the manifest itself.
void print_manifest(std::ostream& out, const oci::PulledImage::Child& child, bool in_index) {
  const auto& manifest = *child.manifest;
  if (in_index) print_row(out, "manifest", one_line_of_entry(child.entry));
  if (manifest.artifact_type) print_row(out, "artifact", *manifest.artifact_type);
  print_row(out, "config", one_line(manifest.config));
  for (const auto& layer : manifest.layers) print_row(out, "layer", one_line(layer));
  for (const auto& [key, value] : manifest.annotations) {
    print_row(out, "annotation", fmt::format("{}={}", key, value));
  }
}

nlohmann::json to_json(const oci::PulledImage::Child& child) {
  nlohmann::json json{{"descriptor", oci::to_json(child.entry)},
                      {"config", oci::to_json(child.manifest->config)},
                      {"annotations", child.manifest->annotations},
                      {"artifactType", nullptr},
                      {"layers", nlohmann::json::array()}};
  if (child.manifest->artifact_type) json["artifactType"] = *child.manifest->artifact_type;
  for (const auto& layer : child.manifest->layers) json["layers"].push_back(oci::to_json(layer));
  return json;
}

}  // namespace

void print_image(std::ostream& out, oci::PulledImage& image) {
  print_row(out, image.is_index() ? "index" : "manifest", one_line(image.descriptor()));
  print_row(out, "format", std::string(image.format()));
  const auto children = image.children();
  for (const auto& child : children) {
    if (child.manifest) print_manifest(out, child, image.is_index());
  }
  for (const auto& child : children) {
    if (child.manifest) continue;
    print_row(out, "not read",
              fmt::format("{}: {}", one_line_of_entry(child.entry), child.why_not));
  }
  for (const auto& verdict : image.verdicts()) {
    const bool loads = verdict.why_not.empty();
    const std::string_view text = loads ? verdict.remark : verdict.why_not;
    print_row(out, loads ? "loads in" : "not in",
              fmt::format("{}{}{}", to_string(verdict.consumer), text.empty() ? "" : ": ", text));
  }
}

nlohmann::json image_json(oci::PulledImage& image) {
  nlohmann::json json{{"descriptor", oci::to_json(image.descriptor())},
                      {"format", image.format()},
                      {"manifests", nlohmann::json::array()},
                      {"unread", nlohmann::json::array()},
                      {"consumers", nlohmann::json::array()}};
  for (const auto& child : image.children()) {
    if (child.manifest) {
      json["manifests"].push_back(to_json(child));
    } else {
      json["unread"].push_back(
          {{"descriptor", oci::to_json(child.entry)}, {"reason", child.why_not}});
    }
  }
  for (const auto& verdict : image.verdicts()) {
    json["consumers"].push_back({{"consumer", to_string(verdict.consumer)},
                                 {"loads", verdict.why_not.empty()},
                                 {"reason", verdict.why_not},
                                 {"remark", verdict.remark}});
  }
  return json;
}

}  // namespace wasmctl::cli
