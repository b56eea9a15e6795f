// The words of the Proxy-Wasm ABI: what its numbers mean.
// Source: proxy-wasm/spec, abi-versions/v0.2.1; proxy-wasm-cpp-sdk, proxy_wasm_enums.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasmctl::host {

// What a host call answers.
enum class Status : std::uint8_t {
  ok = 0,
  not_found = 1,
  bad_argument = 2,
  serialization_failure = 3,
  parse_failure = 4,
  bad_expression = 5,
  invalid_memory_access = 6,
  empty = 7,
  cas_mismatch = 8,
  result_mismatch = 9,
  internal_failure = 10,
  broken_connection = 11,
  unimplemented = 12,
};

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, critical };

enum class MapType : std::uint8_t {
  request_headers = 0,
  request_trailers = 1,
  response_headers = 2,
  response_trailers = 3,
  grpc_initial_metadata = 4,
  grpc_trailing_metadata = 5,
  http_call_headers = 6,
  http_call_trailers = 7,
};

enum class BufferType : std::uint8_t {
  request_body = 0,
  response_body = 1,
  downstream_data = 2,
  upstream_data = 3,
  http_call_body = 4,
  grpc_message = 5,
  vm_configuration = 6,
  plugin_configuration = 7,
  call_data = 8,
};

enum class StreamType : std::uint8_t { request = 0, response = 1, downstream = 2, upstream = 3 };

enum class MetricType : std::uint8_t { counter = 0, gauge = 1, histogram = 2 };

// The last of each, beyond which a host call answers bad_argument.
inline constexpr auto kLastLogLevel = LogLevel::critical;
inline constexpr auto kLastMapType = MapType::http_call_trailers;
inline constexpr auto kLastBufferType = BufferType::call_data;
inline constexpr auto kLastStreamType = StreamType::upstream;
inline constexpr auto kLastMetricType = MetricType::histogram;

// In the words of the SDKs: "NotFound", "request_headers".
std::string_view to_string(Status status);
std::string_view to_string(LogLevel level);
std::string_view to_string(MapType type);
std::string_view to_string(BufferType type);
std::string_view to_string(StreamType type);

// A number as it crosses the ABI: the lowest byte first.
template <typename Int>
std::string little_endian(Int value) {
  std::string bytes;
  for (unsigned i = 0; i < sizeof(Int); ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xffU);
  return bytes;
}

// Names and values, in order; a name may stand there several times.
using Pairs = std::vector<std::pair<std::string, std::string>>;

// Pairs as they cross the ABI: how many, the size of each name and value, then the bytes of each,
// followed by a zero. All numbers are 32 bits.
std::string write_pairs(const Pairs& pairs);

// As Envoy reads them: what does not fit into `bytes` is no pairs at all.
Pairs read_pairs(std::string_view bytes);

}  // namespace wasmctl::host
