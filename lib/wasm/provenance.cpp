#include "wasm/provenance.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace wasmctl::wasm {

namespace {

std::string_view data_of(const Module& module) {
  const auto* const section = module.find_section(SectionId::data);
  return section == nullptr ? std::string_view() : section->content();
}

// The text from `at` up to the first character that no version has.
std::string_view version_at(std::string_view data, std::size_t at) {
  constexpr std::string_view kVersion =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-";
  constexpr std::size_t kMost = 64;
  const auto rest = data.substr(at, kMost);
  return rest.substr(0, rest.find_first_not_of(kVersion));
}

// Cargo's sources are in folders NAME-VERSION, and panics name them:
// /cargo/registry/src/index.crates.io-1949cf8c6b5b557f/proxy-wasm-0.2.2/src/dispatcher.rs
std::optional<std::string> rust_sdk(std::string_view data) {
  constexpr std::string_view kFolder = "/proxy-wasm-";
  for (auto at = data.find(kFolder); at != std::string_view::npos;
       at = data.find(kFolder, at + 1)) {
    const auto version = version_at(data, at + kFolder.size());
    if (version.empty() || version[0] < '0' || version[0] > '9') continue;
    return "proxy-wasm-rust-sdk " + std::string(version);
  }
  return std::nullopt;
}

struct GoModule {
  std::string_view path;
  bool higress;
};

// The more special one is first: an SDK that builds on another has both.
constexpr GoModule kGoModules[] = {
    {"github.com/higress-group/wasm-go", true},
    {"github.com/alibaba/higress/plugins/wasm-go", true},
    {"github.com/higress-group/proxy-wasm-go-sdk", true},
    {"github.com/proxy-wasm/proxy-wasm-go-sdk", false},
    {"github.com/tetratelabs/proxy-wasm-go-sdk", false},
};

// A line of Go's build information: `dep\tPATH\tVERSION\tSUM`. TinyGo has none.
// Source: Go, runtime/debug, BuildInfo.String().
std::string go_version(std::string_view data, std::string_view path) {
  const auto line = "\t" + std::string(path) + "\t";
  const auto at = data.find(line);
  if (at == std::string_view::npos) return "";
  const auto version = version_at(data, at + line.size());
  return version.empty() ? "" : " " + std::string(version);
}

// As they are written, mangled or not.
class FunctionNames {
 public:
  FunctionNames(const Module& module, const Symbols& symbols) {
    const auto count = module.imported_functions.size() + module.functions.size();
    for (std::size_t i = module.imported_functions.size(); i < count; ++i) {
      if (auto name = symbols.written_name(static_cast<std::uint32_t>(i))) {
        names_.push_back(std::move(*name));
      }
    }
  }

  bool any_has(std::string_view part) const {
    return std::ranges::any_of(
        names_, [&](const auto& name) { return name.find(part) != std::string::npos; });
  }

 private:
  std::vector<std::string> names_;
};

// `github.com/a/b` as Go's linker writes it in a name.
std::string in_linker_letters(std::string_view path) {
  std::string name(path);
  std::ranges::replace(name, '/', '_');
  return name;
}

std::optional<GoModule> go_module(std::string_view data, const FunctionNames& names) {
  const auto* const found =
      std::find_if(std::begin(kGoModules), std::end(kGoModules), [&](const auto& row) {
        return data.find(row.path) != std::string_view::npos || names.any_has(row.path) ||
               names.any_has(in_linker_letters(row.path));
      });
  return found == std::end(kGoModules) ? std::nullopt : std::optional(*found);
}

// Known by the names of functions alone, where there are any.
std::string sdk_by_names(const FunctionNames& names) {
  struct Row {
    std::string_view part;
    std::string_view sdk;
  };
  constexpr Row kRows[] = {
      {"10proxy_wasm10dispatcher", "proxy-wasm-rust-sdk"},
      {"10proxy_wasm9hostcalls", "proxy-wasm-rust-sdk"},
      {"proxy-runtime/", "proxy-runtime (AssemblyScript)"},
      {"proxy_wasm::", "wasmctl's own (C++)"},
      {"ContextBase::", "proxy-wasm-cpp-sdk"},
  };
  for (const auto& row : kRows) {
    if (names.any_has(row.part)) return std::string(row.sdk);
  }
  return "";
}

// Source: higress-group/proxy-wasm-cpp-host, include/proxy-wasm/exports.h.
bool imports_of_higress(const Module& module) {
  constexpr std::array<std::string_view, 5> kFunctions = {
      "proxy_get_upstream_hosts", "proxy_set_upstream_override_host",
      "proxy_inject_encoded_data_to_filter_chain", "proxy_redis_init", "proxy_redis_call"};
  return std::ranges::any_of(module.imports, [&](const Import& import) {
    return import.module == "env" && std::ranges::find(kFunctions, import.name) != kFunctions.end();
  });
}

}  // namespace

Provenance provenance(const Module& module, const Symbols& symbols) {
  const auto data = data_of(module);
  const FunctionNames names(module, symbols);
  Provenance result;
  result.for_higress = imports_of_higress(module);
  if (const auto rust = rust_sdk(data)) {
    result.sdk = *rust;
  } else if (const auto go = go_module(data, names)) {
    result.sdk = std::string(go->path) + go_version(data, go->path);
    result.for_higress = result.for_higress || go->higress;
  } else {
    result.sdk = sdk_by_names(names);
  }
  return result;
}

}  // namespace wasmctl::wasm
