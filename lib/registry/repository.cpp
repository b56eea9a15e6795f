#include "registry/repository.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "oci/layout.hpp"
#include "oci/media_type.hpp"
#include "oci/referrers.hpp"
#include "registry/curl.hpp"
#include "registry/registry_repository.hpp"

namespace wasmctl::registry {

namespace {

Error no_such_image(const oci::Reference& reference) {
  return {Code::not_found, fmt::format("there is no image {}", oci::to_string(reference))};
}

class LayoutRepository : public Repository {
 public:
  explicit LayoutRepository(const oci::Reference& reference) : layout_(reference.directory) {}

  std::optional<oci::Descriptor> resolve(const oci::Reference& reference) override {
    return layout_.resolve(reference);
  }

  oci::Blob fetch_manifest(const oci::Reference& reference) override {
    auto descriptor = layout_.resolve(reference);
    if (!descriptor) throw no_such_tag(reference);
    return fetch_blob(*descriptor);
  }

  void fetch_blob(const oci::Descriptor& descriptor, const base::Sink& sink) override {
    layout_.read_blob(descriptor).read(sink);
  }
  oci::Blob fetch_blob(const oci::Descriptor& descriptor) override {
    return {descriptor, layout_.read_blob(descriptor)};
  }

  OpenedBlob open_blob(const oci::Descriptor& descriptor) override {
    auto content = layout_.open_blob(descriptor);
    auto verified = std::async(
        std::launch::async, [this, descriptor, content] { layout_.verify(descriptor, content); });
    return {{descriptor, std::move(content)}, std::move(verified)};
  }

  bool has_blob(const oci::Descriptor& descriptor) override { return layout_.has_blob(descriptor); }

  void push_blob(const oci::Blob& blob, Presence) override {
    layout_.prepare();
    layout_.write_blob(blob);
  }

  // Layouts are directories of their own.
  bool mount_blob(const oci::Descriptor&, const oci::Reference&) override { return false; }

  void push_manifest(const oci::Blob& manifest, const oci::Reference& reference) override {
    layout_.prepare();
    layout_.write_blob(manifest);
    layout_.add(manifest.descriptor, tag_to_set(reference));
  }

  void push_child(const oci::Blob& manifest, const oci::Reference&) override {
    push_blob(manifest, Presence::unknown);
  }

  std::vector<std::string> tags() override { return layout_.tags(); }

  std::vector<oci::Descriptor> referrers(const oci::Digest& subject,
                                         const std::string& artifact_type) override {
    return oci::of_type(layout_.referrers(subject), artifact_type);
  }

 private:
  Error no_such_tag(const oci::Reference& reference) const {
    auto error = no_such_image(reference);
    const auto tags = layout_.tags();
    constexpr std::size_t kMaxShown = 10;
    if (!tags.empty() && tags.size() <= kMaxShown) {
      error.hint(fmt::format("its tags are {}", fmt::join(tags, ", ")));
    }
    return error;
  }

