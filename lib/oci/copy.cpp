#include "oci/copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "oci/media_type.hpp"
#include "oci/referrers.hpp"

namespace wasmctl::oci {

namespace {

// What is listed by an index and all those within it: an index of indexes may be a bomb.
constexpr std::size_t kMaxManifests = 1000;
constexpr std::uint64_t kMaxManifestsBytes = 64 * 1024 * 1024;

// What has to be at the target before a manifest may be.
struct Tree {
  std::map<Digest, Descriptor> blobs;
  std::map<Digest, Blob> manifests;                // those that indexes list
  std::map<Digest, std::size_t> depths;            // of each the greatest: what lists it is above
  std::atomic<std::uint64_t> manifests_bytes = 0;  // in all
};

// Adds the blobs of a manifest, and those that an index lists, as BuildKit's caches do ("unknown
// mediaType": OCI Image Specification v1.1, image-index.md). Returns the manifests that it lists.
std::set<Digest> add_blobs(const Blob& manifest, const std::string& name, Tree& tree) {
  const auto document = parse_manifest(manifest, name);
  std::set<Digest> children;
  if (const auto* single = std::get_if<Manifest>(&document)) {
    tree.blobs.emplace(single->config.digest, single->config);
    for (const auto& layer : single->layers) {
      if (!media_type::is_foreign_layer(layer.media_type)) {
        tree.blobs.emplace(layer.digest, layer);
      }
    }
  } else {
    for (const auto& entry : std::get<Index>(document).manifests) {
      if (media_type::is_kept_as_manifest(entry.media_type)) {
        children.insert(entry.digest);
      } else {
        tree.blobs.emplace(entry.digest, entry);
      }
    }
  }
  return children;
}

void fetch_manifests(Store& from, const Selector& source, const std::set<Digest>& wanted,
                     Tree& tree) {
  std::vector<Digest> absent;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(absent),
               [&](const Digest& digest) { return !tree.manifests.contains(digest); });
  if (tree.manifests.size() + absent.size() > kMaxManifests) {
    throw Error(Code::bad_input,
                fmt::format("{} lists more than {} manifests", from.name_of(source), kMaxManifests))
        .hint("copy those that you need one by one, by their digests");
  }
  std::vector<Blob> fetched(absent.size());
  base::for_each_at_once(absent.size(), kMaxAtOnce, [&](std::size_t i) {
    fetched[i] = from.fetch_manifest(pinned(source, absent[i]));
    tree.manifests_bytes += fetched[i].content.size();
    if (tree.manifests_bytes > kMaxManifestsBytes) {
      throw Error(Code::bad_input, fmt::format("{} lists manifests of more than {} bytes",
                                               from.name_of(source), kMaxManifestsBytes))
          .hint("copy those that you need one by one, by their digests");
    }
  });
  for (std::size_t i = 0; i < absent.size(); ++i) {
    tree.manifests.emplace(absent[i], std::move(fetched[i]));
  }
}

void collect_tree(Store& from, const Selector& source, const Blob& root, Tree& tree) {
  auto level = add_blobs(root, from.name_of(source), tree);
  for (std::size_t depth = 1; !level.empty(); ++depth) {
    if (depth > kMaxIndexDepth) {
      throw Error(Code::bad_input, fmt::format("{}: indexes are nested more than {} deep",
                                               from.name_of(source), kMaxIndexDepth));
    }
    fetch_manifests(from, source, level, tree);
    std::set<Digest> next;
    for (const auto& digest : level) {
      tree.depths[digest] = depth;
      next.merge(add_blobs(tree.manifests.at(digest), from.name_of(pinned(source, digest)), tree));
    }
    level = std::move(next);
  }
}

// A registry compares what it is sent with the digest, so it may be sent what is not verified yet.
// If it was wrong, that is what has to be said, not what the registry made of it.
void send_early(Store& from, const Descriptor& descriptor, Store& to, Presence presence) {
  auto opened = from.open_blob(descriptor);
  try {
    to.push_blob(opened.blob, presence);
  } catch (const Error&) {
    opened.stop.request_stop();
    opened.verified.get();
    throw;
  }
  opened.verified.get();
}

// Innermost first, those of one depth side by side.
void push_manifests(const Tree& tree, Store& to) {
  std::map<std::size_t, std::vector<Digest>, std::greater<>> levels;
  for (const auto& [digest, depth] : tree.depths) levels[depth].push_back(digest);
  for (const auto& [depth, level] : levels) {
    base::for_each_at_once(level.size(), kMaxAtOnce,
                           [&](std::size_t i) { to.push_child(tree.manifests.at(level[i])); });
  }
}

// cosign's names for what is about a digest, where it uses no referrers: sha256-<hex>.sig
// Source: sigstore/cosign, specs/SIGNATURE_SPEC.md, "Storage".
constexpr std::string_view kCosignSuffixes[] = {".sig", ".att", ".sbom"};

class Copier {
 public:
  Copier(Store& from, const Selector& source, Store& to) : from_(from), source_(source), to_(to) {}

