#include "oci/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "oci/media_type.hpp"
#include "oci/referrers.hpp"

namespace wasmctl::oci {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kMarkerFile[] = "oci-layout";
constexpr char kIndexFile[] = "index.json";
constexpr char kMarker[] = R"({"imageLayoutVersion":"1.0.0"})";
constexpr char kMarkerVersion[] = "1.0.0";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Nothing but what a push that was killed before the marker stood leaves: files of ours in the
// making, and the index, which used to come first.
bool is_unfinished(const fs::path& directory) {
  std::error_code unreadable;  // then nothing can be written there, which will say why
  for (const auto& entry : fs::directory_iterator(directory, unreadable)) {
    const auto name = entry.path().filename().native();
    const bool ours = name == kIndexFile || name.starts_with(std::string(kIndexFile) + ".") ||
                      name.starts_with(std::string(kMarkerFile) + ".");
    if (!ours || !entry.is_regular_file()) return false;
  }
  return true;
}

Error not_a_layout(const fs::path& directory, std::string_view why) {
  return Error(Code::bad_input,
               fmt::format("`{}` is no image layout: {}", directory.native(), why));
}

void check_marker(const fs::path& directory) {
  constexpr std::uint64_t kMaxBytes = 65536;
  const auto text = base::read_file(directory / kMarkerFile, kMaxBytes);
  const auto marker = parse_json(text, "its `oci-layout`");
  const auto version = marker.is_object() ? marker.value("imageLayoutVersion", json()) : json();
  if (version != kMarkerVersion) {
    throw not_a_layout(directory,
                       fmt::format("its `oci-layout` has another version than {}", kMarkerVersion));
  }
}

// index.json as it stands, every field of it, with a list `manifests`.
json read_index(const fs::path& directory) {
  const auto text = base::read_file(directory / kIndexFile, kMaxManifestBytes);
  auto index = parse_json(text, fmt::format("`{}`", (directory / kIndexFile).native()));
  auto manifests = index.is_object() ? index.find("manifests") : index.end();
  if (manifests != index.end() && manifests->is_null()) *manifests = json::array();  // Go's nil
  if (!index.is_object() || manifests == index.end() || !manifests->is_array()) {
    throw not_a_layout(directory, "its `index.json` has no list `manifests`");
  }
  return index;
}

json open_index(const fs::path& directory) {
  if (!is_there(directory)) {
    throw Error(Code::not_found, fmt::format("there is no image layout `{}`", directory.native()));
  }
  if (!is_there(directory / kMarkerFile))
    throw not_a_layout(directory, "it has no file `oci-layout`");
  check_marker(directory);
  return read_index(directory);
}

json new_index() {
  return {{"schemaVersion", 2}, {"mediaType", media_type::kOciIndex}, {"manifests", json::array()}};
}

// The entry's tag; null if it has none.
const std::string* tag_of(const json& entry) {
  if (!entry.is_object()) return nullptr;
  const auto annotations = entry.find("annotations");
  if (annotations == entry.end() || !annotations->is_object()) return nullptr;
  const auto name = annotations->find(kRefName);
  if (name == annotations->end() || !name->is_string()) return nullptr;
  return name->get_ptr<const std::string*>();
}

bool has_digest(const json& entry, const Digest& digest) {
  if (!entry.is_object()) return false;
  const auto found = entry.find("digest");
  return found != entry.end() && *found == digest.text();
}

std::optional<Descriptor> find_tag(const json& manifests, std::string_view tag) {
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    const auto* own = tag_of(manifests[i]);
    if (own != nullptr && *own == tag) {
      return descriptor_from_json(manifests[i], fmt::format("manifests[{}]", i));
    }
  }
  return std::nullopt;
}

}  // namespace

fs::path Layout::blob_path(const Digest& digest) const {
  return directory_ / "blobs" / "sha256" / digest.hex();
}

std::optional<Descriptor> Layout::resolve(const Reference& reference) const {
  const auto index = open_index(directory_);
  const auto& manifests = index["manifests"];
  if (reference.digest) {
    for (std::size_t i = 0; i < manifests.size(); ++i) {
      if (has_digest(manifests[i], *reference.digest)) {
        return descriptor_from_json(manifests[i], fmt::format("manifests[{}]", i));
      }
    }
    return resolve_child(*reference.digest);
  }
  auto found = find_tag(manifests, reference.tag.value_or("latest"));
  if (found || reference.tag || manifests.size() != 1) return found;
  return descriptor_from_json(manifests[0], "manifests[0]");
}

std::optional<Descriptor> Layout::resolve_child(const Digest& digest) const {
  const auto path = blob_path(digest);
  if (!is_there(path)) return std::nullopt;
  const auto bytes = base::read_file(path, kMaxManifestBytes);
  auto descriptor = describe("", bytes);
  descriptor.digest = digest;  // read_blob compares
  descriptor.media_type = std::visit([](const auto& document) { return document.media_type; },
                                     parse_manifest(bytes, ""));
  return descriptor;
}

