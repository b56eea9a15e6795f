#include "plugin/plugin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/content.hpp"
#include "base/error.hpp"
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

void read_hosts(Plugin& plugin, const Value& value) {
  if (value.node.kind != yaml::Kind::mapping) {
    throw value.refuse(fmt::format("must be a mapping, not {}", yaml::describe(value.node)));
  }
  const auto products = wasm::products();
  for (const auto& [product, range] : value.node.entries) {
    if (std::ranges::find(products, product.text) == products.end()) {
      throw yaml::error_at(value.file, product.start,
                           fmt::format("`hosts` knows no `{}`", product.text))
          .hint(base::suggest(product.text, products));
    }
    const Value one{range, product.text, value.file};
    try {
      plugin.hosts.push_back(wasm::parse_host_range(product.text, read_text(one)));
    } catch (const Error& error) {
      if (error.place()) throw;
      auto refused = one.refuse(error.message());
      for (const auto& hint : error.hints()) refused.hint(hint);
      throw refused;
    }
  }
}

// clang's driver hands the file's name on to the compiler as a word of its own, and `@FILE` stands
// there for the words of a file, whatever folder comes before it.
std::optional<std::string> refuse_source(const fs::path& source) {
  const auto name = source.filename().native();
  if (!name.starts_with('@')) return std::nullopt;
  return fmt::format("names `{}`, which the compiler would take for a list of options",
                     source.native());
}

fs::path read_source(const Plugin& plugin, const Value& value) {
  const auto path = fs::path(read_text(value)).lexically_normal();
  if (path.is_absolute() || *path.begin() == "..") {
    throw value.refuse(
        fmt::format("names `{}`, which is outside the plugin's directory", value.node.text));
  }
  if (const auto why = refuse_source(path)) throw value.refuse(*why).hint("rename the file");
  std::error_code ignored;
  if (!fs::is_regular_file(plugin.directory / path, ignored)) {
    throw value.refuse(fmt::format("names `{}`, which is not a file", value.node.text));
  }
  return path;
}

void require_list(const Value& value, std::string_view of) {
  const bool list = value.node.kind == yaml::Kind::sequence;
  if (list && !value.node.items.empty()) return;
  throw value.refuse(fmt::format("must be a list of {}, not {}", of,
                                 list ? "an empty one" : yaml::describe(value.node)));
}

void read_sources(Plugin& plugin, const Value& value) {
  require_list(value, "file names");
  for (const auto& item : value.node.items) {
    plugin.sources.push_back(read_source(plugin, {item, value.key, value.file}));
  }
}

// The texts of a list; `why_not` says what is wrong with one, or nothing.
template <typename WhyNot>
std::vector<std::string> read_words(const Value& value, std::string_view of, WhyNot why_not) {
  require_list(value, of);
  std::vector<std::string> words;
  for (const auto& item : value.node.items) {
    const Value word{item, value.key, value.file};
    words.push_back(read_text(word));
    if (const std::string why = why_not(words.back()); !why.empty()) throw word.refuse(why);
  }
  return words;
}

std::string read_choice(const Value& value, std::span<const std::string_view> choices) {
  auto text = read_text(value);
  if (std::ranges::find(choices, text) != choices.end()) return text;
  throw value.refuse(fmt::format("cannot be `{}`", text)).hint(base::suggest(text, choices));
}

constexpr std::string_view kDefineForm = "NAME or NAME=VALUE";

std::string refuse_define(const std::string& text) {
  return is_define(text) ? std::string() : fmt::format("must be {}, not `{}`", kDefineForm, text);
}

void read_defines(Plugin& plugin, const Value& value) {
  plugin.build.defines = read_words(value, kDefineForm, refuse_define);
}

void read_includes(Plugin& plugin, const Value& value) {
  plugin.build.includes = read_words(value, "directories", [&](const std::string& include) {
    std::error_code ignored;
    return fs::is_directory(plugin.directory / include, ignored)
               ? std::string()
               : fmt::format("names `{}`, which is not a directory", include);
  });
}

