// A cursor over untrusted bytes. Every read is bounds-checked and throws Error{Code::bad_input}
// with the offset in the file; no pointer arithmetic on a module happens outside this class.
// Encodings: WebAssembly Core Specification, 5.2 (values) and 5.1.3 (vectors).
#pragma once

#include <cstdint>
#include <string_view>

namespace wasmctl::wasm {

class Reader {
 public:
  // `base` is the offset of bytes[0] in the file, for messages.
  explicit Reader(std::string_view bytes, std::size_t base = 0) : bytes_(bytes), base_(base) {}

  bool empty() const { return position_ == bytes_.size(); }
  std::size_t remaining() const { return bytes_.size() - position_; }
  std::size_t offset() const { return base_ + position_; }

  std::uint8_t byte(std::string_view what) {
    if (position_ == bytes_.size()) take(1, what);
    return static_cast<std::uint8_t>(bytes_[position_++]);
  }
  // At most 5 bytes; nearly all are one.
  std::uint32_t u32_leb(std::string_view what) {
    if (position_ < bytes_.size() && static_cast<std::uint8_t>(bytes_[position_]) < 0x80) {
      return static_cast<std::uint8_t>(bytes_[position_++]);
    }
    return static_cast<std::uint32_t>(leb(32, what));
  }
  std::uint64_t u64_leb(std::string_view what);                       // at most 10 bytes
  std::int64_t signed_leb(unsigned max_bits, std::string_view what);  // 32, 33 or 64 bits
  std::string_view take(std::size_t size, std::string_view what);
  std::string_view name(std::string_view what);  // a length and that many bytes of valid UTF-8

  // A count of elements that take at least one byte each: more than remain cannot be true.
  std::uint32_t count(std::string_view what);

  // The next `size` bytes as a reader of their own, which cannot reach what follows.
  Reader sub(std::size_t size, std::string_view what);

  // Throws bad_input: `message (offset 0x1a4)`.
  [[noreturn]] void fail(std::string_view message) const;

 private:
  std::uint64_t leb(unsigned max_bits, std::string_view what);

  std::string_view bytes_;
  std::size_t base_;
  std::size_t position_ = 0;
};

}  // namespace wasmctl::wasm
