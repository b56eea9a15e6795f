// Bounds that others have set and that several folders speak of.
#pragma once

#include <cstdint>

namespace wasmctl::base {

// Istio's agent reads no larger module: ISTIO_WASM_MAX_BINARY_SIZE_BYTES is 256 MiB.
inline constexpr std::uint64_t kMaxModuleBytes = 256ULL << 20U;

// The values of all keys of a ConfigMap together, decoded. Measured: the API server refuses
// 1,048,577.
inline constexpr std::uint64_t kMaxConfigMapBytes = 1'048'576;

// Of the JSON Schema of a plugin's configuration: ours, far above any honest one.
inline constexpr std::uint64_t kMaxSchemaBytes = 1'048'576;

}  // namespace wasmctl::base
