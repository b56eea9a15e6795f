#include "base/gzip.hpp"

#include <fmt/format.h>
#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <thread>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace wasmctl::base {

namespace {

// libdeflate's levels. On modules the ones above 6 take 1.3 to 8 times as long for 1 to 4 % (zlib's
// default is 1 % larger than 6 and takes three times as long). Where there is enough for several
// members, time counts: 4 takes two thirds of the time of 6, and is 3 % larger.
constexpr int kLevel = 6;
constexpr int kLevelOfSeveral = 4;
constexpr int kGzipFormat = 16;  // added to windowBits: gzip in place of zlib (zlib.h)
constexpr std::string_view kGzipMagic = "\x1f\x8b";

std::size_t processors() {
  constexpr std::size_t kMax = 4;  // a few MiB each
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMax);
}

std::string gzip_member(std::string_view bytes, int level) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  if (compressor == nullptr) throw std::bad_alloc();
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), out.data(),
                                      out.size()));
  return out;
}

Error gzip_error(std::string_view what) {
  return {Code::bad_input, fmt::format("the gzip stream {}", what)};
}

Error not_gzip() {
  return {Code::bad_input, "there is no gzip stream: it does not begin with 1f 8b"};
}

}  // namespace

GzipWriter::GzipWriter(Sink sink) : sink_(std::move(sink)) {
  waiting_.emplace_back();
}
GzipWriter::~GzipWriter() = default;

void GzipWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (waiting_.back().size() == kGzipMemberBytes) {
      several_ = true;
      if (waiting_.size() == processors()) pack();
      waiting_.emplace_back();
    }
    auto& last = waiting_.back();
    const auto piece = bytes.substr(0, kGzipMemberBytes - last.size());
    last += piece;
    bytes.remove_prefix(piece.size());
  }
}

void GzipWriter::pack() {
  const int level = several_ ? kLevelOfSeveral : kLevel;
  for_each_at_once(waiting_.size(), processors(),
                   [&](std::size_t i) { waiting_[i] = gzip_member(waiting_[i], level); });
  for (const auto& member : waiting_) sink_(member);
  waiting_.clear();
}

void GzipWriter::finish() {
  pack();
}

std::string gzip(std::string_view bytes) {
  std::string out;
  GzipWriter writer([&](std::string_view piece) { out += piece; });
  writer.write(bytes);
  writer.finish();
  return out;
}

struct GzipReader::State {
  // Of a member's name or comment, its NUL included. Go's reader takes no longer ones
  // (compress/gzip, gunzip.go), and what is after them is in the layer for others only.
  static constexpr uInt kMaxTextBytes = 512;
  using Text = std::array<Bytef, kMaxTextBytes>;

  State(Sink to, std::uint64_t bound) : sink(std::move(to)), left(bound), max_bytes(bound) {
    if (inflateInit2(&stream, MAX_WBITS + kGzipFormat) != Z_OK) throw std::bad_alloc();
    begin_member();
  }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void begin_member() {
    header = {};
    header.name = name.data();
    header.name_max = kMaxTextBytes;
    header.comment = comment.data();
    header.comm_max = kMaxTextBytes;
    inflateGetHeader(&stream, &header);
  }

  // Where the member has none, zlib sets the pointer to null; the end of a longer one is missing.
  void check_header() const {
    const auto fits = [](const Bytef* text, const Text& buffer) {
      return text == nullptr || std::ranges::find(buffer, Bytef{0}) != buffer.end();
    };
    if (header.done == 1 && !(fits(header.name, name) && fits(header.comment, comment))) {
      throw gzip_error(fmt::format("has a name or comment of {} bytes or more", kMaxTextBytes));
    }
  }

  // Unpacks from the front of `bytes` until they or the member end.
  void read_member(std::string_view& bytes) {
    constexpr std::size_t kMaxAtOnce = std::numeric_limits<uInt>::max();
    do {
      // zlib's pointers predate const; it does not write through next_in.
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(std::min(bytes.size(), kMaxAtOnce));
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      const auto offered = stream.avail_in;
      const int result = inflate(&stream, Z_NO_FLUSH);
      bytes.remove_prefix(offered - stream.avail_in);
      check_header();
      hand_on(out.size() - stream.avail_out);
      if (result == Z_STREAM_END) {
        within = false;
        inflateReset(&stream);
        begin_member();
        return;
      }
      // Z_BUF_ERROR: all of the input has been used, and the output was at its end.
      if (result != Z_OK && result != Z_BUF_ERROR) {
        throw gzip_error(
            fmt::format("is broken: {}", stream.msg == nullptr ? "bad data" : stream.msg));
      }
    } while (!bytes.empty() || stream.avail_out == 0);
  }

  void hand_on(std::size_t size) {
    if (size > left) throw gzip_error(fmt::format("unpacks to more than {} bytes", max_bytes));
    left -= size;
    if (size > 0) sink(std::string_view(out).substr(0, size));
  }

  const Sink sink;
  std::uint64_t left;
  const std::uint64_t max_bytes;
  z_stream stream = {};
  gz_header header = {};
  Text name = {};
  Text comment = {};
  std::string out = std::string(64 * 1024, '\0');
  std::string magic;     // the first bytes of what may be a member
  bool any = false;      // there was a member
  bool within = false;   // one
  bool padding = false;  // what follows the last member and is none, as gzip(1) sees it
};

GzipReader::GzipReader(Sink sink, std::uint64_t max_bytes)
    : state_(std::make_unique<State>(std::move(sink), max_bytes)) {}
GzipReader::~GzipReader() = default;

void GzipReader::write(std::string_view bytes) {
  auto& state = *state_;
  while (!bytes.empty() && !state.padding) {
    if (state.within) {
      state.read_member(bytes);
      continue;
    }
    const auto missing = bytes.substr(0, kGzipMagic.size() - state.magic.size());
    state.magic += missing;
    bytes.remove_prefix(missing.size());
    if (state.magic.size() < kGzipMagic.size()) return;
    if (state.magic != kGzipMagic) {
      if (!state.any) throw not_gzip();
      state.padding = true;
      return;
    }
    state.any = state.within = true;
    std::string_view magic = state.magic;
    state.read_member(magic);
    state.magic.clear();
  }
}

void GzipReader::finish() {
  if (!state_->any) throw not_gzip();
  if (state_->within) throw gzip_error("is cut short");
}

std::string gunzip(std::string_view bytes, std::uint64_t max_bytes) {
  std::string out;
  GzipReader reader([&](std::string_view piece) { out += piece; }, max_bytes);
  reader.write(bytes);
  reader.finish();
  return out;
}

}  // namespace wasmctl::base
