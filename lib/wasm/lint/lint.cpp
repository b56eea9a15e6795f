#include "wasm/lint/lint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

void add(Findings& findings, const Rule& rule, std::string message, std::string hint,
         std::string subject, std::vector<Frame> trail) {
  findings.push_back({rule.name,
                      rule.severity,
                      {},
                      std::move(message),
                      std::move(hint),
                      std::move(subject),
                      std::move(trail)});
}

std::vector<Frame> frames(const Subject& subject, const std::vector<Step>& steps) {
  const auto& exports = subject.module.exports;
  // A longer chain says no more; its end, the callback, does.
  constexpr std::size_t kMostFrames = 20;
  std::vector<Frame> list;
  list.reserve(std::min(steps.size(), kMostFrames + 2));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i == kMostFrames && i + 1 < steps.size()) {
      const auto skipped = steps.size() - 1 - i;
      list.push_back({fmt::format("({} more)", skipped), {}, false, skipped});
      i = steps.size() - 1;
    }
    const auto& step = steps[i];
    const auto place = subject.symbols.place(step.offset);
    list.push_back({subject.symbols.function(step.function), place.value_or(Place())});
  }
  if (!steps.empty()) {
    const auto last = steps.back().function;
    const bool exported = std::any_of(exports.begin(), exports.end(), [&](const Export& item) {
      return item.kind == ExternalKind::function && item.index == last;
    });
    list.back().by_pointer = !exported && subject.module.start != last;
  }
  return list;
}

bool exports_function(const Module& module, std::string_view name) {
  const auto* item = module.find_export(name);
  return item != nullptr && item->kind == ExternalKind::function;
}

namespace {

constexpr LintRule kRules[] = {
    {{"abi-version", Severity::error,
      "exports a function proxy_abi_version_X_Y_Z that Envoy knows"},
     Judge::envoy,
     "By this name Envoy learns how to talk to the module: 0_1_0, 0_2_0 or 0_2_1. Nothing else "
     "counts, a global of that name neither.",
     check_abi_marker},
    {{"allocator", Severity::error, "exports malloc or proxy_on_memory_allocate as (i32) -> i32"},
     Judge::envoy,
     "Envoy asks the module for memory before it hands over headers, bodies or configuration.",
     check_allocator},
    {{"memory", Severity::error, "exports a memory, or imports one"},
     Judge::envoy,
     "Without one the module is loaded, and the first call that hands data over crashes the whole "
     "proxy.",
     check_memory},
    {{"unknown-import", Severity::error,
      "imports only what Envoy offers to its ABI version, and to the host of --for"},
     Judge::envoy,
     "Mostly a function that nobody defined: linkers make imports of those. The finding shows the "
     "shortest way from a callback to the call, with names and lines where the module or the file "
     "NAME.debug.wasm beside it has them.",
     check_imports},
    {{"import-signature", Severity::error, "imports each host function with its own signature"},
     Judge::envoy,
     "A declaration written by hand, or one for another version of the ABI.",
     check_import_types},
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
    {{"feature", Severity::error, "uses no proposal that Envoy's V8 has off"},
     Judge::envoy,
     "Garbage collection, exceptions in both forms, SIMD, threads' atomics, tail calls and 64-bit "
     "memory are on; wide arithmetic and custom page sizes are not.",
     check_features},
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
    {{"command-exits", Severity::error, "is no command whose main exits"},
     Judge::envoy,
     "A command's _start ends with proc_exit, which is forbidden at the start. A command that "
     "simply returns (TinyGo's) loads.",
     check_command_exits},
    {{"memory-limit", Severity::error, "starts with at most 1 GiB of memory"},
     Judge::envoy,
     "More is refused when the module is instantiated.",
     check_memory_limit},
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
     "although no host calls them any more are let pass.",
     check_callback_names},
    {{"start", Severity::warning, "exports _start or _initialize, not both"},
     Judge::specification,
     "Envoy calls _initialize and then main; _start only where there is no _initialize.",
     check_both_starts},
    {{"memory-size", Severity::warning, "starts with at most 64 MiB of memory"},
     Judge::specification,
     "Each worker thread of each proxy has a memory of its own for each plugin.",
     check_memory_size},
    {{"host-version", Severity::note, "imports only what all Envoys since 1.36 offer"},
     Judge::envoy,
     "Envoy 1.39 was the first with many WASI functions that languages' runtimes import.",
     check_host_versions},
    {{"config-map-size", Severity::note, "fits into a ConfigMap: 1,048,576 bytes"},
     Judge::kubernetes,
     "The API server refuses a larger one. Images have no such limit; Istio stops reading at 256 "
     "MiB, and so does wasmctl.",
     check_config_map_size},
    {{"apply-size", Severity::note,
      "fits into a ConfigMap that `kubectl apply` takes: about 196,000 bytes"},
     Judge::kubernetes,
     "Client-side apply keeps the whole object in an annotation of at most 262,144 bytes.",
     check_apply_size},
    {{"debug-info", Severity::note, "carries no DWARF sections"},
     Judge::specification,
     "Envoy reads the names of functions, for back-traces, and nothing else.",
     check_debug_info},
    {{"unused-exports", Severity::note, "exports nothing that Envoy never uses"},
     Judge::specification,
     "Each export keeps its function, and all that it calls, in the module.",
     check_unused_exports},
    {{"wasi-stub", Severity::note, "imports no WASI function that the host only stubs"},
     Judge::specification,
     "They are there so that modules load; each call fails.",
     check_stubs},
};

}  // namespace

std::string_view to_string(Judge judge) {
  switch (judge) {
    case Judge::envoy:
      return "tested against Envoy";
    case Judge::kubernetes:
      return "measured on Kubernetes";
    case Judge::specification:
      return "by specification";
  }
  return "?";
}

std::span<const LintRule> rules() {
  return kRules;
}

std::vector<Finding> lint(const Subject& subject) {
  Findings findings;
  for (const auto& rule : kRules) rule.check(subject, rule, findings);  // errors come first
  for (auto& finding : findings) finding.place.file = subject.file;
  return findings;
}

std::vector<Finding> lint(const Module& module, std::string_view file) {
  return lint({module, Symbols(module), nullptr, std::string(file)});
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
    for (const auto& frame : finding->trail) {
      error.because(to_string(frame));
    }
    const auto& hint = finding->hint;
    const auto& hints = error.hints();
    if (!hint.empty() && std::find(hints.begin(), hints.end(), hint) == hints.end()) {
      error.hint(hint);
    }
  }
  throw error;
}

void require_loadable(base::Content bytes, std::string_view file) {
  const auto module = read_module(std::move(bytes), file);
  throw_unloadable(lint(module, file), file);
}

}  // namespace wasmctl::wasm
