// Arithmetic as WebAssembly defines it, where C++ defines it otherwise or not at all.
// Source: WebAssembly Core Specification 3.0, 4.3 (numerics).
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace wasmctl::engine {

// The specification's names: of integers with a sign (i) and without (u), and of floats.
using i8 = std::int8_t;
using u8 = std::uint8_t;
using i16 = std::int16_t;
using u16 = std::uint16_t;
using i32 = std::int32_t;
using u32 = std::uint32_t;
using i64 = std::int64_t;
using u64 = std::uint64_t;
using f32 = float;
using f64 = double;

template <typename Float>
using Bits = std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>;

// A NaN that is computed is quiet.
template <typename Float>
Float quiet(Float value) {
  constexpr auto kQuiet = Bits<Float>{1} << (std::numeric_limits<Float>::digits - 2);
  return std::bit_cast<Float>(std::bit_cast<Bits<Float>>(value) | kQuiet);
}

// -0 is less than 0, and NaN wins.
template <typename Float>
Float least(Float left, Float right) {
  if (std::isnan(left)) return quiet(left);
  if (std::isnan(right)) return quiet(right);
  if (left == right) return std::signbit(left) ? left : right;
  return left < right ? left : right;
}

template <typename Float>
Float greatest(Float left, Float right) {
  if (std::isnan(left)) return quiet(left);
  if (std::isnan(right)) return quiet(right);
  if (left == right) return std::signbit(left) ? right : left;
  return left > right ? left : right;
}

// To the nearest whole number, halves to the even one: the processor's default, which nothing here
// changes.
template <typename Float>
Float nearest(Float value) {
  return std::isnan(value) ? quiet(value) : std::nearbyint(value);
}

// The whole numbers just outside of `Int`, as floats: what is between them can be converted.
template <typename Int, typename Float>
bool can_convert(Float value) {
  constexpr auto kMin = std::numeric_limits<Int>::min();
  const auto above = static_cast<Float>(std::ldexp(1.0, std::numeric_limits<Int>::digits));
  if constexpr (kMin == 0) {
    return value > Float{-1} && value < above;
  } else {
    // -2^31 - 1 is no float of 32 bits, nor -2^63 - 1 a double: then -2^31 itself is the bound.
    const auto below = static_cast<Float>(kMin) - Float{1};
    return (below == static_cast<Float>(kMin) ? value >= below : value > below) && value < above;
  }
}

template <typename Int, typename Float>
Int saturated(Float value) {
  if (std::isnan(value)) return 0;
  if (can_convert<Int>(value)) return static_cast<Int>(value);
  return value < 0 ? std::numeric_limits<Int>::min() : std::numeric_limits<Int>::max();
}

}  // namespace wasmctl::engine
