#include "wasm/reader.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace wasmctl::wasm {

void Reader::fail(std::string_view message) const {
  throw Error(Code::bad_input, fmt::format("{} (offset {:#x})", message, offset()));
}

std::uint64_t Reader::leb(unsigned max_bits, std::string_view what) {
  const Reader start = *this;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < max_bits; shift += 7) {
    const std::uint64_t next = byte(what);
    const std::uint64_t payload = next & 0x7fU;
    if (max_bits - shift < 7 && (payload >> (max_bits - shift)) != 0) break;
    value |= payload << shift;
    if ((next & 0x80U) == 0) return value;
  }
  start.fail(fmt::format("{} has a number of more than {} bits", what, max_bits));
}

std::uint64_t Reader::u64_leb(std::string_view what) {
  return leb(64, what);
}

// The bits behind the last one that counts must repeat the sign.
std::int64_t Reader::signed_leb(unsigned max_bits, std::string_view what) {
  const Reader start = *this;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < max_bits; shift += 7) {
    const std::uint64_t next = byte(what);
    value |= (next & 0x7fU) << shift;
    if ((next & 0x80U) != 0) continue;
    const bool negative = (next & 0x40U) != 0;
    if (negative && shift + 7 < 64) value |= ~std::uint64_t{0} << (shift + 7);
    const auto result = static_cast<std::int64_t>(value);
    const auto beyond = max_bits < 64 ? result >> (max_bits - 1) : 0;
    const bool last_fits = max_bits < 64 || shift < 63 || next == 0 || next == 0x7f;
    if ((beyond == 0 || beyond == -1) && last_fits) return result;
    break;
  }
  start.fail(fmt::format("{} has a number of more than {} bits", what, max_bits));
}

std::string_view Reader::take(std::size_t size, std::string_view what) {
  if (size > remaining()) {
    fail(fmt::format("{} claims {} bytes, but {} remain", what, size, remaining()));
  }
  const auto taken = bytes_.substr(position_, size);
  position_ += size;
  return taken;
}

std::string_view Reader::name(std::string_view what) {
  const auto size = u32_leb(what);
  const Reader start = *this;
  const auto text = take(size, what);
  if (!base::is_utf8(text)) start.fail(fmt::format("{} is not valid UTF-8", what));
  return text;
}

std::uint32_t Reader::count(std::string_view what) {
  const Reader start = *this;
  const auto value = u32_leb(what);
  if (value > remaining()) {
    start.fail(fmt::format("{} {} cannot stand in {} bytes", value, what, remaining()));
  }
  return value;
}

Reader Reader::sub(std::size_t size, std::string_view what) {
  const auto start = offset();
  return Reader(take(size, what), start);
}

}  // namespace wasmctl::wasm
