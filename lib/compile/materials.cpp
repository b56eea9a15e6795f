#include "compile/materials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/content.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "compile/builders.hpp"
#include "compile/commands.hpp"
#include "compile/go.hpp"
#include "compile/library_tree.hpp"
#include "compile/protobuf.hpp"
#include "compile/rust.hpp"
#include "compile/sdk.hpp"
#include "compile/state.hpp"

namespace wasmctl::compile {

namespace {

constexpr std::uint64_t kMaxLockBytes = 4U << 20U;
constexpr std::size_t kMaxSourceFiles = 10'000;

std::string read_or_empty(const fs::path& file) {
  try {
    return base::read_file(file, kMaxLockBytes);
  } catch (const Error& error) {
    if (error.code() == Code::not_found) return "";
    throw;
  }
}

bool is_below(const fs::path& file, const fs::path& directory) {
  const auto relative = file.lexically_relative(directory);
  return !relative.empty() && *relative.begin() != "..";
}

// What the module was last made from, and what that was made from in turn: sources, headers,
// messages.
std::set<fs::path> made_from(const State& state, const fs::path& module) {
  std::set<fs::path> files;
  std::vector<std::string> waiting = {module.native()};
  while (!waiting.empty()) {
    const auto step = state.steps.find(waiting.back());
    waiting.pop_back();
    if (step == state.steps.end()) continue;
    for (const auto& [input, size_and_time] : step->second.inputs) {
      if (files.insert(fs::path(input).lexically_normal()).second) waiting.push_back(input);
    }
  }
  return files;
}

std::string version_of(const LibraryTree& tree) {
  if (tree.recipe() == nullptr) return {};
  if (tree.name() == "protobuf") return protobuf_version(tree);
  if (tree.name() == "abseil") {
    return abseil_version(read_or_empty(tree.root() / "absl/base/config.h"));
  }
  return {};
}

Part part_of(const LibraryTree& tree, const std::set<fs::path>& files) {
  std::string lines;
  for (const auto& file : files) {
    if (!tree.has(file)) continue;
    const auto content = base::Content::of_regular_file(file, kMaxSourceBytes);
    lines += fmt::format("{}  {}\n", base::sha256_hex(content), tree.relative(file).native());
  }
  return {tree.name(), version_of(tree), "", base::sha256_hex(lines)};
}

void add_compiled(const plugin::Plugin& plugin, const Options& options, Materials& materials,
                  std::set<std::string>& sources) {
  const auto paths = paths_of(plugin, options);
  const auto settings = settings_of(plugin, options);
  const auto files = made_from(load_state(paths.state(), Directory::plugins), paths.module);
  const auto trees = find_trees(settings.libraries, paths.plugin);
  for (const auto& tree : trees) materials.parts.push_back(part_of(tree, files));
  // The plugin's own: in its directory, and in those of its `includes`.
  std::vector<fs::path> own = {paths.plugin};
  for (const auto& include : settings.includes) {
    own.push_back((paths.plugin / include).lexically_normal());
  }
  for (const auto& file : files) {
    const auto has_it = [&](const LibraryTree& tree) { return tree.has(file); };
    const bool is_own = std::ranges::any_of(
        own, [&](const fs::path& directory) { return is_below(file, directory); });
    if (!is_own || is_below(file, paths.build) || std::ranges::any_of(trees, has_it)) continue;
    sources.insert(file.lexically_relative(paths.plugin).generic_string());
  }
}

// Not what is made of them, nor what tools keep for themselves.
std::set<std::string> files_below(const plugin::Plugin& plugin, const Options& options) {
  const auto paths = paths_of(plugin, options);
  const fs::path made[] = {paths.build.lexically_normal(), paths.plugin / "build",
                           paths.plugin / "target"};
  constexpr auto kSkip = fs::directory_options::skip_permission_denied;
  std::set<std::string> files;
  for (fs::recursive_directory_iterator at(paths.plugin, kSkip), end; at != end; ++at) {
    const auto path = at->path().lexically_normal();
    const bool is_made = path.filename().native().starts_with('.') ||
                         std::ranges::find(made, path) != std::end(made);
    if (is_made) {
      if (at->is_directory()) at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file()) continue;
    files.insert(at->path().lexically_relative(paths.plugin).generic_string());
    if (files.size() > kMaxSourceFiles) {
      throw Error(Code::bad_input, fmt::format("`{}` has more than {} files",
                                               plugin.directory.native(), kMaxSourceFiles))
          .hint("a bill of materials names each: keep what is no source elsewhere");
    }
  }
  return files;
}

// `key = "value"`, as Cargo.lock has each on a line of its own.
std::string quoted_value(std::string_view line, std::string_view key) {
  const auto head = fmt::format("{} = \"", key);
  if (!line.starts_with(head) || !line.ends_with('"') || line.size() <= head.size()) return "";
  return std::string(line.substr(head.size(), line.size() - head.size() - 1));
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(base::trimmed(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

Part ask_compiler(const fs::path& program, const char* question, const fs::path& directory) {
  base::Command command{{fs::absolute(program).native(), question}, directory, {}};
  command.time_limit = kLongestAnswer;
  command.group = base::Group::own;
  const auto answer = base::run(command).out;
  return compiler_of(base::trimmed(answer.substr(0, answer.find('\n'))));
}

std::vector<Part> sorted_parts(std::vector<Part> parts) {
  std::ranges::sort(parts, [](const Part& a, const Part& b) {
    return std::tie(a.name, a.version) < std::tie(b.name, b.version);
  });
  return parts;
}

}  // namespace

std::vector<Part> parts_of_cargo_lock(std::string_view text) {
  std::vector<Part> parts;
  Part part;
  bool is_foreign = false;
  const auto finish = [&] {
    if (is_foreign && !part.name.empty()) {
      part.purl = fmt::format("pkg:cargo/{}@{}", part.name, part.version);
      parts.push_back(part);
    }
    part = {};
    is_foreign = false;
  };
  for (const auto line : lines_of(text)) {
    if (line == "[[package]]") finish();
    if (auto name = quoted_value(line, "name"); !name.empty()) part.name = std::move(name);
    if (auto version = quoted_value(line, "version"); !version.empty()) {
      part.version = std::move(version);
    }
    if (!quoted_value(line, "source").empty()) is_foreign = true;
    if (auto checksum = quoted_value(line, "checksum"); !checksum.empty()) {
      part.sha256 = std::move(checksum);
    }
  }
  finish();
  return sorted_parts(std::move(parts));
}

std::vector<Part> parts_of_go_mod(std::string_view text) {
  constexpr std::string_view kRequire = "require ";
  std::vector<Part> parts;
  bool in_block = false;
  for (auto line : lines_of(text)) {
    line = base::trimmed(line.substr(0, line.find("//")));
    if (line == "require (") in_block = true;
    if (line == ")") in_block = false;
    const bool is_single = line.starts_with(kRequire);
    if (!in_block && !is_single) continue;
    if (is_single) line = base::trimmed(line.substr(kRequire.size()));
    const auto space = line.find(' ');
    if (space == std::string_view::npos || line.find('(') != std::string_view::npos) continue;
    Part part{std::string(line.substr(0, space)),
              std::string(base::trimmed(line.substr(space + 1))), "", ""};
    part.purl = fmt::format("pkg:golang/{}@{}", part.name, part.version);
    parts.push_back(std::move(part));
  }
  return sorted_parts(std::move(parts));
}

// "Debian clang version 22.1.8 (...)", "cargo 1.85.0 (...)", "go version go1.27.3 linux/amd64",
// "tinygo version 0.39.0 ...".
Part compiler_of(std::string_view line) {
  constexpr std::string_view kVersion = " version ";
  const auto word = [](std::string_view text) { return text.substr(0, text.find(' ')); };
  const auto at = line.find(kVersion);
  if (at == std::string_view::npos) {
    const auto space = std::min(line.find(' '), line.size());
    return {std::string(line.substr(0, space)),
            std::string(word(line.substr(std::min(space + 1, line.size())))), "", ""};
  }
  const auto before = line.substr(0, at);
  const auto name = before.substr(before.rfind(' ') + 1);  // npos + 1: all of it
  return {std::string(name), std::string(word(line.substr(at + kVersion.size()))), "", ""};
}

std::set<fs::path> library_files(const plugin::Plugin& plugin, const Options& options) {
  std::set<fs::path> watched;
  const auto paths = paths_of(plugin, options);
  const auto trees = find_trees(settings_of(plugin, options).libraries, paths.plugin);
  if (trees.empty()) return watched;
  const auto state = load_state(paths.state(), Directory::plugins);
  for (const auto& tree : trees) {
    for (const auto& source : tree.listed()) watched.insert(tree.root() / source);
  }
  for (const auto& [output, step] : state.steps) {
    for (const auto& [input, size_and_time] : step.inputs) {
      const auto file = fs::path(input).lexically_normal();
      const auto has_it = [&](const LibraryTree& tree) { return tree.has(file); };
      if (std::ranges::any_of(trees, has_it)) watched.insert(file);
    }
  }
  return watched;
}

// Source: absl/base/config.h, which says how its releases are called.
std::string abseil_version(std::string_view header) {
  const auto number = [&](std::string_view name) {
    const auto line = fmt::format("\n#define {} ", name);
    const auto at = header.find(line);
    unsigned value = 0;
    if (at == std::string_view::npos) return value;
    const auto digits = header.substr(at + line.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  const auto release = number("ABSL_LTS_RELEASE_VERSION");
  if (release == 0) return {};
  return fmt::format("{}.{}", release, number("ABSL_LTS_RELEASE_PATCH_LEVEL"));
}

Materials materials_of(const plugin::Plugin& plugin, const ToolchainSearch& search,
                       const Options& options) {
  Materials materials;
  std::set<std::string> sources;
  switch (plugin.builder) {
    case plugin::Builder::clang:
      add_compiled(plugin, options, materials, sources);
      materials.compiler =
          ask_compiler(find_toolchain(search).clang, "--version", plugin.directory);
      materials.parts.push_back({"wasmctl Proxy-Wasm C++ SDK", "", "", sdk_digest()});
      materials.parts = sorted_parts(std::move(materials.parts));
      break;
    case plugin::Builder::cargo:
      sources = files_below(plugin, options);
      materials.compiler =
          ask_compiler(find_rust(search, plugin.directory).cargo, "--version", plugin.directory);
      materials.parts = parts_of_cargo_lock(read_or_empty(plugin.directory / "Cargo.lock"));
      break;
    case plugin::Builder::go: {
      const auto go_mod = read_or_empty(plugin.directory / "go.mod");
      sources = files_below(plugin, options);
      materials.parts = parts_of_go_mod(go_mod);
      materials.compiler =
          ask_compiler(find_go(search, plugin.directory, kind_of_go(go_mod)).program, "version",
                       plugin.directory);
      break;
    }
  }
  std::error_code ignored;
  if (fs::exists(plugin.directory / plugin::kFileName, ignored)) {
    sources.insert(plugin::kFileName);
  }
  materials.sources.assign(sources.begin(), sources.end());
  return materials;
}

}  // namespace wasmctl::compile