void read_optimize(Plugin& plugin, const Value& value) {
  plugin.build.optimize = read_choice(value, kLevels);
}

void read_standard(Plugin& plugin, const Value& value) {
  plugin.build.standard = read_choice(value, kStandards);
}

// A path or pattern that stays below the directory that it starts from.
std::string refuse_below(const std::string& text, std::string_view top) {
  const auto path = fs::path(text).lexically_normal();
  return path.is_absolute() || *path.begin() == ".."
             ? fmt::format("names `{}`, which is outside the {}", text, top)
             : std::string();
}

// What a library has beside its path, in the file's terms; `into` is a member of it.
struct LibraryKey {
  std::string_view name;
  std::vector<std::string> Library::* into;
  std::string_view of;
};

constexpr LibraryKey kLibraryKeys[] = {
    {"sources", &Library::sources, "file names"},
    {"includes", &Library::includes, "directories"},
    {"defines", &Library::defines, kDefineForm},
};

fs::path read_tree(const Plugin& plugin, const Value& value) {
  const fs::path path = read_text(value);
  std::error_code ignored;
  if (fs::is_directory(plugin.directory / path, ignored)) return path;
  throw value.refuse(fmt::format("names `{}`, which is not a directory", path.native()));
}

void read_library_key(const Plugin& plugin, Library& library, const yaml::Entry& entry,
                      const std::string& file) {
  const Value value{entry.value, entry.key.text, file};
  if (entry.key.text == "path") {
    library.tree = read_tree(plugin, value);
    return;
  }
  const auto* const row =
      std::ranges::find(kLibraryKeys, std::string_view(entry.key.text), &LibraryKey::name);
  if (row == std::end(kLibraryKeys)) {
    throw yaml::error_at(file, entry.key.start, fmt::format("unknown key `{}`", entry.key.text))
        .hint("a library has path, sources, includes and defines");
  }
  library.*(row->into) = read_words(value, row->of, [&](const std::string& word) {
    return row->into == &Library::defines ? refuse_define(word)
                                          : refuse_below(word, "library's directory");
  });
}

void read_libraries(Plugin& plugin, const Value& value) {
  if (value.node.kind != yaml::Kind::mapping) {
    throw value.refuse(fmt::format("must be a mapping, not {}", yaml::describe(value.node)));
  }
  for (const auto& [key, described] : value.node.entries) {
    if (!is_library_name(key.text)) {
      throw yaml::error_at(value.file, key.start,
                           fmt::format("`{}` cannot be the name of a library", key.text));
    }
    Library library{key.text, {}, {}, {}, {}, {value.file, key.start.line, key.start.column}};
    if (described.kind == yaml::Kind::mapping) {
      for (const auto& entry : described.entries) {
        read_library_key(plugin, library, entry, value.file);
      }
      if (library.tree.empty()) throw Value{key, key.text, value.file}.refuse("needs a `path`");
    } else {
      library.tree = read_tree(plugin, {described, key.text, value.file});
    }
    plugin.build.libraries.push_back(std::move(library));
  }
}

// On the command line a flag is the caller's own choice.
Error unsafe_flag(const Value& value, const std::string& flag, std::string_view option) {
  return value
      .refuse(fmt::format(
          "cannot hand over `{}`: only flags that change the module and nothing else", flag))
      .hint(fmt::format("on the command line all are taken: {}='{}'", option, flag));
}

void read_compile_flags(Plugin& plugin, const Value& value) {
  auto& flags = plugin.build.compile_flags;
  flags = read_words(value, "flags", [](const std::string&) { return std::string(); });
  if (const auto flag = unsafe_compile_flag(flags)) throw unsafe_flag(value, *flag, "--cxxflag");
}

