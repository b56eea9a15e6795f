#include "wasm/features.hpp"

namespace wasmctl::wasm {

namespace {

constexpr FeatureRow kRows[] = {
    {"sign-ext", Feature::sign_extension, true, true},
    {"nontrapping-fptoint", Feature::saturating_float, true, true},
    {"multivalue", Feature::multi_value, true, true},
    {"bulk-memory", Feature::bulk_memory, true, true},
    {"reference-types", Feature::reference_types, true, true},
    {"simd128", Feature::simd, true, true},
    {"relaxed-simd", Feature::relaxed_simd, true, true},
    {"tail-call", Feature::tail_calls, true, true},
    {"extended-const", Feature::extended_const, true, true},
    {"atomics", Feature::threads, true, true},
    {"multimemory", Feature::multi_memory, true, false},
    {"memory64", Feature::memory64, true, true},
    {"exception-handling (legacy)", Feature::legacy_exceptions, true, true},
    {"exception-handling", Feature::exceptions, true, false},
    {"gc", Feature::gc, true, false},
    {"wide-arithmetic", Feature::wide_arithmetic, false, false},
    {"custom-page-sizes", Feature::custom_page_sizes, false, false},
};

}  // namespace

std::span<const FeatureRow> feature_rows() {
  return kRows;
}

}  // namespace wasmctl::wasm
