#include "wasm/lint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "wasm/host.hpp"
#include "wasm/validate.hpp"

namespace wasmctl::wasm {

namespace {

using Findings = std::vector<Finding>;

void add(Findings& findings, const Rule& rule, std::string message, std::string hint = {},
         std::string subject = {}) {
  findings.push_back(
      {rule.name, rule.severity, std::move(message), std::move(hint), std::move(subject)});
}

void check_abi_marker(const Module& module, const Rule& rule, Findings& findings) {
  if (abi_version(module)) return;
  for (const auto version : kAbiVersions) {
    const auto* item = module.find_export(marker(version));
    if (item == nullptr) continue;
    add(findings, rule,
        fmt::format("exports `{}` as a {}, which does not count: it must be a function", item->name,
                    to_string(item->kind)),
        {}, item->name);
    return;
  }
  const auto odd = std::find_if(module.exports.begin(), module.exports.end(), [](const Export& e) {
    return e.name.starts_with("proxy_abi_version_");
  });
  add(findings, rule,
      odd == module.exports.end()
          ? "exports no function `proxy_abi_version_X_Y_Z`, so Envoy cannot tell its ABI version"
          : fmt::format("speaks an ABI version that Envoy does not know: `{}`", odd->name),
      fmt::format("a Proxy-Wasm SDK exports `{}`; is the plugin linked with one?",
                  marker(AbiVersion::v0_2_1)));
}

void check_single_marker(const Module& module, const Rule& rule, Findings& findings) {
  const auto first = abi_version(module);
  for (const auto version : kAbiVersions) {
    if (first && version != *first && module.find_export(marker(version)) != nullptr) {
      add(findings, rule,
          fmt::format("exports the markers of ABI {} and {}; Envoy takes {}, the first one",
                      to_string(*first), to_string(version), to_string(*first)),
          "link one SDK only", std::string(marker(version)));
    }
  }
}

bool exports_function(const Module& module, std::string_view name) {
  const auto* item = module.find_export(name);
  return item != nullptr && item->kind == ExternalKind::function;
}

void check_allocator(const Module& module, const Rule& rule, Findings& findings) {
  if (exports_function(module, "malloc") || exports_function(module, "proxy_on_memory_allocate")) {
    return;
  }
  add(findings, rule,
      "exports neither `malloc` nor `proxy_on_memory_allocate`, so Envoy has nowhere to put what "
      "the plugin asks for",
      "export `proxy_on_memory_allocate`, or `malloc` with `-Wl,--export=malloc`");
}

void check_memory(const Module& module, const Rule& rule, Findings& findings) {
  const auto* item = module.find_export("memory");
  if (item != nullptr && item->kind == ExternalKind::memory) return;
  const bool imported = std::any_of(module.imports.begin(), module.imports.end(),
                                    [](const Import& i) { return i.kind == ExternalKind::memory; });
  add(findings, rule, "exports no memory named `memory`",
      imported ? "it imports its memory: link without `--import-memory`"
               : "export its memory as `memory`");
}

std::string hint_for_import(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& row : host_functions()) {
    if (row.name == name) {
      const auto module = row.module == "wasi" ? "wasi_snapshot_preview1" : row.module;
      return fmt::format("Envoy offers `{}` in the module `{}`", name, module);
    }
    known.push_back(row.name);
  }
  const auto near = nearest(name, known);
  return near.empty() ? std::string() : fmt::format("`{}`: did you mean `{}`?", name, near);
}

// Which ABI versions offer `row`, for the hint: "0.2.0, 0.2.1".
std::string list_abis(AbiSet set) {
  std::string text;
  for (const auto version : kAbiVersions) {
    if (!contains(set, version)) continue;
    if (!text.empty()) text += ", ";
    text += to_string(version);
  }
  return text;
}

void check_imports(const Module& module, const Rule& rule, Findings& findings) {
  const auto version = abi_version(module);
  for (const auto& import : module.imports) {
    const auto full_name = fmt::format("{}.{}", import.module, import.name);
    if (import.kind != ExternalKind::function) {
      add(findings, rule,
          fmt::format("imports a {}, `{}`: Envoy offers functions only", to_string(import.kind),
                      full_name),
          {}, import.name);
      continue;
    }
    const auto* row = find_host_function(import.module, import.name);
    if (row == nullptr) {
      add(findings, rule, fmt::format("imports `{}`, which Envoy does not offer", full_name),
          hint_for_import(import.name), import.name);
    } else if (version && !contains(row->abis, *version)) {
      add(findings, rule,
          fmt::format("imports `{}`, which Envoy does not offer to a module of ABI {}", full_name,
                      to_string(*version)),
          fmt::format("it belongs to ABI {}", list_abis(row->abis)), import.name);
    }
  }
}

void check_import_types(const Module& module, const Rule& rule, Findings& findings) {
  for (const auto& import : module.imports) {
    if (import.kind != ExternalKind::function) continue;
    const auto* row = find_host_function(import.module, import.name);
    if (row == nullptr) continue;
    const auto& actual = module.types[import.type_index];
    const auto wanted = type_of(row->signature);
    if (actual == wanted) continue;
    add(findings, rule,
        fmt::format("imports `{}.{}` as {}, but Envoy offers {}", import.module, import.name,
                    to_string(actual), to_string(wanted)),
        "correct its declaration", import.name);
  }
}

void check_callback_types(const Module& module, const Rule& rule, Findings& findings) {
  const auto version = abi_version(module);
  if (!version) return;
  for (const auto& callback : callbacks()) {
    if (!contains(callback.abis, *version)) continue;
    const auto* item = module.find_export(callback.name);
    if (item == nullptr || item->kind != ExternalKind::function) continue;
    const auto* actual = module.function_type(item->index);
    const auto wanted = type_of(callback.signature);
    if (*actual == wanted) continue;
    add(findings, rule,
        fmt::format("exports `{}` as {}, but ABI {} calls {}", item->name, to_string(*actual),
                    to_string(*version), to_string(wanted)),
        "correct its signature", item->name);
  }
}

void check_callback_names(const Module& module, const Rule& rule, Findings& findings) {
  std::vector<std::string_view> known{"proxy_on_memory_allocate"};
  for (const auto& callback : callbacks()) known.push_back(callback.name);
  for (const auto& item : module.exports) {
    if (item.kind != ExternalKind::function || !item.name.starts_with("proxy_on_")) continue;
    if (std::find(known.begin(), known.end(), item.name) != known.end()) continue;
    const auto near = nearest(item.name, known);
    add(findings, rule, fmt::format("exports `{}`, which Envoy never calls", item.name),
        near.empty() ? std::string() : fmt::format("`{}`: did you mean `{}`?", item.name, near),
        item.name);
  }
}

void check_start(const Module& module, const Rule& rule, Findings& findings) {
  if (!exports_function(module, "_start") || !exports_function(module, "_initialize")) return;
  add(findings, rule, "exports `_start` and `_initialize`; Envoy calls `_initialize` only",
      "move what `_start` does to `main`, which Envoy calls after `_initialize`", "_start");
}

// What the host answers with an error, always: files, directories and sockets.
bool is_stub(std::string_view name) {
  constexpr std::string_view kOthers[] = {
      "fd_advise", "fd_allocate", "fd_datasync", "fd_filestat_set_size", "fd_filestat_set_times",
      "fd_pread",  "fd_pwrite",   "fd_readdir",  "fd_renumber",          "fd_sync",
      "fd_tell"};
  return name.starts_with("path_") || name.starts_with("sock_") ||
         std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers);
}

