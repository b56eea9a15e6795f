#include "oci/pulled_image.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>
#include <set>

#include "base/error.hpp"
#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::oci {

namespace {

// An index of more manifests than this is none of a Wasm module's.
constexpr std::size_t kMaxChildren = 64;

constexpr char kTitle[] = "org.opencontainers.image.title";

// Which the proxy's own fetcher checks, and no more.
bool is_wasm(std::string_view bytes) {
  return bytes.size() >= 8 && bytes.starts_with(std::string_view("\0asm", 4));
}

// What oras calls the layer, as a file; empty: nothing.
std::string_view title_of(const Descriptor& layer) {
  const auto title = layer.annotations.find(kTitle);
  return title == layer.annotations.end() ? std::string_view() : title->second;
}

bool may_be_module(const Manifest& manifest, const Descriptor& layer) {
  return media_type::is_module(type_of(manifest, layer)) || title_of(layer).ends_with(".wasm");
}

// Of an artifact whose layers are files, as oras makes them, the one that is named plugin.wasm,
// else the only *.wasm; null if there is none.
const Descriptor* find_by_title(const Manifest& manifest) {
  std::vector<const Descriptor*> modules;
  for (const auto& layer : manifest.layers) {
    const auto title = title_of(layer);
    if (title.substr(title.rfind('/') + 1) == kModuleFileName) return &layer;
    if (title.ends_with(".wasm")) modules.push_back(&layer);
  }
  return modules.size() == 1 ? modules[0] : nullptr;
}

// Where in a manifest the module is, for others than Istio. Throws Error{Code::bad_input} naming
// the layers' types where there is none.
const Descriptor& find_module_layer(const Manifest& manifest) {
  for (const auto& layer : manifest.layers) {
    if (media_type::is_module(type_of(manifest, layer))) return layer;
  }
  if (const auto* layer = find_by_title(manifest)) return *layer;
  if (!manifest.layers.empty()) {
    const auto& last = manifest.layers.back();
    const auto& type = type_of(manifest, last);
    if (media_type::is_tar(type) || media_type::is_tar_gzip(type)) return last;
  }
  std::vector<std::string_view> types;
  types.reserve(manifest.layers.size());
  for (const auto& layer : manifest.layers) types.push_back(layer.media_type);
  throw Error(Code::bad_input,
              types.empty() ? "the image has no layers"
                            : fmt::format("the image holds no Wasm module: its layers are {}",
                                          fmt::join(types, ", ")));
}

// Where another module could be meant, or come.
std::string remark_on(const Manifest& manifest, const Descriptor& chosen) {
  if (chosen.has_urls) {
    return fmt::format(
        "{} names `urls`: once the registry has the layer no more, Istio takes from "
        "there whatever it gets",
        chosen.digest.text());
  }
  const auto other = std::ranges::find_if(manifest.layers, [&](const Descriptor& layer) {
    return layer.digest != chosen.digest && may_be_module(manifest, layer);
  });
  if (other == manifest.layers.end()) return {};
  return fmt::format("two layers could hold the module: it is taken from {}, and not from {}",
                     chosen.digest.text(), other->digest.text());
}

bool is_document(const Descriptor& entry) {
  return media_type::is_manifest(entry.media_type) || media_type::is_index(entry.media_type);
}

// The entries of an index that may hold a module, the likeliest first: the one that Istio picks,
// those of Wasm platforms, the other images (a module does not care for the processor), indexes,
// and what is for the platform `unknown`, mostly attestations.
std::vector<const Descriptor*> module_candidates(const Index& index) {
  const auto* for_istio = select_for_istio(index);
  const auto rank = [&](const Descriptor& entry) {
    if (&entry == for_istio) return 0;
    const auto architecture = entry.platform ? entry.platform->architecture : "";
    if (architecture == "wasm") return 1;
    if (architecture == "unknown") return 4;
    return media_type::is_manifest(entry.media_type) ? 2 : 3;
  };
  std::vector<const Descriptor*> entries;
  for (const auto& entry : index.manifests) {
    if (is_document(entry) || &entry == for_istio) entries.push_back(&entry);
  }
  // Those of one rank in the order of the index.
  std::ranges::sort(entries, {},
                    [&](const Descriptor* entry) { return std::pair(rank(*entry), entry); });
  return entries;
}

const Descriptor* select_for_wasm(const Index& index) {
  const auto found = std::ranges::find_if(index.manifests, [](const Descriptor& entry) {
    return entry.platform && entry.platform->architecture == "wasm";
  });
  return found == index.manifests.end() ? nullptr : &*found;
}

bool announces_schema(const Manifest& manifest) {
  return manifest.annotations.contains(kSchemaAnnotation);
}

// About what an image is, and not about how it is had.
bool is_about_content(const Error& error) {
  return error.code() == Code::bad_input || error.code() == Code::not_found;
}

}  // namespace

