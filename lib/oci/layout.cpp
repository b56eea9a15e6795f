#include "oci/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "oci/fields.hpp"
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

bool is_there_at(const fs::path& path) {
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

// What a reader of regular files reads; a pipe that came with the layout would be waited for.
std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  return std::string(base::Content::of_regular_file(path, max_bytes).view());
}

Error not_a_layout(const fs::path& directory, std::string_view why) {
  return Error(Code::bad_input,
               fmt::format("`{}` is not an image layout: {}", directory.native(), why));
}

void check_marker(const fs::path& directory) {
  constexpr std::uint64_t kMaxBytes = 65536;
  const auto text = read_file(directory / kMarkerFile, kMaxBytes);
  const auto marker = parse_json(text, "its `oci-layout`");
  const auto version = marker.is_object() ? marker.value("imageLayoutVersion", json()) : json();
  if (version != kMarkerVersion) {
    throw not_a_layout(directory,
                       fmt::format("its `oci-layout` has another version than {}", kMarkerVersion));
  }
}

// index.json as it stands, every field of it, with a list `manifests`.
json read_index(const fs::path& directory) {
  const auto text = read_file(directory / kIndexFile, kMaxManifestBytes);
  const auto name = fmt::format("`{}`", (directory / kIndexFile).native());
  auto index = parse_json(text, name);
  check_fields(text, name, Values::any);
  auto manifests = index.is_object() ? index.find("manifests") : index.end();
  if (manifests != index.end() && manifests->is_null()) *manifests = json::array();  // Go's nil
  if (!index.is_object() || manifests == index.end() || !manifests->is_array()) {
    throw not_a_layout(directory, "its `index.json` has no list `manifests`");
  }
  return index;
}

json open_index(const fs::path& directory) {
  if (!is_there_at(directory)) {
    throw Error(Code::not_found,
                fmt::format("there is not an image layout `{}`", directory.native()));
  }
  if (!is_there_at(directory / kMarkerFile))
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

// The first entry of which that is true; null if there is none.
template <typename Condition>
std::optional<Descriptor> find_entry(const json& manifests, const Condition& condition) {
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    if (condition(manifests[i])) {
      return descriptor_from_json(manifests[i], fmt::format("manifests[{}]", i));
    }
  }
  return std::nullopt;
}

std::optional<Descriptor> find_tag(const json& manifests, std::string_view tag) {
  return find_entry(manifests, [&](const json& entry) {
    const auto* own = tag_of(entry);
    return own != nullptr && *own == tag;
  });
}

// The only image there is, however often it is listed; null if there are none or several.
std::optional<Descriptor> find_only(const json& manifests) {
  const auto digest = [](const json& entry) {
    return entry.is_object() ? entry.value("digest", json()) : json();
  };
  for (const auto& entry : manifests) {
    if (digest(entry) != digest(manifests[0])) return std::nullopt;
  }
  return find_entry(manifests, [](const json&) { return true; });
}

}  // namespace

Layout::Layout(fs::path directory)
    : Store(Reference{{}, "", "", directory}), directory_(std::move(directory)) {}

fs::path Layout::blob_path(const Digest& digest) const {
  return directory_ / "blobs" / "sha256" / digest.hex();
}

std::optional<Descriptor> Layout::resolve(const Selector& selector) {
  const auto index = open_index(directory_);
  const auto& manifests = index["manifests"];
  if (const auto& digest = selector.digest) {
    auto found =
        find_entry(manifests, [&](const json& entry) { return has_digest(entry, *digest); });
    if (!found) found = resolve_child(*digest);
    if (found || !selector.tag) return found;
    // podman's names may end with a digest.
    return find_tag(manifests, fmt::format("{}@{}", *selector.tag, digest->text()));
  }
  auto found = find_tag(manifests, selector.tag.value_or("latest"));
  return found || selector.tag ? found : find_only(images_among(manifests));
}

// Without signatures and the like, which stand beside the image that they are about.
json Layout::images_among(const json& manifests) const {
  json images = json::array();
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    const auto* const tag = tag_of(manifests[i]);
    if (tag != nullptr && is_cosign_tag(*tag)) continue;
    try {
      if (read_referrer(descriptor_from_json(manifests[i], fmt::format("manifests[{}]", i))))
        continue;
    } catch (const Error&) {
      // That it cannot be read is said where it is asked for.
    }
    images.push_back(manifests[i]);
  }
  return images;
}

Blob Layout::fetch_manifest(const Selector& selector) {
  const auto descriptor = resolve(selector);
  if (!descriptor) throw no_such_image(selector);
  return fetch_blob(*descriptor);
}

