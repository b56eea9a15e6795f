#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "wasm/hostcalls.hpp"
#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

namespace {

// A module may be made to import a million functions that nobody offers: the first ones get the
// help that takes time.
constexpr std::size_t kMostHelped = 20;

std::string hint_for_import(std::string_view name) {
  std::vector<std::string_view> known;
  known.reserve(host_functions().size());
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

// Imported functions in order, with their index.
template <typename Visit>
void for_each_function(const Module& module, Visit visit) {
  std::uint32_t index = 0;
  for (const auto& import : module.imports) {
    if (import.kind == ExternalKind::function) visit(import, index++);
  }
}

// Envoy makes the first memory and the first table that a module imports, whatever their names
// (proxy-wasm-cpp-host, src/v8/v8.cc).
void check_other_kinds(const Module& module, const Rule& rule, Findings& findings) {
  bool has_memory = false;
  bool has_table = false;
  for (const auto& import : module.imports) {
    if (import.kind == ExternalKind::function) continue;
    const bool first = (import.kind == ExternalKind::memory && !std::exchange(has_memory, true)) ||
                       (import.kind == ExternalKind::table && !std::exchange(has_table, true));
    if (first) continue;
    add(findings, rule,
        fmt::format("imports a {}, `{}.{}`: Envoy offers functions, one memory and one table",
                    to_string(import.kind), import.module, import.name),
        "define it in the module", import.name);
  }
}

}  // namespace

void check_imports(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto version = abi_version(subject.module);
  std::optional<Callers> callers;
  std::size_t helped = 0;
  const auto chain = [&](std::uint32_t index) {
    if (helped > kMostHelped) return std::vector<Frame>();
    if (!callers) callers.emplace(subject.module);
    return frames(subject, callers->shortest_chain(index));
  };
  check_other_kinds(subject.module, rule, findings);
  for_each_function(subject.module, [&](const Import& import, std::uint32_t index) {
    const auto name = fmt::format("{}.{}", import.module, import.name);
    const auto* row = find_host_function(import.module, import.name);
    if (row == nullptr) {
      ++helped;
      add(findings, rule, fmt::format("imports `{}`, which Envoy does not offer", name),
          helped > kMostHelped ? std::string() : hint_for_import(import.name), import.name,
          chain(index));
    } else if (version && !contains(row->abis, *version)) {
      ++helped;
      add(findings, rule,
          fmt::format("imports `{}`, which Envoy does not offer to a module of ABI {}", name,
                      to_string(*version)),
          fmt::format("it belongs to ABI {}", list_abis(row->abis)), import.name, chain(index));
    } else if (subject.host != nullptr && row->since > subject.host->envoy) {
      ++helped;
      add(findings, rule,
          fmt::format("imports `{}`, which {} does not offer", name, subject.host->title),
          fmt::format("Envoy 1.{} is the first that does", row->since), import.name, chain(index));
    }
  });
}

void check_import_types(const Subject& subject, const Rule& rule, Findings& findings) {
  for (const auto& import : subject.module.imports) {
    if (import.kind != ExternalKind::function) continue;
    const auto* row = find_host_function(import.module, import.name);
    if (row == nullptr) continue;
    const auto& actual = subject.module.types[import.type_index].function;
    const auto wanted = type_of(row->signature);
    if (actual == wanted) continue;
    add(findings, rule,
        fmt::format("imports `{}.{}` as {}, but Envoy offers {}", import.module, import.name,
                    to_string(actual), to_string(wanted)),
        "correct its declaration", import.name);
  }
}

void check_host_versions(const Subject& subject, const Rule& rule, Findings& findings) {
  if (subject.host != nullptr) return;  // then it is an unknown import, or none
  unsigned since = 0;
  std::string names;
  for (const auto& import : subject.module.imports) {
    if (import.kind != ExternalKind::function) continue;
    const auto* row = find_host_function(import.module, import.name);
    if (row == nullptr || row->since == 0) continue;
    since = std::max<unsigned>(since, row->since);
    names += (names.empty() ? "`" : ", `") + import.name + "`";
  }
  if (names.empty()) return;
  add(findings, rule, fmt::format("imports {}: Envoy 1.{} and later have that", names, since),
      "`--for HOST` judges for one proxy");
}

namespace {

// What the host answers with an error, always: files, directories and sockets.
bool is_stub(std::string_view name) {
  constexpr std::string_view kOthers[] = {
      "fd_advise", "fd_allocate", "fd_datasync", "fd_filestat_set_size", "fd_filestat_set_times",
      "fd_pread",  "fd_pwrite",   "fd_readdir",  "fd_renumber",          "fd_sync",
      "fd_tell"};
  return name.starts_with("path_") || name.starts_with("sock_") ||
         std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers);
}

}  // namespace

void check_stubs(const Subject& subject, const Rule& rule, Findings& findings) {
  std::string names;
  for (const auto& import : subject.module.imports) {
    if (!import.module.starts_with("wasi_") || !is_stub(import.name)) continue;
    if (find_host_function(import.module, import.name) == nullptr) continue;
    names += (names.empty() ? "`" : ", `") + import.name + "`";
  }
  if (names.empty()) return;
  add(findings, rule,
      fmt::format("imports {}: a proxy has no files or sockets for plugins, and they only fail",
                  names),
      "a language's runtime often imports more than it calls; if the plugin itself needs them, use "
      "a hostcall instead");
}

}  // namespace wasmctl::wasm