PulledImage::PulledImage(std::unique_ptr<Store> store, Selector selector)
    : store_(std::move(store)), selector_(std::move(selector)) {
  const auto manifest = store_->fetch_manifest(selector_);
  top_ = manifest.descriptor.digest;
  nodes_.emplace(top_, Node{manifest.descriptor, parse_manifest(manifest, name())});
}

const Descriptor& PulledImage::descriptor() const {
  return top().descriptor;
}

bool PulledImage::is_index() const {
  return std::holds_alternative<Index>(top().document);
}

std::string PulledImage::name_of(const Node& node) const {
  return node.descriptor.digest == top_
             ? name()
             : store_->name_of(Selector{selector_.tag, node.descriptor.digest});
}

std::variant<PulledImage::Node, Error> PulledImage::fetch(const Descriptor& entry) {
  const Selector selector{selector_.tag, entry.digest};
  try {
    const auto manifest = entry.data ? Blob{describe(entry.media_type, *entry.data), *entry.data}
                                     : store_->fetch_manifest(selector);
    const auto name = store_->name_of(selector);
    auto document = parse_manifest(manifest, name);
    // What is listed as a manifest may be served as an index, and the reverse.
    const bool is_index = std::holds_alternative<Index>(document);
    if (is_index != media_type::is_index(entry.media_type)) {
      throw Error(Code::bad_input, fmt::format("{} is {}, though it is listed as {}", name,
                                               is_index ? "an index" : "a manifest",
                                               is_index ? "a manifest" : "an index"));
    }
    return Node{manifest.descriptor, std::move(document)};
  } catch (const Error& error) {
    if (!is_about_content(error)) throw;
    return error;
  }
}

const PulledImage::Node& PulledImage::node(const Descriptor& entry) {
  auto found = nodes_.find(entry.digest);
  if (found == nodes_.end()) found = nodes_.emplace(entry.digest, fetch(entry)).first;
  if (const auto* error = std::get_if<Error>(&found->second)) throw Error(*error);
  return std::get<Node>(found->second);
}

const PulledImage::Node& PulledImage::fetched(const Digest& manifest) const {
  return std::get<Node>(nodes_.at(manifest));
}

const Layer& PulledImage::layer(const Manifest& manifest, const Descriptor& layer) {
  return open(layer, type_of(manifest, layer));
}

const Layer& PulledImage::open(const Descriptor& layer, const std::string& type) {
  const std::pair key(layer.digest, type);
  const auto found = layers_.find(key);
  if (found != layers_.end()) return found->second;
  return layers_.emplace(key, Layer(*store_, layer, type)).first->second;
}

std::vector<PulledImage::Child> PulledImage::children() {
  const auto* index = std::get_if<Index>(&top().document);
  if (index == nullptr) return {{top().descriptor, std::get<Manifest>(top().document), {}}};

  std::map<Digest, const Descriptor*> wanted;
  std::vector<Child> children;
  for (const auto& entry : index->manifests) {
    const bool too_many = children.size() >= kMaxChildren;
    children.push_back({entry,
                        {},
                        media_type::is_index(entry.media_type)       ? "an index"
                        : !media_type::is_manifest(entry.media_type) ? "no manifest"
                        : too_many ? fmt::format("after the first {}", kMaxChildren)
                                   : ""});
    const bool is_new = !nodes_.contains(entry.digest);
    if (children.back().why_not.empty() && is_new) wanted.emplace(entry.digest, &entry);
  }
  fetch_all({wanted.begin(), wanted.end()});
  for (auto& [entry, manifest, why_not] : children) {
    if (!why_not.empty()) continue;
    try {
      const auto* single = std::get_if<Manifest>(&node(entry).document);
      if (single != nullptr) manifest = *single;
      if (single == nullptr) why_not = "an index";
    } catch (const Error& error) {
      why_not = error.code() == Code::not_found ? "not there" : error.message();
    }
  }
  return children;
}

