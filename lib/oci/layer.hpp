// A layer that was fetched: a module as it is, or a tar with files, mostly packed with gzip.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/content.hpp"
#include "base/error.hpp"
#include "base/tar.hpp"
#include "oci/store.hpp"

namespace wasmctl::oci {

class Layer {
 public:
  // Fetches it, and unpacks it as it streams by; `media_type` says from what. What the bytes are is
  // said by what is asked below, and by no error here.
  Layer(Store& store, const Descriptor& layer, std::string_view media_type);

  struct File {
    base::TarEntry::Type type;
    base::Content content;  // none but of a file
  };
  // The first entry of that name in any folder, as Istio looks for plugin.wasm: of what cannot be
  // unpacked to its end, too, if it comes before. Null if there is none. Throws
  // Error{Code::bad_input} where that cannot be known.
  std::optional<File> find(std::string_view name) const;

  // What a file system has at its root under that name after the layer was unpacked over it.
  struct RootFile {
    std::optional<File> file;  // of several entries the last
    bool hides_lower = false;  // what layers below have there is not seen any more
    // Folders with an entry that says the same of its own folder: where one of them is a link to
    // the root, that entry is meant.
    std::vector<std::filesystem::path> folders = {};
  };
  RootFile find_at_root(std::string_view name) const;

  // Whether unpacking to the folder, "/a/b", goes through a link of this layer.
  bool leads_elsewhere(const std::filesystem::path& folder) const;

  // The module, wherever it is: the layer itself, or of a tar plugin.wasm, else the only *.wasm.
  // Throws Error{Code::bad_input} if there is none.
  base::Content module() const;

  // A module and no tar, whatever the media type says: `oras push IMAGE plugin.wasm` calls any file
  // a tar.
  bool is_module() const;

  // Whether it begins as gzip does. What does so and cannot be unpacked here, another reader may
  // unpack.
  bool is_gzip() const { return head_ == "\x1f\x8b"; }

 private:
  void walk(const std::function<bool(const base::TarEntry&)>& visit) const;
  base::Content part(const base::TarEntry& entry) const;

  bool is_tar_;
  std::string head_;              // its first bytes, as stored
  base::Content content_;         // unpacked, as far as that went
  std::optional<Error> failure_;  // why no further
};

}  // namespace wasmctl::oci
