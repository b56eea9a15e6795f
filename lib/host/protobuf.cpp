#include "host/protobuf.hpp"

namespace wasmctl::host {

namespace {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  constexpr unsigned kBitsOfByte = 7;
  constexpr std::size_t kMostBytes = 10;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kMostBytes && i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << (kBitsOfByte * i);
    if ((byte & 0x80U) != 0) continue;
    bytes.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> take_bytes(std::string_view& bytes, std::uint64_t size) {
  if (size > bytes.size()) return std::nullopt;
  const auto taken = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return taken;
}

// What follows a tag of that type.
bool take_value(std::string_view& bytes, WireType type, ProtobufField& field) {
  switch (type) {
    case WireType::varint: {
      const auto value = take_varint(bytes);
      field.value = value.value_or(0);
      return value.has_value();
    }
    case WireType::fixed64:
      return take_bytes(bytes, 8).has_value();
    case WireType::fixed32:
      return take_bytes(bytes, 4).has_value();
    case WireType::bytes: {
      const auto size = take_varint(bytes);
      const auto taken = size ? take_bytes(bytes, *size) : std::nullopt;
      field.bytes = taken.value_or("");
      return taken.has_value();
    }
  }
  return false;
}

}  // namespace

std::optional<std::vector<ProtobufField>> read_protobuf(std::string_view bytes) {
  std::vector<ProtobufField> fields;
  while (!bytes.empty()) {
    const auto tag = take_varint(bytes);
    if (!tag || *tag >> 3U == 0 || *tag > UINT32_MAX) return std::nullopt;
    auto& field = fields.emplace_back();
    field.number = static_cast<std::uint32_t>(*tag >> 3U);
    if (!take_value(bytes, static_cast<WireType>(*tag & 7U), field)) return std::nullopt;
  }
  return fields;
}

std::string_view bytes_of(const std::vector<ProtobufField>& fields, std::uint32_t number) {
  std::string_view found;
  for (const auto& field : fields) {
    if (field.number == number) found = field.bytes;
  }
  return found;
}

}  // namespace wasmctl::host