std::vector<std::string> Layout::tags() const {
  std::set<std::string> tags;
  const auto index = open_index(directory_);
  for (const auto& entry : index["manifests"]) {
    if (const auto* tag = tag_of(entry)) tags.insert(*tag);
  }
  return {tags.begin(), tags.end()};
}

std::optional<Referrer> Layout::read_referrer(Descriptor manifest) const {
  const bool readable =
      media_type::is_manifest(manifest.media_type) || media_type::is_index(manifest.media_type);
  if (!readable || manifest.size > kMaxManifestBytes) return std::nullopt;
  manifest.annotations.clear();  // the tag
  const auto content = read_blob(manifest);
  return as_referrer({std::move(manifest), content});
}

std::vector<Descriptor> Layout::referrers(const Digest& subject) const {
  std::vector<Descriptor> found;
  std::set<Digest> seen;  // an entry for each tag
  const auto index = open_index(directory_);
  for (const auto& entry : index["manifests"]) {
    try {
      auto descriptor = descriptor_from_json(entry, "the entry");
      if (!seen.insert(descriptor.digest).second) continue;
      auto referrer = read_referrer(std::move(descriptor));
      if (referrer && referrer->subject == subject) {
        found.push_back(std::move(referrer->descriptor));
      }
    } catch (const Error& error) {
      // Another tool's entry, or one whose blob is elsewhere, says nothing of the others.
      if (error.code() != Code::bad_input && error.code() != Code::not_found) throw;
    }
  }
  return found;
}

base::Content Layout::open_blob(const Descriptor& descriptor) const {
  const auto path = blob_path(descriptor.digest);
  std::error_code ignored;
  const auto size = fs::is_regular_file(path, ignored) ? fs::file_size(path, ignored) : 0;
  auto content = base::Content::of_file(path, std::max(size, descriptor.size));
  if (content.size() != descriptor.size) verify(descriptor, content);  // which says so
  return content;
}

void Layout::verify(const Descriptor& descriptor, const base::Content& content) const {
  Verifier verifier(descriptor);
  try {
    content.read([&](std::string_view piece) { verifier.update(piece); });
    verifier.finish();
  } catch (Error& error) {
    if (error.code() != Code::verification) throw;
    throw error.because(fmt::format("`{}` is corrupted", blob_path(descriptor.digest).native()));
  }
}

base::Content Layout::read_blob(const Descriptor& descriptor) const {
  auto content = open_blob(descriptor);
  verify(descriptor, content);
  return content;
}

bool Layout::has_blob(const Descriptor& descriptor) const {
  std::error_code error;
  return fs::file_size(blob_path(descriptor.digest), error) == descriptor.size && !error;
}

void Layout::write_blob(const Blob& blob) const {
  if (has_blob(blob.descriptor) && is_intact(blob.descriptor)) return;
  const auto path = blob_path(blob.descriptor.digest);
  base::make_directories(path.parent_path());
  base::AtomicFile file(path);
  blob.content.read([&](std::string_view piece) { file.write(piece); });
  file.commit();
}

bool Layout::is_intact(const Descriptor& descriptor) const {
  try {
    read_blob(descriptor);
    return true;
  } catch (const Error& error) {
    if (error.code() == Code::verification) return false;
    throw;
  }
}

void Layout::prepare() const {
  base::make_directories(directory_);
  const base::FileLock lock(directory_);
  if (is_there(directory_ / kMarkerFile)) {
    check_marker(directory_);
    return;
  }
  if (!is_unfinished(directory_)) {
    throw not_a_layout(directory_, "it has other files and no `oci-layout`")
        .hint("name a directory that is empty or does not exist yet");
  }
  const bool has_index = is_there(directory_ / kIndexFile);
  if (has_index) read_index(directory_);  // or it is somebody else's
  base::write_file(directory_ / kMarkerFile, kMarker);
  if (!has_index) base::write_file(directory_ / kIndexFile, new_index().dump());
}

void Layout::add(const Descriptor& manifest, const std::optional<std::string>& tag) const {
  // The directory itself is locked, so that no file of ours is left among the layout's.
  const base::FileLock lock(directory_);
  auto index = is_there(directory_ / kIndexFile) ? read_index(directory_) : new_index();

  auto untagged = manifest;
  untagged.annotations.erase(kRefName);  // the tag that it has in the layout that it comes from
  auto entry = to_json(untagged);
  if (tag) entry["annotations"][kRefName] = *tag;
  json kept = json::array();
  for (const auto& old : index["manifests"]) {
    const auto* old_tag = tag_of(old);
    if (has_digest(old, manifest.digest) && (!tag || (old_tag != nullptr && *old_tag == *tag))) {
      return;  // it is there already
    }
    if (!tag || old_tag == nullptr || *old_tag != *tag) kept.push_back(old);
  }
  kept.push_back(std::move(entry));
  index["manifests"] = std::move(kept);
  base::write_file(directory_ / kIndexFile, index.dump());
}

}  // namespace wasmctl::oci
