#include "base/gzip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace wasmctl::base {

namespace {

constexpr int kGzipFormat = 16;  // added to windowBits: gzip in place of zlib (zlib.h)
constexpr int kMaxMemoryLevel = 9;

// zlib counts in 32 bits.
uInt clamp(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

// zlib's pointers predate const; it does not write through next_in.
Bytef* as_input(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

// Points the stream at the free end of `out`, which must have been resized to hold more than
// `used`.
void set_output(z_stream& stream, std::string& out, std::size_t used) {
  stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
  stream.avail_out = clamp(out.size() - used);
}

Error gzip_error(std::string_view what) {
  return {Code::bad_input, fmt::format("the gzip stream {}", what)};
}

class Inflater {
 public:
  Inflater() {
    if (inflateInit2(&stream_, MAX_WBITS + kGzipFormat) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream& operator*() { return stream_; }

 private:
  z_stream stream_ = {};
};

// Unpacks one member from the front of `bytes` onto `out`.
void gunzip_member(std::string_view& bytes, std::string& out, std::uint64_t max_bytes) {
  constexpr std::size_t kFirstStep = 65536;
  Inflater inflater;
  z_stream& stream = *inflater;
  std::size_t used = out.size();
  for (int result = Z_OK; result != Z_STREAM_END;) {
    if (used == out.size()) out.resize(std::max(kFirstStep, used * 2));
    set_output(stream, out, used);
    const auto room = stream.avail_out;
    stream.next_in = as_input(bytes);
    stream.avail_in = clamp(bytes.size());
    const auto offered = stream.avail_in;
    result = inflate(&stream, Z_NO_FLUSH);
    bytes.remove_prefix(offered - stream.avail_in);
    used += room - stream.avail_out;
    if (used > max_bytes) {
      throw gzip_error(fmt::format("unpacks to more than {} bytes", max_bytes));
    }
    if (result == Z_BUF_ERROR || (result == Z_OK && bytes.empty() && stream.avail_out > 0)) {
      throw gzip_error("is cut short");
    }
    if (result != Z_OK && result != Z_STREAM_END) {
      throw gzip_error(
          fmt::format("is broken: {}", stream.msg == nullptr ? "bad data" : stream.msg));
    }
  }
  out.resize(used);
}

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream = {};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipFormat,
                   kMaxMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  std::size_t used = 0;
  for (int result = Z_OK; result == Z_OK;) {
    set_output(stream, out, used);
    const auto room = stream.avail_out;
    stream.next_in = as_input(bytes);
    stream.avail_in = clamp(bytes.size());
    const auto offered = stream.avail_in;
    result = deflate(&stream, offered == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    bytes.remove_prefix(offered - stream.avail_in);
    used += room - stream.avail_out;
  }
  deflateEnd(&stream);
  out.resize(used);
  // The header's last byte names the system that packed: 255, "unknown", so that it says nothing.
  out[9] = '\xff';
  return out;
}

std::string gunzip(std::string_view bytes, std::uint64_t max_bytes) {
  if (!bytes.starts_with("\x1f\x8b")) {
    throw Error(Code::bad_input, "there is no gzip stream: it does not begin with 1f 8b");
  }
  std::string out;
  while (!bytes.empty()) {
    // What follows the last member and is no member is padding, as gzip(1) sees it.
    if (!out.empty() && !bytes.starts_with("\x1f\x8b")) break;
    gunzip_member(bytes, out, max_bytes);
  }
  return out;
}

}  // namespace wasmctl::base
