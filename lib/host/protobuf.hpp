// The fields of a protobuf message, as they come on the wire: enough for the few messages that
// plugins hand over as arguments.
// Source: protobuf.dev, Encoding.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace wasmctl::host {

struct ProtobufField {
  std::uint32_t number = 0;
  std::uint64_t value = 0;  // of a number
  std::string_view bytes;   // of a text or a message
};

// None: it is no message. Groups are none.
std::optional<std::vector<ProtobufField>> read_protobuf(std::string_view bytes);

// The last field of that number that is a text or a message; empty if there is none.
std::string_view bytes_of(const std::vector<ProtobufField>& fields, std::uint32_t number);

}  // namespace wasmctl::host
