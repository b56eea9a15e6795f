#include "oci/layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/gzip.hpp"
#include "oci/image.hpp"
#include "oci/media_type.hpp"

namespace wasmctl::oci {

namespace {

// A module's first bytes, with which no tar begins.
constexpr std::string_view kWasmMagic("\0asm", 4);

// A tar is larger than what it holds: its header and padding.
constexpr std::uint64_t kMaxUnpackedBytes = kMaxModuleBytes + 64 * 1024;

std::string_view base_name(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

// Where it is unpacked: "/a/plugin.wasm", whatever the slashes and dots.
std::filesystem::path place_of(const base::TarEntry& entry) {
  auto path = std::filesystem::path("/" + entry.name).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

// Does `task`, and returns what is wrong with the bytes; a full disk is another thing.
template <typename Task>
std::optional<Error> failure_of(const Task& task) {
  try {
    task();
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() != Code::bad_input) throw;
    return error;
  }
}

}  // namespace

Layer::Layer(Store& store, const Descriptor& layer, std::string_view media_type)
    : is_tar_(media_type::is_tar(media_type) || media_type::is_tar_gzip(media_type)) {
  base::Spool spool;
  const base::Sink keep = [&](std::string_view piece) { spool.write(piece); };
  const auto read = [&](const base::Sink& sink) {
    if (layer.data) return sink(*layer.data);
    store.fetch_blob(layer, sink);
  };
  if (media_type::is_tar_gzip(media_type)) {
    base::GzipReader gzip(keep, kMaxUnpackedBytes);
    read([&](std::string_view piece) {
      head_ += piece.substr(0, 2 - head_.size());
      if (!failure_) failure_ = failure_of([&] { gzip.write(piece); });
    });
    if (!failure_) failure_ = failure_of([&] { gzip.finish(); });
  } else {
    read(keep);
  }
  content_ = spool.finish();
}

bool Layer::is_module() const {
  return !is_tar_ || content_.view().starts_with(kWasmMagic);
}

void Layer::walk(const std::function<bool(const base::TarEntry&)>& visit) const {
  bool stopped = false;
  const auto wrong = failure_of([&] {
    base::read_tar(content_.view(), [&](const base::TarEntry& entry) {
      stopped = !visit(entry);
      return !stopped;
    });
  });
  if (stopped) return;
  if (failure_) throw Error(*failure_);  // why there is no more
  if (wrong) throw Error(*wrong);
}

base::Content Layer::part(const base::TarEntry& entry) const {
  if (entry.bytes.empty()) return {};
  return content_.part(static_cast<std::uint64_t>(entry.bytes.data() - content_.view().data()),
                       entry.bytes.size());
}

std::optional<Layer::File> Layer::find(std::string_view name) const {
  std::optional<File> found;
  if (!is_tar_) return found;
  walk([&](const base::TarEntry& entry) {
    if (base_name(entry.name) == name) found = File{entry.type, part(entry)};
    return !found;
  });
  return found;
}

// Whiteouts: OCI Image Specification v1.1, layer.md.
Layer::RootFile Layer::find_at_root(std::string_view name) const {
  const auto whiteout = fmt::format(".wh.{}", name);
  constexpr std::string_view kHidesFolder = ".wh..wh..opq";
  RootFile found;
  walk([&](const base::TarEntry& entry) {
    const auto at = place_of(entry);
    const auto file = at.filename();
    if (file != name && file != whiteout && file != kHidesFolder) return true;
    if (at.parent_path() != "/") {
      found.folders.push_back(at.parent_path());
    } else if (file == kHidesFolder) {
      found.hides_lower = true;
    } else {
      found.hides_lower = true;
      found.file.reset();
      if (file == name) found.file = File{entry.type, part(entry)};
    }
    return true;
  });
  return found;
}

bool Layer::leads_elsewhere(const std::filesystem::path& folder) const {
  bool found = false;
  walk([&](const base::TarEntry& entry) {
    const auto at = place_of(entry);
    const auto end = std::mismatch(at.begin(), at.end(), folder.begin(), folder.end()).first;
    found = entry.type == base::TarEntry::Type::link && end == at.end();
    return !found;
  });
  return found;
}

base::Content Layer::module() const {
  if (is_module()) {
    if (failure_) throw Error(*failure_);
    return content_;
  }
  if (const auto plugin = find(kModuleFileName)) {
    if (plugin->type == base::TarEntry::Type::file) return plugin->content;
    throw Error(Code::bad_input, fmt::format("its {} is {}, and not a plain file", kModuleFileName,
                                             to_string(plugin->type)));
  }
  std::vector<base::Content> others;
  walk([&](const base::TarEntry& entry) {
    const auto name = base_name(entry.name);
    const bool is_file = entry.type == base::TarEntry::Type::file;
    if (is_file && name.ends_with(".wasm") && !name.starts_with(".wh.")) {
      others.push_back(part(entry));
    }
    return true;
  });
  if (others.size() == 1) return others[0];
  throw Error(Code::bad_input,
              fmt::format("the image holds no file `{}`{}", kModuleFileName,
                          others.empty() ? "" : ", and more than one other *.wasm"));
}

}  // namespace wasmctl::oci
