// The API of the C++ SDK above the raw hostcalls of proxy_wasm_externs.h.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy_wasm_callouts.h"
#include "proxy_wasm_check.h"
#include "proxy_wasm_common.h"
#include "proxy_wasm_context.h"
#include "proxy_wasm_enums.h"
#include "proxy_wasm_externs.h"
#include "proxy_wasm_metrics.h"
#include "proxy_wasm_pairs.h"
#include "proxy_wasm_register.h"

// Bytes that the host put into this module's memory; freed with the object.
class WasmData {
 public:
  WasmData(const char* data, size_t size) : data_(data), size_(data == nullptr ? 0 : size) {}
  ~WasmData() { ::free(const_cast<char*>(data_)); }
  WasmData(const WasmData&) = delete;
  WasmData& operator=(const WasmData&) = delete;

  // Null if there is nothing, e.g. no such header.
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  std::string_view view() const { return {data_, size_}; }
  std::string toString() const { return std::string(view()); }

  // The pairs of a header map; they point into this object. Empty if the bytes are no such list.
  std::vector<std::pair<std::string_view, std::string_view>> pairs() const {
    proxy_wasm::PairsReader reader(data_, size_);
    std::vector<std::pair<std::string_view, std::string_view>> result;
    result.reserve(reader.remaining());
    std::string_view name, value;
    while (reader.next(name, value)) result.emplace_back(name, value);
    return result;
  }

  // A message of a protobuf library: anything with ParseFromArray.
  template <typename T>
  T proto() const {
    T message;
    message.ParseFromArray(data_, static_cast<int>(size_));
    return message;
  }

 private:
  const char* data_;
  size_t size_;
};
using WasmDataPtr = std::unique_ptr<WasmData>;

namespace proxy_wasm {

// What a hostcall returned through two pointers, as an object of the caller's.
template <class Hostcall>
WasmResult take_data(WasmDataPtr* data, Hostcall hostcall) {
  const char* bytes = nullptr;
  size_t size = 0;
  const WasmResult result = hostcall(&bytes, &size);
  *data = std::make_unique<WasmData>(bytes, size);
  return result;
}
template <class Hostcall>
WasmDataPtr take_data(Hostcall hostcall) {
  WasmDataPtr data;
  take_data(&data, hostcall);
  return data;
}

}  // namespace proxy_wasm

// --- Marshalling, for hostcalls that are called directly ---

using proxy_wasm::marshalPairs;
using proxy_wasm::pairsSize;

// `*ptr` is malloc's, the caller's to free; null if there are no pairs.
template <typename Pairs>
void exportPairs(const Pairs& pairs, const char** ptr, size_t* size_ptr) {
  *ptr = nullptr;
  *size_ptr = 0;
  if (pairs.empty()) return;
  const size_t size = pairsSize(pairs);
  auto* const buffer = static_cast<char*>(::malloc(size));
  if (buffer == nullptr) logAbort("out of memory");
  marshalPairs(pairs, buffer);
  *ptr = buffer;
  *size_ptr = size;
}
inline void MakeHeaderStringPairsBuffer(const HeaderStringPairs& headers, void** buffer_ptr,
                                        size_t* size_ptr) {
  const char* buffer = nullptr;
  exportPairs(headers, &buffer, size_ptr);
  *buffer_ptr = const_cast<char*>(buffer);
}

// Hashes for unordered containers of pairs and triples.
struct PairHash {
  template <typename T, typename U>
  std::size_t operator()(const std::pair<T, U>& x) const {
    return std::hash<T>()(x.first) + 31 * std::hash<U>()(x.second);
  }
};
struct Tuple3Hash {
  template <typename T, typename U, typename V>
  std::size_t operator()(const std::tuple<T, U, V>& x) const {
    return std::hash<T>()(std::get<0>(x)) + 31 * std::hash<U>()(std::get<1>(x)) +
           961 * std::hash<V>()(std::get<2>(x));
  }
};

// --- Status and time ---

// The gRPC status and message of the callout that ended last, e.g. in onGrpcClose.
inline std::pair<uint32_t, WasmDataPtr> getStatus() {
  uint32_t code = 0;
  WasmDataPtr message;
  CHECK_RESULT(proxy_wasm::take_data(&message, [&code](const char** data, size_t* size) {
    return proxy_get_status(&code, data, size);
  }));
  return {code, std::move(message)};
}

