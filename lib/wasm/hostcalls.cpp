#include "wasm/hostcalls.hpp"

#include <algorithm>

namespace wasmctl::wasm {

namespace {

constexpr AbiSet kOnly01 = static_cast<AbiSet>(AbiVersion::v0_1_0);
constexpr AbiSet kOnly021 = static_cast<AbiSet>(AbiVersion::v0_2_1);

constexpr unsigned kEver = 0;
constexpr unsigned kEnvoy139 = 39;
constexpr bool kAtStart = true;

constexpr HostFunction kHostFunctions[] = {
    // Logging, time and state
    {"env", "proxy_log", "iii:i", kAllAbis, kEver, kAtStart},
    {"env", "proxy_get_log_level", "i:i", kOnly021},
    {"env", "proxy_get_status", "iii:i", kAllAbis},
    {"env", "proxy_get_current_time_nanoseconds", "i:i", kAllAbis},
    {"env", "proxy_set_tick_period_milliseconds", "i:i", kAllAbis},
    {"env", "proxy_get_property", "iiii:i", kAllAbis},
    {"env", "proxy_set_property", "iiii:i", kAllAbis},
    {"env", "proxy_get_configuration", "ii:i", kOnly01},
    {"env", "proxy_set_effective_context", "i:i", kAllAbis},
    {"env", "proxy_done", ":i", kAllAbis},
    {"env", "proxy_call_foreign_function", "iiiiii:i", kAllAbis},
    // Streams
    {"env", "proxy_continue_request", ":i", kOnly01},
    {"env", "proxy_continue_response", ":i", kOnly01},
    {"env", "proxy_clear_route_cache", ":i", kOnly01},
    {"env", "proxy_continue_stream", "i:i", kSince02},
    {"env", "proxy_close_stream", "i:i", kSince02},
    {"env", "proxy_send_local_response", "iiiiiiii:i", kAllAbis},
    // Headers, trailers and metadata
    {"env", "proxy_get_header_map_size", "ii:i", kAllAbis},
    {"env", "proxy_get_header_map_pairs", "iii:i", kAllAbis},
    {"env", "proxy_set_header_map_pairs", "iii:i", kAllAbis},
    {"env", "proxy_get_header_map_value", "iiiii:i", kAllAbis},
    {"env", "proxy_add_header_map_value", "iiiii:i", kAllAbis},
    {"env", "proxy_replace_header_map_value", "iiiii:i", kAllAbis},
    {"env", "proxy_remove_header_map_value", "iii:i", kAllAbis},
    // Bodies and other buffers
    {"env", "proxy_get_buffer_status", "iii:i", kAllAbis},
    {"env", "proxy_get_buffer_bytes", "iiiii:i", kAllAbis},
    {"env", "proxy_set_buffer_bytes", "iiiii:i", kAllAbis},
    // Shared data and queues
    {"env", "proxy_get_shared_data", "iiiii:i", kAllAbis},
    {"env", "proxy_set_shared_data", "iiiii:i", kAllAbis},
    {"env", "proxy_register_shared_queue", "iii:i", kAllAbis},
    {"env", "proxy_resolve_shared_queue", "iiiii:i", kAllAbis},
    {"env", "proxy_dequeue_shared_queue", "iii:i", kAllAbis},
    {"env", "proxy_enqueue_shared_queue", "iii:i", kAllAbis},
    // Calls to other services
    {"env", "proxy_http_call", "iiiiiiiiii:i", kAllAbis},
    {"env", "proxy_grpc_call", "iiiiiiiiiiii:i", kAllAbis},
    {"env", "proxy_grpc_stream", "iiiiiiiii:i", kAllAbis},
    {"env", "proxy_grpc_send", "iiii:i", kAllAbis},
    {"env", "proxy_grpc_cancel", "i:i", kAllAbis},
    {"env", "proxy_grpc_close", "i:i", kAllAbis},
    // Metrics
    {"env", "proxy_define_metric", "iiii:i", kAllAbis},
    {"env", "proxy_increment_metric", "iI:i", kAllAbis},
    {"env", "proxy_record_metric", "iI:i", kAllAbis},
    {"env", "proxy_get_metric", "ii:i", kAllAbis},
    // Emscripten's runtime and Envoy's own
    {"env", "pthread_equal", "ii:i", kAllAbis},
    {"env", "emscripten_notify_memory_growth", "i:", kAllAbis, kEver, kAtStart},
    {"env", "envoy_resolve_dns", "iii:i", kAllAbis},
    // WASI
    {"wasi", "args_get", "ii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "args_sizes_get", "ii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "clock_res_get", "ii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "clock_time_get", "iIi:i", kAllAbis, kEver, kAtStart},
    {"wasi", "environ_get", "ii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "environ_sizes_get", "ii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "fd_advise", "iIIi:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_allocate", "iII:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_close", "i:i", kAllAbis},
    {"wasi", "fd_datasync", "i:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_fdstat_get", "ii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "fd_fdstat_set_flags", "ii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "fd_fdstat_set_rights", "iII:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_filestat_get", "ii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_filestat_set_size", "iI:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_filestat_set_times", "iIIi:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_pread", "iiiIi:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_prestat_dir_name", "iii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "fd_prestat_get", "ii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "fd_pwrite", "iiiIi:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_read", "iiii:i", kAllAbis},
    {"wasi", "fd_readdir", "iiiIi:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_renumber", "ii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_seek", "iIii:i", kAllAbis},
    {"wasi", "fd_sync", "i:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_tell", "ii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "fd_write", "iiii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "path_create_directory", "iii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "path_filestat_get", "iiiii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "path_filestat_set_times", "iiiiIIi:i", kAllAbis, kEnvoy139, kAtStart},
    // WASI has one parameter more for path_link and path_symlink: Envoy 1.40 left it out.
    {"wasi", "path_link", "iiiiii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "path_open", "iiiiiIIii:i", kAllAbis},
    {"wasi", "path_readlink", "iiiiii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "path_remove_directory", "iii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "path_rename", "iiiiii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "path_symlink", "iiii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "path_unlink_file", "iii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "poll_oneoff", "iiii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "proc_exit", "i:", kAllAbis},
    {"wasi", "random_get", "ii:i", kAllAbis, kEver, kAtStart},
    {"wasi", "sched_yield", ":i", kAllAbis},
    {"wasi", "sock_accept", "iii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "sock_recv", "iiiiii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "sock_send", "iiiii:i", kAllAbis, kEnvoy139, kAtStart},
    {"wasi", "sock_shutdown", "ii:i", kAllAbis, kEnvoy139, kAtStart},
};

constexpr Callback kCallbacks[] = {
    {"proxy_validate_configuration", "ii:i", kAllAbis},
    {"proxy_on_vm_start", "ii:i", kAllAbis},
    {"proxy_on_configure", "ii:i", kAllAbis},
    {"proxy_on_tick", "i:", kAllAbis},
    {"proxy_on_context_create", "ii:", kAllAbis},
    {"proxy_on_new_connection", "i:i", kAllAbis},
    {"proxy_on_downstream_data", "iii:i", kAllAbis},
    {"proxy_on_upstream_data", "iii:i", kAllAbis},
    {"proxy_on_downstream_connection_close", "ii:", kAllAbis},
    {"proxy_on_upstream_connection_close", "ii:", kAllAbis},
    {"proxy_on_request_headers", "ii:i", kOnly01},
    {"proxy_on_request_headers", "iii:i", kSince02},
    {"proxy_on_request_body", "iii:i", kAllAbis},
    {"proxy_on_request_trailers", "ii:i", kAllAbis},
    {"proxy_on_request_metadata", "ii:i", kAllAbis},
    {"proxy_on_response_headers", "ii:i", kOnly01},
    {"proxy_on_response_headers", "iii:i", kSince02},
    {"proxy_on_response_body", "iii:i", kAllAbis},
    {"proxy_on_response_trailers", "ii:i", kAllAbis},
    {"proxy_on_response_metadata", "ii:i", kAllAbis},
    {"proxy_on_http_call_response", "iiiii:", kAllAbis},
    {"proxy_on_grpc_receive_initial_metadata", "iii:", kAllAbis},
    {"proxy_on_grpc_receive", "iii:", kAllAbis},
    {"proxy_on_grpc_receive_trailing_metadata", "iii:", kAllAbis},
    {"proxy_on_grpc_close", "iii:", kAllAbis},
    {"proxy_on_queue_ready", "ii:", kAllAbis},
    {"proxy_on_foreign_function", "iii:", kSince02},
    {"proxy_on_done", "i:i", kAllAbis},
    {"proxy_on_log", "i:", kAllAbis},
    {"proxy_on_delete", "i:", kAllAbis},
    // Envoy's own
    {"envoy_on_resolve_dns", "iii:", kAllAbis},
    {"envoy_on_stats_update", "ii:", kAllAbis},
};

constexpr EntryPoint kEntryPoints[] = {
    {"_initialize", ":"}, {"main", "ii:i"}, {"__main_void", ":i"}, {"_start", ":"}};

constexpr std::string_view kFormerCallbacks[] = {
    "proxy_on_grpc_create_initial_metadata",
    "proxy_on_grpc_trailing_metadata",
};

ValueType value_type(char letter) {
  return letter == 'I' ? ValueType::i64 : ValueType::i32;
}

}  // namespace

std::string_view to_string(AbiVersion version) {
  switch (version) {
    case AbiVersion::v0_1_0:
      return "0.1.0";
    case AbiVersion::v0_2_0:
      return "0.2.0";
    case AbiVersion::v0_2_1:
      return "0.2.1";
  }
  return "?";
}

std::string_view marker(AbiVersion version) {
  switch (version) {
    case AbiVersion::v0_1_0:
      return "proxy_abi_version_0_1_0";
    case AbiVersion::v0_2_0:
      return "proxy_abi_version_0_2_0";
    case AbiVersion::v0_2_1:
      return "proxy_abi_version_0_2_1";
  }
  return "?";
}

std::optional<AbiVersion> abi_version(const Module& module) {
  for (const auto& item : module.exports) {
    if (item.kind != ExternalKind::function) continue;
    for (const auto version : kAbiVersions) {
      if (item.name == marker(version)) return version;
    }
  }
  return std::nullopt;
}

FunctionType type_of(std::string_view signature) {
  FunctionType type;
  auto* list = &type.parameters;
  for (const char letter : signature) {
    if (letter == ':') {
      list = &type.results;
    } else {
      list->push_back(value_type(letter));
    }
  }
  return type;
}

std::span<const HostFunction> host_functions() {
  return kHostFunctions;
}

const HostFunction* find_host_function(std::string_view module, std::string_view name) {
  if (module == "wasi_snapshot_preview1" || module == "wasi_unstable") module = "wasi";
  const auto* found = std::find_if(
      std::begin(kHostFunctions), std::end(kHostFunctions),
      [&](const HostFunction& row) { return row.name == name && row.module == module; });
  return found == std::end(kHostFunctions) ? nullptr : found;
}

std::span<const Callback> callbacks() {
  return kCallbacks;
}

bool is_callback(std::string_view name) {
  return std::any_of(std::begin(kCallbacks), std::end(kCallbacks),
                     [&](const Callback& callback) { return callback.name == name; });
}

std::span<const EntryPoint> entry_points() {
  return kEntryPoints;
}

std::span<const std::string_view> former_callbacks() {
  return kFormerCallbacks;
}

}  // namespace wasmctl::wasm
