#include "compile/rust.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json_member.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "compile/builders.hpp"
#include "compile/diagnosis.hpp"

namespace wasmctl::compile {

namespace {

using nlohmann::json;

// The names of Wasm that Envoy can run, the better ones first: with WASI there are the time and the
// environment. Up to Rust 1.77 the first was called as the last.
constexpr std::string_view kTargets[] = {"wasm32-wasip1", "wasm32-unknown-unknown", "wasm32-wasi"};

Error with_rust_hints(Error error) {
  return error.hint("with rustup (https://rustup.rs): `rustup target add wasm32-wasip1`")
      .hint("of a distribution: " + std::string(kRustPackages));
}

// The directory below which rustc has its libraries.
fs::path sysroot_of(const fs::path& rustc, const fs::path& directory) {
  base::Command command{{fs::absolute(rustc).native(), "--print", "sysroot"}, directory, {}};
  command.time_limit = kLongestAnswer;
  command.group = base::Group::own;
  const auto finished = base::run(command);
  if (finished.status != 0) {
    throw Error(Code::tool_missing, fmt::format("`{}` does not run", rustc.native()))
        .with_output(finished.err);
  }
  return fs::path(base::trimmed(finished.out));
}

// The manifest of the crate that a message is about, and its module, if it made one.
struct Artifact {
  fs::path manifest;
  fs::path module;
};

std::optional<Artifact> artifact_of(std::string_view line) {
  const auto message = json::parse(line, nullptr, false);
  if (!message.is_object() || base::text_member(message, "reason") != "compiler-artifact")
    return {};
  const auto target = message.find("target");
  if (target == message.end() || !target->is_object()) return {};
  const auto types = target->find("crate_types");
  if (types == target->end() || std::ranges::find(*types, json("cdylib")) == types->end())
    return {};
  const auto files = message.find("filenames");
  if (files == message.end() || !files->is_array()) return {};
  for (const auto& file : *files) {
    if (!file.is_string()) continue;
    const auto path = fs::path(file.get<std::string>());
    if (path.extension() == ".wasm") return {{base::text_member(message, "manifest_path"), path}};
  }
  return {};
}

struct RustRemedy {
  std::string_view complaint;
  std::string_view hint;
};

constexpr RustRemedy kRustRemedies[] = {
    {"linker `rust-lld` not found",
     "rustup's has one; of a distribution, install lld and name it: "
     "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld"},
    {"requires rustc ", "a newer Rust, or `cargo update CRATE --precise VERSION`"},
    {"lock file version", "a newer Rust, or remove Cargo.lock and let this one write it"},
};

Error cargo_error(const std::string& plugin, const std::string& output) {
  auto error = Error(Code::build_failed, fmt::format("{} does not compile", plugin));
  error.with_output(output);
  for (const auto& [complaint, hint] : kRustRemedies) {
    if (output.find(complaint) != std::string::npos) error.hint(std::string(hint));
  }
  return error;
}

// A string of TOML.
std::string toml(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

// What the module is made with that the plugin's own Cargo.toml need not say: names and lines,
// which go to the side file, and files' names without what is of this machine, as panics show them.
std::vector<std::string> settings(const ToolchainSearch& search, const Options& options,
                                  const Paths& paths) {
  std::vector<std::string> flags = {
      toml(fmt::format("--remap-path-prefix={}=.", paths.plugin.native()))};
  if (search.cargo_home) {
    flags.push_back(
        toml(fmt::format("--remap-path-prefix={}/registry/src=crates", *search.cargo_home)));
  }
  return {"--config", fmt::format("profile.release.debug={}", options.debug ? 2 : 1),
          "--config", "profile.release.strip=false",
          "--config", fmt::format("build.rustflags=[{}]", fmt::join(flags, ", "))};
}

Linked run_cargo(const plugin::Plugin& plugin, const ToolchainSearch& search,
                 const Options& options, const Paths& paths) {
  const auto rust = find_rust(search, paths.plugin);
  base::Command command{
      {rust.cargo.native(), "build", "--quiet", "--release", "--target", rust.target,
       "--target-dir", (paths.objects / "cargo").native(),
       "--message-format=json-render-diagnostics", "--color", options.color ? "always" : "never"},
      paths.plugin,
      {}};
  const auto more = settings(search, options, paths);
  command.argv.insert(command.argv.end(), more.begin(), more.end());
  if (options.jobs > 0) command.argv.push_back(fmt::format("--jobs={}", options.jobs));
  command.group = base::Group::own;
  const auto finished = base::run(command);
  if (finished.status != 0) throw cargo_error(plugin.name, finished.err);
  return {built_module(finished.out, paths.plugin), finished.err};
}

}  // namespace

RustToolchain find_rust(const ToolchainSearch& search, const fs::path& directory) {
  const auto cargo = base::find_program("cargo", search.path);
  if (!cargo) throw with_rust_hints(Error(Code::tool_missing, "no cargo on PATH"));
  const auto name = search.rustc.value_or("rustc");
  const auto rustc = base::find_program(name, search.path);
  if (!rustc) {
    throw with_rust_hints(Error(Code::tool_missing, fmt::format("no Rust compiler `{}`", name)));
  }
  const auto sysroot = sysroot_of(*rustc, directory);
  std::error_code ignored;
  for (const auto target : kTargets) {
    if (fs::is_directory(sysroot / "lib/rustlib" / target / "lib", ignored)) {
      return {*cargo, std::string(target)};
    }
  }
  throw with_rust_hints(
      Error(Code::tool_missing, fmt::format("{} has no library for Wasm", rustc->native()))
          .because(fmt::format("none of {} is in {}", fmt::join(kTargets, ", "),
                               (sysroot / "lib/rustlib").native())));
}

fs::path built_module(std::string_view messages, const fs::path& directory) {
  std::vector<Artifact> artifacts;
  while (!messages.empty()) {
    const auto end = std::min(messages.find('\n'), messages.size());
    if (auto artifact = artifact_of(messages.substr(0, end))) {
      artifacts.push_back(std::move(*artifact));
    }
    messages.remove_prefix(std::min(end + 1, messages.size()));
  }
  std::error_code ignored;
  for (const auto& artifact : artifacts) {
    if (fs::equivalent(artifact.manifest, directory / "Cargo.toml", ignored)) {
      return artifact.module;
    }
  }
  if (artifacts.size() == 1) return artifacts.front().module;
  if (artifacts.empty()) {
    throw Error(Code::build_failed, "cargo built no Wasm library")
        .hint("in Cargo.toml: `[lib]` with `crate-type = [\"cdylib\"]`");
  }
  std::vector<std::string> names;
  names.reserve(artifacts.size());
  for (const auto& artifact : artifacts) names.push_back(artifact.module.filename().native());
  throw Error(Code::build_failed,
              fmt::format("the workspace makes several modules: {}", fmt::join(names, ", ")))
      .hint("name the directory of one of its crates");
}

Result build_with_cargo(const plugin::Plugin& plugin, const ToolchainSearch& search,
                        const Options& options) {
  return build_by(plugin, options, "cargo goes by Cargo.toml: its [profile.release], its features",
                  [&](const Paths& paths) { return run_cargo(plugin, search, options, paths); });
}

}  // namespace wasmctl::compile