// With what there is in its place.
Error Layout::no_such_image(const Selector& selector) {
  Error error(Code::not_found, fmt::format("there is no image {}", name_of(selector)));
  constexpr std::size_t kMaxShown = 10;
  const auto names = tags();
  if (!names.empty() && names.size() <= kMaxShown) {
    return error.hint(fmt::format("its tags are {}", fmt::join(names, ", ")));
  }
  std::set<std::string> digests;
  const auto index = open_index(directory_);
  for (const auto& entry : index["manifests"]) {
    if (!entry.is_object() || !entry.contains("digest")) continue;
    if (!entry["digest"].is_string()) continue;
    digests.insert(entry["digest"].get<std::string>());
  }
  if (!names.empty() || digests.empty() || digests.size() > kMaxShown) return error;
  return error.hint(fmt::format("name one by its digest: {}", fmt::join(digests, ", ")));
}

void Layout::fetch_blob(const Descriptor& descriptor, const base::Sink& sink) {
  read_blob(descriptor).read(sink);
}

Blob Layout::fetch_blob(const Descriptor& descriptor) {
  return {descriptor, read_blob(descriptor)};
}

Store::OpenedBlob Layout::open_blob(const Descriptor& descriptor) {
  auto content = open_file(descriptor);
  // Without `async` it may be done where the result is asked for: where no thread is to be had.
  auto verified = std::async(std::launch::async | std::launch::deferred,
                             [this, descriptor, content] { verify(descriptor, content); });
  return {{descriptor, std::move(content)}, std::move(verified), {}};
}

bool Layout::has_blob(const Descriptor& descriptor) {
  return is_there(descriptor);
}

void Layout::push_blob(const Blob& blob, Presence) {
  prepare();
  write_blob(blob);
}

// Layouts are directories of their own.
bool Layout::mount_blob(const Descriptor&, const Store&) {
  return false;
}

void Layout::push_manifest(const Blob& manifest, const Selector& selector) {
  prepare();
  write_blob(manifest);
  add(manifest.descriptor, tag_to_set(selector));
}

void Layout::push_child(const Blob& manifest) {
  push_blob(manifest, Presence::unknown);
}

std::optional<Descriptor> Layout::resolve_child(const Digest& digest) const {
  const auto path = blob_path(digest);
  if (!is_there_at(path)) return std::nullopt;
  auto bytes = read_file(path, kMaxManifestBytes);
  Blob child{describe("", bytes), {}};
  child.descriptor.digest = digest;  // read_blob compares
  child.content = std::move(bytes);
  auto descriptor = child.descriptor;
  descriptor.media_type = std::visit(
      [](const auto& document) { return document.media_type; },
      parse_manifest(child, fmt::format("oci:{}@{}", directory_.native(), digest.text())));
  return descriptor;
}

std::vector<std::string> Layout::tags() {
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

std::vector<Descriptor> Layout::referrers(const Digest& subject, const std::string& artifact_type) {
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
  return of_type(std::move(found), artifact_type);
}

base::Content Layout::open_file(const Descriptor& descriptor) const {
  constexpr auto kAnySize = std::numeric_limits<std::uint64_t>::max();
  auto content = base::Content::of_regular_file(blob_path(descriptor.digest), kAnySize);
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
  auto content = open_file(descriptor);
  verify(descriptor, content);
  return content;
}

bool Layout::is_there(const Descriptor& descriptor) const {
  std::error_code error;
  return fs::file_size(blob_path(descriptor.digest), error) == descriptor.size && !error;
}

void Layout::write_blob(const Blob& blob) const {
  if (is_there(blob.descriptor) && is_intact(blob.descriptor)) return;
  const auto path = blob_path(blob.descriptor.digest);
  std::error_code ignored;
  const auto there = fs::status(path, ignored).type();
  if (there != fs::file_type::not_found && there != fs::file_type::regular) {
    throw Error(Code::bad_input, fmt::format("`{}` is not a regular file", path.native()));
  }
  base::make_directories(path.parent_path());
  // The layout may be a stranger's: no link in it is followed.
  base::AtomicFile file(path, base::AtomicFile::Readers::as_usual, base::Links::replace);
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
  if (is_there_at(directory_ / kMarkerFile)) {
    check_marker(directory_);
    return;
  }
  if (!is_unfinished(directory_)) {
    throw not_a_layout(directory_, "it has other files and no `oci-layout`")
        .hint("name a directory that is empty or does not exist yet");
  }
  const bool has_index = is_there_at(directory_ / kIndexFile);
  if (has_index) read_index(directory_);  // or it is somebody else's
  base::replace_file(directory_ / kMarkerFile, kMarker);
  if (!has_index) base::replace_file(directory_ / kIndexFile, new_index().dump());
}

void Layout::add(const Descriptor& manifest, const std::optional<std::string>& tag) const {
  // The directory itself is locked, so that no file of ours is left among the layout's.
  const base::FileLock lock(directory_);
  auto index = is_there_at(directory_ / kIndexFile) ? read_index(directory_) : new_index();

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
  base::replace_file(directory_ / kIndexFile, index.dump());
}

}  // namespace wasmctl::oci
