#include "registry/copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "http/http.hpp"
#include "oci/media_type.hpp"
#include "oci/referrers.hpp"

namespace wasmctl::registry {

namespace {

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

// A registry compares what it is sent with the digest, so it may be sent what is not verified yet.
// If it was wrong, that is what has to be said, not what the registry made of it.
void send_early(Repository& from, const oci::Descriptor& descriptor, Repository& to,
                Presence presence) {
  auto opened = from.open_blob(descriptor);
  try {
    to.push_blob(opened.blob, presence);
  } catch (const Error&) {
    opened.stop.request_stop();
    try {
      opened.verified.get();
    } catch (const http::TransportError& error) {
      if (error.kind() != http::TransportError::Kind::stopped) throw;
    }
    throw;
  }
  opened.verified.get();
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

// cosign's names for what is about a digest, where it uses no referrers: sha256-<hex>.sig
// Source: sigstore/cosign, specs/SIGNATURE_SPEC.md, "Storage".
constexpr std::string_view kCosignSuffixes[] = {".sig", ".att", ".sbom"};

class Copier {
 public:
  Copier(Repository& from, const oci::Reference& source, Repository& to,
         const oci::Reference& target)
      : from_(from), source_(source), to_(to), target_(target) {}

  // All that has to be there before `manifest` is. Returns the digests of what it lists, and its
  // own.
  std::set<oci::Digest> copy_contents(const oci::Blob& manifest) {
    Tree tree;
    collect(from_, source_, manifest, tree);
    std::vector<oci::Descriptor> blobs;
    blobs.reserve(tree.blobs.size());
    for (const auto& [digest, descriptor] : tree.blobs) blobs.push_back(descriptor);
    base::for_each_at_once(blobs.size(), kMaxAtOnce, [&](std::size_t i) { copy_blob(blobs[i]); });
    push_manifests(tree, to_, target_);
    std::set<oci::Digest> digests{manifest.descriptor.digest};
    for (const auto& [digest, child] : tree.manifests) digests.insert(digest);
    return digests;
  }

  // What refers to `subjects`, and what refers to that.
  std::vector<oci::Descriptor> copy_referrers(const std::set<oci::Digest>& subjects) {
    std::vector<oci::Descriptor> copied;
    auto seen = subjects;
    for (auto level = subjects; !level.empty();) {
      std::set<oci::Digest> next;
      for (auto& referrer : list_referrers(level)) {
        if (!seen.insert(referrer.digest).second) continue;
        check_number(seen.size());
        const auto manifest = from_.fetch_manifest(oci::by_digest(source_, referrer.digest));
        next.merge(copy_contents(manifest));
        to_.push_manifest(manifest, oci::by_digest(target_, referrer.digest));
        copied.push_back(std::move(referrer));
      }
      level = std::move(next);
    }
    return copied;
  }

  // What cosign finds by a tag that is made of one of the `subjects`.
  std::vector<oci::Descriptor> copy_cosign(const std::set<oci::Digest>& subjects) {
    std::vector<oci::Descriptor> copied;
    for (const auto& tag : from_.tags()) {
      if (!is_of_cosign(tag, subjects)) continue;
      const auto manifest = from_.fetch_manifest(named(source_, tag));
      copy_contents(manifest);
      to_.push_manifest(manifest, named(target_, tag));
      copied.push_back(manifest.descriptor);
    }
    return copied;
  }

 private:
  void copy_blob(const oci::Descriptor& blob) {
    auto presence = Presence::unknown;
    if (!source_.is_layout()) {
      // To ask costs less than to fetch it.
      if (to_.mount_blob(blob, source_) || to_.has_blob(blob)) return;
      presence = Presence::absent;
    }
    if (!target_.is_layout()) return send_early(from_, blob, to_, presence);
    to_.push_blob(from_.fetch_blob(blob), presence);
  }

  std::vector<oci::Descriptor> list_referrers(const std::set<oci::Digest>& subjects) {
    const std::vector<oci::Digest> all(subjects.begin(), subjects.end());
    std::vector<std::vector<oci::Descriptor>> lists(all.size());
    base::for_each_at_once(all.size(), kMaxAtOnce,
                           [&](std::size_t i) { lists[i] = from_.referrers(all[i], ""); });
    std::vector<oci::Descriptor> found;
    for (auto& list : lists) std::ranges::move(list, std::back_inserter(found));
    return found;
  }

  void check_number(std::size_t manifests) const {
    if (manifests <= kMaxManifests) return;
    throw Error(Code::bad_input, fmt::format("more than {} manifests refer to {}", kMaxManifests,
                                             oci::to_string(source_)))
        .hint("copy those that you need one by one, by their digests");
  }

  static bool is_of_cosign(std::string_view tag, const std::set<oci::Digest>& subjects) {
    return std::ranges::any_of(kCosignSuffixes, [&](std::string_view suffix) {
      if (!tag.ends_with(suffix)) return false;
      tag.remove_suffix(suffix.size());
      return std::ranges::any_of(
          subjects, [&](const oci::Digest& subject) { return oci::referrers_tag(subject) == tag; });
    });
  }

  static oci::Reference named(oci::Reference reference, const std::string& tag) {
    reference.digest.reset();
    reference.tag = tag;
    return reference;
  }

  Repository& from_;
  const oci::Reference& source_;
  Repository& to_;
  const oci::Reference& target_;
};

}  // namespace

Copied copy_image(Repository& from, const oci::Reference& source, Repository& to,
                  const oci::Reference& target, WithReferrers with_referrers) {
  const auto manifest = from.fetch_manifest(source);
  if (target.digest && *target.digest != manifest.descriptor.digest) {
    throw Error(Code::verification, fmt::format("{} has another digest: {}", oci::to_string(source),
                                                manifest.descriptor.digest.text()))
        .hint("leave the digest out of TARGET");
  }
  Copier copier(from, source, to, target);
  const auto subjects = copier.copy_contents(manifest);
  to.push_manifest(manifest, target);
  Copied copied{manifest.descriptor, {}};
  if (with_referrers == WithReferrers::yes) {
    copied.referrers = copier.copy_referrers(subjects);
    std::ranges::move(copier.copy_cosign(subjects), std::back_inserter(copied.referrers));
  }
  return copied;
}

}  // namespace wasmctl::registry
