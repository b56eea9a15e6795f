#include "registry/image_module.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/error.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::registry {

namespace {

Error index_of_indexes(const oci::Reference& reference) {
  return {Code::bad_input, fmt::format("{} is an index of indexes", oci::to_string(reference))};
}

}  // namespace

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
  auto manifest = repository.fetch_manifest(oci::pinned(reference, child->digest));
  // What is listed as a manifest may be served as an index.
  if (oci::media_type::is_index(manifest.descriptor.media_type)) throw index_of_indexes(reference);
  return manifest;
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

// Does `task`; its errors are about what the image holds.
template <typename Task>
auto in_image(const oci::Reference& reference, const Task& task) {
  try {
    return task();
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    throw Error(error.code(), fmt::format("{}: {}", oci::to_string(reference), error.message()));
  }
}

base::Content module_in_layer(const oci::Reference& reference, const oci::Manifest& manifest,
                              oci::LayerReader& reader) {
  try {
    return in_image(reference, [&] { return reader.finish(); });
  } catch (Error& error) {
    if (manifest.layers.size() > 1 && error.code() == Code::bad_input) {
      error.because(fmt::format("of its {} layers Istio opens the last, and so does wasmctl",
                                manifest.layers.size()));
    }
    throw;
  }
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

namespace {

// The module of `manifest`, whose document is `single`.
FetchedModule read_module(Repository& repository, const oci::Reference& reference,
                          const oci::Blob& manifest, const oci::Manifest& single,
                          WithSchema with_schema) {
  const auto layer = in_image(reference, [&] { return oci::find_module_layer(single); });
  if (layer.size > oci::kMaxModuleBytes) {
    throw Error(Code::bad_input,
                fmt::format("{} has a layer of {} bytes; {} is the most that Istio loads",
                            oci::to_string(reference), layer.size, oci::kMaxModuleBytes));
  }
  oci::LayerReader reader(layer);
  read_layer(repository, layer, reader);
  FetchedModule fetched{module_in_layer(reference, single, reader), manifest.descriptor, {}};
  if (with_schema == WithSchema::yes && announces_schema(single)) {
    auto schema =
        is_artifact(single) ? schema_of_artifact(repository, single) : schema_in_layer(reader);
    fetched.config_schema = require_schema(std::move(schema), manifest);
  }
  return fetched;
}

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
        if (!failure_) failure_ = error.message();
      }
    }
    return std::nullopt;
  }

  std::optional<FetchedModule> look_at(const oci::Descriptor& entry, std::size_t depth) {
    const auto name = oci::pinned(reference_, entry.digest);
    const auto manifest = repository_.fetch_manifest(name);
    const auto document = parse_manifest(manifest, name);
    if (const auto* single = std::get_if<oci::Manifest>(&document)) {
      return read_module(repository_, name, manifest, *single, with_schema_);
    }
    const auto& index = std::get<oci::Index>(document);
    return depth < kMaxDepth ? look_into(index, depth + 1) : std::nullopt;
  }

  static constexpr std::size_t kMaxSearched = 32;
  static constexpr std::size_t kMaxDepth = 4;  // of indexes within indexes

  Repository& repository_;
  const oci::Reference& reference_;
  const WithSchema with_schema_;
  std::set<oci::Digest> seen_;
  std::optional<std::string> failure_;  // the first
};

}  // namespace

FetchedModule fetch_module(Repository& repository, const oci::Reference& reference,
                           const oci::Blob& manifest, WithSchema with_schema) {
  const auto document = parse_manifest(manifest, reference);
  const auto* single = std::get_if<oci::Manifest>(&document);
  if (single == nullptr) throw index_of_indexes(reference);
  return read_module(repository, reference, manifest, *single, with_schema);
}

FetchedModule fetch_module(Repository& repository, const oci::Reference& reference,
                           WithSchema with_schema) {
  const auto named = repository.fetch_manifest(reference);
  const auto document = parse_manifest(named, reference);
  if (const auto* single = std::get_if<oci::Manifest>(&document)) {
    return read_module(repository, reference, named, *single, with_schema);
  }
  const auto& index = std::get<oci::Index>(document);
  return ModuleSearch(repository, reference, with_schema).run(named, index);
}

}  // namespace wasmctl::registry
