#include "oci/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "oci/fields.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::oci {

namespace {

using nlohmann::json;

constexpr std::ptrdiff_t kMaxDepth = 32;

[[noreturn]] void refuse_manifest(const std::string& what) {
  throw Error(Code::bad_input, fmt::format("the manifest {}", what));
}

// Go writes a list without entries as null.
const json& array_field(const json& document, const char* key) {
  static const json empty = json::array();
  const auto found = document.find(key);
  if (found != document.end() && found->is_null()) return empty;
  if (found == document.end() || !found->is_array())
    refuse_manifest(fmt::format("has no list `{}`", key));
  return *found;
}

std::vector<Descriptor> descriptors(const json& document, const char* key) {
  std::vector<Descriptor> list;
  for (const auto& entry : array_field(document, key)) {
    list.push_back(descriptor_from_json(entry, fmt::format("{}[{}]", key, list.size())));
  }
  return list;
}

// What a manifest and an index have in common.
template <typename Document>
void read_common(const json& value, Document& document) {
  const auto type = value.find("artifactType");
  if (type != value.end() && type->is_string()) document.artifact_type = type->get<std::string>();
  const auto subject = value.find("subject");
  if (subject != value.end() && !subject->is_null()) {
    document.subject = descriptor_from_json(*subject, "subject");
  }
  const auto annotations = value.find("annotations");
  if (annotations == value.end() || !annotations->is_object()) return;
  for (const auto& [key, text] : annotations->items()) {
    if (text.is_string()) document.annotations[key] = text.template get<std::string>();
  }
}

template <typename Document>
json common_to_json(const Document& document) {
  json value = {{"schemaVersion", 2}, {"mediaType", document.media_type}};
  if (document.artifact_type) value["artifactType"] = *document.artifact_type;
  if (document.subject) value["subject"] = to_json(*document.subject);
  if (!document.annotations.empty()) value["annotations"] = document.annotations;
  return value;
}

json to_json(const std::vector<Descriptor>& list) {
  auto value = json::array();
  for (const auto& descriptor : list) value.push_back(to_json(descriptor));
  return value;
}

// The document's type: its own field, else what the transport said, else its shape (OCI leaves the
// field out in 1.0).
std::string document_type(const json& value, std::string_view media_type) {
  const auto own = value.find("mediaType");
  const bool known = media_type::is_index(media_type) || media_type::is_manifest(media_type);
  if (own != value.end() && own->is_string()) {
    auto type = own->get<std::string>();
    // A document that is one thing to us and another to the next reader is an attack:
    // OCI Image Specification v1.1, considerations.md, and CVE-2021-41190.
    if (known && type != media_type) {
      refuse_manifest(fmt::format("says `{}` of itself, but `{}` was announced", type, media_type));
    }
    return type;
  }
  if (known) return std::string(media_type);
  return std::string(value.contains("manifests") ? media_type::kOciIndex
                                                 : media_type::kOciManifest);
}

// How deep lists and objects lie in each other, before anything is made of them. (Not by a callback
// of the parser: with one it goes through a list again after each object in it, so that a few
// megabytes of `{}` take hours. Source: nlohmann/json, json_sax_dom_callback_parser::end_object.)
std::ptrdiff_t depth_of(std::string_view text) {
  std::ptrdiff_t deepest = 0;
  std::ptrdiff_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      i += c == '\\' ? 1 : 0;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

// What registries kept before 2016. It has no mediaType of its own.
bool is_schema_1(const json& value, std::string_view type) {
  const auto version = value.find("schemaVersion");
  return type.starts_with("application/vnd.docker.distribution.manifest.v1") ||
         (version != value.end() && version->is_number_integer() && *version == 1);
}

}  // namespace

json parse_json(std::string_view text, std::string_view what) {
  if (text.size() > kMaxManifestBytes) {
    throw Error(Code::bad_input, fmt::format("{} has more than {} bytes", what, kMaxManifestBytes));
  }
  if (depth_of(text) > kMaxDepth) {
    throw Error(Code::bad_input, fmt::format("{} is nested more than {} deep", what, kMaxDepth));
  }
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    throw Error(Code::bad_input, fmt::format("{} is no JSON (byte {})", what, error.byte));
  } catch (const json::out_of_range&) {  // which quotes the number
    throw Error(Code::bad_input, fmt::format("{} has a number that no double can hold", what));
  }
}

std::variant<Manifest, Index> parse_manifest(std::string_view bytes, std::string_view media_type) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (bytes.starts_with(kByteOrderMark))
    refuse_manifest("begins with a byte order mark, and is not JSON");
  const auto value = parse_json(bytes, "the manifest");
  if (!value.is_object()) refuse_manifest("is no JSON object");
  check_fields(bytes, "the manifest", Values::typed);
  const auto type = document_type(value, media_type);
  if (is_schema_1(value, type)) refuse_manifest("is of Docker's schema 1, which is out of use");
  if (media_type::is_index(type)) {
    if (value.contains("layers")) refuse_manifest("is an index, but has layers");
    Index index;
    index.media_type = type;
    index.manifests = descriptors(value, "manifests");
    read_common(value, index);
    return index;
  }
  if (media_type::is_manifest(type)) {
    if (value.contains("manifests")) refuse_manifest("is not an index, but has manifests");
    Manifest manifest;
    manifest.media_type = type;
    manifest.says_type = value.value("mediaType", json()).is_string();
    const auto config = value.find("config");
    if (config == value.end()) refuse_manifest("has no `config`");
    manifest.config = descriptor_from_json(*config, "config");
    manifest.layers = descriptors(value, "layers");
    read_common(value, manifest);
    return manifest;
  }
  refuse_manifest(fmt::format("has the type `{}`, which is not an image manifest or index",
                              std::string_view(type).substr(0, 200)));
}

std::string to_json_text(const Manifest& manifest) {
  auto value = common_to_json(manifest);
  value["config"] = to_json(manifest.config);
  value["layers"] = to_json(manifest.layers);
  return value.dump();
}

std::string to_json_text(const Index& index) {
  auto value = common_to_json(index);
  value["manifests"] = to_json(index.manifests);
  return value.dump();
}

const std::string& type_of(const Manifest& manifest, const Descriptor& layer) {
  if (manifest.config.digest == layer.digest) return manifest.config.media_type;
  const auto first = std::ranges::find(manifest.layers, layer.digest, &Descriptor::digest);
  return first == manifest.layers.end() ? layer.media_type : first->media_type;
}

}  // namespace wasmctl::oci
