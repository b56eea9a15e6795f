// Getters that copy nothing: the host writes a value into this module's memory once, and there it
// is looked at. (Not part of the upstream SDK, whose getters put a second allocation around it.)
//
//     if (auto agent = proxy_wasm::request_header("user-agent")) logInfo(agent.view());
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <string_view>

#include "proxy_wasm_externs.h"
#include "proxy_wasm_pairs.h"

namespace proxy_wasm {

// Bytes from the host, or none. Owned: views end with it.
class HostBytes {
 public:
  // Calls `hostcall(&data, &size)`.
  template <class Hostcall>
  explicit HostBytes(Hostcall hostcall) {
    // Not into the members: an object whose address the host knows cannot live in registers.
    const char* data = nullptr;
    size_t size = 0;
    found_ = hostcall(&data, &size) == WasmResult::Ok;
    data_ = data;
    size_ = data == nullptr ? 0 : size;
  }
  HostBytes() : data_(nullptr), size_(0), found_(false) {}
  HostBytes(HostBytes&& other) noexcept
      : data_(other.data_), size_(other.size_), found_(other.found_) {
    other.data_ = nullptr;
  }
  HostBytes& operator=(HostBytes&& other) noexcept {
    char* const data = const_cast<char*>(data_);
    data_ = other.data_;
    size_ = other.size_;
    found_ = other.found_;
    other.data_ = nullptr;
    ::free(data);
    return *this;
  }
  ~HostBytes() { ::free(const_cast<char*>(data_)); }

  // Whether the host has it. An empty header is there, and has no bytes.
  explicit operator bool() const { return found_; }
  std::string_view view() const { return {data_, size_}; }
  char* data() { return const_cast<char*>(data_); }  // this module's own memory
  size_t size() const { return size_; }

 private:
  const char* data_;
  size_t size_;
  bool found_;
};

// The value of a header: the first one, if there are several (Envoy).
inline HostBytes header(WasmHeaderMapType type, std::string_view name) {
  return HostBytes([=](const char** data, size_t* size) {
    return proxy_get_header_map_value(type, name.data(), name.size(), data, size);
  });
}
// All headers, for a PairsReader.
inline HostBytes header_pairs(WasmHeaderMapType type) {
  return HostBytes([=](const char** data, size_t* size) {
    return proxy_get_header_map_pairs(type, data, size);
  });
}
inline HostBytes request_header(std::string_view name) {
  return header(WasmHeaderMapType::RequestHeaders, name);
}
inline HostBytes response_header(std::string_view name) {
  return header(WasmHeaderMapType::ResponseHeaders, name);
}

inline HostBytes buffer(WasmBufferType type, size_t start, size_t length) {
  return HostBytes([=](const char** data, size_t* size) {
    return proxy_get_buffer_bytes(type, static_cast<uint32_t>(start), static_cast<uint32_t>(length),
                                  data, size);
  });
}

}  // namespace proxy_wasm