  oci::Layout layout_;
};

constexpr std::size_t kMaxAtOnce = 4;
constexpr std::size_t kMaxDepth = 4;  // of indexes within indexes
// What is listed by an index and all those within it: an index of indexes may be a bomb.
constexpr std::size_t kMaxManifests = 1000;
constexpr std::uint64_t kMaxManifestsBytes = 64 * 1024 * 1024;

// What has to be at the target before a manifest may be.
struct Tree {
  std::map<oci::Digest, oci::Descriptor> blobs;
  std::map<oci::Digest, oci::Blob> manifests;      // those that indexes list
  std::map<oci::Digest, std::size_t> depths;       // of each the greatest: what lists it is above
  std::atomic<std::uint64_t> manifests_bytes = 0;  // in all
};

// Adds the blobs of a manifest. Returns what an index lists.
std::set<oci::Digest> add_blobs(const oci::Blob& manifest, const oci::Reference& reference,
                                Tree& tree) {
  const auto document = parse_manifest(manifest, reference);
  std::set<oci::Digest> children;
  if (const auto* single = std::get_if<oci::Manifest>(&document)) {
    tree.blobs.emplace(single->config.digest, single->config);
    for (const auto& layer : single->layers) {
      if (!oci::media_type::is_foreign_layer(layer.media_type)) {
        tree.blobs.emplace(layer.digest, layer);
      }
    }
  } else {
    for (const auto& entry : std::get<oci::Index>(document).manifests) {
      children.insert(entry.digest);
    }
  }
  return children;
}

void fetch_manifests(Repository& from, const oci::Reference& source,
                     const std::set<oci::Digest>& wanted, Tree& tree) {
  std::vector<oci::Digest> absent;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(absent),
               [&](const oci::Digest& digest) { return !tree.manifests.contains(digest); });
  if (tree.manifests.size() + absent.size() > kMaxManifests) {
    throw Error(Code::bad_input, fmt::format("{} lists more than {} manifests",
                                             oci::to_string(source), kMaxManifests))
        .hint("copy those that you need one by one, by their digests");
  }
  std::vector<oci::Blob> fetched(absent.size());
  base::for_each_at_once(absent.size(), kMaxAtOnce, [&](std::size_t i) {
    fetched[i] = from.fetch_manifest(oci::pinned(source, absent[i]));
    tree.manifests_bytes += fetched[i].content.size();
    if (tree.manifests_bytes > kMaxManifestsBytes) {
      throw Error(Code::bad_input, fmt::format("{} lists manifests of more than {} bytes",
                                               oci::to_string(source), kMaxManifestsBytes))
          .hint("copy those that you need one by one, by their digests");
    }
  });
  for (std::size_t i = 0; i < absent.size(); ++i) {
    tree.manifests.emplace(absent[i], std::move(fetched[i]));
  }
}

void collect(Repository& from, const oci::Reference& source, const oci::Blob& root, Tree& tree) {
  auto level = add_blobs(root, source, tree);
  for (std::size_t depth = 1; !level.empty(); ++depth) {
    if (depth > kMaxDepth) {
      throw Error(Code::bad_input, fmt::format("{}: indexes are nested more than {} deep",
                                               oci::to_string(source), kMaxDepth));
    }
    fetch_manifests(from, source, level, tree);
    std::set<oci::Digest> next;
    for (const auto& digest : level) {
      tree.depths[digest] = depth;
      next.merge(add_blobs(tree.manifests.at(digest), oci::pinned(source, digest), tree));
    }
    level = std::move(next);
  }
}

// The name under which a manifest without a tag of its own is stored.
oci::Reference by_digest(oci::Reference reference, const oci::Digest& digest) {
  reference.tag.reset();
  reference.digest = digest;
  return reference;
}

void collect(const oci::Image& image, std::map<oci::Digest, const oci::Blob*>& blobs) {
  for (const auto& blob : image.blobs) blobs.emplace(blob.descriptor.digest, &blob);
  for (const auto& child : image.children) collect(child, blobs);
}

}  // namespace

std::variant<oci::Manifest, oci::Index> parse_manifest(const oci::Blob& manifest,
                                                       const oci::Reference& reference) {
  try {
    return oci::parse_manifest(manifest.content, manifest.descriptor.media_type);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", oci::to_string(reference), error.message()));
  }
}

oci::Blob Repository::fetch_blob(const oci::Descriptor& descriptor) {
  base::Spool spool;
  fetch_blob(descriptor, [&](std::string_view bytes) { spool.write(bytes); });
  return {descriptor, spool.finish()};
}

void Repository::push_child(const oci::Blob& manifest, const oci::Reference& index) {
  push_manifest(manifest, by_digest(index, manifest.descriptor.digest));
}

Repository::OpenedBlob Repository::open_blob(const oci::Descriptor& descriptor) {
  std::promise<void> verified;
  verified.set_value();
  return {fetch_blob(descriptor), verified.get_future()};
}

void Repository::push(const oci::Image& image, const oci::Reference& reference) {
  std::map<oci::Digest, const oci::Blob*> unique;
  collect(image, unique);
  std::vector<const oci::Blob*> blobs;
  blobs.reserve(unique.size());
  for (const auto& [digest, blob] : unique) blobs.push_back(blob);
  base::for_each_at_once(blobs.size(), kMaxAtOnce,
                         [&](std::size_t i) { push_blob(*blobs[i], Presence::unknown); });
  base::for_each_at_once(image.children.size(), kMaxAtOnce,
                         [&](std::size_t i) { push_child(image.children[i].manifest, reference); });
  push_manifest(image.manifest, reference);
}