// Since the Unix epoch.
inline uint64_t getCurrentTimeNanoseconds() {
  uint64_t time = 0;
  CHECK_RESULT(proxy_get_current_time_nanoseconds(&time));
  return time;
}

// --- Properties:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes

namespace proxy_wasm {

// Names as the host reads them: each but the last ended by a zero byte.
template <class Parts>
std::string property_path(const Parts& parts) {
  std::string path;
  for (const auto& part : parts) {
    path.append(std::string_view(part));
    path.push_back('\0');
  }
  if (!path.empty()) path.pop_back();
  return path;
}

template <class Parts>
std::optional<WasmDataPtr> get_property(const Parts& parts) {
  const std::string path = property_path(parts);
  WasmDataPtr value;
  const WasmResult result = take_data(&value, [&path](const char** data, size_t* size) {
    return proxy_get_property(path.data(), path.size(), data, size);
  });
  if (result != WasmResult::Ok) return std::nullopt;
  return value;
}

// The bytes of a property as a T; false if they are not as many.
template <class T>
bool assign_value(std::string_view bytes, T* out) {
  static_assert(std::is_same_v<T, std::string> || std::is_trivially_copyable_v<T>,
                "a property is a string, a number, or a message: see getMessageValue");
  if constexpr (std::is_same_v<T, std::string>) {
    out->assign(bytes);
  } else {
    if (bytes.size() != sizeof(T)) return false;
    memcpy(out, bytes.data(), sizeof(T));
  }
  return true;
}

template <class Parts, class T>
bool get_value(const Parts& parts, T* out) {
  const std::optional<WasmDataPtr> property = get_property(parts);
  return property.has_value() && assign_value((*property)->view(), out);
}

template <class Parts, class T>
bool get_message_value(const Parts& parts, T* message) {
  const std::optional<WasmDataPtr> property = get_property(parts);
  if (!property.has_value()) return false;
  return message->ParseFromArray((*property)->data(), static_cast<int>((*property)->size()));
}

}  // namespace proxy_wasm

// The bytes of a property, by its path: getProperty({"source", "address"}).
inline std::optional<WasmDataPtr> getProperty(
    const std::initializer_list<std::string_view>& parts) {
  return proxy_wasm::get_property(parts);
}
template <typename S>
inline std::optional<WasmDataPtr> getProperty(const std::vector<S>& parts) {
  return proxy_wasm::get_property(parts);
}

// A property as a value: std::string for text and bytes, int64_t, uint64_t, double, bool. Durations
// and times are int64_t, in nanoseconds. False if there is none, or if it has another size.
template <typename T>
inline bool getValue(const std::initializer_list<std::string_view>& parts, T* out) {
  return proxy_wasm::get_value(parts, out);
}
template <typename S, typename T>
inline bool getValue(const std::vector<S>& parts, T* out) {
  return proxy_wasm::get_value(parts, out);
}

// A property that is a message of a protobuf library: anything with ParseFromArray.
template <typename T>
inline bool getMessageValue(const std::initializer_list<std::string_view>& parts, T* message) {
  return proxy_wasm::get_message_value(parts, message);
}
template <typename S, typename T>
inline bool getMessageValue(const std::vector<S>& parts, T* message) {
  return proxy_wasm::get_message_value(parts, message);
}

// Read back by getProperty({key}) by this plugin and others; Envoy logs it as
// %FILTER_STATE(wasm.KEY)%.
inline WasmResult setFilterState(std::string_view key, std::string_view value) {
  return proxy_set_property(key.data(), key.size(), value.data(), value.size());
}
inline WasmResult setFilterStateStringValue(std::string_view key, std::string_view value) {
  return setFilterState(key, value);
}
// Four functions are templates: then a plugin may have one of its own of the same name.
template <int = 0>
WasmResult setProperty(std::string_view key, std::string_view value) {
  return setFilterState(key, value);
}

// --- Streams ---

