// The functions that the host calls, exported only if a plugin has something to do in them.
//
// Each callback below is a class template whose instantiation puts one export into the module.
// Nothing else instantiates it but `export_callbacks_of<C>()`, for a callback that the context
// class C overrides. Envoy looks each export up by name and skips the events of those that are
// missing, without entering the VM (proxy-wasm-cpp-host, src/context.cc, CHECK_RETURN).
#pragma once

#include <stdint.h>

#include <type_traits>

#include "proxy_wasm_context.h"

namespace proxy_wasm {

// The class in which a member function was declared last, as seen from a derived one:
// &Derived::f has the type R (Base::*)(A...) if only Base declares f.
template <class Member>
struct Declarer {
  using type = void;
};
template <class R, class C, class... A>
struct Declarer<R (C::*)(A...)> {
  using type = C;
};

template <class C>
constexpr bool is_ours =
    std::is_same_v<C, Context> || std::is_same_v<C, RootContext> || std::is_same_v<C, ContextBase>;

#ifdef __wasm__
#define PROXY_WASM_CALLBACK_ATTRIBUTES(symbol) __attribute__((used, export_name(#symbol)))
#else
#define PROXY_WASM_CALLBACK_ATTRIBUTES(symbol)
#endif

// What a context answers that does not exist, because no factory made it: what the base class
// would. The integers of the ABI's callbacks are booleans; true is consent.
template <class Result>
Result answer_of_nobody() {
  if constexpr (std::is_same_v<Result, uint32_t>) return 1;
  return Result();
}

// Calls `function`. An exception that it throws must not leave the module, whose host knows nothing
// of C++: it ends in the log, and traps.
#ifdef __WASM_EXCEPTIONS__
[[noreturn]] void end_uncaught();

template <class Function>
auto guarded(Function function) {
  try {
    return function();
  } catch (...) {
    end_uncaught();
  }
}
#else
template <class Function>
[[gnu::always_inline]] inline auto guarded(Function function) {
  return function();
}
#endif

// One callback: the export `symbol`, which finds its context by `find` and calls `method` of it.
//
// Overrides<C> is true where C declares the method anew. Where it is not accessible, or overloaded,
// no pointer to it can be formed: then it is not the one that we declared, public and single.
#define PROXY_WASM_CALLBACK(symbol, method, find, result, parameters, arguments) \
  template <bool>                                                                \
  struct Export_##method {                                                       \
    PROXY_WASM_CALLBACK_ATTRIBUTES(symbol)                                       \
    static result call parameters {                                              \
      auto* context = find(context_id);                                          \
      if (context == nullptr) return answer_of_nobody<result>();                 \
      return guarded([&] { return static_cast<result>(context->method arguments); }); \
    }                                                                            \
  };                                                                             \
  template <class C, class = void>                                               \
  struct Overrides_##method : std::true_type {};                                 \
  template <class C>                                                             \
  struct Overrides_##method<C, std::void_t<decltype(&C::method)>>                \
      : std::bool_constant<!is_ours<typename Declarer<decltype(&C::method)>::type>> {};

// clang-format off
PROXY_WASM_CALLBACK(proxy_validate_configuration, validateConfiguration, getRootContext, uint32_t,
                    (uint32_t context_id, uint32_t size), (size))
PROXY_WASM_CALLBACK(proxy_on_vm_start, onStart, getRootContext, uint32_t,
                    (uint32_t context_id, uint32_t size), (size))
PROXY_WASM_CALLBACK(proxy_on_configure, onConfigure, getRootContext, uint32_t,
                    (uint32_t context_id, uint32_t size), (size))
PROXY_WASM_CALLBACK(proxy_on_tick, onTick, getRootContext, void,
                    (uint32_t context_id), ())
PROXY_WASM_CALLBACK(proxy_on_queue_ready, onQueueReady, getRootContext, void,
                    (uint32_t context_id, uint32_t token), (token))
PROXY_WASM_CALLBACK(proxy_on_http_call_response, onHttpCallResponse, getRootContext, void,
                    (uint32_t context_id, uint32_t token, uint32_t headers, uint32_t body_size, uint32_t trailers),
                    (token, headers, body_size, trailers))
PROXY_WASM_CALLBACK(proxy_on_grpc_receive_initial_metadata, onGrpcReceiveInitialMetadata, getRootContext, void,
                    (uint32_t context_id, uint32_t token, uint32_t headers), (token, headers))
PROXY_WASM_CALLBACK(proxy_on_grpc_receive_trailing_metadata, onGrpcReceiveTrailingMetadata, getRootContext, void,
                    (uint32_t context_id, uint32_t token, uint32_t trailers), (token, trailers))
PROXY_WASM_CALLBACK(proxy_on_grpc_receive, onGrpcReceive, getRootContext, void,
                    (uint32_t context_id, uint32_t token, uint32_t body_size), (token, body_size))
PROXY_WASM_CALLBACK(proxy_on_grpc_close, onGrpcClose, getRootContext, void,
                    (uint32_t context_id, uint32_t token, uint32_t status),
                    (token, static_cast<GrpcStatus>(status)))

PROXY_WASM_CALLBACK(proxy_on_new_connection, onNewConnection, getContext, FilterStatus,
                    (uint32_t context_id), ())
