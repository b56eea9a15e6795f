// Protobuf's wire format, for gRPC payloads without a protobuf library: a reader that copies
// nothing and a writer that appends to a string. Whoever uses it knows the message: field numbers
// and types are those of its .proto file.
//
//     std::string request;
//     proxy_wasm::ProtoWriter(request).string(1, "alice").varint(2, 42);
//
//     proxy_wasm::ProtoReader reader(bytes);
//     while (reader.next()) {
//       if (reader.number() == 1) name = reader.bytes();
//       if (reader.number() == 2) age = reader.varint();
//     }
//     if (!reader.ok()) ...  // cut short, or no protobuf at all
//
// Nothing here calls the host. Source: https://protobuf.dev/programming-guides/encoding
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <string>
#include <string_view>

namespace proxy_wasm {

enum class ProtoWire : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// Walks the fields of one message. Untrusted bytes: nothing is read behind their end, and after the
// first error next() returns false.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view message) : rest_(message) {}

  // Goes to the next field; false at the end.
  bool next() {
    if (rest_.empty() || !ok_) return false;
    const uint64_t tag = take_varint();
    number_ = static_cast<uint32_t>(tag >> 3);
    wire_ = static_cast<ProtoWire>(tag & 7);
    value_ = 0;
    bytes_ = {};
    // Field numbers have 29 bits, and 0 is none.
    if (number_ == 0 || tag >> 32 != 0) ok_ = false;
    switch (wire_) {
      case ProtoWire::varint:
        value_ = take_varint();
        break;
      case ProtoWire::fixed64:
        value_ = take_fixed(8);
        break;
      case ProtoWire::fixed32:
        value_ = take_fixed(4);
        break;
      case ProtoWire::bytes:
        bytes_ = take(take_varint());
        break;
      default:
        ok_ = false;  // groups, which nobody writes any more
    }
    return ok_;
  }

  uint32_t number() const { return number_; }
  ProtoWire wire() const { return wire_; }

  // The field's value. Of another wire type: 0, or no bytes.
  uint64_t varint() const {
    return value_;
  }  // int32, int64, uint32, uint64, bool, enum; fixed, too
  int64_t zigzag() const {  // sint32, sint64
    return static_cast<int64_t>(value_ >> 1) ^ -static_cast<int64_t>(value_ & 1);
  }
  double float64() const {
    double value;
    memcpy(&value, &value_, sizeof value);
    return value;
  }
  std::string_view bytes() const { return bytes_; }  // string, bytes, a message, a packed list
  ProtoReader message() const { return ProtoReader(bytes_); }

  // False once something was malformed.
  bool ok() const { return ok_; }

 private:
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<size_t>(size));
    rest_.remove_prefix(static_cast<size_t>(size));
    return taken;
  }

  uint64_t take_varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      // The tenth byte has room for one bit.
      if (shift == 63 && byte > 1) break;
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

  uint64_t take_fixed(size_t size) {
    const std::string_view bytes = take(size);
    uint64_t value = 0;
    for (size_t i = bytes.size(); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }

  std::string_view rest_;
  std::string_view bytes_;
  uint64_t value_ = 0;
  uint32_t number_ = 0;
  ProtoWire wire_ = ProtoWire::varint;
  bool ok_ = true;
};

// Appends fields to a message. Fields that have their default value are written all the same.
class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& message) : message_(message) {}

  ProtoWriter& varint(uint32_t number, uint64_t value) {
    tag(number, ProtoWire::varint);
    append(value);
    return *this;
  }
  ProtoWriter& zigzag(uint32_t number, int64_t value) {
    return varint(number, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }
  ProtoWriter& fixed64(uint32_t number, uint64_t value) {
    tag(number, ProtoWire::fixed64);
    for (int i = 0; i < 8; ++i) message_.push_back(static_cast<char>(value >> (8 * i)));
    return *this;
  }
  ProtoWriter& fixed32(uint32_t number, uint32_t value) {
    tag(number, ProtoWire::fixed32);
    for (int i = 0; i < 4; ++i) message_.push_back(static_cast<char>(value >> (8 * i)));
    return *this;
  }
  ProtoWriter& float64(uint32_t number, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return fixed64(number, bits);
  }
  // A string, bytes, or a message that was written before.
  ProtoWriter& string(uint32_t number, std::string_view value) {
    tag(number, ProtoWire::bytes);
    append(value.size());
    message_.append(value);
    return *this;
  }

 private:
  void tag(uint32_t number, ProtoWire wire) {
    append(uint64_t{number} << 3 | static_cast<uint64_t>(wire));
  }
  void append(uint64_t value) {
    for (; value >= 0x80; value >>= 7) message_.push_back(static_cast<char>(value | 0x80));
    message_.push_back(static_cast<char>(value));
  }

  std::string& message_;
};

}  // namespace proxy_wasm
