#include <fmt/format.h>

#include <optional>
#include <string>

#include "base/error.hpp"
#include "wasm/features.hpp"
#include "wasm/lint/rules.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

namespace {

void check_features(const Subject& subject, const Rule& rule, Findings& findings) {
  for (const auto& row : feature_rows()) {
    if (row.in_envoy || !subject.module.features.contains(row.feature)) continue;
    add(findings, rule, fmt::format("uses {}, which Envoy's V8 does not have", row.name),
        "turn the feature off in the compiler", std::string(row.name));
  }
}

// The numbers of a name section, as the host reads them: below 2^30, in at most five bytes.
std::uint32_t host_number(Reader& reader) {
  const Reader start = reader;
  const auto value = reader.u32_leb("a number");
  if (value >= 1U << 30U) start.fail("a number is 2^30 or more");
  return value;
}

// The names of functions must be all that their subsection holds; what else is in the section, and
// what the letters are, is not looked at.
void read_as_host(Reader reader) {
  constexpr std::uint8_t kFunctionNames = 1;
  while (!reader.empty()) {
    const auto id = reader.byte("a subsection");
    const auto size = host_number(reader);
    Reader content = reader.sub(size, "a subsection");
    if (id != kFunctionNames) continue;
    const auto count = host_number(content);
    for (std::uint32_t i = 0; i < count; ++i) {
      host_number(content);
      content.take(host_number(content), "a function's name");
    }
    if (!content.empty()) {
      content.fail(fmt::format("{} bytes follow the names of functions", content.remaining()));
    }
  }
}

// Source: proxy-wasm-cpp-host, src/bytecode_util.cc, getFunctionNameIndex(): the first section of
// that name.
std::optional<std::string> refuse_names(const Module& module) {
  const auto* const names = module.find_custom_section("name");
  if (names == nullptr) return std::nullopt;
  try {
    read_as_host(names->reader());
    return std::nullopt;
  } catch (const Error& error) {
    return error.message();
  }
}

void check_name_section(const Subject& subject, const Rule& rule, Findings& findings) {
  const auto why = refuse_names(subject.module);
  if (!why) return;
  add(findings, rule, fmt::format("has a name section that Envoy cannot read: {}", *why),
      "strip it (`wasmctl lint --fix`, `wasm-strip`), or have it written anew by the tool that "
      "names functions",
      "name");
}

constexpr LintRule kSectionRules[] = {
    {{"feature", Severity::error, "uses no proposal that Envoy's V8 has off"},
     Judge::envoy,
     "Garbage collection, exceptions in both forms, SIMD, threads' atomics, tail calls and 64-bit "
     "memory are on; wide arithmetic and custom page sizes are not.",
     check_features},
    {{"name-section", Severity::error, "has a name section that Envoy can read, or none"},
     Judge::envoy,
     "No engine minds what is in it, but Envoy reads the names of functions by itself and refuses "
     "the module with \"Failed to parse corrupted Wasm module\".",
     check_name_section},
};

}  // namespace

std::span<const LintRule> section_rules() {
  return kSectionRules;
}

bool host_reads_names(const Module& module) {
  return !refuse_names(module);
}

}  // namespace wasmctl::wasm
