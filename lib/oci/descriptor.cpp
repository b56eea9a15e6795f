#include "oci/descriptor.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"

namespace wasmctl::oci {

namespace {

using nlohmann::json;

[[noreturn]] void refuse_field(const std::string& path, std::string_view what) {
  throw Error(Code::bad_input, fmt::format("{} {}", path, what));
}

// Go writes what is not there as null.
const json* find(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// A string field; null if it is absent.
const std::string* text_field(const json& object, const char* key, const std::string& path) {
  const auto* const found = find(object, key);
  if (found == nullptr) return nullptr;
  if (!found->is_string()) refuse_field(path + "." + key, "is not a string");
  return found->get_ptr<const std::string*>();
}

std::string required_text(const json& object, const char* key, const std::string& path) {
  const auto* text = text_field(object, key, path);
  if (text == nullptr) refuse_field(path, fmt::format("has no `{}`", key));
  return *text;
}

std::string text_or_empty(const json& object, const char* key, const std::string& path) {
  const auto* text = text_field(object, key, path);
  return text == nullptr ? std::string() : *text;
}

std::optional<Platform> platform_from_json(const json& descriptor, const std::string& path) {
  const auto* const found = find(descriptor, "platform");
  if (found == nullptr) return std::nullopt;
  const auto here = path + ".platform";
  if (!found->is_object()) refuse_field(here, "is not an object");
  return Platform{text_or_empty(*found, "os", here), text_or_empty(*found, "architecture", here),
                  text_or_empty(*found, "variant", here)};
}

Annotations annotations_from_json(const json& object, const std::string& path) {
  const auto* const found = find(object, "annotations");
  if (found == nullptr) return {};
  const auto here = path + ".annotations";
  if (!found->is_object()) refuse_field(here, "is not an object");
  Annotations annotations;
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string() && !value.is_null()) {
      refuse_field(fmt::format("{}[{:?}]", here, key), "is not a string");
    }
    annotations[key] = value.is_null() ? "" : value.get<std::string>();
  }
  return annotations;
}

void read_data(const json& value, const std::string& path, Descriptor& descriptor) {
  const auto* const text = text_field(value, "data", path);
  if (text == nullptr) return;
  auto data = base::base64_decode_as_go(*text);
  if (!data) refuse_field(path + ".data", "is not base64");
  try {
    verify(descriptor, *data);
  } catch (const Error& error) {
    refuse_field(path + ".data", fmt::format("is something else: {}", error.message()));
  }
  descriptor.data = std::move(data);
}

}  // namespace

std::string to_string(const Platform& platform) {
  auto text = fmt::format("{}/{}", platform.os, platform.architecture);
  if (!platform.variant.empty()) text += "/" + platform.variant;
  return text;
}

Descriptor describe(std::string_view media_type, std::string_view blob) {
  Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = Digest::of(blob);
  descriptor.size = blob.size();
  return descriptor;
}

void verify(const Descriptor& expected, std::string_view blob) {
  Verifier verifier(expected);
  verifier.update(blob);
  verifier.finish();
}

void Verifier::update(std::string_view bytes) {
  if (bytes.size() > expected_.size - size_) {
    throw Error(Code::verification, fmt::format("{} has more than the {} bytes that were promised",
                                                expected_.digest.text(), expected_.size));
  }
  size_ += bytes.size();
  sha256_.update(bytes);
}

void Verifier::finish() {
  if (size_ != expected_.size) {
    throw Error(Code::verification, fmt::format("{} has {} bytes, {} were promised",
                                                expected_.digest.text(), size_, expected_.size));
  }
  const auto actual = Digest::from_hex(sha256_.hex());
  if (actual != expected_.digest) {
    throw Error(Code::verification, fmt::format("{} was asked for, but the bytes are {}",
                                                expected_.digest.text(), actual.text()));
  }
}

Descriptor descriptor_from_json(const json& value, const std::string& path) {
  if (!value.is_object()) refuse_field(path, "is not an object");
  Descriptor descriptor;
  descriptor.media_type = required_text(value, "mediaType", path);
  const auto digest = required_text(value, "digest", path);
  try {
    descriptor.digest = Digest::parse(digest);
  } catch (const Error& error) {
    refuse_field(path, fmt::format("is wrong: {}", error.message()));
  }
  const auto size = value.find("size");
  if (size == value.end() || !size->is_number_integer() ||
      (!size->is_number_unsigned() && size->get<std::int64_t>() < 0)) {
    refuse_field(path, "has no `size` that is a number of bytes");
  }
  descriptor.size = size->get<std::uint64_t>();
  descriptor.platform = platform_from_json(value, path);
  if (const auto* type = text_field(value, "artifactType", path)) {
    descriptor.artifact_type = *type;
  }
  descriptor.annotations = annotations_from_json(value, path);
  read_data(value, path, descriptor);
  const auto* const urls = find(value, "urls");
  descriptor.has_urls = urls != nullptr && !urls->empty();
  return descriptor;
}

json to_json(const Descriptor& descriptor) {
  json value = {{"mediaType", descriptor.media_type},
                {"digest", descriptor.digest.text()},
                {"size", descriptor.size}};
  if (descriptor.artifact_type) value["artifactType"] = *descriptor.artifact_type;
  if (!descriptor.annotations.empty()) value["annotations"] = descriptor.annotations;
  if (descriptor.platform) {
    auto& platform = value["platform"];
    platform = {{"os", descriptor.platform->os},
                {"architecture", descriptor.platform->architecture}};
    if (!descriptor.platform->variant.empty()) platform["variant"] = descriptor.platform->variant;
  }
  return value;
}

}  // namespace wasmctl::oci
