// The enumerations that hostcalls take and return.
//
// Source: proxy-wasm/spec, abi-versions/v0.2.1; the names are those of the C++ SDK.
#pragma once

#include <stdint.h>

#include <optional>
#include <string>
#include <string_view>

// What the SDK called these before it asked for C++17. `wasmctl build` asks for them where a source
// turns out to use one: else they would be in the way of a plugin that has such names of its own.
#ifdef PROXY_WASM_OLD_NAMES
using StringView = std::string_view;
template <class T>
using Optional = std::optional<T>;
#endif

// What every hostcall answers. Anything but Ok leaves the output parameters untouched.
enum class WasmResult : uint32_t {
  Ok = 0,
  NotFound = 1,              // no such header, key, property, queue...
  BadArgument = 2,           // also: not in this callback, e.g. response headers while requesting
  SerializationFailure = 3,  // a message could not be written
  ParseFailure = 4,          // a message could not be read
  BadExpression = 5,         // a property path that the host does not understand
  InvalidMemoryAccess = 6,   // a pointer outside of the module's memory
  Empty = 7,                 // an empty queue
  CasMismatch = 8,           // setSharedData: another one was quicker
  ResultMismatch = 9,
  InternalFailure = 10,  // the host's log says more
  BrokenConnection = 11,
  Unimplemented = 12,  // this host, or this stream, has no such thing
};

// "Ok", "NotFound"...: the enumerator's name.
inline std::string toString(WasmResult result) {
  static constexpr const char* kNames[] = {
      "Ok",
      "NotFound",
      "BadArgument",
      "SerializationFailure",
      "ParseFailure",
      "BadExpression",
      "InvalidMemoryAccess",
      "Empty",
      "CasMismatch",
      "ResultMismatch",
      "InternalFailure",
      "BrokenConnection",
      "Unimplemented",
  };
  const auto index = static_cast<uint32_t>(result);
  return index < sizeof(kNames) / sizeof(kNames[0]) ? kNames[index] : "Unknown";
}

// Which header map. In onLog all of them can be read and none changed.
enum class WasmHeaderMapType : int32_t {
  RequestHeaders = 0,
  RequestTrailers = 1,
  ResponseHeaders = 2,
  ResponseTrailers = 3,
  GrpcReceiveInitialMetadata = 4,  // read only, as are all that follow
  GrpcReceiveTrailingMetadata = 5,
  HttpCallResponseHeaders = 6,
  HttpCallResponseTrailers = 7,
  MAX = 7,
};

enum class WasmBufferType : int32_t {
  HttpRequestBody = 0,
  HttpResponseBody = 1,
  NetworkDownstreamData = 2,
  NetworkUpstreamData = 3,
  HttpCallResponseBody = 4,  // read only, as are all that follow
  GrpcReceiveBuffer = 5,
  VmConfiguration = 6,
  PluginConfiguration = 7,
  CallData = 8,  // the arguments of a foreign function, in onForeignFunction
  MAX = 8,
};

// Bits of the flags that getBufferStatus returns.
enum class WasmBufferFlags : int32_t { EndOfStream = 1 };

enum class WasmStreamType : int32_t {
  Request = 0,
  Response = 1,
  Downstream = 2,
  Upstream = 3,
  MAX = 3,
};
