#include "wasm/hostcalls.hpp"

#include <algorithm>

namespace wasmctl::wasm {

namespace {

constexpr AbiRow kAbis[] = {
    {AbiVersion::v0_1_0, "0.1.0", "proxy_abi_version_0_1_0", Vendor::envoy},
    {AbiVersion::v0_2_0, "0.2.0", "proxy_abi_version_0_2_0", Vendor::envoy},
    {AbiVersion::v0_2_1, "0.2.1", "proxy_abi_version_0_2_1", Vendor::envoy},
    {AbiVersion::v0_2_100, "0.2.100", "proxy_abi_version_0_2_100", Vendor::higress},
};

constexpr AbiSet set_of(std::initializer_list<AbiVersion> versions) {
  AbiSet set = 0;
  for (const auto version : versions) set |= static_cast<AbiSet>(version);
  return set;
}

constexpr AbiSet kOnly01 = set_of({AbiVersion::v0_1_0});
constexpr AbiSet kSince021 = set_of({AbiVersion::v0_2_1, AbiVersion::v0_2_100});
constexpr AbiSet kSince02 = kSince021 | set_of({AbiVersion::v0_2_0});
constexpr AbiSet kAllAbis = kSince02 | kOnly01;

constexpr auto kLooks = Effect::looks;
constexpr auto kActs = Effect::acts;
constexpr auto kFails = Effect::fails;
constexpr unsigned kEver = 0;
constexpr unsigned kEnvoy139 = 39;
constexpr bool kAtStart = true;

constexpr HostFunction kHostFunctions[] = {
    // Logging, time and state
    {"env", "proxy_log", "iii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"env", "proxy_get_log_level", "i:i", kSince021, kLooks},
    {"env", "proxy_get_status", "iii:i", kAllAbis, kLooks},
    {"env", "proxy_get_current_time_nanoseconds", "i:i", kAllAbis, kLooks},
    {"env", "proxy_set_tick_period_milliseconds", "i:i", kAllAbis, kLooks},
    {"env", "proxy_get_property", "iiii:i", kAllAbis, kLooks},
    {"env", "proxy_set_property", "iiii:i", kAllAbis, kActs},
    {"env", "proxy_get_configuration", "ii:i", kOnly01, kLooks},
    {"env", "proxy_set_effective_context", "i:i", kAllAbis, kLooks},
    {"env", "proxy_done", ":i", kAllAbis, kLooks},
    {"env", "proxy_call_foreign_function", "iiiiii:i", kAllAbis, kActs},
    // Streams
    {"env", "proxy_continue_request", ":i", kOnly01, kActs},
    {"env", "proxy_continue_response", ":i", kOnly01, kActs},
    {"env", "proxy_clear_route_cache", ":i", kOnly01, kActs},
    {"env", "proxy_continue_stream", "i:i", kSince02, kActs},
    {"env", "proxy_close_stream", "i:i", kSince02, kActs},
    {"env", "proxy_send_local_response", "iiiiiiii:i", kAllAbis, kActs},
    // Headers, trailers and metadata
    {"env", "proxy_get_header_map_size", "ii:i", kAllAbis, kLooks},
    {"env", "proxy_get_header_map_pairs", "iii:i", kAllAbis, kLooks},
    {"env", "proxy_set_header_map_pairs", "iii:i", kAllAbis, kActs},
    {"env", "proxy_get_header_map_value", "iiiii:i", kAllAbis, kLooks},
    {"env", "proxy_add_header_map_value", "iiiii:i", kAllAbis, kActs},
    {"env", "proxy_replace_header_map_value", "iiiii:i", kAllAbis, kActs},
    {"env", "proxy_remove_header_map_value", "iii:i", kAllAbis, kActs},
    // Bodies and other buffers
    {"env", "proxy_get_buffer_status", "iii:i", kAllAbis, kLooks},
    {"env", "proxy_get_buffer_bytes", "iiiii:i", kAllAbis, kLooks},
    {"env", "proxy_set_buffer_bytes", "iiiii:i", kAllAbis, kActs},
    // Shared data and queues
    {"env", "proxy_get_shared_data", "iiiii:i", kAllAbis, kLooks},
    {"env", "proxy_set_shared_data", "iiiii:i", kAllAbis, kLooks},
    {"env", "proxy_register_shared_queue", "iii:i", kAllAbis, kLooks},
    {"env", "proxy_resolve_shared_queue", "iiiii:i", kAllAbis, kLooks},
    {"env", "proxy_dequeue_shared_queue", "iii:i", kAllAbis, kLooks},
    {"env", "proxy_enqueue_shared_queue", "iii:i", kAllAbis, kLooks},
    // Calls to other services
    {"env", "proxy_http_call", "iiiiiiiiii:i", kAllAbis, kLooks},
    {"env", "proxy_grpc_call", "iiiiiiiiiiii:i", kAllAbis, kLooks},
    {"env", "proxy_grpc_stream", "iiiiiiiii:i", kAllAbis, kLooks},
    {"env", "proxy_grpc_send", "iiii:i", kAllAbis, kLooks},
    {"env", "proxy_grpc_cancel", "i:i", kAllAbis, kLooks},
    {"env", "proxy_grpc_close", "i:i", kAllAbis, kLooks},
    // Metrics
    {"env", "proxy_define_metric", "iiii:i", kAllAbis, kLooks},
    {"env", "proxy_increment_metric", "iI:i", kAllAbis, kLooks},
    {"env", "proxy_record_metric", "iI:i", kAllAbis, kLooks},
    {"env", "proxy_get_metric", "ii:i", kAllAbis, kLooks},
    // Emscripten's runtime and Envoy's own
    {"env", "pthread_equal", "ii:i", kAllAbis, kLooks},
    {"env", "emscripten_notify_memory_growth", "i:", kAllAbis, kLooks, kEver, kAtStart},
    {"env", "envoy_resolve_dns", "iii:i", kAllAbis, kLooks},
    // WASI
    {"wasi", "args_get", "ii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "args_sizes_get", "ii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "clock_res_get", "ii:i", kAllAbis, kLooks, kEnvoy139, kAtStart},
    {"wasi", "clock_time_get", "iIi:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "environ_get", "ii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "environ_sizes_get", "ii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "fd_advise", "iIIi:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_allocate", "iII:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_close", "i:i", kAllAbis, kLooks},
    {"wasi", "fd_datasync", "i:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_fdstat_get", "ii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "fd_fdstat_set_flags", "ii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "fd_fdstat_set_rights", "iII:i", kAllAbis, kLooks, kEnvoy139, kAtStart},
    {"wasi", "fd_filestat_get", "ii:i", kAllAbis, kLooks, kEnvoy139, kAtStart},
    {"wasi", "fd_filestat_set_size", "iI:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_filestat_set_times", "iIIi:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_pread", "iiiIi:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_prestat_dir_name", "iii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "fd_prestat_get", "ii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "fd_pwrite", "iiiIi:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_read", "iiii:i", kAllAbis, kLooks},
    {"wasi", "fd_readdir", "iiiIi:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_renumber", "ii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_seek", "iIii:i", kAllAbis, kLooks},
    {"wasi", "fd_sync", "i:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_tell", "ii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "fd_write", "iiii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "path_create_directory", "iii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "path_filestat_get", "iiiii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "path_filestat_set_times", "iiiiIIi:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    // WASI has one parameter more for path_link and path_symlink: Envoy 1.40 left it out.
    {"wasi", "path_link", "iiiiii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "path_open", "iiiiiIIii:i", kAllAbis, kFails},
    {"wasi", "path_readlink", "iiiiii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "path_remove_directory", "iii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "path_rename", "iiiiii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "path_symlink", "iiii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "path_unlink_file", "iii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "poll_oneoff", "iiii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "proc_exit", "i:", kAllAbis, kLooks},
    {"wasi", "random_get", "ii:i", kAllAbis, kLooks, kEver, kAtStart},
    {"wasi", "sched_yield", ":i", kAllAbis, kLooks},
    {"wasi", "sock_accept", "iii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "sock_recv", "iiiiii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "sock_send", "iiiii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
    {"wasi", "sock_shutdown", "ii:i", kAllAbis, kFails, kEnvoy139, kAtStart},
};

// Offered by Higress' gateways beside Envoy's own.
// Source: higress-group/proxy-wasm-cpp-host 65755f2, src/wasm.cc and include/proxy-wasm/exports.h;
// higress-group/proxy-wasm-go-sdk 00c4816, proxywasm/internal/abi_hostcalls.go.
constexpr HostFunction kHigressFunctions[] = {
    {"env", "proxy_redis_init", "iiiiiii:i", kAllAbis, kLooks, kEver, false, Vendor::higress},
    {"env", "proxy_redis_call", "iiiii:i", kAllAbis, kLooks, kEver, false, Vendor::higress},
    {"env", "proxy_inject_encoded_data_to_filter_chain", "iii:i", kAllAbis, kActs, kEver, false,
     Vendor::higress},
    {"env", "proxy_get_upstream_hosts", "ii:i", kSince021, kLooks, kEver, false, Vendor::higress},
    {"env", "proxy_set_upstream_override_host", "ii:i", kSince021, kActs, kEver, false,
     Vendor::higress},
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

constexpr Callback kHigressCallbacks[] = {
    {"proxy_on_redis_call_response", "iiii:", kAllAbis, Vendor::higress},
};

// Signatures that SDKs declared until May 2020, before gRPC calls had initial metadata.
constexpr FormerSignature kFormerSignatures[] = {
    {"proxy_grpc_call", "iiiiiiiiii:i"},
    {"proxy_grpc_stream", "iiiiiii:i"},
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

const AbiRow& row_of(AbiVersion version) {
  return *std::ranges::find(kAbis, version, &AbiRow::version);
}

}  // namespace

std::span<const AbiRow> abis() {
  return kAbis;
}

std::string_view to_string(AbiVersion version) {
  return row_of(version).name;
}

std::string_view marker(AbiVersion version) {
  return row_of(version).marker;
}

std::optional<AbiVersion> abi_version(const Module& module, Vendor host) {
  for (const auto& item : module.exports) {
    if (item.kind != ExternalKind::function) continue;
    const auto* const row = std::ranges::find(kAbis, item.name, &AbiRow::marker);
    if (row != std::end(kAbis) && offers(host, *row)) return row->version;
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

std::vector<HostFunction> host_functions(Vendor host) {
  std::vector<HostFunction> rows(std::begin(kHostFunctions), std::end(kHostFunctions));
  if (host == Vendor::higress) {
    rows.insert(rows.end(), std::begin(kHigressFunctions), std::end(kHigressFunctions));
  }
  return rows;
}

const HostFunction* find_host_function(std::string_view module, std::string_view name) {
  if (module == "wasi_snapshot_preview1" || module == "wasi_unstable") module = "wasi";
  for (const auto rows : {std::span<const HostFunction>(kHostFunctions),
                          std::span<const HostFunction>(kHigressFunctions)}) {
    for (const auto& row : rows) {
      if (row.name == name && row.module == module) return &row;
    }
  }
  return nullptr;
}

std::vector<Callback> callbacks(Vendor host) {
  std::vector<Callback> rows(std::begin(kCallbacks), std::end(kCallbacks));
  if (host == Vendor::higress) {
    rows.insert(rows.end(), std::begin(kHigressCallbacks), std::end(kHigressCallbacks));
  }
  return rows;
}

const Callback* find_callback(std::string_view name) {
  const auto* const found = std::ranges::find(kCallbacks, name, &Callback::name);
  if (found != std::end(kCallbacks)) return found;
  const auto* const higress = std::ranges::find(kHigressCallbacks, name, &Callback::name);
  return higress != std::end(kHigressCallbacks) ? higress : nullptr;
}

bool is_callback(std::string_view name) {
  const auto* const found = find_callback(name);
  return found != nullptr && found->vendor == Vendor::envoy;
}

std::span<const FormerSignature> former_signatures() {
  return kFormerSignatures;
}

std::span<const EntryPoint> entry_points() {
  return kEntryPoints;
}

std::span<const std::string_view> former_callbacks() {
  return kFormerCallbacks;
}

}  // namespace wasmctl::wasm