namespace {

// A registry compares what it is sent with the digest, so it may be sent what is not verified yet.
// If it was wrong, that is what has to be said, not what the registry made of it.
void send_early(Repository& from, const oci::Descriptor& descriptor, Repository& to) {
  auto [blob, verified] = from.open_blob(descriptor);
  try {
    to.push_blob(blob, Presence::unknown);
  } catch (const Error&) {
    verified.get();
    throw;
  }
  verified.get();
}

// Innermost first, those of one depth side by side.
void push_manifests(const Tree& tree, Repository& to, const oci::Reference& target) {
  std::map<std::size_t, std::vector<oci::Digest>, std::greater<>> levels;
  for (const auto& [digest, depth] : tree.depths) levels[depth].push_back(digest);
  for (const auto& [depth, level] : levels) {
    base::for_each_at_once(level.size(), kMaxAtOnce, [&](std::size_t i) {
      to.push_child(tree.manifests.at(level[i]), target);
    });
  }
}

}  // namespace

oci::Descriptor copy_image(Repository& from, const oci::Reference& source, Repository& to,
                           const oci::Reference& target) {
  const auto manifest = from.fetch_manifest(source);
  if (target.digest && *target.digest != manifest.descriptor.digest) {
    throw Error(Code::verification, fmt::format("{} has another digest: {}", oci::to_string(source),
                                                manifest.descriptor.digest.text()))
        .hint("leave the digest out of TARGET");
  }
  Tree tree;
  collect(from, source, manifest, tree);
  std::vector<oci::Descriptor> blobs;
  blobs.reserve(tree.blobs.size());
  for (const auto& [digest, descriptor] : tree.blobs) blobs.push_back(descriptor);
  base::for_each_at_once(blobs.size(), kMaxAtOnce, [&](std::size_t i) {
    if (source.is_layout()) {
      if (!target.is_layout()) return send_early(from, blobs[i], to);
      return to.push_blob(from.fetch_blob(blobs[i]), Presence::unknown);
    }
    // To ask costs less than to fetch it.
    if (to.mount_blob(blobs[i], source) || to.has_blob(blobs[i])) return;
    to.push_blob(from.fetch_blob(blobs[i]), Presence::absent);
  });
  push_manifests(tree, to, target);
  to.push_manifest(manifest, target);
  return manifest.descriptor;
}

void expect(const oci::Reference& reference) {
  if (!reference.is_layout()) load_curl_early();
}

std::unique_ptr<Repository> open_repository(const oci::Reference& reference,
                                            const Options& options) {
  if (reference.is_layout()) return std::make_unique<LayoutRepository>(reference);
  return std::make_unique<RegistryRepository>(reference, options);
}

oci::Blob fetch_for_istio(Repository& repository, const oci::Reference& reference) {
  return fetch_for_istio(repository, reference, repository.fetch_manifest(reference));
}

oci::Blob fetch_for_istio(Repository& repository, const oci::Reference& reference,
                          oci::Blob named) {
  const auto document = parse_manifest(named, reference);
  const auto* index = std::get_if<oci::Index>(&document);
  if (index == nullptr) return named;
  const auto* child = oci::select_for_istio(*index);
  if (child == nullptr) {
    throw Error(Code::unloadable,
                fmt::format("{} is an index without an entry for linux/amd64, the one that Istio "
                            "loads on every node",
                            oci::to_string(reference)));
  }
  return repository.fetch_manifest(oci::pinned(reference, child->digest));
}

namespace {

bool announces_schema(const oci::Manifest& manifest) {
  return manifest.annotations.contains(oci::kSchemaAnnotation);
}

void read_layer(Repository& repository, const oci::Descriptor& layer, oci::LayerReader& reader) {
  repository.fetch_blob(layer, [&](std::string_view bytes) { reader.write(bytes); });
}

// An artifact's second layer is its runtime configuration, with the schema in it.
bool is_artifact(const oci::Manifest& manifest) {
  return manifest.layers.size() > 1;
}

std::optional<std::string> schema_of_artifact(Repository& repository,
                                              const oci::Manifest& manifest) {
  const auto& runtime_config = manifest.layers[1];
  if (runtime_config.size > oci::kMaxSchemaBytes) return std::nullopt;
  return oci::schema_in_runtime_config(repository.fetch_blob(runtime_config).content);
}

std::optional<std::string> schema_in_layer(oci::LayerReader& layer) {
  const auto file = layer.finish(oci::kSchemaFileName);
  if (!file || file->size() > oci::kMaxSchemaBytes) return std::nullopt;
  return std::string(file->view());
}

std::string require_schema(std::optional<std::string> schema, const oci::Blob& manifest) {
  if (schema) return *std::move(schema);
  throw Error(Code::bad_input,
              fmt::format("{} announces a config schema of at most {} bytes, and has none",
                          manifest.descriptor.digest.text(), oci::kMaxSchemaBytes));
}

}  // namespace