void PulledImage::fetch_all(const std::vector<std::pair<Digest, const Descriptor*>>& entries) {
  std::vector<std::optional<std::variant<Node, Error>>> fetched(entries.size());
  base::for_each_at_once(entries.size(), kMaxAtOnce,
                         [&](std::size_t i) { fetched[i] = fetch(*entries[i].second); });
  for (std::size_t i = 0; i < entries.size(); ++i) {
    nodes_.emplace(entries[i].first, *std::move(fetched[i]));
  }
}

// ---- which manifest

PulledImage::Pick PulledImage::pick(Consumer consumer) {
  const bool in_wasm = consumer == Consumer::cncf;
  const std::string_view platform = in_wasm ? "wasip1/wasm" : "linux/amd64";
  const auto* found = &top();
  for (std::size_t depth = 0; depth <= kMaxIndexDepth; ++depth) {
    const auto* index = std::get_if<Index>(&found->document);
    if (index == nullptr) return {found};
    const auto* entry = in_wasm ? select_for_wasm(*index) : select_for_istio(*index);
    if (entry == nullptr) {
      return {nullptr, fmt::format("the index has no manifest for {}", platform)};
    }
    const auto refuse = [&](std::string_view why) {
      return Pick{nullptr, fmt::format("the index's manifest for {}, {}, {}", platform,
                                       entry->digest.text(), why)};
    };
    // Istio takes what is no index for a manifest, whatever it is listed as; others do not.
    const bool is_odd = !is_document(*entry);
    const bool is_istio = consumer == Consumer::istio || consumer == Consumer::envoy_gateway;
    if (is_odd && !is_istio) return refuse(fmt::format("is {}", entry->media_type));
    try {
      found = &node(*entry);
    } catch (const Error& error) {
      if (!is_about_content(error)) throw;
      if (is_odd) return refuse(fmt::format("is {}", entry->media_type));
      const bool absent = error.code() == Code::not_found;
      return refuse(absent ? "is not there" : "cannot be read: " + error.message());
    }
  }
  return {nullptr, fmt::format("its indexes are nested more than {} deep", kMaxIndexDepth)};
}

Descriptor PulledImage::manifest_for(Consumer consumer) {
  const auto picked = pick(consumer);
  if (picked.node != nullptr) return picked.node->descriptor;
  throw Error(Code::unloadable, fmt::format("{} is not an image for {}: {}", name(),
                                            to_string(consumer), picked.why_not));
}

// ---- which module

PulledImage::Found PulledImage::find_in_archive(const Manifest& manifest,
                                                const Descriptor& packed) {
  const auto& archive = layer(manifest, packed);
  try {
    if (archive.is_module()) {
      return {nullptr,
              {},
              fmt::format("its last layer is a module, and must be a tar that holds {}",
                          kModuleFileName)};
    }
    const auto file = archive.find(kModuleFileName);
    if (!file) {
      return {nullptr, {}, fmt::format("its last layer holds no file named {}", kModuleFileName)};
    }
    if (file->type != base::TarEntry::Type::file) {
      return {&packed,
              {},
              fmt::format("its {} is {}, and not a plain file", kModuleFileName,
                          to_string(file->type))};
    }
    return {
        &packed, file->content,
        is_wasm(file->content) ? "" : fmt::format("its {} is not a Wasm module", kModuleFileName)};
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    return {archive.is_gzip() ? &packed : nullptr,
            {},
            fmt::format("its last layer cannot be read: {}", error.message())};
  }
}

PulledImage::Found PulledImage::look_for_istio(const Manifest& manifest) {
  const auto places = istio_places(manifest);
  for (const auto* const place : {places.archive, places.module}) {
    if (place != nullptr && place->size > kMaxModuleBytes) {
      return {place,
              {},
              fmt::format("it has a layer of {} bytes; {} is the most that Istio loads",
                          place->size, kMaxModuleBytes)};
    }
  }
  Found found{nullptr, {}, places.why_not};
  if (places.archive != nullptr) found = find_in_archive(manifest, *places.archive);
  if (found.layer != nullptr || places.module == nullptr) return found;
  try {
    const auto content = layer(manifest, *places.module).module();
    return {places.module, content, is_wasm(content) ? "" : "its module is not a Wasm module"};
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    return {nullptr, {}, error.message()};
  }
}

