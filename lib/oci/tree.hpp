// All that a manifest or index needs: what has to be read to know it whole, and be somewhere before
// it is.
#pragma once

#include <cstddef>
#include <map>

#include "oci/descriptor.hpp"
#include "oci/store.hpp"

namespace wasmctl::oci {

// What is listed by an index and all those within it: an index of indexes may be a bomb.
inline constexpr std::size_t kMaxManifests = 1000;

struct Tree {
  std::map<Digest, Descriptor> blobs;  // configs, layers that are not foreign, and other things
  std::map<Digest, Blob> manifests;    // those that indexes list
  std::map<Digest, std::size_t> depths = {};  // of each the greatest: what lists it is above
};

// Of `root`, which `source` names. Throws Error{Code::bad_input} for indexes that are too deep, or
// list more than anybody would, and what Store's functions do.
Tree collect_tree(Store& from, const Selector& source, const Blob& root);

}  // namespace wasmctl::oci