void check_stubs(const Module& module, const Rule& rule, Findings& findings) {
  std::string names;
  for (const auto& import : module.imports) {
    if (!import.module.starts_with("wasi_") || !is_stub(import.name)) continue;
    names += (names.empty() ? "`" : ", `") + import.name + "`";
  }
  if (names.empty()) return;
  add(findings, rule,
      fmt::format("imports {}: a proxy has no files or sockets for plugins, and they only fail",
                  names),
      "a language's runtime often imports more than it calls; if the plugin itself needs them, use "
      "a hostcall instead");
}

void check_debug_info(const Module& module, const Rule& rule, Findings& findings) {
  std::size_t bytes = 0;
  for (const auto& section : module.sections) {
    if (section.name.starts_with(".debug_")) bytes += section.end - section.begin;
  }
  if (bytes == 0) return;
  add(findings, rule,
      fmt::format("carries {} bytes of debug information, which Envoy does not read", bytes),
      "build without -g, or strip it: `wasm-strip`, `wasm-opt --strip-debug`");
}

void check_memory_size(const Module& module, const Rule& rule, Findings& findings) {
  constexpr std::uint64_t kManyPages = 1024;  // 64 MiB
  if (module.memories.empty() || module.memories[0].minimum <= kManyPages) return;
  add(findings, rule,
      fmt::format("starts with {} MiB of memory, in each worker thread of each proxy",
                  module.memories[0].minimum / 16),
      "lower the initial memory or the stack's size");
}

