// The enumerations of the Proxy-Wasm ABI that a plugin's callbacks take and return.
//
// Each number is part of the ABI, version 0.2.1: it crosses between module and host as an i32.
// Source: proxy-wasm/spec, abi-versions/v0.2.1; the names are those of the C++ SDK.
#pragma once

#include <stdint.h>

enum class LogLevel : int32_t { trace, debug, info, warn, error, critical, Max = critical };

// What a TCP callback answers.
enum class FilterStatus : int32_t { Continue = 0, StopIteration = 1 };

// What onRequestHeaders and onResponseHeaders answer.
enum class FilterHeadersStatus : int32_t {
  Continue = 0,
  StopIteration = 1,                 // later filters wait, and so does the body: see below
  ContinueAndEndStream = 2,          // the host forwards the headers and drops the rest
  StopAllIterationAndBuffer = 3,     // nothing more comes until continueRequest; 413 when full
  StopAllIterationAndWatermark = 4,  // the same, but the sender is slowed down when full
};

// Envoy takes StopIteration as StopAllIterationAndWatermark: onRequestBody is not called before
// continueRequest. A plugin that wants to see the body before it lets the headers go answers
// Continue here, and StopIterationAndBuffer in onRequestBody; the headers wait with the body. Or its
// configuration in Envoy says `allow_on_headers_stop_iteration: true` (extensions.wasm.v3.
// PluginConfig); then the body comes.
// Source: proxy-wasm-cpp-host, src/context.cc, convertVmCallResultToFilterHeadersStatus.

enum class FilterMetadataStatus : int32_t { Continue = 0 };
enum class FilterTrailersStatus : int32_t { Continue = 0, StopIteration = 1 };

// What onRequestBody and onResponseBody answer. A plugin that wants the whole body answers
// StopIterationAndBuffer until end_of_stream: the host then hands it over as one buffer.
enum class FilterDataStatus : int32_t {
  Continue = 0,
  StopIterationAndBuffer = 1,
  StopIterationAndWatermark = 2,
  StopIterationNoBuffer = 3,
};

// https://grpc.io/docs/guides/status-codes
enum class GrpcStatus : int32_t {
  Ok = 0,
  Canceled = 1,
  Unknown = 2,
  InvalidArgument = 3,
  DeadlineExceeded = 4,
  NotFound = 5,
  AlreadyExists = 6,
  PermissionDenied = 7,
  ResourceExhausted = 8,
  FailedPrecondition = 9,
  Aborted = 10,
  OutOfRange = 11,
  Unimplemented = 12,
  Internal = 13,
  Unavailable = 14,
  DataLoss = 15,
  Unauthenticated = 16,
  MaximumValid = Unauthenticated,
  InvalidCode = -1,  // no gRPC status, e.g. for sendLocalResponse to a request that is not gRPC
};

enum class MetricType : int32_t { Counter = 0, Gauge = 1, Histogram = 2, Max = 2 };

// Who closed a TCP connection.
enum class CloseType : int32_t {
  Unknown = 0,
  Local = 1,   // the proxy
  Remote = 2,  // the peer
};
#ifdef PROXY_WASM_OLD_NAMES
using PeerType = CloseType;  // its name before ABI 0.2.0
#endif