const PulledImage::Found& PulledImage::find_for_istio(const Node& node) {
  const auto& digest = node.descriptor.digest;
  const auto found = found_.find(digest);
  if (found != found_.end()) return found->second;
  return found_.emplace(digest, look_for_istio(std::get<Manifest>(node.document))).first->second;
}

std::string PulledImage::why_not(Consumer consumer) {
  const auto picked = pick(consumer);
  if (picked.node == nullptr) return picked.why_not;
  const auto& manifest = std::get<Manifest>(picked.node->document);
  switch (consumer) {
    case Consumer::istio:
    case Consumer::envoy_gateway:
      try {
        return find_for_istio(*picked.node).why_not;
      } catch (const Error& error) {
        if (error.code() != Code::not_found) throw;
        return error.message();
      }
    case Consumer::image_volume:
    case Consumer::docker:
      return why_no_container(manifest);
    case Consumer::cncf:
      break;
  }
  return why_no_cncf(manifest);
}

Verdict PulledImage::verdict(Consumer consumer) {
  return verdict_of(consumer, why_not(consumer));
}

std::vector<Verdict> PulledImage::verdicts() {
  std::vector<Verdict> all;
  for (const auto consumer : kConsumers) all.push_back(verdict(consumer));
  return all;
}

std::string_view PulledImage::format() {
  const ImageLooks looks = {is_index() ? nullptr : &std::get<Manifest>(top().document),
                            why_not(Consumer::istio).empty(), why_not(Consumer::cncf).empty()};
  const auto rows = formats();
  const auto row =
      std::ranges::find_if(rows, [&](const auto& candidate) { return candidate.is(looks); });
  return row == rows.end() ? "unknown" : row->name;
}

// Null where a layer cannot be looked into.
std::optional<base::Content> PulledImage::find_in_volume(const Manifest& manifest) {
  const auto unloadable = [&](std::string_view why) {
    return Error(Code::unloadable, fmt::format("{} is not an image for {}: {}", name(),
                                               to_string(Consumer::image_volume), why));
  };
  const auto is_readable = [](const Descriptor& packed) {
    return packed.size <= kMaxModuleBytes &&
           (media_type::is_tar(packed.media_type) || media_type::is_tar_gzip(packed.media_type));
  };
  const auto unpacked = [&](const Descriptor& packed) -> const Layer& {
    return open(packed, packed.media_type);
  };
  for (const auto& packed : std::views::reverse(manifest.layers)) {
    if (!is_readable(packed)) return std::nullopt;
    auto [file, hides_lower, folders] = unpacked(packed).find_at_root(kModuleFileName);
    for (const auto& folder : folders) {
      if (!std::ranges::all_of(manifest.layers, is_readable)) return std::nullopt;
      if (std::ranges::any_of(manifest.layers, [&](const Descriptor& layer) {
            return unpacked(layer).leads_elsewhere(folder);
          })) {
        throw unloadable(
            fmt::format("it has a {} in {}, which is a link", kModuleFileName, folder.string()));
      }
    }
    if (file && file->type == base::TarEntry::Type::file) return std::move(file->content);
    if (file) {
      throw unloadable(fmt::format("its {} is {}, and not a plain file", kModuleFileName,
                                   to_string(file->type)));
    }
    if (hides_lower) break;
  }
  throw unloadable(fmt::format("it has no file {} at its root", kModuleFileName));
}

std::optional<PulledImage::Module> PulledImage::module_for(Consumer consumer) {
  const auto manifest = manifest_for(consumer);
  if (auto why = why_not(consumer); !why.empty()) {
    throw Error(Code::unloadable,
                fmt::format("{} is not an image for {}: {}", name(), to_string(consumer), why));
  }
  const auto& node = fetched(manifest.digest);
  if (consumer != Consumer::image_volume) return module_in(node);
  auto content = find_in_volume(std::get<Manifest>(node.document));
  if (!content) return std::nullopt;
  return Module{*std::move(content), manifest};
}