// Go on after a callback that answered StopIteration or the like.
inline WasmResult continueRequest() {
  return proxy_continue_stream(WasmStreamType::Request);
}
inline WasmResult continueResponse() {
  return proxy_continue_stream(WasmStreamType::Response);
}
inline WasmResult continueDownstream() {
  return proxy_continue_stream(WasmStreamType::Downstream);
}
inline WasmResult continueUpstream() {
  return proxy_continue_stream(WasmStreamType::Upstream);
}

inline WasmResult closeRequest() {
  return proxy_close_stream(WasmStreamType::Request);
}
inline WasmResult closeResponse() {
  return proxy_close_stream(WasmStreamType::Response);
}
inline WasmResult closeDownstream() {
  return proxy_close_stream(WasmStreamType::Downstream);
}
inline WasmResult closeUpstream() {
  return proxy_close_stream(WasmStreamType::Upstream);
}

// Answers the request here, without the upstream. `response_code_details` is for the host's access
// log. The callback should then answer StopIteration or StopAllIterationAndWatermark.
inline WasmResult sendLocalResponse(uint32_t response_code, std::string_view response_code_details,
                                    std::string_view body,
                                    const HeaderStringPairs& additional_response_headers,
                                    GrpcStatus grpc_status = GrpcStatus::InvalidCode) {
  const proxy_wasm::PairsBuffer headers(additional_response_headers);
  return proxy_send_local_response(
      response_code, response_code_details.data(), response_code_details.size(), body.data(),
      body.size(), headers.data(), headers.size(), static_cast<uint32_t>(grpc_status));
}

// --- Shared data: one map a vm_id, shared by all worker threads ---

// `cas` gets the entry's version, for setSharedData. NotFound leaves both as they were.
inline WasmResult getSharedData(std::string_view key, WasmDataPtr* value, uint32_t* cas = nullptr) {
  uint32_t unused = 0;
  if (cas == nullptr) cas = &unused;
  WasmDataPtr data;
  const WasmResult result = proxy_wasm::take_data(&data, [=](const char** bytes, size_t* size) {
    return proxy_get_shared_data(key.data(), key.size(), bytes, size, cas);
  });
  if (result == WasmResult::Ok) *value = std::move(data);
  return result;
}

// CasMismatch if `cas` is not 0 and no longer the entry's version: read again, try again.
inline WasmResult setSharedData(std::string_view key, std::string_view value, uint32_t cas = 0) {
  return proxy_set_shared_data(key.data(), key.size(), value.data(), value.size(), cas);
}

// Aborts if there is no such key.
inline WasmDataPtr getSharedDataValue(std::string_view key, uint32_t* cas = nullptr) {
  WasmDataPtr data;
  const WasmResult result = getSharedData(key, &data, cas);
  if (result != WasmResult::Ok) logAbort("getSharedData returned " + toString(result));
  return data;
}

// --- Shared queues ---

// Whoever registered a queue last gets onQueueReady. Call it from a root context.
inline WasmResult registerSharedQueue(std::string_view queue_name, uint32_t* token) {
  return proxy_register_shared_queue(queue_name.data(), queue_name.size(), token);
}
inline WasmResult resolveSharedQueue(std::string_view vm_id, std::string_view queue_name,
                                     uint32_t* token) {
  return proxy_resolve_shared_queue(vm_id.data(), vm_id.size(), queue_name.data(),
                                    queue_name.size(), token);
}
inline WasmResult enqueueSharedQueue(uint32_t token, std::string_view data) {
  return proxy_enqueue_shared_queue(token, data.data(), data.size());
}
// Empty if there is nothing; `*data` is an object in any case.
inline WasmResult dequeueSharedQueue(uint32_t token, WasmDataPtr* data) {
  return proxy_wasm::take_data(data, [=](const char** bytes, size_t* size) {
    return proxy_dequeue_shared_queue(token, bytes, size);
  });
}

// --- Headers and trailers ---
// Names are matched without regard to case. Getters return an object in any case, whose data() is
// null if there is no such header: proxy_wasm_views.h tells that apart from an empty one.