void read_link_flags(Plugin& plugin, const Value& value) {
  auto& flags = plugin.build.link_flags;
  flags = read_words(value, "flags", [](const std::string&) { return std::string(); });
  if (const auto flag = unsafe_link_flag(flags)) throw unsafe_flag(value, *flag, "--ldflag");
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

// ---- the same as a JSON Schema

using nlohmann::json;

// read_text takes whatever is no mapping, list or null.
json text_schema() {
  return {{"type", {"string", "number", "boolean"}}, {"minLength", 1}};
}

json pattern_schema(const char* pattern) {
  auto schema = text_schema();
  schema["pattern"] = pattern;
  return schema;
}

json list_schema(json items) {
  return {{"type", "array"}, {"minItems", 1}, {"items", std::move(items)}};
}

json name_schema() {
  auto schema = pattern_schema("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$");
  schema["maxLength"] = 63;
  return schema;
}

json words_schema() {
  return list_schema(text_schema());
}

json defines_schema() {
  return list_schema(pattern_schema("^[A-Za-z_][A-Za-z0-9_]*([(][^)]*[)])?(=|$)"));
}

// A level may be written as a number.
json choices_schema(std::span<const std::string_view> choices) {
  auto words = json::array();
  for (const auto choice : choices) {
    words.push_back(choice);
    if (choice.size() == 1 && choice[0] >= '0' && choice[0] <= '9')
      words.push_back(choice[0] - '0');
  }
  return {{"enum", std::move(words)}};
}

json levels_schema() {
  return choices_schema(kLevels);
}

json standards_schema() {
  return choices_schema(kStandards);
}

json hosts_schema() {
  auto range = pattern_schema("^([*]|[ ,]*((>=|<=|>|<|=)? *[0-9]+[.][0-9]+([.-][^ ,]*)?[ ,]*)+)$");
  json schema{{"type", "object"}, {"additionalProperties", false}};
  for (const auto product : wasm::products()) schema["properties"][std::string(product)] = range;
  return schema;
}

json annotations_schema() {
  return {{"type", "object"}, {"additionalProperties", text_schema()}};
}

json libraries_schema() {
  const json described = {{"type", "object"},
                          {"properties",
                           {{"path", text_schema()},
                            {"sources", words_schema()},
                            {"includes", words_schema()},
                            {"defines", defines_schema()}}},
                          {"required", {"path"}},
                          {"additionalProperties", false}};
  return {{"type", "object"},
          {"additionalProperties", {{"anyOf", json::array({text_schema(), described})}}}};
}

enum class For : std::uint8_t { all, clang };

struct Key {
  std::string_view name;
  std::string_view about;  // for editors
  void (*read)(Plugin&, const Value&);
  json (*schema)();  // null: lib/kube knows it
  For whom = For::all;
};

constexpr Key kKeys[] = {
    {"name", "The plugin's name (default: the directory's)", read_name, name_schema},
    {"version", "The tag of the image that push makes", read_version, text_schema},
    {"sources", "What is compiled (default: *.cc, *.cpp, *.cxx, *.c)", read_sources, words_schema},
    {"defines", "Macros, as with -D: NAME or NAME=VALUE", read_defines, defines_schema, For::clang},
    {"includes", "Directories of headers, relative to this one", read_includes, words_schema,
     For::clang},
    {"optimize", "The level, as in -Oz (default: z)", read_optimize, levels_schema, For::clang},
    {"std", "Of C++ (default: c++20)", read_standard, standards_schema, For::clang},
    {"cxxflags", "For the compiler: flags that only change the module", read_compile_flags,
     words_schema, For::clang},
    {"ldflags", "For the linker's driver: flags that only change the module", read_link_flags,
     words_schema, For::clang},
    {"libraries", "Libraries in source form, by name: a tree, or path, sources, includes, defines",
     read_libraries, libraries_schema, For::clang},
    {"hosts", "The proxies that it is meant for, and their versions: lint judges by the oldest",
     read_hosts, hosts_schema},
    {"image", "Where push puts it, and what render's url is", read_image, text_schema},
    {"annotations", "Of the image that push makes", read_annotations, annotations_schema},
    {"plugin", "What it is run with: fields of a WasmPlugin", read_settings, nullptr},
};

// Files by which others than clang know what to build.
Error unknown_key(const yaml::Node& key, const std::string& file) {
  std::vector<std::string_view> known;
  for (const auto& row : kKeys) known.push_back(row.name);
  auto error = yaml::error_at(file, key.start, fmt::format("unknown key `{}`", key.text));
  return error.hint(base::suggest(key.text, known));
}

void read_file(Plugin& plugin, const fs::path& path) {
  const std::string text(base::Content::of_regular_file(path, kMaxFileBytes).view());
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
  if (!plugin.sources.empty()) plugin.builder = Builder::clang;
  for (const auto& [key, value] : root.entries) {
    const auto* const row = std::ranges::find(kKeys, std::string_view(key.text), &Key::name);
    if (row->whom == For::all || plugin.builder == Builder::clang) continue;
    throw yaml::error_at(file, key.start, fmt::format("`{}` is for C and C++", row->name))
        .hint(std::string(advice_of(plugin.builder)));
  }
}

constexpr std::string_view kProto = ".proto";

bool is_source(const fs::path& name) {
  constexpr std::string_view kExtensions[] = {".cc", ".cpp", ".cxx", ".c", kProto};
  return std::ranges::find(kExtensions, name.extension().native()) != std::end(kExtensions) &&
         !name.native().starts_with('.');  // an editor's lock `.#a.cc` is no source
}

std::vector<fs::path> find_sources(const fs::path& directory) {
  std::vector<fs::path> sources;
  std::error_code error;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    auto name = entry.path().filename();
    if (!is_source(name) || !entry.is_regular_file(ignored)) continue;
    if (const auto why = refuse_source(name)) {
      throw Error(Code::bad_input,
                  fmt::format("{}: its list of sources {}", directory.native(), *why))
          .hint("rename the file");
    }
    sources.push_back(std::move(name));
  }
  if (error) {
    throw Error(Code::io, fmt::format("cannot read {}: {}", directory.native(), error.message()));
  }
  return sources;
}

