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

#include "proxy_wasm_common.h"
#include "proxy_wasm_context.h"
#include "proxy_wasm_enums.h"
#include "proxy_wasm_externs.h"
#include "proxy_wasm_pairs.h"
#include "proxy_wasm_register.h"

using proxy_wasm::marshalPairs;
using proxy_wasm::pairsSize;

// --- Log ---

inline WasmResult logTrace(std::string_view message) {
  return proxy_log(LogLevel::trace, message.data(), message.size());
}
inline WasmResult logDebug(std::string_view message) {
  return proxy_log(LogLevel::debug, message.data(), message.size());
}
inline WasmResult logInfo(std::string_view message) {
  return proxy_log(LogLevel::info, message.data(), message.size());
}
inline WasmResult logWarn(std::string_view message) {
  return proxy_log(LogLevel::warn, message.data(), message.size());
}
inline WasmResult logError(std::string_view message) {
  return proxy_log(LogLevel::error, message.data(), message.size());
}
inline WasmResult logCritical(std::string_view message) {
  return proxy_log(LogLevel::critical, message.data(), message.size());
}

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

// --- Headers and trailers ---

inline WasmDataPtr getHeaderMapValue(WasmHeaderMapType type, std::string_view key) {
  const char* value = nullptr;
  size_t size = 0;
  proxy_get_header_map_value(type, key.data(), key.size(), &value, &size);
  return std::make_unique<WasmData>(value, size);
}
inline WasmDataPtr getRequestHeader(std::string_view key) {
  return getHeaderMapValue(WasmHeaderMapType::RequestHeaders, key);
}

// --- Buffers ---

inline WasmDataPtr getBufferBytes(WasmBufferType type, size_t start, size_t length) {
  const char* data = nullptr;
  size_t size = 0;
  proxy_get_buffer_bytes(type, start, length, &data, &size);
  return std::make_unique<WasmData>(data, size);
}
