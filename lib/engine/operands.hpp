// What stands in valid code, read without checks, and values in slots. Only for the machine.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "engine/store.hpp"
#include "wasm/code.hpp"

namespace wasmctl::engine {

// LEB128; `shift` gets the bits that there were.
template <typename Bits>
[[gnu::always_inline]] inline Bits leb(const std::uint8_t*& ip, unsigned& shift) {
  Bits byte = *ip++;
  auto value = byte & 0x7fU;
  for (shift = 7; byte >= 0x80; shift += 7) {
    byte = *ip++;
    value |= (byte & 0x7fU) << shift;
  }
  return value;
}

[[gnu::always_inline]] inline std::uint32_t leb_u32(const std::uint8_t*& ip) {
  unsigned shift = 0;
  return leb<std::uint32_t>(ip, shift);
}

[[gnu::always_inline]] inline std::uint64_t leb_u64(const std::uint8_t*& ip) {
  unsigned shift = 0;
  return leb<std::uint64_t>(ip, shift);
}

[[gnu::always_inline]] inline std::int64_t leb_signed(const std::uint8_t*& ip) {
  unsigned shift = 0;
  const auto value = leb<std::uint64_t>(ip, shift);
  if (shift >= 64) return static_cast<std::int64_t>(value);
  // The sign is the last bit.
  const auto unused = 64 - shift;
  return static_cast<std::int64_t>(value << unused) >> unused;
}

// Reads past a value type: one byte, or a reference's with its heap type behind it.
[[gnu::always_inline]] inline void skip_type(const std::uint8_t*& ip) {
  const auto first = *ip++;
  if (first == 0x63 || first == 0x64) leb_signed(ip);
}

[[gnu::always_inline]] inline void skip_block_type(const std::uint8_t*& ip) {
  if (*ip == 0x63 || *ip == 0x64) {
    skip_type(ip);
  } else {
    leb_signed(ip);
  }
}

template <typename Type>
[[gnu::always_inline]] inline Type get(Slot slot) {
  if constexpr (sizeof(Type) == 8) {
    return std::bit_cast<Type>(slot);
  } else {
    return std::bit_cast<Type>(static_cast<std::uint32_t>(slot));
  }
}

template <typename Type>
[[gnu::always_inline]] inline Slot slot_of(Type value) {
  if constexpr (std::is_same_v<Type, bool>) {
    return value ? 1 : 0;
  } else if constexpr (sizeof(Type) == 8) {
    return std::bit_cast<Slot>(value);
  } else {
    return std::bit_cast<std::uint32_t>(value);
  }
}

template <typename Type>
[[gnu::always_inline]] inline Type loaded(const std::uint8_t* from) {
  Type value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// A size or -1, as wide as addresses are.
inline Slot address_of(std::int64_t value, const wasm::Limits& limits) {
  return limits.is_64 ? static_cast<Slot>(value) : static_cast<std::uint32_t>(value);
}

// The bytes of an access whose immediates, but for `alignment`, are at `ip`; null: out of bounds.
// Any memory, and addresses of 64 bits: an i32's slot has an upper half of zero.
inline std::uint8_t* accessed(const Instance& instance, std::uint32_t alignment,
                              const std::uint8_t*& ip, Slot address, std::uint64_t width) {
  const auto index = (alignment & wasm::kHasMemoryIndex) != 0 ? leb_u32(ip) : 0;
  const auto& memory = *instance.memories[index];
  std::uint64_t begin = 0;
  if (__builtin_add_overflow(address, leb_u64(ip), &begin)) return nullptr;
  if (begin > memory.size || width > memory.size - begin) return nullptr;
  return memory.bytes.get() + begin;
}

}  // namespace wasmctl::engine
