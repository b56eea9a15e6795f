#include "plugin/plugin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/label.hpp"
#include "base/suggest.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::plugin {

namespace {

constexpr std::uint64_t kMaxFileBytes = 1U << 20U;

// Where a value stands, to judge it and to say so.
struct Value {
  const yaml::Node& node;
  std::string_view key;
  const std::string& file;

  Error refuse(std::string_view why) const {
    return yaml::error_at(file, node.start, fmt::format("`{}` {}", key, why));
  }
};

// The text of a scalar, also of one that YAML takes for a number: `version: 1.10` means "1.10".
std::string read_text(const Value& value) {
  if (value.node.kind != yaml::Kind::scalar ||
      yaml::type_of(value.node) == yaml::ScalarType::null) {
    throw value.refuse(fmt::format("must be a string, not {}", yaml::describe(value.node)));
  }
  if (value.node.text.empty()) throw value.refuse("must not be empty");
  return value.node.text;
}

void read_name(Plugin& plugin, const Value& value) {
  plugin.name = read_text(value);
  if (const auto why = base::refuse_label(plugin.name)) throw value.refuse(*why);
}

void read_version(Plugin& plugin, const Value& value) {
  plugin.version = read_text(value);
}

void read_image(Plugin& plugin, const Value& value) {
  plugin.image = read_text(value);
}

void read_annotations(Plugin& plugin, const Value& value) {
  if (value.node.kind != yaml::Kind::mapping) {
    throw value.refuse(fmt::format("must be a mapping, not {}", yaml::describe(value.node)));
  }
  for (const auto& entry : value.node.entries) {
    const auto text = read_text({entry.value, entry.key.text, value.file});
    plugin.annotations.emplace(entry.key.text, text);
  }
}

fs::path read_source(const Plugin& plugin, const Value& value) {
  const auto path = fs::path(read_text(value)).lexically_normal();
  if (path.is_absolute() || *path.begin() == "..") {
    throw value.refuse(
        fmt::format("names `{}`, which is outside the plugin's directory", value.node.text));
  }
  std::error_code ignored;
  if (!fs::is_regular_file(plugin.directory / path, ignored)) {
    throw value.refuse(fmt::format("names `{}`, which is no file", value.node.text));
  }
  return path;
}

void read_sources(Plugin& plugin, const Value& value) {
  if (value.node.kind != yaml::Kind::sequence || value.node.items.empty()) {
    throw value.refuse(fmt::format(
        "must be a list of file names, not {}",
        value.node.kind == yaml::Kind::sequence ? "an empty one" : yaml::describe(value.node)));
  }
  for (const auto& item : value.node.items) {
    plugin.sources.push_back(read_source(plugin, {item, value.key, value.file}));
  }
}

void read_settings(Plugin& plugin, const Value& value) {
  if (yaml::type_of(value.node) == yaml::ScalarType::null) return;  // `plugin:` with nothing yet
  if (value.node.kind != yaml::Kind::mapping) {
    throw value.refuse(fmt::format("must be a mapping, not {}", yaml::describe(value.node)));
  }
  const auto object = yaml::to_json(value.node, value.file, yaml::Keys::as_written);
  const auto add = [&](const std::string& key, const yaml::Mark& mark) {
    if (std::ranges::find(plugin.settings, key, &Setting::key) != plugin.settings.end()) return;
    plugin.settings.push_back({key, std::make_shared<const nlohmann::json>(object.at(key)),
                               yaml::place(value.file, mark)});
  };
  for (const auto& entry : value.node.entries) {
    if (object.contains(entry.key.text)) add(entry.key.text, entry.key.start);
  }
  // What a merge (`<<`) brings in is written elsewhere.
  for (const auto& [key, setting] : object.items()) add(key, value.node.start);
}

struct Key {
  std::string_view name;
  void (*read)(Plugin&, const Value&);
};

constexpr Key kKeys[] = {
    {"name", read_name},   {"version", read_version},         {"sources", read_sources},
    {"image", read_image}, {"annotations", read_annotations}, {"plugin", read_settings},
};

Error unknown_key(const yaml::Node& key, const std::string& file) {
  std::vector<std::string_view> known;
  for (const auto& row : kKeys) known.push_back(row.name);
  auto error = yaml::error_at(file, key.start, fmt::format("unknown key `{}`", key.text));
  return error.hint(base::suggest(key.text, known));
}

void read_file(Plugin& plugin, const fs::path& path) {
  const auto text = base::read_file(path, kMaxFileBytes);
  const auto& file = path.native();
  const auto root = yaml::read_one(text, file).root;
  if (root.kind == yaml::Kind::scalar && root.text.empty()) return;  // empty, or comments only
  if (root.kind != yaml::Kind::mapping) {
    throw yaml::error_at(file, root.start,
                         fmt::format("must be a mapping, not {}", yaml::describe(root)));
  }
  for (const auto& [key, value] : root.entries) {
    const auto* const row = std::ranges::find(kKeys, std::string_view(key.text), &Key::name);
    if (row == std::end(kKeys)) throw unknown_key(key, file);
    row->read(plugin, {value, row->name, file});
  }
}

bool is_source(const fs::path& name) {
  const auto extension = name.extension();
  const bool is_cpp = extension == ".cc" || extension == ".cpp" || extension == ".cxx";
  return is_cpp && !name.native().starts_with('.');  // an editor's lock `.#a.cc` is no source
}

std::vector<fs::path> find_sources(const fs::path& directory) {
  std::vector<fs::path> sources;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    auto name = entry.path().filename();
    if (is_source(name)) sources.push_back(std::move(name));
  }
  if (error) {
    throw Error(Code::io, fmt::format("cannot read {}: {}", directory.native(), error.message()));
  }
  return sources;
}

std::string name_from(const fs::path& directory) {
  std::error_code ignored;
  const auto path = fs::canonical(directory, ignored);
  auto name = base::label_from(path.filename().native());
  if (const auto why = base::refuse_label(name)) {
    throw Error(Code::bad_input,
                fmt::format("the name of directory `{}` {}", path.filename().native(), *why))
        .hint(fmt::format("give the plugin a name: `name: my-plugin` in {}",
                          (directory / kFileName).native()));
  }
  return name;
}

}  // namespace

Plugin load(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) {
    throw Error(Code::not_found, fmt::format("no directory {}", directory.native()));
  }
  Plugin plugin;
  plugin.directory = directory;
  const auto file = directory / kFileName;
  if (fs::exists(file, ignored)) read_file(plugin, file);
  if (plugin.sources.empty()) plugin.sources = find_sources(directory);
  if (plugin.sources.empty()) {
    throw Error(Code::not_found, fmt::format("no *.cc, *.cpp or *.cxx in {}", directory.native()))
        .hint(fmt::format("name the sources that are elsewhere: `sources: [src/plugin.cc]` in {}",
                          file.native()));
  }
  std::ranges::sort(plugin.sources);
  const auto twice = std::ranges::unique(plugin.sources);
  plugin.sources.erase(twice.begin(), twice.end());
  if (plugin.name.empty()) plugin.name = name_from(directory);
  return plugin;
}

}  // namespace wasmctl::plugin
