#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

namespace {

constexpr std::uint64_t kPagesPerMiB = 16;

// PROXY_WASM_HOST_MAX_WASM_MEMORY_SIZE_BYTES of proxy-wasm-cpp-host, include/proxy-wasm/limits.h;
// of a 64-bit memory's maximum V8's kV8MaxWasmMemory64Pages, though the specification allows more.
void check_memory_limit(const Subject& subject, const Rule& rule, Findings& findings) {
  constexpr std::uint64_t kMostPages = 1024 * kPagesPerMiB;
  constexpr std::uint64_t kMostPages64 = 262'144;
  for (const auto& memory : subject.module.memories) {
    if (memory.minimum > kMostPages) {
      add(findings, rule,
          fmt::format("starts with {} MiB of memory; Envoy gives 1024 MiB at most",
                      memory.minimum / kPagesPerMiB),
          "lower the initial memory");
    }
    if (memory.is_64 && memory.maximum.value_or(0) > kMostPages64) {
      add(findings, rule,
          fmt::format("has a 64-bit memory of at most {} pages; Envoy's V8 takes {} (16 GiB)",
                      *memory.maximum, kMostPages64),
          "lower the maximum, or say none");
    }
  }
  constexpr std::uint64_t kMostElements = 10'000'000;  // V8's own limit of a table
  for (const auto& table : subject.module.tables) {
    if (table.limits.minimum <= kMostElements) continue;
    add(findings, rule,
        fmt::format("starts with a table of {} elements; Envoy's V8 takes {} at most",
                    table.limits.minimum, kMostElements),
        "lower the table's initial size");
  }
}

void check_memory_size(const Subject& subject, const Rule& rule, Findings& findings) {
  constexpr std::uint64_t kManyPages = 64 * kPagesPerMiB;
  const auto& memories = subject.module.memories;
  if (memories.empty() || memories[0].minimum <= kManyPages) return;
  add(findings, rule,
      fmt::format("starts with {} MiB of memory, in each worker thread of each proxy",
                  memories[0].minimum / kPagesPerMiB),
      "lower the initial memory or the stack's size");
}

// The object's text goes into an annotation of at most 262,144 bytes, the module in base64; the
// rest of the ConfigMap needs a few hundred of them. 196,000 bytes were taken, 200,000 refused.
constexpr std::uint64_t kApplyBytes = 196'000;

void check_config_map_size(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto size = subject.module.bytes.size();
  if (size <= base::kMaxConfigMapBytes) return;
  add(findings, rule,
      fmt::format("has {} bytes; a ConfigMap holds {}", size, base::kMaxConfigMapBytes),
      "push it as an image, or make it smaller: `wasmctl inspect` shows where the bytes are");
}

void check_apply_size(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto size = subject.module.bytes.size();
  if (size <= kApplyBytes || size > base::kMaxConfigMapBytes) return;
  add(findings, rule,
      fmt::format("has {} bytes; in a ConfigMap, `kubectl apply` takes about {}", size,
                  kApplyBytes),
      "for the ConfigMap use `kubectl apply --server-side` or `kubectl create`, or push the module "
      "as an image");
}

void check_debug_info(const Subject& subject, const Rule& rule, Findings& findings) {
  std::size_t bytes = 0;
  for (const auto& section : subject.module.sections) {
    if (is_debug_section(section.name)) bytes += section.bytes.size();
  }
  if (bytes == 0) return;
  add(findings, rule,
      fmt::format("carries {} bytes of debug information, which Envoy does not read", bytes),
      "build without -g, or strip it: `wasmctl lint --fix`");
}

constexpr LintRule kWeightRules[] = {
    {{"memory-limit", Severity::error, "starts with at most 1 GiB of memory"},
     Judge::envoy,
     "More is refused when the module is instantiated; of a 64-bit memory also a maximum of more "
     "than 16 GiB.",
     check_memory_limit},
    {{"memory-size", Severity::warning, "starts with at most 64 MiB of memory"},
     Judge::specification,
     "Each worker thread of each proxy has a memory of its own for each plugin.",
     check_memory_size},
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
};

}  // namespace

std::span<const LintRule> weight_rules() {
  return kWeightRules;
}

}  // namespace wasmctl::wasm
