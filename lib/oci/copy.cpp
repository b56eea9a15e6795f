#include "oci/copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "oci/referrers.hpp"
#include "oci/tree.hpp"

namespace wasmctl::oci {

namespace {

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

class Copier {
 public:
  Copier(Store& from, const Selector& source, Store& to) : from_(from), source_(source), to_(to) {}

  // All that has to be there before `manifest` is. Returns the digests of what it lists, and its
  // own.
  std::set<Digest> copy_contents(const Blob& manifest) {
    const auto tree = collect_tree(from_, source_, manifest);
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
    const auto stem = cosign_tag_stem(tag);
    return std::ranges::any_of(
        subjects, [&](const Digest& subject) { return referrers_tag(subject) == stem; });
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