PROXY_WASM_CALLBACK(proxy_on_downstream_data, onDownstreamData, getContext, FilterStatus,
                    (uint32_t context_id, uint32_t size, uint32_t end), (size, end != 0))
PROXY_WASM_CALLBACK(proxy_on_upstream_data, onUpstreamData, getContext, FilterStatus,
                    (uint32_t context_id, uint32_t size, uint32_t end), (size, end != 0))
PROXY_WASM_CALLBACK(proxy_on_downstream_connection_close, onDownstreamConnectionClose, getContext, void,
                    (uint32_t context_id, uint32_t who), (static_cast<CloseType>(who)))
PROXY_WASM_CALLBACK(proxy_on_upstream_connection_close, onUpstreamConnectionClose, getContext, void,
                    (uint32_t context_id, uint32_t who), (static_cast<CloseType>(who)))
PROXY_WASM_CALLBACK(proxy_on_request_headers, onRequestHeaders, getContext, FilterHeadersStatus,
                    (uint32_t context_id, uint32_t headers, uint32_t end), (headers, end != 0))
PROXY_WASM_CALLBACK(proxy_on_request_metadata, onRequestMetadata, getContext, FilterMetadataStatus,
                    (uint32_t context_id, uint32_t elements), (elements))
PROXY_WASM_CALLBACK(proxy_on_request_body, onRequestBody, getContext, FilterDataStatus,
                    (uint32_t context_id, uint32_t size, uint32_t end), (size, end != 0))
PROXY_WASM_CALLBACK(proxy_on_request_trailers, onRequestTrailers, getContext, FilterTrailersStatus,
                    (uint32_t context_id, uint32_t trailers), (trailers))
PROXY_WASM_CALLBACK(proxy_on_response_headers, onResponseHeaders, getContext, FilterHeadersStatus,
                    (uint32_t context_id, uint32_t headers, uint32_t end), (headers, end != 0))
PROXY_WASM_CALLBACK(proxy_on_response_metadata, onResponseMetadata, getContext, FilterMetadataStatus,
                    (uint32_t context_id, uint32_t elements), (elements))
PROXY_WASM_CALLBACK(proxy_on_response_body, onResponseBody, getContext, FilterDataStatus,
                    (uint32_t context_id, uint32_t size, uint32_t end), (size, end != 0))
PROXY_WASM_CALLBACK(proxy_on_response_trailers, onResponseTrailers, getContext, FilterTrailersStatus,
                    (uint32_t context_id, uint32_t trailers), (trailers))

PROXY_WASM_CALLBACK(proxy_on_log, onLog, getContextBase, void,
                    (uint32_t context_id), ())
PROXY_WASM_CALLBACK(proxy_on_foreign_function, onForeignFunction, getContextBase, void,
                    (uint32_t context_id, uint32_t function_id, uint32_t size), (function_id, size))
PROXY_WASM_CALLBACK(proxy_on_done, onDoneBase, getContextBase, uint32_t,
                    (uint32_t context_id), ())
// clang-format on
#undef PROXY_WASM_CALLBACK
#undef PROXY_WASM_CALLBACK_ATTRIBUTES

// onDone is void in one class and bool in the other; onDoneBase hides that from the host. It is
// private where it is overridden, so ask for onDone.
template <class C, class = void>
struct Overrides_onDone : std::true_type {};
template <class C>
struct Overrides_onDone<C, std::void_t<decltype(&C::onDone)>>
    : std::bool_constant<!is_ours<typename Declarer<decltype(&C::onDone)>::type>> {};

// Keeps one export. The template argument depends on C: else it would be instantiated by the mere
// text of a branch that is not taken.
#define PROXY_WASM_EXPORT(method) static_cast<void>(&Export_##method<(sizeof(C) > 0)>::call)
#define PROXY_WASM_EXPORT_IF_OVERRIDDEN(method) \
  if constexpr (Overrides_##method<C>::value) PROXY_WASM_EXPORT(method)

// Exports what C, a class derived from ContextBase, overrides.
template <class C>
void export_callbacks_of() {
  PROXY_WASM_EXPORT_IF_OVERRIDDEN(onLog);
  PROXY_WASM_EXPORT_IF_OVERRIDDEN(onForeignFunction);
  if constexpr (Overrides_onDone<C>::value) PROXY_WASM_EXPORT(onDoneBase);
  if constexpr (std::is_base_of_v<RootContext, C>) {
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(validateConfiguration);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onStart);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onConfigure);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onTick);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onQueueReady);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onHttpCallResponse);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onGrpcReceiveInitialMetadata);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onGrpcReceiveTrailingMetadata);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onGrpcReceive);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onGrpcClose);
  }
  if constexpr (std::is_base_of_v<Context, C>) {
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onNewConnection);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onDownstreamData);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onUpstreamData);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onDownstreamConnectionClose);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onUpstreamConnectionClose);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onRequestHeaders);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onRequestMetadata);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onRequestBody);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onRequestTrailers);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onResponseHeaders);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onResponseMetadata);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onResponseBody);
    PROXY_WASM_EXPORT_IF_OVERRIDDEN(onResponseTrailers);
  }
}

#undef PROXY_WASM_EXPORT_IF_OVERRIDDEN
#undef PROXY_WASM_EXPORT

}  // namespace proxy_wasm
