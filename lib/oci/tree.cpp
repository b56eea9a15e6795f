#include "oci/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <set>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::oci {

namespace {

constexpr std::uint64_t kMaxManifestsBytes = 64 * 1024 * 1024;

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

// `bytes`: of all that was fetched so far.
void fetch_manifests(Store& from, const Selector& source, const std::set<Digest>& wanted,
                     Tree& tree, std::atomic<std::uint64_t>& bytes) {
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
    bytes += fetched[i].content.size();
    if (bytes > kMaxManifestsBytes) {
      throw Error(Code::bad_input, fmt::format("{} lists manifests of more than {} bytes",
                                               from.name_of(source), kMaxManifestsBytes))
          .hint("copy those that you need one by one, by their digests");
    }
  });
  for (std::size_t i = 0; i < absent.size(); ++i) {
    tree.manifests.emplace(absent[i], std::move(fetched[i]));
  }
}

}  // namespace

Tree collect_tree(Store& from, const Selector& source, const Blob& root) {
  Tree tree;
  std::atomic<std::uint64_t> bytes = 0;
  auto level = add_blobs(root, from.name_of(source), tree);
  for (std::size_t depth = 1; !level.empty(); ++depth) {
    if (depth > kMaxIndexDepth) {
      throw Error(Code::bad_input, fmt::format("{}: indexes are nested more than {} deep",
                                               from.name_of(source), kMaxIndexDepth));
    }
    fetch_manifests(from, source, level, tree, bytes);
    std::set<Digest> next;
    for (const auto& digest : level) {
      tree.depths[digest] = depth;
      next.merge(add_blobs(tree.manifests.at(digest), from.name_of(pinned(source, digest)), tree));
    }
    level = std::move(next);
  }
  return tree;
}

}  // namespace wasmctl::oci
