// The host's functions, as they are imported: the raw ABI below proxy_wasm_api.h.
//
// Strings and bytes go to the host as a pointer and a size. What the host returns it writes into
// memory that it allocates by calling the module's `malloc`: whoever receives such a pointer frees
// it. Where a function returns a `const char**`, the pointer may be null if the size is 0, even
// when the result is Ok.
// Source: proxy-wasm/spec, abi-versions/v0.2.1; proxy-wasm-cpp-host, include/proxy-wasm/exports.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proxy_wasm_common.h"
#include "proxy_wasm_enums.h"

// Named one by one, so that a misspelt function is an error of the linker and not an import that
// the host refuses on another machine. Tests compile the same declarations natively.
#ifdef __wasm__
#define PROXY_WASM_HOSTCALL(name) \
  extern "C" __attribute__((import_module("env"), import_name(#name))) WasmResult name
#else
#define PROXY_WASM_HOSTCALL(name) extern "C" WasmResult name
#endif

// --- Log ---
PROXY_WASM_HOSTCALL(proxy_log)(LogLevel level, const char* message, size_t message_size);
// The level from which on the host writes what a plugin logs. New in ABI 0.2.1.
PROXY_WASM_HOSTCALL(proxy_get_log_level)(LogLevel* level);

// --- Status ---
// Details of the last failed call of a gRPC or HTTP callout: gRPC status, message.
PROXY_WASM_HOSTCALL(proxy_get_status)
(uint32_t* status_code, const char** message, size_t* message_size);

// --- Time ---
// Calls proxy_on_tick of this root context each `milliseconds`; 0 stops it.
PROXY_WASM_HOSTCALL(proxy_set_tick_period_milliseconds)(uint32_t milliseconds);
// Since the Unix epoch.
PROXY_WASM_HOSTCALL(proxy_get_current_time_nanoseconds)(uint64_t* nanoseconds);

// --- Properties ---
// `path` is a list of names, with a zero byte between two of them.
PROXY_WASM_HOSTCALL(proxy_get_property)
(const char* path, size_t path_size, const char** value, size_t* value_size);
PROXY_WASM_HOSTCALL(proxy_set_property)
(const char* path, size_t path_size, const char* value, size_t value_size);

// --- Streams ---
PROXY_WASM_HOSTCALL(proxy_continue_stream)(WasmStreamType type);
PROXY_WASM_HOSTCALL(proxy_close_stream)(WasmStreamType type);
PROXY_WASM_HOSTCALL(proxy_send_local_response)
(uint32_t response_code, const char* response_code_details, size_t response_code_details_size,
 const char* body, size_t body_size, const char* additional_response_header_pairs,
 size_t additional_response_header_pairs_size, uint32_t grpc_status);

// --- Shared data: one map a vm_id, shared by all worker threads ---
PROXY_WASM_HOSTCALL(proxy_get_shared_data)
(const char* key, size_t key_size, const char** value, size_t* value_size, uint32_t* cas);
// `cas` 0 sets always; another value only if it is still the entry's, else CasMismatch.
PROXY_WASM_HOSTCALL(proxy_set_shared_data)
(const char* key, size_t key_size, const char* value, size_t value_size, uint32_t cas);

// --- Shared queues ---
PROXY_WASM_HOSTCALL(proxy_register_shared_queue)
(const char* queue_name, size_t queue_name_size, uint32_t* token);
PROXY_WASM_HOSTCALL(proxy_resolve_shared_queue)
(const char* vm_id, size_t vm_id_size, const char* queue_name, size_t queue_name_size,
 uint32_t* token);
PROXY_WASM_HOSTCALL(proxy_dequeue_shared_queue)
(uint32_t token, const char** data, size_t* data_size);
PROXY_WASM_HOSTCALL(proxy_enqueue_shared_queue)
(uint32_t token, const char* data, size_t data_size);

// --- Headers, trailers, metadata ---
PROXY_WASM_HOSTCALL(proxy_add_header_map_value)
(WasmHeaderMapType type, const char* key, size_t key_size, const char* value, size_t value_size);
// Of several values of one header, Envoy gives the first: all are among the pairs.
PROXY_WASM_HOSTCALL(proxy_get_header_map_value)
(WasmHeaderMapType type, const char* key, size_t key_size, const char** value, size_t* value_size);
PROXY_WASM_HOSTCALL(proxy_get_header_map_pairs)
(WasmHeaderMapType type, const char** pairs, size_t* size);
PROXY_WASM_HOSTCALL(proxy_set_header_map_pairs)
(WasmHeaderMapType type, const char* pairs, size_t size);
PROXY_WASM_HOSTCALL(proxy_replace_header_map_value)
(WasmHeaderMapType type, const char* key, size_t key_size, const char* value, size_t value_size);
PROXY_WASM_HOSTCALL(proxy_remove_header_map_value)
(WasmHeaderMapType type, const char* key, size_t key_size);
// In bytes, names and values together.
PROXY_WASM_HOSTCALL(proxy_get_header_map_size)(WasmHeaderMapType type, size_t* size);

// --- Bodies and other buffers ---
PROXY_WASM_HOSTCALL(proxy_get_buffer_bytes)
(WasmBufferType type, uint32_t start, uint32_t length, const char** data, size_t* size);
PROXY_WASM_HOSTCALL(proxy_get_buffer_status)
(WasmBufferType type, size_t* length, uint32_t* flags);
// Puts `data` in the place of the `length` bytes from `start` on. start 0 and length 0 prepend, a
// start at or behind the end appends, start 0 and a length of all there is replaces. Envoy knows no
// other place: it answers BadArgument for a part in the middle.
PROXY_WASM_HOSTCALL(proxy_set_buffer_bytes)
(WasmBufferType type, uint32_t start, uint32_t length, const char* data, size_t size);

// --- Callouts ---
PROXY_WASM_HOSTCALL(proxy_http_call)
(const char* cluster, size_t cluster_size, void* header_pairs, size_t header_pairs_size,
 const char* body, size_t body_size, void* trailer_pairs, size_t trailer_pairs_size,
 uint32_t timeout_milliseconds, uint32_t* token);
PROXY_WASM_HOSTCALL(proxy_grpc_call)
(const char* service, size_t service_size, const char* service_name, size_t service_name_size,
 const char* method_name, size_t method_name_size, void* initial_metadata,
 size_t initial_metadata_size, const char* request, size_t request_size,
 uint32_t timeout_milliseconds, uint32_t* token);
PROXY_WASM_HOSTCALL(proxy_grpc_stream)
(const char* service, size_t service_size, const char* service_name, size_t service_name_size,
 const char* method_name, size_t method_name_size, void* initial_metadata,
 size_t initial_metadata_size, uint32_t* token);
PROXY_WASM_HOSTCALL(proxy_grpc_cancel)(uint32_t token);
PROXY_WASM_HOSTCALL(proxy_grpc_close)(uint32_t token);
PROXY_WASM_HOSTCALL(proxy_grpc_send)
(uint32_t token, const char* message, size_t message_size, uint32_t end_stream);

// --- Metrics ---
PROXY_WASM_HOSTCALL(proxy_define_metric)
(MetricType type, const char* name, size_t name_size, uint32_t* metric_id);
PROXY_WASM_HOSTCALL(proxy_increment_metric)(uint32_t metric_id, int64_t offset);
PROXY_WASM_HOSTCALL(proxy_record_metric)(uint32_t metric_id, uint64_t value);
PROXY_WASM_HOSTCALL(proxy_get_metric)(uint32_t metric_id, uint64_t* value);

// --- System ---
PROXY_WASM_HOSTCALL(proxy_set_effective_context)(uint32_t context_id);
PROXY_WASM_HOSTCALL(proxy_done)();
PROXY_WASM_HOSTCALL(proxy_call_foreign_function)
(const char* function_name, size_t function_name_size, const char* arguments, size_t arguments_size,
 char** results, size_t* results_size);