void check_size(const Module& module, const Rule& rule, Findings& findings) {
  constexpr std::uint64_t kConfigMap = 1'048'576;  // kubernetes: all values of a ConfigMap
  if (module.size <= kConfigMap) return;
  add(findings, rule, fmt::format("has {} bytes; a ConfigMap holds {}", module.size, kConfigMap),
      "push it as an image, or make it smaller: `wasmctl inspect` shows where the bytes are");
}

constexpr Rule kRules[] = {
    {"abi-version", Severity::error, Judge::envoy,
     "exports a function proxy_abi_version_X_Y_Z that Envoy knows", check_abi_marker},
    {"allocator", Severity::error, Judge::envoy, "exports malloc or proxy_on_memory_allocate",
     check_allocator},
    {"memory", Severity::error, Judge::specification, "exports its memory as `memory`",
     check_memory},
    {"unknown-import", Severity::error, Judge::envoy,
     "imports only what Envoy offers to its ABI version", check_imports},
    {"import-signature", Severity::error, Judge::envoy,
     "imports each host function with its own signature", check_import_types},
    {"callback-signature", Severity::error, Judge::envoy,
     "exports each callback with its own signature", check_callback_types},
    {"abi-versions", Severity::warning, Judge::specification, "exports one ABI marker only",
     check_single_marker},
    {"callback-name", Severity::warning, Judge::specification,
     "exports no proxy_on_* that Envoy never calls", check_callback_names},
    {"start", Severity::warning, Judge::specification, "exports _start or _initialize, not both",
     check_start},
    {"memory-size", Severity::warning, Judge::specification, "starts with at most 64 MiB of memory",
     check_memory_size},
    {"config-map-size", Severity::note, Judge::specification,
     "fits into a ConfigMap: 1,048,576 bytes", check_size},
    {"debug-info", Severity::note, Judge::specification, "carries no DWARF sections",
     check_debug_info},
    {"wasi-stub", Severity::note, Judge::specification,
     "imports no WASI function that the host only stubs", check_stubs},
};

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "?";
}

std::span<const Rule> rules() {
  return kRules;
}

std::vector<Finding> lint(const Module& module) {
  Findings findings;
  for (const auto& rule : kRules) rule.check(module, rule, findings);  // errors come first
  return findings;
}

void throw_unloadable(const std::vector<Finding>& findings, std::string_view file) {
  std::vector<const Finding*> errors;
  for (const auto& finding : findings) {
    if (finding.severity == Severity::error) errors.push_back(&finding);
  }
  if (errors.empty()) return;
  const bool one = errors.size() == 1;
  Error error(Code::unloadable,
              one ? fmt::format("{}: {} [{}]", file, errors[0]->message, errors[0]->rule)
                  : fmt::format("{}: Envoy would refuse it for {} reasons", file, errors.size()));
  for (const auto* finding : errors) {
    if (!one) error.because(fmt::format("{} [{}]", finding->message, finding->rule));
    const auto& hint = finding->hint;
    const auto& hints = error.hints();
    if (!hint.empty() && std::find(hints.begin(), hints.end(), hint) == hints.end()) {
      error.hint(hint);
    }
  }
  throw error;
}

Module read_module(std::string_view bytes, std::string_view file) {
  auto module = parse_module(bytes, file);
  const bool tags = std::any_of(module.sections.begin(), module.sections.end(),
                                [](const Section& s) { return s.id == SectionId::tag; });
  validate(bytes, file, tags ? FunctionBodies::skip : FunctionBodies::check);
  return module;
}

void require_loadable(std::string_view bytes, std::string_view file) {
  throw_unloadable(lint(read_module(bytes, file)), file);
}

}  // namespace wasmctl::wasm