inline WasmResult addHeaderMapValue(WasmHeaderMapType type, std::string_view key,
                                    std::string_view value) {
  return proxy_add_header_map_value(type, key.data(), key.size(), value.data(), value.size());
}
inline WasmDataPtr getHeaderMapValue(WasmHeaderMapType type, std::string_view key) {
  return proxy_wasm::take_data([=](const char** data, size_t* size) {
    return proxy_get_header_map_value(type, key.data(), key.size(), data, size);
  });
}
inline WasmResult replaceHeaderMapValue(WasmHeaderMapType type, std::string_view key,
                                        std::string_view value) {
  return proxy_replace_header_map_value(type, key.data(), key.size(), value.data(), value.size());
}
inline WasmResult removeHeaderMapValue(WasmHeaderMapType type, std::string_view key) {
  return proxy_remove_header_map_value(type, key.data(), key.size());
}
inline WasmDataPtr getHeaderMapPairs(WasmHeaderMapType type) {
  return proxy_wasm::take_data([=](const char** data, size_t* size) {
    return proxy_get_header_map_pairs(type, data, size);
  });
}
inline WasmResult setHeaderMapPairs(WasmHeaderMapType type, const HeaderStringPairs& pairs) {
  const proxy_wasm::PairsBuffer buffer(pairs);
  return proxy_set_header_map_pairs(type, buffer.data(), buffer.size());
}
// In bytes, names and values together.
inline WasmResult getHeaderMapSize(WasmHeaderMapType type, size_t* size) {
  return proxy_get_header_map_size(type, size);
}

inline WasmResult addRequestHeader(std::string_view key, std::string_view value) {
  return addHeaderMapValue(WasmHeaderMapType::RequestHeaders, key, value);
}
inline WasmDataPtr getRequestHeader(std::string_view key) {
  return getHeaderMapValue(WasmHeaderMapType::RequestHeaders, key);
}
inline WasmResult replaceRequestHeader(std::string_view key, std::string_view value) {
  return replaceHeaderMapValue(WasmHeaderMapType::RequestHeaders, key, value);
}
inline WasmResult removeRequestHeader(std::string_view key) {
  return removeHeaderMapValue(WasmHeaderMapType::RequestHeaders, key);
}
inline WasmDataPtr getRequestHeaderPairs() {
  return getHeaderMapPairs(WasmHeaderMapType::RequestHeaders);
}
inline WasmResult setRequestHeaderPairs(const HeaderStringPairs& pairs) {
  return setHeaderMapPairs(WasmHeaderMapType::RequestHeaders, pairs);
}
inline WasmResult getRequestHeaderSize(size_t* size) {
  return getHeaderMapSize(WasmHeaderMapType::RequestHeaders, size);
}

inline WasmResult addRequestTrailer(std::string_view key, std::string_view value) {
  return addHeaderMapValue(WasmHeaderMapType::RequestTrailers, key, value);
}
inline WasmDataPtr getRequestTrailer(std::string_view key) {
  return getHeaderMapValue(WasmHeaderMapType::RequestTrailers, key);
}
inline WasmResult replaceRequestTrailer(std::string_view key, std::string_view value) {
  return replaceHeaderMapValue(WasmHeaderMapType::RequestTrailers, key, value);
}
inline WasmResult removeRequestTrailer(std::string_view key) {
  return removeHeaderMapValue(WasmHeaderMapType::RequestTrailers, key);
}
inline WasmDataPtr getRequestTrailerPairs() {
  return getHeaderMapPairs(WasmHeaderMapType::RequestTrailers);
}
inline WasmResult setRequestTrailerPairs(const HeaderStringPairs& pairs) {
  return setHeaderMapPairs(WasmHeaderMapType::RequestTrailers, pairs);
}
inline WasmResult getRequestTrailerSize(size_t* size) {
  return getHeaderMapSize(WasmHeaderMapType::RequestTrailers, size);
}

