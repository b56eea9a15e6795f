// How the ABI writes a list of pairs, such as headers, into one block of memory:
//
//     u32 count, count x (u32 name size, u32 value size), count x (name, 0, value, 0)
//
// with little-endian numbers, and sizes that do not count the zero bytes. Nothing here calls the
// host, so that tests run it natively.
// Source: proxy-wasm/spec, abi-versions/v0.2.1, "Serialized map"; proxy-wasm-cpp-host,
// src/pairs_util.cc.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <string_view>

namespace proxy_wasm {

// Walks such a block. What the host wrote is checked like any other input: a block whose sizes
// do not fit yields the pairs before the first bad one.
class PairsReader {
 public:
  PairsReader(const char* data, size_t size) : count_(count(data, size)) {
    if (count_ == 0) return;
    sizes_ = data + kCountSize;
    strings_ = sizes_ + count_ * kSizesSize;
    left_ = size - kCountSize - count_ * kSizesSize;
  }

  explicit PairsReader(std::string_view block) : PairsReader(block.data(), block.size()) {}

  // How many pairs are left; at most as many as the block has room for.
  uint32_t remaining() const { return count_; }

  bool next(std::string_view& name, std::string_view& value) {
    if (count_ == 0) return false;
    const bool fits = take(number(sizes_), name) && take(number(sizes_ + kCountSize), value);
    sizes_ += kSizesSize;
    count_ = fits ? count_ - 1 : 0;
    return fits;
  }

 private:
  static constexpr size_t kCountSize = sizeof(uint32_t);
  static constexpr size_t kSizesSize = 2 * sizeof(uint32_t);

  static uint32_t number(const char* at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
  }

  static uint32_t count(const char* data, size_t size) {
    if (data == nullptr || size < kCountSize) return 0;
    const uint32_t claimed = number(data);
    return claimed <= (size - kCountSize) / kSizesSize ? claimed : 0;
  }

  bool take(uint32_t size, std::string_view& string) {
    if (size >= left_) return false;  // the zero byte must fit, too
    string = {strings_, size};
    strings_ += size + size_t{1};
    left_ -= size + size_t{1};
    return true;
  }

  const char* sizes_ = nullptr;
  const char* strings_ = nullptr;
  size_t left_ = 0;  // bytes from `strings_` on
  uint32_t count_;
};

// The bytes that marshalPairs will write. `Pairs` is any container of pairs of strings.
template <typename Pairs>
size_t pairsSize(const Pairs& pairs) {
  size_t size = sizeof(uint32_t);
  for (const auto& pair : pairs) {
    size += 2 * sizeof(uint32_t) + pair.first.size() + 1 + pair.second.size() + 1;
  }
  return size;
}

// Writes `pairs` to `buffer`, which has room for pairsSize(pairs) bytes.
template <typename Pairs>
void marshalPairs(const Pairs& pairs, char* buffer) {
  const auto number = [&buffer](size_t size) {
    const auto value = static_cast<uint32_t>(size);
    memcpy(buffer, &value, sizeof value);
    buffer += sizeof value;
  };
  const auto string = [&buffer](const auto& text) {
    // memcpy may not be given the null pointer of an empty string_view.
    if (text.size() != 0) memcpy(buffer, text.data(), text.size());
    buffer += text.size();
    *buffer++ = '\0';
  };
  number(pairs.size());
  for (const auto& pair : pairs) {
    number(pair.first.size());
    number(pair.second.size());
  }
  for (const auto& pair : pairs) {
    string(pair.first);
    string(pair.second);
  }
}

}  // namespace proxy_wasm