  // All that has to be there before `manifest` is. Returns the digests of what it lists, and its
  // own.
  std::set<Digest> copy_contents(const Blob& manifest) {
    Tree tree;
    collect_tree(from_, source_, manifest, tree);
    std::vector<Descriptor> blobs;
    blobs.reserve(tree.blobs.size());
    for (const auto& [digest, descriptor] : tree.blobs) blobs.push_back(descriptor);
    base::for_each_at_once(blobs.size(), kMaxAtOnce, [&](std::size_t i) { copy_blob(blobs[i]); });
    push_manifests(tree, to_);
    std::set<Digest> digests{manifest.descriptor.digest};
    for (const auto& [digest, child] : tree.manifests) digests.insert(digest);
    return digests;
  }

  // What refers to `subjects`, and what refers to that.
  std::vector<Descriptor> copy_referrers(const std::set<Digest>& subjects) {
    std::vector<Descriptor> copied;
    auto seen = subjects;
    for (auto level = subjects; !level.empty();) {
      std::set<Digest> next;
      for (auto& referrer : list_referrers(level)) {
        if (!seen.insert(referrer.digest).second) continue;
        check_number(seen.size());
        const auto manifest = from_.fetch_manifest(by_digest(referrer.digest));
        next.merge(copy_contents(manifest));
        to_.push_manifest(manifest, by_digest(referrer.digest));
        copied.push_back(std::move(referrer));
      }
      level = std::move(next);
    }
    return copied;
  }

  // What cosign finds by a tag that is made of one of the `subjects`.
  std::vector<Descriptor> copy_cosign(const std::set<Digest>& subjects) {
    std::vector<Descriptor> copied;
    for (const auto& tag : from_.tags()) {
      if (!is_of_cosign(tag, subjects)) continue;
      const auto manifest = from_.fetch_manifest({tag, std::nullopt});
      copy_contents(manifest);
      to_.push_manifest(manifest, {tag, std::nullopt});
      copied.push_back(manifest.descriptor);
    }
    return copied;
  }

 private:
  void copy_blob(const Descriptor& blob) {
    auto presence = Presence::unknown;
    if (!from_.place().is_layout()) {
      // To ask costs less than to fetch it.
      if (to_.mount_blob(blob, from_) || to_.has_blob(blob)) return;
      presence = Presence::absent;
    }
    if (!to_.place().is_layout()) return send_early(from_, blob, to_, presence);
    to_.push_blob(from_.fetch_blob(blob), presence);
  }

  std::vector<Descriptor> list_referrers(const std::set<Digest>& subjects) {
    const std::vector<Digest> all(subjects.begin(), subjects.end());
    std::vector<std::vector<Descriptor>> lists(all.size());
    base::for_each_at_once(all.size(), kMaxAtOnce,
                           [&](std::size_t i) { lists[i] = from_.referrers(all[i], ""); });
    std::vector<Descriptor> found;
    for (auto& list : lists) std::ranges::move(list, std::back_inserter(found));
    return found;
  }

  void check_number(std::size_t manifests) const {
    if (manifests <= kMaxManifests) return;
    throw Error(Code::bad_input, fmt::format("more than {} manifests refer to {}", kMaxManifests,
                                             from_.name_of(source_)))
        .hint("copy those that you need one by one, by their digests");
  }

  static bool is_of_cosign(std::string_view tag, const std::set<Digest>& subjects) {
    return std::ranges::any_of(kCosignSuffixes, [&](std::string_view suffix) {
      if (!tag.ends_with(suffix)) return false;
      tag.remove_suffix(suffix.size());
      return std::ranges::any_of(
          subjects, [&](const Digest& subject) { return referrers_tag(subject) == tag; });
    });
  }

  Store& from_;
  const Selector& source_;
  Store& to_;
};

}  // namespace

Copied copy_image(Store& from, const Selector& source, Store& to, const Selector& target,
                  WithReferrers with_referrers) {
  const auto manifest = from.fetch_manifest(source);
  if (target.digest && *target.digest != manifest.descriptor.digest) {
    throw Error(Code::verification, fmt::format("{} has another digest: {}", from.name_of(source),
                                                manifest.descriptor.digest.text()))
        .hint("leave the digest out of TARGET");
  }
  Copier copier(from, source, to);
  const auto subjects = copier.copy_contents(manifest);
  to.push_manifest(manifest, target);
  Copied copied{manifest.descriptor, {}};
  if (with_referrers == WithReferrers::yes) {
    copied.referrers = copier.copy_referrers(subjects);
    std::ranges::move(copier.copy_cosign(subjects), std::back_inserter(copied.referrers));
  }
  return copied;
}

}  // namespace wasmctl::oci
