#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "wasm/hostcalls.hpp"
#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

namespace {

// The host asks V8's C API for the types of all exports, and that crashes on those that it does not
// know: proxy-wasm-cpp-host, src/v8/v8.cc, link(); v8, src/wasm/c-api.cc.
bool host_knows(ValueType type) {
  if (type.is_reference()) {
    return type.heap() == HeapType::function || type.heap() == HeapType::external;
  }
  return type == ValueType::i32 || type == ValueType::i64 || type == ValueType::f32 ||
         type == ValueType::f64;
}

// "a table of anyref", where the proxy crashes on it.
std::optional<std::string> crash_of(const Module& module, const Export& item) {
  const auto named = [](std::string_view what, ValueType type) -> std::optional<std::string> {
    if (host_knows(type)) return std::nullopt;
    return fmt::format("{} {}", what, to_string(type));
  };
  switch (item.kind) {
    case ExternalKind::function: {
      const auto& type = *module.function_type(item.index);
      const bool known = std::ranges::all_of(type.parameters, host_knows) &&
                         std::ranges::all_of(type.results, host_knows);
      return known ? std::nullopt : std::optional("a function " + to_string(type));
    }
    case ExternalKind::table:
      return named("a table of", module.tables[item.index].type);
    case ExternalKind::global:
      return named("a global of type", module.globals[item.index].type);
    case ExternalKind::tag:
      return "a tag";
    case ExternalKind::memory:
      return std::nullopt;
  }
  return std::nullopt;
}

// The marker that is exported, but not as a function; of another ABI; or null.
const Export* find_odd_marker(const Module& module) {
  for (const auto& abi : abis()) {
    const auto* const item = module.find_export(abi.marker);
    if (item != nullptr && item->kind != ExternalKind::function) return item;
  }
  const auto odd = std::ranges::find_if(module.exports, [](const Export& item) {
    return item.name.starts_with("proxy_abi_version_");
  });
  return odd == module.exports.end() ? nullptr : &*odd;
}

void check_abi_marker(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
  const auto host = host_of(subject);
  if (abi_version(module, vendor_of(subject))) return;
  const auto* const odd = find_odd_marker(module);
  const auto link = fmt::format("a Proxy-Wasm SDK exports `{}`; is the plugin linked with one?",
                                marker(AbiVersion::v0_2_1));
  if (odd == nullptr) {
    add(findings, rule,
        fmt::format("exports no function `proxy_abi_version_X_Y_Z`, so {} cannot tell its ABI "
                    "version",
                    host),
        link);
  } else if (odd->kind != ExternalKind::function) {
    add(findings, rule,
        fmt::format("exports `{}` as a {}, which does not count: it must be a function", odd->name,
                    to_string(odd->kind)),
        {}, odd->name);
  } else {
    add(findings, rule,
        fmt::format("speaks an ABI version that {} does not know: `{}`", host, odd->name),
        abi_version(module, Vendor::higress)
            ? "it is made for Higress, which `--for higress` judges; for Envoy, build it with an "
              "SDK of proxy-wasm, not of Higress"
            : link,
        odd->name);
  }
}

void check_single_marker(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto vendor = vendor_of(subject);
  const auto first = abi_version(subject.module, vendor);
  for (const auto& abi : abis()) {
    if (!first || abi.version == *first || !offers(vendor, abi)) continue;
    if (subject.module.find_export(abi.marker) == nullptr) continue;
    add(findings, rule,
        fmt::format("exports the markers of ABI {} and {}; {} takes {}, the first one",
                    to_string(*first), abi.name, host_of(subject), to_string(*first)),
        "link one SDK only", std::string(abi.marker));
  }
}

// Envoy asks for `malloc`, and for the other one only if it got none; one of a wrong type counts as
// none, and is refused all the same (proxy-wasm-cpp-host, src/wasm.cc, getFunctions()).
void check_allocator(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
  const auto wanted = type_of(kAllocatorSignature);
  bool found = false;
  for (const auto name : kAllocators) {
    if (!exports_function(module, name)) continue;
    const auto& actual = *module.function_type(module.find_export(name)->index);
    if (actual == wanted) return;
    found = true;
    add(findings, rule,
        fmt::format("exports `{}` as {}, but Envoy calls {}", name, to_string(actual),
                    to_string(wanted)),
        "correct its signature", std::string(name));
  }
  if (found) return;
  add(findings, rule,
      "exports neither `malloc` nor `proxy_on_memory_allocate`, so Envoy has nowhere to put what "
      "the plugin asks for",
      "export `proxy_on_memory_allocate`, or `malloc` with `-Wl,--export=malloc`");
}

// Envoy takes the memory that is exported, under whatever name, or the one that it made for an
// import.
void check_memory(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto is_memory = [](const auto& item) { return item.kind == ExternalKind::memory; };
  const auto& module = subject.module;
  if (std::ranges::any_of(module.exports, is_memory)) return;
  if (std::ranges::any_of(module.imports, is_memory)) return;
  add(findings, rule, "exports no memory: the first call that hands data over crashes the proxy",
      "export its memory as `memory`");
}

void check_export_types(const Subject& subject, const Rule& rule, Findings& findings) {
  for (const auto& item : subject.module.exports) {
    const auto what = crash_of(subject.module, item);
    if (!what) continue;
    add(findings, rule,
        fmt::format("exports `{}`, {}: Envoy crashes when it loads the module", item.name, *what),
        "do not export it; `--fix` drops the export", item.name);
  }
}

void check_callback_types(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
  const auto version = abi_version(module, vendor_of(subject));
  if (!version) return;
  for (const auto& callback : callbacks(vendor_of(subject))) {
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

void check_entry_types(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
  const bool initialize = exports_function(module, "_initialize");
  for (const auto& entry : entry_points()) {
    // With `_initialize`, `_start` is not looked at; without it, nothing but `_start` is.
    const bool wanted = entry.name == "_initialize" || (entry.name == "_start") != initialize;
    if (!wanted || !exports_function(module, entry.name)) continue;
    const auto* item = module.find_export(entry.name);
    const auto* actual = module.function_type(item->index);
    const auto type = type_of(entry.signature);
    if (*actual == type) continue;
    add(findings, rule,
        fmt::format("exports `{}` as {}, but Envoy calls {}", item->name, to_string(*actual),
                    to_string(type)),
        "correct its signature, or do not export it", item->name);
  }
}

std::string hint_for_callback(const std::string& name, Vendor vendor) {
  if (find_callback(name) != nullptr) return "Higress does: `--for higress`";
  std::vector<std::string_view> known{"proxy_on_memory_allocate"};
  const auto rows = callbacks(vendor);
  for (const auto& callback : rows) known.push_back(callback.name);
  const auto near = base::nearest(name, known);
  return near.empty() ? std::string() : fmt::format("`{}`: did you mean `{}`?", name, near);
}

void check_callback_names(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto vendor = vendor_of(subject);
  const auto former = former_callbacks();
  constexpr std::size_t kMostFindings = 100;
  for (const auto& item : subject.module.exports) {
    if (findings.size() > kMostFindings) return;
    const auto* const callback = find_callback(item.name);
    const bool known = callback != nullptr && offers(vendor, *callback);
    if (item.kind != ExternalKind::function && known) {
      add(findings, rule,
          fmt::format("exports `{}` as a {}, which {} never calls", item.name, to_string(item.kind),
                      host_of(subject)),
          "it must be a function", item.name);
      continue;
    }
    if (item.kind != ExternalKind::function || !item.name.starts_with("proxy_on_")) continue;
    if (known || item.name == "proxy_on_memory_allocate") continue;
    if (std::ranges::find(former, item.name) != former.end()) continue;
    add(findings, rule,
        fmt::format("exports `{}`, which {} never calls", item.name, host_of(subject)),
        hint_for_callback(item.name, vendor), item.name);
  }
}

// Callbacks of a plugin's life. With these alone it never sees a request, a connection or a tick.
void check_callbacks(const Subject& subject, const Rule& rule, Findings& findings) {
  constexpr std::string_view kLife[] = {
      "proxy_validate_configuration", "proxy_on_vm_start", "proxy_on_configure",
      "proxy_on_context_create",      "proxy_on_done",     "proxy_on_delete"};
  const bool sees_events = std::ranges::any_of(subject.module.exports, [&](const Export& item) {
    return is_callback(item.name) && std::ranges::find(kLife, item.name) == std::end(kLife);
  });
  if (sees_events) return;
  add(findings, rule, "exports no callback of a request, a connection, a timer or a log entry",
      "is the context registered (`RegisterContextFactory`, `set_root_context`, "
      "`registerRootContext`), and is the SDK's object file linked?");
}

void check_unused_exports(const Subject& subject, const Rule& rule, Findings& findings) {
  std::vector<Mention> unused;
  for (const auto& item : subject.module.exports) {
    // Other rules speak of what is meant for the host.
    const bool other = item.name.starts_with("proxy_") || crash_of(subject.module, item);
    if (other || is_used_by_envoy(subject.module, item)) continue;
    unused.push_back({item.name});
  }
  if (unused.empty()) return;
  const auto message = fmt::format("exports {}, of no use to Envoy", quoted(names_of(unused)));
  add(findings, rule, message,
      "what is exported cannot be left out by a linker; `--fix` drops the exports",
      std::move(unused));
}

constexpr LintRule kExportRules[] = {
    {{"abi-version", Severity::error,
      "exports a function proxy_abi_version_X_Y_Z that Envoy knows"},
     Judge::envoy,
     "By this name Envoy learns how to talk to the module: 0_1_0, 0_2_0 or 0_2_1 (and 0_2_100 in "
     "Higress). Nothing else counts, a global of that name neither.",
     check_abi_marker},
    {{"allocator", Severity::error, "exports malloc or proxy_on_memory_allocate as (i32) -> i32"},
     Judge::envoy,
     "Envoy asks the module for memory before it hands over headers, bodies or configuration. A "
     "malloc of another type is refused even if proxy_on_memory_allocate is right.",
     check_allocator},
    {{"memory", Severity::error, "exports a memory, or imports one"},
     Judge::envoy,
     "Without one the module is loaded, and the first call that hands data over crashes the whole "
     "proxy.",
     check_memory},
    {{"export-type", Severity::error, "exports nothing of a type that ends the whole proxy"},
     Judge::envoy,
     "Envoy asks for the types of all exports, used or not, and dies on vectors, on references "
     "other than funcref and externref, and on tags. Inside of a module they are fine.",
     check_export_types},
    {{"callback-signature", Severity::error, "exports each callback with its own signature"},
     Judge::envoy,
     "proxy_on_request_headers and proxy_on_response_headers have two parameters in ABI 0.1.0 and "
     "three since.",
     check_callback_types},
    {{"entry-signature", Severity::error,
      "exports _initialize, main, __main_void and _start with their own signatures"},
     Judge::envoy,
     "A `main()` without parameters that is exported as `main` is the usual case; clang calls it "
     "`__main_void`.",
     check_entry_types},
    {{"no-callbacks", Severity::warning,
      "exports a callback of a request, a connection, a timer or a log entry"},
     Judge::specification,
     "Whether a context factory is registered cannot be told from a module's bytes in general; "
     "that no callback is there at all can. SDKs that export all callbacks always are not caught "
     "by this: only a request shows it.",
     check_callbacks},
    {{"abi-versions", Severity::warning, "exports one ABI marker only"},
     Judge::specification,
     "Envoy takes the first in the export section; which that is, is the linker's whim.",
     check_single_marker},
    {{"callback-name", Severity::warning, "exports no proxy_on_* that Envoy never calls"},
     Judge::specification,
     "A misspelt callback is never called, and nothing says so. Names that SDKs still export "
     "although no host calls them any more are not reported.",
     check_callback_names},
    {{"unused-exports", Severity::note, "exports nothing that Envoy never uses"},
     Judge::specification,
     "Each export keeps its function, and all that it calls, in the module.",
     check_unused_exports},
};

}  // namespace

std::span<const LintRule> export_rules() {
  return kExportRules;
}

bool is_used_by_envoy(const Module& module, const Export& item) {
  if (crash_of(module, item)) return false;
  if (item.kind == ExternalKind::memory || item.kind == ExternalKind::table) return true;
  if (item.kind != ExternalKind::function) return false;
  const auto has_name = [&](const auto& row) { return row.name == item.name; };
  const auto is_marker = [&](const AbiRow& abi) { return abi.marker == item.name; };
  return find_callback(item.name) != nullptr || std::ranges::any_of(entry_points(), has_name) ||
         std::ranges::find(kAllocators, item.name) != std::end(kAllocators) ||
         std::ranges::any_of(abis(), is_marker);
}

}  // namespace wasmctl::wasm
