// The proposals beyond the first version of WebAssembly that a module uses, as its bytes show them
// (the `target_features` section only says what the compiler was allowed to use).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace wasmctl::wasm {

enum class Feature : std::uint8_t {
  sign_extension,
  saturating_float,
  multi_value,
  bulk_memory,
  reference_types,
  simd,
  relaxed_simd,
  tail_calls,
  extended_const,
  threads,
  multi_memory,
  memory64,
  legacy_exceptions,
  exceptions,
  gc,
  wide_arithmetic,
  custom_page_sizes,
};

class FeatureSet {
 public:
  constexpr bool contains(Feature feature) const { return (bits_ & bit(feature)) != 0; }
  constexpr void add(Feature feature) { bits_ |= bit(feature); }
  constexpr void add(FeatureSet other) { bits_ |= other.bits_; }
  bool operator==(const FeatureSet&) const = default;

 private:
  static constexpr std::uint32_t bit(Feature feature) {
    return std::uint32_t{1} << static_cast<unsigned>(feature);
  }
  std::uint32_t bits_ = 0;
};

struct FeatureRow {
  std::string_view name;  // as tool-conventions spell it, where they do
  Feature feature;
  bool in_envoy;  // V8 as Envoy 1.36 to 1.40 run it: tests/e2e/envoy/test_lint_rules.py
};

std::span<const FeatureRow> feature_rows();

}  // namespace wasmctl::wasm
