// What surely happens before the first callback. Only what no branch can avoid counts: a rule that
// guesses would be wrong about most modules, whose start code can always abort.
#include <fmt/format.h>

#include <algorithm>

#include "wasm/hostcalls.hpp"
#include "wasm/lint/rules.hpp"
#include "wasm/summary.hpp"

namespace wasmctl::wasm {

namespace {

constexpr std::string_view kExit = "proc_exit";

// What Envoy runs at the start, in its order.
struct Entry {
  std::string name;         // "`_initialize`"
  std::string export_name;  // "_initialize"; empty for the start section
  std::uint32_t function = 0;
  bool is_start_section = false;
};

std::vector<Entry> entries(const Module& module) {
  std::vector<Entry> list;
  if (module.start) list.push_back({"the start function", {}, *module.start, true});
  const auto add_export = [&](std::string_view name) {
    if (!exports_function(module, name)) return false;
    list.push_back(
        {fmt::format("`{}`", name), std::string(name), module.find_export(name)->index, false});
    return true;
  };
  if (add_export("_initialize")) {
    if (!add_export("main")) add_export("__main_void");
  } else {
    add_export("_start");
  }
  return list;
}

// By index: a module may call a million of them, so none is looked for.
std::vector<const Import*> imported_functions(const Module& module) {
  std::vector<const Import*> list;
  list.reserve(module.imported_functions.size());
  for (const auto& import : module.imports) {
    if (import.kind == ExternalKind::function) list.push_back(&import);
  }
  return list;
}

// What goes wrong first in `entry`. In the start function any call of the host does: it runs while
// the module is being instantiated, before Envoy has a context for it.
std::optional<SureEvent> first_event(const Subject& subject, const Entry& entry,
                                     const std::vector<bool>& is_forbidden) {
  return first_sure_event(subject.module, entry.function, [&](std::uint32_t index) {
    return entry.is_start_section || is_forbidden[index];
  });
}

// Which imports may not be called from `_initialize` and its like.
std::vector<bool> forbidden_at_start(const std::vector<const Import*>& imports) {
  std::vector<bool> forbidden;
  forbidden.reserve(imports.size());
  for (const auto* import : imports) {
    const auto* row = find_host_function(import->module, import->name);
    forbidden.push_back(row != nullptr && !row->at_start);
  }
  return forbidden;
}

// visit(entry, event, the import that is called or null).
template <typename Visit>
void for_each_event(const Subject& subject, Visit visit) {
  const auto imports = imported_functions(subject.module);
  const auto is_forbidden = forbidden_at_start(imports);
  for (const auto& entry : entries(subject.module)) {
    if (const auto event = first_event(subject, entry, is_forbidden)) {
      visit(entry, *event, event->import ? imports[*event->import] : nullptr);
    }
  }
}

// By its note for tools; in a stripped module by the table of functions that Go's runtime keeps in
// the data, which has their names.
bool is_go(const Module& module) {
  const auto made_by = producers(module);
  const bool noted =
      std::ranges::any_of(made_by, [](const std::string& name) { return name.starts_with("Go "); });
  if (noted) return true;
  const auto* const data = module.find_section(SectionId::data);
  return data != nullptr && data->content().find("_rt0_wasm_wasip1") != std::string_view::npos;
}

void check_start_traps(const Subject& subject, const Rule& rule, Findings& findings) {
  for_each_event(subject, [&](const Entry& entry, const SureEvent& event, const Import* import) {
    if (import != nullptr) return;
    add(findings, rule, fmt::format("{} traps: it runs into `unreachable`", entry.name),
        "the module cannot start; a stub for a missing function often is such a trap",
        entry.export_name, frames(subject, event.chain));
  });
}

void check_start_calls(const Subject& subject, const Rule& rule, Findings& findings) {
  for_each_event(subject, [&](const Entry& entry, const SureEvent& event, const Import* import) {
    if (import == nullptr) return;
    if (import->name == kExit && !entry.is_start_section) return;  // command-exits
    const auto name = fmt::format("{}.{}", import->module, import->name);
    add(findings, rule,
        entry.is_start_section
            ? fmt::format("its start function calls `{}`, and Envoy crashes: the host is not ready "
                          "before the module is",
                          name)
            : fmt::format("{} calls `{}`, which Envoy forbids before `proxy_on_vm_start`",
                          entry.name, name),
        entry.is_start_section
            ? "export the function as `_initialize`, in place of a start section"
            : "move the call from static constructors or `main` to `proxy_on_vm_start` or later",
        import->name, frames(subject, event.chain));
  });
}

// What a branch may avoid, which is most of what C++'s static objects do: whatever allocates has
// some. Only proxy functions: each runtime can reach proc_exit, and does so only when it gives up.
void check_start_branches(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto imports = imported_functions(subject.module);
  const auto is_forbidden = forbidden_at_start(imports);
  std::optional<Callers> callers;
  for (const auto& entry : entries(subject.module)) {
    if (entry.is_start_section || first_event(subject, entry, is_forbidden)) continue;
    for (std::uint32_t index = 0; index < imports.size(); ++index) {
      if (!is_forbidden[index] || imports[index]->module != "env") continue;
      if (!callers) callers.emplace(subject.module);
      const auto chain = callers->chain_from(entry.function, index);
      if (chain.empty()) continue;
      add(findings, rule,
          fmt::format("{} leads to `env.{}`, which Envoy forbids before `proxy_on_vm_start`",
                      entry.name, imports[index]->name),
          "move the call from static constructors or `main` to `proxy_on_vm_start` or later",
          imports[index]->name, frames(subject, chain));
    }
  }
}

void check_command_exits(const Subject& subject, const Rule& rule, Findings& findings) {
  constexpr auto* kHint =
      "build a reactor: `-mexec-model=reactor` for clang, `-buildmode=c-shared` for Go and TinyGo";
  bool found = false;
  for_each_event(subject, [&](const Entry& entry, const SureEvent& event, const Import* import) {
    if (import == nullptr || entry.is_start_section || import->name != kExit) return;
    found = true;
    add(findings, rule,
        fmt::format("is a command that exits: {} calls `{}`, which Envoy refuses", entry.name,
                    kExit),
        kHint, import->name, frames(subject, event.chain));
  });
  if (found) return;
  // Go's runtime exits behind `main`, too deep in its scheduler to be seen.
  const auto& module = subject.module;
  const bool command =
      exports_function(module, "_start") && !exports_function(module, "_initialize");
  if (command && is_go(module)) {
    add(findings, rule,
        "is a Go command: its runtime calls `proc_exit` when `main` returns, which Envoy refuses",
        kHint, "_start");
  }
}

void check_both_starts(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto& module = subject.module;
  if (!exports_function(module, "_start") || !exports_function(module, "_initialize")) return;
  add(findings, rule, "exports `_start` and `_initialize`; Envoy calls `_initialize` only",
      "move what `_start` does to `main`, which Envoy calls after `_initialize`", "_start");
}

constexpr LintRule kStartRules[] = {
    {{"start-trap", Severity::error, "does not trap at the start without fail"},
     Judge::envoy,
     "Only what no branch can avoid is found. Start code that may trap is not reported: most can.",
     check_start_traps},
    {{"start-call", Severity::error, "calls at the start only what Envoy allows there"},
     Judge::envoy,
     "Static constructors and main run before proxy_on_vm_start. They may log, read clock, "
     "environment and random numbers; anything else is a trap. In a start section even that "
     "crashes Envoy. Only what no branch can avoid is found.",
     check_start_calls},
    {{kStartBranch, Severity::warning, "leads at the start to nothing that Envoy forbids there"},
     Judge::envoy,
     "The same by direct calls, whatever branches lie between: static constructors that allocate "
     "have some. `build` refuses it.",
     check_start_branches},
    {{"command-exits", Severity::error, "is not a command whose main exits"},
     Judge::envoy,
     "A command's _start ends with proc_exit, which is forbidden at the start; so do Go's, and "
     "TinyGo's since 0.32. A command that simply returns loads.",
     check_command_exits},
    {{"start", Severity::warning, "exports _start or _initialize, not both"},
     Judge::specification,
     "Envoy calls _initialize and then main; _start only where there is no _initialize.",
     check_both_starts},
};

}  // namespace

std::span<const LintRule> start_rules() {
  return kStartRules;
}

}  // namespace wasmctl::wasm
