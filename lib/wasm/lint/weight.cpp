#include <fmt/format.h>

#include "wasm/hostcalls.hpp"
#include "wasm/lint/rules.hpp"

namespace wasmctl::wasm {

void check_features(const Subject& subject, const Rule& rule, Findings& findings) {
  for (const auto& row : feature_rows()) {
    if (row.in_envoy || !subject.module.features.contains(row.feature)) continue;
    add(findings, rule, fmt::format("uses {}, which Envoy's V8 does not have", row.name),
        "turn the feature off in the compiler", std::string(row.name));
  }
}

namespace {
constexpr std::uint64_t kPagesPerMiB = 16;
}

// PROXY_WASM_HOST_MAX_WASM_MEMORY_SIZE_BYTES of proxy-wasm-cpp-host, include/proxy-wasm/limits.h.
void check_memory_limit(const Subject& subject, const Rule& rule, Findings& findings) {
  constexpr std::uint64_t kMostPages = 1024 * kPagesPerMiB;
  for (const auto& memory : subject.module.memories) {
    if (memory.minimum <= kMostPages) continue;
    add(findings, rule,
        fmt::format("starts with {} MiB of memory; Envoy gives 1024 MiB at most",
                    memory.minimum / kPagesPerMiB),
        "lower the initial memory");
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

namespace {
constexpr std::uint64_t kConfigMapBytes = 1'048'576;  // all values of a ConfigMap
// The object's text goes into an annotation of at most 262,144 bytes, the module in base64; the
// rest of the ConfigMap needs a few hundred of them. 196,000 bytes were taken, 200,000 refused.
constexpr std::uint64_t kApplyBytes = 196'000;
}  // namespace

void check_config_map_size(const Subject& subject, const Rule& rule, Findings& findings) {
  if (subject.module.bytes.size() <= kConfigMapBytes) return;
  add(findings, rule,
      fmt::format("has {} bytes; a ConfigMap holds {}", subject.module.bytes.size(),
                  kConfigMapBytes),
      "push it as an image, or make it smaller: `wasmctl inspect` shows where the bytes are");
}

void check_apply_size(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto size = subject.module.bytes.size();
  if (size <= kApplyBytes || size > kConfigMapBytes) return;
  add(findings, rule,
      fmt::format("has {} bytes; in a ConfigMap, `kubectl apply` takes about {}", size,
                  kApplyBytes),
      "for the ConfigMap use `kubectl apply --server-side` or `kubectl create`, or push the module "
      "as an image");
}

void check_debug_info(const Subject& subject, const Rule& rule, Findings& findings) {
  std::size_t bytes = 0;
  for (const auto& section : subject.module.sections) {
    if (section.id == SectionId::custom && section.name.starts_with(".debug_")) {
      bytes += section.end - section.begin;
    }
  }
  if (bytes == 0) return;
  add(findings, rule,
      fmt::format("carries {} bytes of debug information, which Envoy does not read", bytes),
      "build without -g, or strip it: `wasmctl lint --fix`");
}

}  // namespace wasmctl::wasm