inline WasmResult addResponseHeader(std::string_view key, std::string_view value) {
  return addHeaderMapValue(WasmHeaderMapType::ResponseHeaders, key, value);
}
inline WasmDataPtr getResponseHeader(std::string_view key) {
  return getHeaderMapValue(WasmHeaderMapType::ResponseHeaders, key);
}
inline WasmResult replaceResponseHeader(std::string_view key, std::string_view value) {
  return replaceHeaderMapValue(WasmHeaderMapType::ResponseHeaders, key, value);
}
inline WasmResult removeResponseHeader(std::string_view key) {
  return removeHeaderMapValue(WasmHeaderMapType::ResponseHeaders, key);
}
inline WasmDataPtr getResponseHeaderPairs() {
  return getHeaderMapPairs(WasmHeaderMapType::ResponseHeaders);
}
inline WasmResult setResponseHeaderPairs(const HeaderStringPairs& pairs) {
  return setHeaderMapPairs(WasmHeaderMapType::ResponseHeaders, pairs);
}
inline WasmResult getResponseHeaderSize(size_t* size) {
  return getHeaderMapSize(WasmHeaderMapType::ResponseHeaders, size);
}

inline WasmResult addResponseTrailer(std::string_view key, std::string_view value) {
  return addHeaderMapValue(WasmHeaderMapType::ResponseTrailers, key, value);
}
inline WasmDataPtr getResponseTrailer(std::string_view key) {
  return getHeaderMapValue(WasmHeaderMapType::ResponseTrailers, key);
}
inline WasmResult replaceResponseTrailer(std::string_view key, std::string_view value) {
  return replaceHeaderMapValue(WasmHeaderMapType::ResponseTrailers, key, value);
}
inline WasmResult removeResponseTrailer(std::string_view key) {
  return removeHeaderMapValue(WasmHeaderMapType::ResponseTrailers, key);
}
inline WasmDataPtr getResponseTrailerPairs() {
  return getHeaderMapPairs(WasmHeaderMapType::ResponseTrailers);
}
inline WasmResult setResponseTrailerPairs(const HeaderStringPairs& pairs) {
  return setHeaderMapPairs(WasmHeaderMapType::ResponseTrailers, pairs);
}
inline WasmResult getResponseTrailerSize(size_t* size) {
  return getHeaderMapSize(WasmHeaderMapType::ResponseTrailers, size);
}

// --- Buffers: bodies, TCP data, configurations, answers of callouts ---

// The bytes [start, start + length), or as many of them as there are.
inline WasmDataPtr getBufferBytes(WasmBufferType type, size_t start, size_t length) {
  return proxy_wasm::take_data([=](const char** data, size_t* size) {
    return proxy_get_buffer_bytes(type, static_cast<uint32_t>(start), static_cast<uint32_t>(length),
                                  data, size);
  });
}

// `flags` gets WasmBufferFlags.
inline WasmResult getBufferStatus(WasmBufferType type, size_t* size, uint32_t* flags) {
  return proxy_get_buffer_status(type, size, flags);
}

// Puts `data` in the place of `length` bytes from `start` on: all, or in Envoy none at the
// beginning or the end (see proxy_set_buffer_bytes). `*new_size`, which holds the buffer's size,
// follows.
inline WasmResult setBuffer(WasmBufferType type, size_t start, size_t length, std::string_view data,
                            size_t* new_size = nullptr) {
  const WasmResult result = proxy_set_buffer_bytes(
      type, static_cast<uint32_t>(start), static_cast<uint32_t>(length), data.data(), data.size());
  if (result == WasmResult::Ok && new_size != nullptr) *new_size = *new_size - length + data.size();
  return result;
}
template <int = 0>
WasmResult prependBuffer(WasmBufferType type, std::string_view data) {
  return setBuffer(type, 0, 0, data);
}
template <int = 0>
WasmResult appendBuffer(WasmBufferType type, std::string_view data) {
  return setBuffer(type, UINT32_MAX, 0, data);
}

// --- Foreign functions ---

// A function that the host and the plugin agreed upon. `*results` is an object in any case.
namespace proxy_wasm {

inline WasmResult call_foreign_function(std::string_view name, std::string_view arguments,
                                        WasmDataPtr* results) {
  return take_data(results, [=](const char** data, size_t* size) {
    return proxy_call_foreign_function(name.data(), name.size(), arguments.data(), arguments.size(),
                                       const_cast<char**>(data), size);
  });
}

}  // namespace proxy_wasm

template <int = 0>
WasmResult callForeignFunction(std::string_view name, std::string_view arguments,
                               WasmDataPtr* results) {
  return proxy_wasm::call_foreign_function(name, arguments, results);
}