std::optional<std::string> fetch_config_schema(Repository& repository, const oci::Blob& manifest) {
  const auto document = oci::parse_manifest(manifest.content, manifest.descriptor.media_type);
  const auto* single = std::get_if<oci::Manifest>(&document);
  if (single == nullptr || !announces_schema(*single)) return std::nullopt;
  const auto module = oci::find_module_layer(*single);
  std::optional<std::string> schema;
  if (is_artifact(*single)) {
    schema = schema_of_artifact(repository, *single);
  } else if (module.size <= oci::kMaxModuleBytes) {
    oci::LayerReader reader(module);
    read_layer(repository, module, reader);
    schema = schema_in_layer(reader);
  }
  return require_schema(std::move(schema), manifest);
}

FetchedModule fetch_module(Repository& repository, const oci::Reference& reference,
                           const oci::Blob& manifest, WithSchema with_schema) {
  const auto document = parse_manifest(manifest, reference);
  const auto& single = std::get<oci::Manifest>(document);
  const auto layer = oci::find_module_layer(single);
  if (layer.size > oci::kMaxModuleBytes) {
    throw Error(Code::bad_input,
                fmt::format("{} has a layer of {} bytes; {} is the most that Istio "
                            "loads",
                            oci::to_string(reference), layer.size, oci::kMaxModuleBytes));
  }
  oci::LayerReader reader(layer);
  read_layer(repository, layer, reader);
  FetchedModule fetched{reader.finish(), manifest.descriptor, {}};
  if (with_schema == WithSchema::yes && announces_schema(single)) {
    auto schema =
        is_artifact(single) ? schema_of_artifact(repository, single) : schema_in_layer(reader);
    fetched.config_schema = require_schema(std::move(schema), manifest);
  }
  return fetched;
}

namespace {

// Looks for the module in an index and in those within it, one manifest after the other. What is no
// module's, or not there, is passed over.
class ModuleSearch {
 public:
  ModuleSearch(Repository& repository, const oci::Reference& reference, WithSchema with_schema)
      : repository_(repository), reference_(reference), with_schema_(with_schema) {}

  FetchedModule run(const oci::Blob& named, const oci::Index& index) {
    seen_.insert(named.descriptor.digest);
    if (auto found = look_into(index, 1)) return *std::move(found);
    auto error = Error(Code::bad_input,
                       fmt::format("{} is an index, and no image that it lists holds a Wasm module",
                                   oci::to_string(reference_)));
    if (failure_) error.because(*failure_);
    throw error.hint(
        fmt::format("see what it lists: `wasmctl inspect {}`", oci::to_string(reference_)));
  }

 private:
  std::optional<FetchedModule> look_into(const oci::Index& index, std::size_t depth) {
    for (const auto& entry : oci::module_candidates(index)) {
      if (seen_.size() > kMaxSearched || !seen_.insert(entry.digest).second) continue;
      try {
        if (auto found = look_at(entry, depth)) return found;
      } catch (const Error& error) {
        if (error.code() != Code::bad_input && error.code() != Code::not_found) throw;
        if (!failure_) failure_ = fmt::format("{}: {}", entry.digest.text(), error.message());
      }
    }
    return std::nullopt;
  }

  std::optional<FetchedModule> look_at(const oci::Descriptor& entry, std::size_t depth) {
    const auto name = oci::pinned(reference_, entry.digest);
    const auto manifest = repository_.fetch_manifest(name);
    const auto document = oci::parse_manifest(manifest.content, manifest.descriptor.media_type);
    const auto* index = std::get_if<oci::Index>(&document);
    if (index == nullptr) return fetch_module(repository_, name, manifest, with_schema_);
    return depth < kMaxDepth ? look_into(*index, depth + 1) : std::nullopt;
  }

  static constexpr std::size_t kMaxSearched = 32;

  Repository& repository_;
  const oci::Reference& reference_;
  const WithSchema with_schema_;
  std::set<oci::Digest> seen_;
  std::optional<std::string> failure_;  // the first
};

}  // namespace

FetchedModule fetch_module(Repository& repository, const oci::Reference& reference,
                           WithSchema with_schema) {
  const auto named = repository.fetch_manifest(reference);
  const auto document = parse_manifest(named, reference);
  const auto* index = std::get_if<oci::Index>(&document);
  if (index == nullptr) return fetch_module(repository, reference, named, with_schema);
  return ModuleSearch(repository, reference, with_schema).run(named, *index);
}

}  // namespace wasmctl::registry
