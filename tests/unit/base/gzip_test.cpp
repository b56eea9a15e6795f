#include "base/gzip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/error.hpp"

using wasmctl::Code;
using wasmctl::Error;
using wasmctl::base::gunzip;
using wasmctl::base::gzip;
using wasmctl::base::GzipReader;
using wasmctl::base::GzipWriter;
using wasmctl::base::kGzipMemberBytes;

namespace {

constexpr std::uint64_t kMax = 1 << 20;

std::string sample(std::size_t size) {
  std::string bytes;
  for (unsigned state = 1; bytes.size() < size; state = state * 1664525U + 1013904223U) {
    bytes += static_cast<char>(state >> 24U);
  }
  return bytes;
}

// What gunzip throws, with its code; empty if it does not.
std::string refusal(const std::string& bytes, std::uint64_t max = kMax) {
  try {
    gunzip(bytes, max);
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == Code::bad_input);
    return error.message();
  }
}

}  // namespace

TEST_CASE("gunzip gives back what gzip took") {
  for (const std::size_t size : {0U, 1U, 511U, 65535U, 65536U, 65537U, 1000000U}) {
    CAPTURE(size);
    const auto bytes = sample(size);
    CHECK(gunzip(gzip(bytes), kMax) == bytes);
    const std::string zeros(size, '\0');
    CHECK(gunzip(gzip(zeros), kMax) == zeros);
  }
}

TEST_CASE("gzip says nothing of time, name and system") {
  const auto packed = gzip("wasm");
  CHECK(packed.substr(0, 10) == std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
  CHECK(packed == gzip("wasm"));
}

TEST_CASE("gunzip reads members one after the other, and ignores padding") {
  CHECK(gunzip(gzip("one ") + gzip("two"), kMax) == "one two");
  CHECK(gunzip(gzip("one") + std::string(512, '\0'), kMax) == "one");
}

TEST_CASE("what streams by is packed and unpacked as what is in memory, however it is cut") {
  const auto bytes = sample(3 * kGzipMemberBytes + 12345);
  const auto whole = gzip(bytes);
  for (const std::size_t step : {1U, 4096U, 1000003U}) {
    CAPTURE(step);
    std::string packed;
    GzipWriter writer([&](std::string_view piece) { packed += piece; });
    for (std::size_t at = 0; at < bytes.size(); at += std::max<std::size_t>(step, 7)) {
      writer.write(std::string_view(bytes).substr(at, std::max<std::size_t>(step, 7)));
    }
    writer.finish();
    CHECK((packed == whole));

    std::string unpacked;
    GzipReader reader([&](std::string_view piece) { unpacked += piece; }, bytes.size());
    for (std::size_t at = 0; at < packed.size(); at += step) {
      reader.write(std::string_view(packed).substr(at, step));
    }
    reader.finish();
    CHECK((unpacked == bytes));
  }
}

TEST_CASE("a member's name and comment are as long as Go takes them") {
  const auto with = [](char flag, const std::string& texts) {
    auto packed = gzip("wasm");
    packed[3] = flag;
    return packed.insert(10, texts);
  };
  const auto text = [](std::size_t size) { return std::string(size, 'n') + '\0'; };
  constexpr char kName = 8;
  constexpr char kComment = 16;
  CHECK(gunzip(with(kName, text(511)), kMax) == "wasm");
  CHECK(gunzip(with(kName | kComment, text(511) + text(511)), kMax) == "wasm");
  const auto* const too_long = "the gzip stream has a name or comment of 512 bytes or more";
  CHECK(refusal(with(kName, text(512))) == too_long);
  CHECK(refusal(with(kComment, text(512))) == too_long);
  CHECK(refusal(with(kName | kComment, text(1) + text(600))) == too_long);
  CHECK(refusal(with(kName, text(511)) + with(kName, text(512))) == too_long);
  // Of a member that follows the texts of the one before are not meant.
  CHECK(gunzip(with(kName, text(511)) + gzip(" two"), kMax) == "wasm two");
}

TEST_CASE("gunzip refuses, and says why") {
  const auto whole = gzip(sample(5000));
  auto flipped = whole;
  flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);
  auto bad_block = gzip("wasm");
  bad_block[10] = '\xff';

  CHECK(refusal("") == "there is no gzip stream: it does not begin with 1f 8b");
  CHECK(refusal("\x1f") == "there is no gzip stream: it does not begin with 1f 8b");
  CHECK(refusal("PK\x03\x04") == "there is no gzip stream: it does not begin with 1f 8b");
  CHECK(refusal(flipped) == "the gzip stream is broken: incorrect data check");
  CHECK(refusal(bad_block) == "the gzip stream is broken: invalid block type");
  CHECK(refusal(gzip(std::string(100000, 'x')), 99999) ==
        "the gzip stream unpacks to more than 99999 bytes");
  CHECK(refusal(gzip(std::string(100000, 'x')), 100000) == "");
  for (std::size_t size = 2; size < whole.size(); size += 97) {
    CAPTURE(size);
    CHECK(refusal(whole.substr(0, size)) == "the gzip stream is cut short");
  }
}
