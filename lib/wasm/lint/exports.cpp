#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "wasm/hostcalls.hpp"
#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

void check_abi_marker(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
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

void check_single_marker(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto first = abi_version(subject.module);
  for (const auto version : kAbiVersions) {
    if (first && version != *first && subject.module.find_export(marker(version)) != nullptr) {
      add(findings, rule,
          fmt::format("exports the markers of ABI {} and {}; Envoy takes {}, the first one",
                      to_string(*first), to_string(version), to_string(*first)),
          "link one SDK only", std::string(marker(version)));
    }
  }
}

void check_allocator(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
  const auto wanted = type_of(kAllocatorSignature);
  const Export* wrong = nullptr;
  for (const auto name : kAllocators) {
    if (!exports_function(module, name)) continue;
    const auto* item = module.find_export(name);
    if (*module.function_type(item->index) == wanted) return;
    wrong = item;
  }
  if (wrong != nullptr) {
    add(findings, rule,
        fmt::format("exports `{}` as {}, but Envoy calls {}", wrong->name,
                    to_string(*module.function_type(wrong->index)), to_string(wanted)),
        "correct its signature", wrong->name);
    return;
  }
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
  if (std::any_of(module.exports.begin(), module.exports.end(), is_memory)) return;
  if (std::any_of(module.imports.begin(), module.imports.end(), is_memory)) return;
  add(findings, rule, "exports no memory: the first call that hands data over crashes the proxy",
      "export its memory as `memory`");
}

void check_callback_types(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
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

void check_entry_types(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
  const bool initialize = exports_function(module, "_initialize");
  for (const auto& entry : entry_points()) {
    // With `_initialize`, `_start` is not looked at; without it, nothing but `_start` is.
    const bool wanted = entry.name == "_initialize" || (entry.name == "_start") != initialize;
    if (!wanted || !exports_function(module, entry.name)) continue;
    if (entry.name == "__main_void" && exports_function(module, "main")) continue;
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

void check_callback_names(const Subject& subject, const Rule& rule, Findings& findings) {
  std::vector<std::string_view> known{"proxy_on_memory_allocate"};
  for (const auto& callback : callbacks()) known.push_back(callback.name);
  const auto former = former_callbacks();
  constexpr std::size_t kMostFindings = 100;
  for (const auto& item : subject.module.exports) {
    if (findings.size() > kMostFindings) return;
    if (item.kind != ExternalKind::function && is_callback(item.name)) {
      add(findings, rule,
          fmt::format("exports `{}` as a {}, which Envoy never calls", item.name,
                      to_string(item.kind)),
          "it must be a function", item.name);
      continue;
    }
    if (item.kind != ExternalKind::function || !item.name.starts_with("proxy_on_")) continue;
    if (std::find(known.begin(), known.end(), item.name) != known.end()) continue;
    if (std::find(former.begin(), former.end(), item.name) != former.end()) continue;
    const auto near = nearest(item.name, known);
    add(findings, rule, fmt::format("exports `{}`, which Envoy never calls", item.name),
        near.empty() ? std::string() : fmt::format("`{}`: did you mean `{}`?", item.name, near),
        item.name);
  }
}

// Callbacks of a plugin's life. With these alone it never sees a request, a connection or a tick.
void check_callbacks(const Subject& subject, const Rule& rule, Findings& findings) {
  constexpr std::string_view kLife[] = {
      "proxy_validate_configuration", "proxy_on_vm_start", "proxy_on_configure",
      "proxy_on_context_create",      "proxy_on_done",     "proxy_on_delete"};
  const auto& exports = subject.module.exports;
  const bool sees_events = std::any_of(exports.begin(), exports.end(), [&](const Export& item) {
    return is_callback(item.name) &&
           std::find(std::begin(kLife), std::end(kLife), item.name) == std::end(kLife);
  });
  if (sees_events) return;
  add(findings, rule, "exports no callback of a request, a connection, a timer or a log entry",
      "is the context registered (`RegisterContextFactory`, `set_root_context`, "
      "`registerRootContext`), and is the SDK's object file linked?");
}

bool is_used_by_envoy(const Export& item) {
  if (item.kind == ExternalKind::memory || item.kind == ExternalKind::table) return true;
  if (item.kind != ExternalKind::function) return false;
  const auto has_name = [&](const auto& row) { return row.name == item.name; };
  const auto entries = entry_points();
  const auto is_marker = [&](AbiVersion version) { return marker(version) == item.name; };
  return is_callback(item.name) || std::any_of(entries.begin(), entries.end(), has_name) ||
         std::find(std::begin(kAllocators), std::end(kAllocators), item.name) !=
             std::end(kAllocators) ||
         std::any_of(std::begin(kAbiVersions), std::end(kAbiVersions), is_marker);
}

void check_unused_exports(const Subject& subject, const Rule& rule, Findings& findings) {
  constexpr std::size_t kMostNames = 10;
  std::string names;
  std::size_t count = 0;
  for (const auto& item : subject.module.exports) {
    // Other rules speak of what is meant for the host.
    if (is_used_by_envoy(item) || item.name.starts_with("proxy_")) continue;
    if (++count <= kMostNames) names += (names.empty() ? "`" : ", `") + item.name + "`";
  }
  if (count == 0) return;
  if (count > kMostNames) names += fmt::format(" and {} more", count - kMostNames);
  add(findings, rule, fmt::format("exports {}, of no use to Envoy", names),
      "what is exported cannot be left out by a linker; `--fix` drops the exports");
}

}  // namespace wasmctl::wasm
