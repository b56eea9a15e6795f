// An image as its consumers read it. It is the one place that says which module an image gives, and
// to whom. Each manifest is fetched and parsed once, and each layer once, when first asked for.
//
//     oci::PulledImage image(registry::open_store(reference, options), reference);
//     image.verdict(Consumer::istio).why_not;  // "its plugin.wasm is a link"
//     image.module_for(Consumer::istio).content;
//
// Whatever is asked may throw what Store's functions do.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/content.hpp"
#include "oci/consumers.hpp"
#include "oci/layer.hpp"
#include "oci/manifest.hpp"
#include "oci/store.hpp"

namespace wasmctl::oci {

class PulledImage {
 public:
  // Fetches the manifest or index that `selector` names.
  PulledImage(std::unique_ptr<Store> store, Selector selector);

  // As it was asked for: "ghcr.io/acme/a:v1".
  std::string name() const { return store_->name_of(selector_); }
  const Descriptor& descriptor() const;  // of what the name names
  bool is_index() const;

  // What an index lists; of a manifest, the manifest itself.
  struct Child {
    Descriptor entry;
    std::optional<Manifest> manifest;  // null: not read
    std::string why_not;               // "not there", "an index"
  };
  std::vector<Child> children();

  // Will that consumer load the image, and why not?
  Verdict verdict(Consumer consumer);
  // Of all consumers, in their order.
  std::vector<Verdict> verdicts();

  // The format that `wasmctl push --format` makes such images with: "image", "docker", "artifact",
  // "wasm", "universal"; another: "unknown".
  std::string_view format();

  // The manifest that the consumer takes: of an index one of those that it lists. Its digest is the
  // only right pin (spec.sha256, `@sha256:`). Throws Error{Code::unloadable} for an index without
  // one, and as verdict() says of one that cannot be read.
  Descriptor manifest_for(Consumer consumer);

  struct Module {
    base::Content content;
    Descriptor manifest;  // that holds it
    // What has to be said of the choice, where another reader could mean another module; mostly
    // empty.
    std::string remark = {};
  };

  // The module that the consumer loads; of a volume, the file plugin.wasm at its root; null where
  // that cannot be looked into (zstd). Throws Error{Code::unloadable} with the verdict, or if such
  // a file is missing.
  std::optional<Module> module_for(Consumer consumer);

  // The module for whoever asks: the one that Istio loads; where it loads none, that of an image in
  // any other known format, in indexes the likeliest first. Throws Error{Code::bad_input} if there
  // is none, or where Istio takes a plugin.wasm that is none.
  Module module();

  // The JSON Schema of the plugin's configuration that travels with the module of the manifest, one
  // that this image has given; null if it announces none. Throws Error{Code::bad_input} if what it
  // announces is not there.
  std::optional<std::string> config_schema(const Descriptor& manifest);

 private:
  // A manifest or index that was fetched.
  struct Node {
    Descriptor descriptor;
    std::variant<Manifest, Index> document;
  };
  // The node that a consumer takes; null: `why_not`.
  struct Pick {
    const Node* node = nullptr;
    std::string why_not = {};
  };
  // What Istio's rule finds in a manifest.
  struct Found {
    const Descriptor* layer = nullptr;          // that decides; null: none does
    std::optional<base::Content> content = {};  // what is taken from it
    std::string why_not = {};                   // empty: it loads
  };
  class Search;

  const Node& top() const { return std::get<Node>(nodes_.at(top_)); }
  // What an index lists. Throws Error{Code::not_found}, and {bad_input} for what is something else
  // than it is listed as.
  const Node& node(const Descriptor& entry);
  std::variant<Node, Error> fetch(const Descriptor& entry);
  void fetch_all(const std::vector<std::pair<Digest, const Descriptor*>>& entries);
  const Node& fetched(const Digest& manifest) const;
  const Layer& open(const Descriptor& layer, const std::string& media_type);
  const Layer& layer(const Manifest& manifest, const Descriptor& layer);
  std::optional<base::Content> find_in_volume(const Manifest& manifest);

  Pick pick(Consumer consumer);
  Found find_in_archive(const Manifest& manifest, const Descriptor& packed);
  Found look_for_istio(const Manifest& manifest);
  const Found& find_for_istio(const Node& node);
  std::string why_not(Consumer consumer);
  Module module_in(const Node& node);
  std::string name_of(const Node& node) const;

  std::unique_ptr<Store> store_;
  Selector selector_;
  Digest top_;
  std::map<Digest, std::variant<Node, Error>> nodes_;       // or why there is none
  std::map<Digest, Found> found_;                           // by manifest
  std::map<std::pair<Digest, std::string>, Layer> layers_;  // by digest and media type
};

}  // namespace wasmctl::oci
