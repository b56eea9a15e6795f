#include "wasm/features.hpp"

namespace wasmctl::wasm {

namespace {

constexpr FeatureRow kRows[] = {
    {Feature::sign_extension, "sign-ext", true, true},
    {Feature::saturating_float, "nontrapping-fptoint", true, true},
    {Feature::multi_value, "multivalue", true, true},
    {Feature::bulk_memory, "bulk-memory", true, true},
    {Feature::reference_types, "reference-types", true, true},
    {Feature::simd, "simd128", true, true},
    {Feature::relaxed_simd, "relaxed-simd", true, true},
    {Feature::tail_calls, "tail-call", true, true},
    {Feature::extended_const, "extended-const", true, true},
    {Feature::threads, "atomics", true, true},
    {Feature::multi_memory, "multimemory", true, false},
    {Feature::memory64, "memory64", true, true},
    {Feature::legacy_exceptions, "exception-handling (legacy)", true, true},
    {Feature::exceptions, "exception-handling", true, false},
    {Feature::gc, "gc", true, false},
    {Feature::wide_arithmetic, "wide-arithmetic", false, false},
    {Feature::custom_page_sizes, "custom-page-sizes", false, false},
};

}  // namespace

std::span<const FeatureRow> feature_rows() {
  return kRows;
}

}  // namespace wasmctl::wasm