void sort_once(std::vector<fs::path>& files) {
  std::ranges::sort(files);
  const auto twice = std::ranges::unique(files);
  files.erase(twice.begin(), twice.end());
}

// Those of protobuf go to protoc before there is something to compile.
void set_protos_apart(Plugin& plugin) {
  const auto protos = std::ranges::stable_partition(
      plugin.sources, [](const fs::path& file) { return file.extension() != kProto; });
  plugin.protos.assign(protos.begin(), protos.end());
  plugin.sources.erase(protos.begin(), protos.end());
  sort_once(plugin.sources);
  sort_once(plugin.protos);
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

json file_schema(const json& plugin_schema) {
  json properties = json::object();
  for (const auto& key : kKeys) {
    auto schema = key.schema == nullptr ? plugin_schema : key.schema();
    schema["description"] = key.about;
    properties[std::string(key.name)] = std::move(schema);
  }
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", fmt::format("A plugin of wasmctl: {}", kFileName)},
          {"type", {"object", "null"}},
          {"additionalProperties", false},
          {"properties", std::move(properties)}};
}

fs::path module_path(const Plugin& plugin) {
  return plugin.build_directory / (plugin.name + ".wasm");
}

fs::path schema_path(const Plugin& plugin) {
  return plugin.build_directory / (plugin.name + ".schema.json");
}

Plugin load(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) {
    throw Error(Code::not_found, fmt::format("no directory {}", directory.native()));
  }
  Plugin plugin;
  plugin.directory = directory;
  plugin.build_directory = directory / "build";
  plugin.builder = builder_of(directory);
  const auto file = directory / kFileName;
  if (fs::exists(file, ignored)) read_file(plugin, file);
  const bool is_clangs = plugin.builder == Builder::clang;
  if (is_clangs && plugin.sources.empty()) plugin.sources = find_sources(directory);
  set_protos_apart(plugin);
  if (is_clangs && plugin.sources.empty()) {
    throw Error(
        Code::not_found,
        fmt::format("no *.cc, *.cpp, *.cxx, *.c, Cargo.toml or go.mod in {}", directory.native()))
        .hint(fmt::format("name the sources that are elsewhere: `sources: [src/plugin.cc]` in {}",
                          file.native()));
  }
  if (plugin.name.empty()) plugin.name = name_from(directory);
  return plugin;
}

}  // namespace wasmctl::plugin
