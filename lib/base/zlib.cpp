#include "base/zlib.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

namespace wasmctl::base {

namespace {

const Bytef* data_of(std::string_view bytes) {
  return reinterpret_cast<const Bytef*>(bytes.data());
}

}  // namespace

std::string zlib_compress(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  const int result =
      compress(reinterpret_cast<Bytef*>(out.data()), &size, data_of(bytes), bytes.size());
  if (result != Z_OK) throw std::bad_alloc();  // all else that it says is about the room
  out.resize(size);
  return out;
}

std::optional<std::string> zlib_uncompress(std::string_view bytes, std::uint64_t max_bytes) {
  for (std::uint64_t room = 2 * bytes.size() + 64;; room *= 2) {
    uLongf size = std::min(room, max_bytes);
    std::string out(size, '\0');
    const int result =
        uncompress(reinterpret_cast<Bytef*>(out.data()), &size, data_of(bytes), bytes.size());
    if (result == Z_OK) {
      out.resize(size);
      return out;
    }
    if (result != Z_BUF_ERROR || room >= max_bytes) return std::nullopt;
  }
}

}  // namespace wasmctl::base