// The module of one manifest, for whoever asks.
PulledImage::Module PulledImage::module_in(const Node& node) {
  const auto& manifest = std::get<Manifest>(node.document);
  try {
    const auto& found = find_for_istio(node);
    if (found.content) {
      return {*found.content, node.descriptor, remark_on(manifest, *found.layer)};
    }
    if (found.layer != nullptr) throw Error(Code::bad_input, found.why_not);
    const auto& other = find_module_layer(manifest);
    if (other.size > kMaxModuleBytes) {
      throw Error(Code::bad_input, fmt::format("it has a layer of {} bytes; {} are read at most",
                                               other.size, kMaxModuleBytes));
    }
    return {layer(manifest, other).module(), node.descriptor, remark_on(manifest, other)};
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    Error named(error.code(), fmt::format("{}: {}", name_of(node), error.message()));
    if (manifest.layers.size() > 1 &&
        media_type::is_layer(type_of(manifest, manifest.layers.back()))) {
      named.because(fmt::format("of its {} layers Istio opens the last, and so does wasmctl",
                                manifest.layers.size()));
    }
    throw named;
  }
}

// Looks for the module in an index and in those within it, one manifest after the other. What is no
// module's, or not there, is passed over.
class PulledImage::Search {
 public:
  explicit Search(PulledImage& image) : image_(image) {}

  Module run() {
    const auto& top = image_.top();
    seen_.insert(top.descriptor.digest);
    if (auto found = look_into(std::get<Index>(top.document), 1)) return *std::move(found);
    Error error(Code::bad_input,
                fmt::format("{} is an index, and no image that it lists holds a Wasm module",
                            image_.name()));
    if (failure_) error.because(*failure_);
    throw error.hint(fmt::format("see what it lists: `wasmctl inspect {}`", image_.name()));
  }

 private:
  std::optional<Module> look_into(const Index& index, std::size_t depth) {
    for (const auto* const entry : module_candidates(index)) {
      if (seen_.size() > kMaxSearched || !seen_.insert(entry->digest).second) continue;
      try {
        if (auto found = look_at(image_.node(*entry), depth)) return found;
      } catch (const Error& error) {
        if (!is_about_content(error)) throw;
        if (!failure_) failure_ = error.message();
      }
    }
    return std::nullopt;
  }

  std::optional<Module> look_at(const Node& node, std::size_t depth) {
    if (std::holds_alternative<Manifest>(node.document)) return image_.module_in(node);
    if (depth == kMaxIndexDepth) return std::nullopt;
    return look_into(std::get<Index>(node.document), depth + 1);
  }

  static constexpr std::size_t kMaxSearched = 32;

  PulledImage& image_;
  std::set<Digest> seen_;
  std::optional<std::string> failure_;  // the first
};

PulledImage::Module PulledImage::module() {
  if (!is_index()) return module_in(top());
  auto found = Search(*this).run();
  // Where Istio takes none of what the index lists, another may be meant all the same.
  const bool is_picked = select_for_istio(std::get<Index>(top().document)) != nullptr;
  if (is_picked && found.remark.empty()) {
    if (const auto why = why_not(Consumer::istio); !why.empty()) {
      found.remark = fmt::format("Istio does not load the image: {}", why);
    }
  }
  return found;
}

std::optional<std::string> PulledImage::config_schema(const Descriptor& manifest) {
  const auto& document = std::get<Manifest>(fetched(manifest.digest).document);
  if (!announces_schema(document)) return std::nullopt;
  const auto& found = find_for_istio(fetched(manifest.digest));
  std::optional<std::string> schema;
  const auto& module = found.layer != nullptr ? *found.layer : find_module_layer(document);
  const auto& packed = layer(document, module);
  if (!packed.is_module()) {
    const auto file = packed.find(kSchemaFileName);
    if (file && file->content.size() <= base::kMaxSchemaBytes) schema = file->content.view();
  } else if (document.layers.size() > 1) {
    // An artifact's other layer is its runtime configuration.
    const auto& other = document.layers[&module == &document.layers[0] ? 1 : 0];
    if (other.size <= base::kMaxSchemaBytes) {
      schema = schema_in_runtime_config(store_->fetch_blob(other).content);
    }
  }
  if (schema) return schema;
  throw Error(Code::bad_input,
              fmt::format("{} announces a config schema of at most {} bytes, and has none",
                          manifest.digest.text(), base::kMaxSchemaBytes));
}

}  // namespace wasmctl::oci
