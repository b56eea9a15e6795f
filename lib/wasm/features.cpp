#include "wasm/features.hpp"

namespace wasmctl::wasm {

namespace {

constexpr FeatureRow kRows[] = {
    {"sign-ext", Feature::sign_extension, true},
    {"nontrapping-fptoint", Feature::saturating_float, true},
    {"multivalue", Feature::multi_value, true},
    {"bulk-memory", Feature::bulk_memory, true},
    {"reference-types", Feature::reference_types, true},
    {"simd128", Feature::simd, true},
    {"relaxed-simd", Feature::relaxed_simd, true},
    {"tail-call", Feature::tail_calls, true},
    {"extended-const", Feature::extended_const, true},
    {"atomics", Feature::threads, true},
    {"multimemory", Feature::multi_memory, true},
    {"memory64", Feature::memory64, true},
    {"exception-handling (legacy)", Feature::legacy_exceptions, true},
    {"exception-handling", Feature::exceptions, true},
    {"gc", Feature::gc, true},
    {"wide-arithmetic", Feature::wide_arithmetic, false},
    {"custom-page-sizes", Feature::custom_page_sizes, false},
};

}  // namespace

std::span<const FeatureRow> feature_rows() {
  return kRows;
}

}  // namespace wasmctl::wasm
