#include "host/abi.hpp"

#include <array>

namespace wasmctl::host {

namespace {

constexpr std::array<std::string_view, 13> kStatuses = {
    "Ok",           "NotFound",       "BadArgument",         "SerializationFailure",
    "ParseFailure", "BadExpression",  "InvalidMemoryAccess", "Empty",
    "CasMismatch",  "ResultMismatch", "InternalFailure",     "BrokenConnection",
    "Unimplemented"};
constexpr std::array<std::string_view, 6> kLogLevels = {"trace", "debug", "info",
                                                        "warn",  "error", "critical"};
constexpr std::array<std::string_view, 8> kMapTypes = {
    "request_headers",       "request_trailers",       "response_headers",  "response_trailers",
    "grpc_initial_metadata", "grpc_trailing_metadata", "http_call_headers", "http_call_trailers"};
constexpr std::array<std::string_view, 9> kBufferTypes = {
    "request_body", "response_body",    "downstream_data",      "upstream_data", "http_call_body",
    "grpc_message", "vm_configuration", "plugin_configuration", "call_data"};
constexpr std::array<std::string_view, 4> kStreamTypes = {"request", "response", "downstream",
                                                          "upstream"};

void append_u32(std::string& bytes, std::size_t number) {
  bytes += little_endian(static_cast<std::uint32_t>(number));
}

std::size_t u32_at(std::string_view bytes, std::size_t at) {
  std::size_t number = 0;
  for (unsigned i = 0; i < 4; ++i)
    number |= std::size_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return number;
}

}  // namespace

std::string_view to_string(Status status) {
  return kStatuses[static_cast<std::size_t>(status)];
}

std::string_view to_string(LogLevel level) {
  return kLogLevels[static_cast<std::size_t>(level)];
}

std::string_view to_string(MapType type) {
  return kMapTypes[static_cast<std::size_t>(type)];
}

std::string_view to_string(BufferType type) {
  return kBufferTypes[static_cast<std::size_t>(type)];
}

std::string_view to_string(StreamType type) {
  return kStreamTypes[static_cast<std::size_t>(type)];
}

std::string write_pairs(const Pairs& pairs) {
  std::string bytes;
  append_u32(bytes, pairs.size());
  for (const auto& [name, value] : pairs) {
    append_u32(bytes, name.size());
    append_u32(bytes, value.size());
  }
  for (const auto& [name, value] : pairs) {
    bytes.append(name).push_back('\0');
    bytes.append(value).push_back('\0');
  }
  return bytes;
}

Pairs read_pairs(std::string_view bytes) {
  constexpr std::size_t kNumber = 4;
  if (bytes.size() < kNumber) return {};
  const auto count = u32_at(bytes, 0);
  if (count > (bytes.size() - kNumber) / (2 * kNumber)) return {};
  Pairs pairs(count);
  auto at = kNumber + count * 2 * kNumber;
  for (std::size_t i = 0; i < 2 * count; ++i) {
    const auto size = u32_at(bytes, kNumber * (1 + i));
    if (size >= bytes.size() - at) return {};  // there is a zero behind each
    (i % 2 == 0 ? pairs[i / 2].first : pairs[i / 2].second) = bytes.substr(at, size);
    at += size + 1;
    if (at == bytes.size() && i + 1 < 2 * count) return {};
  }
  return pairs;
}

}  // namespace wasmctl::host
