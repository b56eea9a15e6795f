// Vectors of 128 bits: the instructions behind 0xfd. One row for each that only computes; those
// that also have immediates are in Machine::vector.
//
// Where relaxed-simd leaves a choice, it is made once, as engines make it that promise to be
// deterministic: swizzle, truncation, minimum, maximum and q15mulr are those of simd128, laneselect
// is bitselect, madd rounds once, and the dot products take both sides as signed.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <type_traits>

#include "engine/machine.hpp"
#include "engine/numeric.hpp"
#include "engine/operands.hpp"

namespace wasmctl::engine {

namespace {

template <typename Lane>
using Lanes = std::array<Lane, 16 / sizeof(Lane)>;

// The operands of an instruction on the stack, the first one at `first`; the result takes its
// place.
struct Operands {
  Slot* first;
  std::ptrdiff_t high;  // from the lower half of a vector to its upper half, in slots

  template <typename Lane>
  Lanes<Lane> vector(std::size_t index) const {
    const auto* const lower = first + index;
    return std::bit_cast<Lanes<Lane>>(std::array<u64, 2>{lower[0], lower[high]});
  }
  template <typename Lane>
  void set(const Lanes<Lane>& lanes) const {
    const auto halves = std::bit_cast<std::array<u64, 2>>(lanes);
    first[0] = halves[0];
    first[high] = halves[1];
  }
};

using Operation = void (*)(Operands);

// ----- shapes of operations -----

template <typename Lane, auto op>
void unary(Operands operands) {
  auto lanes = operands.vector<Lane>(0);
  for (auto& lane : lanes) lane = static_cast<Lane>(op(lane));
  operands.set(lanes);
}

template <typename Lane, auto op>
void binary(Operands operands) {
  auto lanes = operands.vector<Lane>(0);
  const auto others = operands.vector<Lane>(1);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    lanes[i] = static_cast<Lane>(op(lanes[i], others[i]));
  }
  operands.set(lanes);
}

template <typename Lane, auto op>
void ternary(Operands operands) {
  auto lanes = operands.vector<Lane>(0);
  const auto seconds = operands.vector<Lane>(1);
  const auto thirds = operands.vector<Lane>(2);
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = op(lanes[i], seconds[i], thirds[i]);
  operands.set(lanes);
}

// A lane is all ones where `op` holds.
template <typename Lane, auto op>
void compare(Operands operands) {
  using Mask = std::conditional_t<
      sizeof(Lane) == 1, u8,
      std::conditional_t<sizeof(Lane) == 2, u16, std::conditional_t<sizeof(Lane) == 4, u32, u64>>>;
  const auto lanes = operands.vector<Lane>(0);
  const auto others = operands.vector<Lane>(1);
  Lanes<Mask> result;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    result[i] = op(lanes[i], others[i]) ? static_cast<Mask>(~Mask{0}) : Mask{0};
  }
  operands.set(result);
}

// By a count that is taken modulo the lane's bits.
template <typename Lane, auto op>
void shift(Operands operands) {
  auto lanes = operands.vector<Lane>(0);
  const auto count = static_cast<unsigned>(operands.first[1] % (8 * sizeof(Lane)));
  for (auto& lane : lanes) lane = static_cast<Lane>(op(lane, count));
  operands.set(lanes);
}

template <typename Lane>
void splat(Operands operands) {
  Lanes<Lane> lanes;
  Lane value;
  std::memcpy(&value, operands.first, sizeof value);
  lanes.fill(value);
  operands.set(lanes);
}

template <typename Lane>
void all_true(Operands operands) {
  const auto lanes = operands.vector<Lane>(0);
  operands.first[0] = std::find(lanes.begin(), lanes.end(), 0) == lanes.end() ? 1 : 0;
}

template <typename Lane>
void bitmask(Operands operands) {
  const auto lanes = operands.vector<Lane>(0);
  Slot mask = 0;
  for (std::size_t i = 0; i < lanes.size(); ++i) mask |= Slot{lanes[i] < 0 ? 1U : 0U} << i;
  operands.first[0] = mask;
}

enum class Half : std::uint8_t { low, high };

template <typename Wide, typename Narrow, Half half>
Lanes<Wide> widened(const Lanes<Narrow>& lanes) {
  Lanes<Wide> result;
  constexpr auto kFirst = half == Half::low ? 0 : result.size();
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = Wide{lanes[kFirst + i]};
  return result;
}

template <typename Wide, typename Narrow, Half half>
void extend(Operands operands) {
  operands.set(widened<Wide, Narrow, half>(operands.vector<Narrow>(0)));
}

template <typename Wide, typename Narrow, Half half>
void multiply_extended(Operands operands) {
  auto lanes = widened<Wide, Narrow, half>(operands.vector<Narrow>(0));
  const auto others = widened<Wide, Narrow, half>(operands.vector<Narrow>(1));
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    lanes[i] = static_cast<Wide>(static_cast<u64>(lanes[i]) * static_cast<u64>(others[i]));
  }
  operands.set(lanes);
}

template <typename Wide, typename Narrow>
Lanes<Wide> pairwise_sums(const Lanes<Narrow>& lanes) {
  Lanes<Wide> result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<Wide>(lanes[2 * i] + lanes[2 * i + 1]);
  }
  return result;
}

template <typename Wide, typename Narrow>
void add_pairwise(Operands operands) {
  operands.set(pairwise_sums<Wide>(operands.vector<Narrow>(0)));
}

template <typename Narrow>
Narrow clamped(i64 value) {
  return static_cast<Narrow>(std::clamp<i64>(value, std::numeric_limits<Narrow>::min(),
                                             std::numeric_limits<Narrow>::max()));
}

// The lanes of both, each as near as the narrower type comes.
template <typename Narrow, typename Wide>
void narrow(Operands operands) {
  Lanes<Narrow> result;
  constexpr auto kHalf = result.size() / 2;
  for (std::size_t side = 0; side < 2; ++side) {
    const auto lanes = operands.vector<Wide>(side);
    for (std::size_t i = 0; i < kHalf; ++i) {
      result[side * kHalf + i] = clamped<Narrow>(lanes[i]);
    }
  }
  operands.set(result);
}

// Lane by lane from the lower lanes of the operand; what has no such lane is zero.
template <typename To, typename From, auto op>
void convert(Operands operands) {
  const auto lanes = operands.vector<From>(0);
  Lanes<To> result{};
  for (std::size_t i = 0; i < std::min(lanes.size(), result.size()); ++i) result[i] = op(lanes[i]);
  operands.set(result);
}

template <typename Wide, typename Narrow>
Lanes<Wide> products_of_pairs(const Lanes<Narrow>& left, const Lanes<Narrow>& right) {
  Lanes<Wide> result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto j = 2 * i;
    result[i] = static_cast<Wide>(static_cast<u32>(left[j] * right[j]) +
                                  static_cast<u32>(left[j + 1] * right[j + 1]));
  }
  return result;
}

template <typename Wide, typename Narrow>
void dot(Operands operands) {
  operands.set(products_of_pairs<Wide>(operands.vector<Narrow>(0), operands.vector<Narrow>(1)));
}

void dot_and_add(Operands operands) {
  auto sums =
      pairwise_sums<i32>(products_of_pairs<i16>(operands.vector<i8>(0), operands.vector<i8>(1)));
  const auto others = operands.vector<u32>(2);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sums[i] = static_cast<i32>(static_cast<u32>(sums[i]) + others[i]);
  }
  operands.set(sums);
}

void swizzle(Operands operands) {
  const auto lanes = operands.vector<u8>(0);
  auto result = operands.vector<u8>(1);
  for (auto& lane : result) lane = lane < 16 ? lanes[lane] : u8{0};
  operands.set(result);
}

void any_true(Operands operands) {
  operands.first[0] = (operands.first[0] | operands.first[operands.high]) != 0 ? 1 : 0;
}

// ----- what is done to one lane -----

// Without a sign, so that nothing overflows.
constexpr auto kAdd = [](auto a, auto b) { return static_cast<u64>(a) + static_cast<u64>(b); };
constexpr auto kSubtract = [](auto a, auto b) { return static_cast<u64>(a) - static_cast<u64>(b); };
constexpr auto kMultiply = [](auto a, auto b) { return static_cast<u64>(a) * static_cast<u64>(b); };
constexpr auto kNegate = [](auto a) { return u64{0} - static_cast<u64>(a); };
constexpr auto kAbsolute = [](auto a) {
  return a < 0 ? u64{0} - static_cast<u64>(a) : static_cast<u64>(a);
};
constexpr auto kAddSaturated = []<typename Lane>(Lane a, Lane b) {
  return clamped<Lane>(i64{a} + i64{b});
};
constexpr auto kSubtractSaturated = []<typename Lane>(Lane a, Lane b) {
  return clamped<Lane>(i64{a} - i64{b});
};
constexpr auto kAverage = [](auto a, auto b) { return (u32{a} + u32{b} + 1) / 2; };
constexpr auto kMultiplyQ15 = [](i16 a, i16 b) {
  return clamped<i16>((i64{a} * i64{b} + 0x4000) >> 15);
};
constexpr auto kLeast = [](auto a, auto b) { return std::min(a, b); };
constexpr auto kGreatest = [](auto a, auto b) { return std::max(a, b); };
constexpr auto kShiftLeft = [](auto a, unsigned count) { return static_cast<u64>(a) << count; };
constexpr auto kShiftRight = [](auto a, unsigned count) { return a >> count; };
constexpr auto kPopulation = [](u8 a) { return std::popcount(a); };
constexpr auto kNot = [](u64 a) { return ~a; };
constexpr auto kAndNot = [](u64 a, u64 b) { return a & ~b; };
constexpr auto kSelect = [](u64 a, u64 b, u64 mask) { return (a & mask) | (b & ~mask); };

constexpr auto kCeil = [](auto a) { return std::isnan(a) ? quiet(a) : std::ceil(a); };
constexpr auto kFloor = [](auto a) { return std::isnan(a) ? quiet(a) : std::floor(a); };
constexpr auto kTruncate = [](auto a) { return std::isnan(a) ? quiet(a) : std::trunc(a); };
constexpr auto kNearest = [](auto a) { return nearest(a); };
constexpr auto kRoot = [](auto a) { return std::sqrt(a); };
constexpr auto kMinimum = [](auto a, auto b) { return least(a, b); };
constexpr auto kMaximum = [](auto a, auto b) { return greatest(a, b); };
constexpr auto kPseudoMinimum = [](auto a, auto b) { return b < a ? b : a; };
constexpr auto kPseudoMaximum = [](auto a, auto b) { return a < b ? b : a; };
constexpr auto kFused = [](auto a, auto b, auto c) { return std::fma(a, b, c); };
constexpr auto kNegatedFused = [](auto a, auto b, auto c) { return std::fma(-a, b, c); };
// Of bits, so that a NaN stays what it is.
template <typename Bits>
constexpr auto kClearSign = [](Bits a) { return a & (~Bits{0} >> 1U); };
template <typename Bits>
constexpr auto kFlipSign = [](Bits a) { return a ^ ~(~Bits{0} >> 1U); };
template <typename To>
constexpr auto kSaturated = [](auto a) { return saturated<To>(a); };
template <typename To>
constexpr auto kConverted = [](auto a) { return static_cast<To>(a); };
// A NaN that is converted is quiet, too.
template <typename To>
constexpr auto kRounded =
    [](auto a) { return std::isnan(a) ? quiet(static_cast<To>(a)) : static_cast<To>(a); };

// ----- the table -----

struct Row {
  std::uint16_t number;
  std::uint8_t takes;  // operands
  Operation operation;
};

constexpr auto kLow = Half::low;
constexpr auto kHigh = Half::high;

constexpr Row kRows[] = {
    // i8x16.swizzle and splats
    {0x0e, 2, swizzle},
    {0x0f, 1, splat<u8>},
    {0x10, 1, splat<u16>},
    {0x11, 1, splat<u32>},
    {0x12, 1, splat<u64>},
    {0x13, 1, splat<u32>},
    {0x14, 1, splat<u64>},
    // eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u of i8x16, i16x8, i32x4
    {0x23, 2, compare<u8, std::equal_to<>{}>},
    {0x24, 2, compare<u8, std::not_equal_to<>{}>},
    {0x25, 2, compare<i8, std::less<>{}>},
    {0x26, 2, compare<u8, std::less<>{}>},
    {0x27, 2, compare<i8, std::greater<>{}>},
    {0x28, 2, compare<u8, std::greater<>{}>},
    {0x29, 2, compare<i8, std::less_equal<>{}>},
    {0x2a, 2, compare<u8, std::less_equal<>{}>},
    {0x2b, 2, compare<i8, std::greater_equal<>{}>},
    {0x2c, 2, compare<u8, std::greater_equal<>{}>},
    {0x2d, 2, compare<u16, std::equal_to<>{}>},
    {0x2e, 2, compare<u16, std::not_equal_to<>{}>},
    {0x2f, 2, compare<i16, std::less<>{}>},
    {0x30, 2, compare<u16, std::less<>{}>},
    {0x31, 2, compare<i16, std::greater<>{}>},
    {0x32, 2, compare<u16, std::greater<>{}>},
    {0x33, 2, compare<i16, std::less_equal<>{}>},
    {0x34, 2, compare<u16, std::less_equal<>{}>},
    {0x35, 2, compare<i16, std::greater_equal<>{}>},
    {0x36, 2, compare<u16, std::greater_equal<>{}>},
    {0x37, 2, compare<u32, std::equal_to<>{}>},
    {0x38, 2, compare<u32, std::not_equal_to<>{}>},
    {0x39, 2, compare<i32, std::less<>{}>},
    {0x3a, 2, compare<u32, std::less<>{}>},
    {0x3b, 2, compare<i32, std::greater<>{}>},
    {0x3c, 2, compare<u32, std::greater<>{}>},
    {0x3d, 2, compare<i32, std::less_equal<>{}>},
    {0x3e, 2, compare<u32, std::less_equal<>{}>},
    {0x3f, 2, compare<i32, std::greater_equal<>{}>},
    {0x40, 2, compare<u32, std::greater_equal<>{}>},
    // eq, ne, lt, gt, le, ge of f32x4 and f64x2
    {0x41, 2, compare<f32, std::equal_to<>{}>},
    {0x42, 2, compare<f32, std::not_equal_to<>{}>},
    {0x43, 2, compare<f32, std::less<>{}>},
    {0x44, 2, compare<f32, std::greater<>{}>},
    {0x45, 2, compare<f32, std::less_equal<>{}>},
    {0x46, 2, compare<f32, std::greater_equal<>{}>},
    {0x47, 2, compare<f64, std::equal_to<>{}>},
    {0x48, 2, compare<f64, std::not_equal_to<>{}>},
    {0x49, 2, compare<f64, std::less<>{}>},
    {0x4a, 2, compare<f64, std::greater<>{}>},
    {0x4b, 2, compare<f64, std::less_equal<>{}>},
    {0x4c, 2, compare<f64, std::greater_equal<>{}>},
    // v128.not, and, andnot, or, xor, bitselect, any_true
    {0x4d, 1, unary<u64, kNot>},
    {0x4e, 2, binary<u64, std::bit_and<>{}>},
    {0x4f, 2, binary<u64, kAndNot>},
    {0x50, 2, binary<u64, std::bit_or<>{}>},
    {0x51, 2, binary<u64, std::bit_xor<>{}>},
    {0x52, 3, ternary<u64, kSelect>},
    {0x53, 1, any_true},
    // f32x4.demote_f64x2_zero, f64x2.promote_low_f32x4
    {0x5e, 1, convert<f32, f64, kRounded<f32>>},
    {0x5f, 1, convert<f64, f32, kRounded<f64>>},
    // i8x16
    {0x60, 1, unary<i8, kAbsolute>},
    {0x61, 1, unary<i8, kNegate>},
    {0x62, 1, unary<u8, kPopulation>},
    {0x63, 1, all_true<u8>},
    {0x64, 1, bitmask<i8>},
    {0x65, 2, narrow<i8, i16>},
    {0x66, 2, narrow<u8, i16>},
    {0x6b, 2, shift<u8, kShiftLeft>},
    {0x6c, 2, shift<i8, kShiftRight>},
    {0x6d, 2, shift<u8, kShiftRight>},
    {0x6e, 2, binary<u8, kAdd>},
    {0x6f, 2, binary<i8, kAddSaturated>},
    {0x70, 2, binary<u8, kAddSaturated>},
    {0x71, 2, binary<u8, kSubtract>},
    {0x72, 2, binary<i8, kSubtractSaturated>},
    {0x73, 2, binary<u8, kSubtractSaturated>},
    {0x76, 2, binary<i8, kLeast>},
    {0x77, 2, binary<u8, kLeast>},
    {0x78, 2, binary<i8, kGreatest>},
    {0x79, 2, binary<u8, kGreatest>},
    {0x7b, 2, binary<u8, kAverage>},
    // ceil, floor, trunc, nearest of f32x4 and f64x2
    {0x67, 1, unary<f32, kCeil>},
    {0x68, 1, unary<f32, kFloor>},
    {0x69, 1, unary<f32, kTruncate>},
    {0x6a, 1, unary<f32, kNearest>},
    {0x74, 1, unary<f64, kCeil>},
    {0x75, 1, unary<f64, kFloor>},
    {0x7a, 1, unary<f64, kTruncate>},
    {0x94, 1, unary<f64, kNearest>},
    // extadd_pairwise
    {0x7c, 1, add_pairwise<i16, i8>},
    {0x7d, 1, add_pairwise<u16, u8>},
    {0x7e, 1, add_pairwise<i32, i16>},
    {0x7f, 1, add_pairwise<u32, u16>},
    // i16x8
    {0x80, 1, unary<i16, kAbsolute>},
    {0x81, 1, unary<i16, kNegate>},
    {0x82, 2, binary<i16, kMultiplyQ15>},
    {0x83, 1, all_true<u16>},
    {0x84, 1, bitmask<i16>},
    {0x85, 2, narrow<i16, i32>},
    {0x86, 2, narrow<u16, i32>},
    {0x87, 1, extend<i16, i8, kLow>},
    {0x88, 1, extend<i16, i8, kHigh>},
    {0x89, 1, extend<u16, u8, kLow>},
    {0x8a, 1, extend<u16, u8, kHigh>},
    {0x8b, 2, shift<u16, kShiftLeft>},
    {0x8c, 2, shift<i16, kShiftRight>},
    {0x8d, 2, shift<u16, kShiftRight>},
    {0x8e, 2, binary<u16, kAdd>},
    {0x8f, 2, binary<i16, kAddSaturated>},
    {0x90, 2, binary<u16, kAddSaturated>},
    {0x91, 2, binary<u16, kSubtract>},
    {0x92, 2, binary<i16, kSubtractSaturated>},
    {0x93, 2, binary<u16, kSubtractSaturated>},
    {0x95, 2, binary<u16, kMultiply>},
    {0x96, 2, binary<i16, kLeast>},
    {0x97, 2, binary<u16, kLeast>},
    {0x98, 2, binary<i16, kGreatest>},
    {0x99, 2, binary<u16, kGreatest>},
    {0x9b, 2, binary<u16, kAverage>},
    {0x9c, 2, multiply_extended<i16, i8, kLow>},
    {0x9d, 2, multiply_extended<i16, i8, kHigh>},
    {0x9e, 2, multiply_extended<u16, u8, kLow>},
    {0x9f, 2, multiply_extended<u16, u8, kHigh>},
    // i32x4
    {0xa0, 1, unary<i32, kAbsolute>},
    {0xa1, 1, unary<i32, kNegate>},
    {0xa3, 1, all_true<u32>},
    {0xa4, 1, bitmask<i32>},
    {0xa7, 1, extend<i32, i16, kLow>},
    {0xa8, 1, extend<i32, i16, kHigh>},
    {0xa9, 1, extend<u32, u16, kLow>},
    {0xaa, 1, extend<u32, u16, kHigh>},
    {0xab, 2, shift<u32, kShiftLeft>},
    {0xac, 2, shift<i32, kShiftRight>},
    {0xad, 2, shift<u32, kShiftRight>},
    {0xae, 2, binary<u32, kAdd>},
    {0xb1, 2, binary<u32, kSubtract>},
    {0xb5, 2, binary<u32, kMultiply>},
    {0xb6, 2, binary<i32, kLeast>},
    {0xb7, 2, binary<u32, kLeast>},
    {0xb8, 2, binary<i32, kGreatest>},
    {0xb9, 2, binary<u32, kGreatest>},
    {0xba, 2, dot<i32, i16>},
    {0xbc, 2, multiply_extended<i32, i16, kLow>},
    {0xbd, 2, multiply_extended<i32, i16, kHigh>},
    {0xbe, 2, multiply_extended<u32, u16, kLow>},
    {0xbf, 2, multiply_extended<u32, u16, kHigh>},
    // i64x2
    {0xc0, 1, unary<i64, kAbsolute>},
    {0xc1, 1, unary<i64, kNegate>},
    {0xc3, 1, all_true<u64>},
    {0xc4, 1, bitmask<i64>},
    {0xc7, 1, extend<i64, i32, kLow>},
    {0xc8, 1, extend<i64, i32, kHigh>},
    {0xc9, 1, extend<u64, u32, kLow>},
    {0xca, 1, extend<u64, u32, kHigh>},
    {0xcb, 2, shift<u64, kShiftLeft>},
    {0xcc, 2, shift<i64, kShiftRight>},
    {0xcd, 2, shift<u64, kShiftRight>},
    {0xce, 2, binary<u64, kAdd>},
    {0xd1, 2, binary<u64, kSubtract>},
    {0xd5, 2, binary<u64, kMultiply>},
    {0xd6, 2, compare<u64, std::equal_to<>{}>},
    {0xd7, 2, compare<u64, std::not_equal_to<>{}>},
    {0xd8, 2, compare<i64, std::less<>{}>},
    {0xd9, 2, compare<i64, std::greater<>{}>},
    {0xda, 2, compare<i64, std::less_equal<>{}>},
    {0xdb, 2, compare<i64, std::greater_equal<>{}>},
    {0xdc, 2, multiply_extended<i64, i32, kLow>},
    {0xdd, 2, multiply_extended<i64, i32, kHigh>},
    {0xde, 2, multiply_extended<u64, u32, kLow>},
    {0xdf, 2, multiply_extended<u64, u32, kHigh>},
    // abs, neg, sqrt, add, sub, mul, div, min, max, pmin, pmax of f32x4 and f64x2
    {0xe0, 1, unary<u32, kClearSign<u32>>},
    {0xe1, 1, unary<u32, kFlipSign<u32>>},
    {0xe3, 1, unary<f32, kRoot>},
    {0xe4, 2, binary<f32, std::plus<>{}>},
    {0xe5, 2, binary<f32, std::minus<>{}>},
    {0xe6, 2, binary<f32, std::multiplies<>{}>},
    {0xe7, 2, binary<f32, std::divides<>{}>},
    {0xe8, 2, binary<f32, kMinimum>},
    {0xe9, 2, binary<f32, kMaximum>},
    {0xea, 2, binary<f32, kPseudoMinimum>},
    {0xeb, 2, binary<f32, kPseudoMaximum>},
    {0xec, 1, unary<u64, kClearSign<u64>>},
    {0xed, 1, unary<u64, kFlipSign<u64>>},
    {0xef, 1, unary<f64, kRoot>},
    {0xf0, 2, binary<f64, std::plus<>{}>},
    {0xf1, 2, binary<f64, std::minus<>{}>},
    {0xf2, 2, binary<f64, std::multiplies<>{}>},
    {0xf3, 2, binary<f64, std::divides<>{}>},
    {0xf4, 2, binary<f64, kMinimum>},
    {0xf5, 2, binary<f64, kMaximum>},
    {0xf6, 2, binary<f64, kPseudoMinimum>},
    {0xf7, 2, binary<f64, kPseudoMaximum>},
    // conversions: trunc_sat, convert; from and to f64x2 the lower lanes
    {0xf8, 1, convert<i32, f32, kSaturated<i32>>},
    {0xf9, 1, convert<u32, f32, kSaturated<u32>>},
    {0xfa, 1, convert<f32, i32, kConverted<f32>>},
    {0xfb, 1, convert<f32, u32, kConverted<f32>>},
    {0xfc, 1, convert<i32, f64, kSaturated<i32>>},
    {0xfd, 1, convert<u32, f64, kSaturated<u32>>},
    {0xfe, 1, convert<f64, i32, kConverted<f64>>},
    {0xff, 1, convert<f64, u32, kConverted<f64>>},
    // relaxed: swizzle, truncations, madd and nmadd, laneselect, min and max, q15mulr, dot products
    {0x100, 2, swizzle},
    {0x101, 1, convert<i32, f32, kSaturated<i32>>},
    {0x102, 1, convert<u32, f32, kSaturated<u32>>},
    {0x103, 1, convert<i32, f64, kSaturated<i32>>},
    {0x104, 1, convert<u32, f64, kSaturated<u32>>},
    {0x105, 3, ternary<f32, kFused>},
    {0x106, 3, ternary<f32, kNegatedFused>},
    {0x107, 3, ternary<f64, kFused>},
    {0x108, 3, ternary<f64, kNegatedFused>},
    {0x109, 3, ternary<u64, kSelect>},
    {0x10a, 3, ternary<u64, kSelect>},
    {0x10b, 3, ternary<u64, kSelect>},
    {0x10c, 3, ternary<u64, kSelect>},
    {0x10d, 2, binary<f32, kMinimum>},
    {0x10e, 2, binary<f32, kMaximum>},
    {0x10f, 2, binary<f64, kMinimum>},
    {0x110, 2, binary<f64, kMaximum>},
    {0x111, 2, binary<i16, kMultiplyQ15>},
    {0x112, 2, dot<i16, i8>},
    {0x113, 3, dot_and_add},
};

constexpr auto kOperations = [] {
  std::array<Row, 0x114> table{};
  for (const auto& row : kRows) table[row.number] = row;
  return table;
}();

// ----- memory and lanes -----

// Eight bytes as lanes, each twice as wide.
template <typename Wide, typename Narrow>
void load_extended(const std::uint8_t* place, Operands to) {
  Lanes<Narrow> lanes{};
  std::memcpy(lanes.data(), place, 8);
  to.set(widened<Wide, Narrow, Half::low>(lanes));
}

template <typename Lane>
void load_splat(const std::uint8_t* place, Operands to) {
  Lanes<Lane> lanes;
  lanes.fill(loaded<Lane>(place));
  to.set(lanes);
}

// The bytes that a load or store (not of a lane) accesses, by number.
std::uint64_t access_bytes(std::uint32_t kind) {
  switch (kind) {
    case 0x00:
    case 0x0b:
      return 16;
    case 0x07:
      return 1;
    case 0x08:
      return 2;
    case 0x09:
    case 0x5c:
      return 4;
    default:
      return 8;
  }
}

void load(std::uint32_t kind, const std::uint8_t* place, Operands to) {
  switch (kind) {
    case 0x00:
      return to.set(loaded<Lanes<u64>>(place));
    case 0x01:
      return load_extended<i16, i8>(place, to);
    case 0x02:
      return load_extended<u16, u8>(place, to);
    case 0x03:
      return load_extended<i32, i16>(place, to);
    case 0x04:
      return load_extended<u32, u16>(place, to);
    case 0x05:
      return load_extended<i64, i32>(place, to);
    case 0x06:
      return load_extended<u64, u32>(place, to);
    case 0x07:
      return load_splat<u8>(place, to);
    case 0x08:
      return load_splat<u16>(place, to);
    case 0x09:
      return load_splat<u32>(place, to);
    case 0x0a:
      return load_splat<u64>(place, to);
    case 0x5c:
      return to.set(Lanes<u64>{loaded<u32>(place), 0});
    default:
      return to.set(Lanes<u64>{loaded<u64>(place), 0});
  }
}

template <typename Lane>
void extract(Operands operands, std::uint8_t lane) {
  const auto value = operands.vector<Lane>(0)[lane];
  if constexpr (sizeof(Lane) < 4) {
    operands.first[0] = static_cast<u32>(i32{value});
  } else {
    operands.first[0] = value;
  }
}

template <typename Lane>
void replace(Operands operands, std::uint8_t lane) {
  auto lanes = operands.vector<Lane>(0);
  std::memcpy(&lanes[lane], operands.first + 1, sizeof(Lane));
  operands.set(lanes);
}

// extract_lane of a shape, then replace_lane of it; numbers from 0x15 on.
constexpr void (*kLaneOperations[])(Operands, std::uint8_t) = {
    extract<i8>,  extract<u8>,  replace<u8>,  extract<i16>, extract<u16>,
    replace<u16>, extract<u32>, replace<u32>, extract<u64>, replace<u64>,
    extract<u32>, replace<u32>, extract<u64>, replace<u64>,
};

void shuffle(Operands operands, const std::uint8_t* lanes) {
  const auto left = operands.vector<u8>(0);
  const auto right = operands.vector<u8>(1);
  Lanes<u8> result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = lanes[i] < 16 ? left[lanes[i]] : right[lanes[i] - 16U];
  }
  operands.set(result);
}

}  // namespace

bool Machine::vector(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp,
                     const Instance& instance) {
  if (kOperations[kind].operation != nullptr) {
    const auto& row = kOperations[kind];
    sp -= row.takes;
    row.operation({sp, high_});
    ++sp;
    return true;
  }
  if (kind == 0x0c) {  // v128.const
    Operands{sp++, high_}.set(loaded<Lanes<u64>>(ip));
    ip += 16;
    return true;
  }
  if (kind == 0x0d) {  // i8x16.shuffle
    --sp;
    shuffle({sp - 1, high_}, ip);
    ip += 16;
    return true;
  }
  if (kind >= 0x15 && kind <= 0x22) {
    const auto operation = kLaneOperations[kind - 0x15];
    const bool is_replace = kind == 0x17 || kind == 0x1a || (kind >= 0x1c && kind % 2 == 0);
    if (is_replace) --sp;
    operation({sp - 1, high_}, *ip++);
    return true;
  }
  const bool has_lane = kind >= 0x54 && kind <= 0x5b;
  const bool has_vector = has_lane || kind == 0x0b;
  auto* const operands = sp - (has_vector ? 2 : 1);
  const auto alignment = leb_u32(ip);
  const auto width = has_lane ? std::uint64_t{1} << (kind & 3U) : access_bytes(kind);
  auto* const place = accessed(instance, alignment, ip, operands[0], width);
  if (place == nullptr) return fail(Reason::memory_out_of_bounds);
  if (!has_vector) {
    load(kind, place, {operands, high_});
    return true;
  }
  sp = operands;
  auto lanes = Operands{operands, high_}.vector<u8>(1);
  if (!has_lane) {
    std::memcpy(place, lanes.data(), lanes.size());
    return true;
  }
  auto* const lane = lanes.data() + *ip++ * width;
  if (kind >= 0x58) {
    std::memcpy(place, lane, width);
    return true;
  }
  std::memcpy(lane, place, width);
  Operands{operands, high_}.set(lanes);
  ++sp;
  return true;
}

}  // namespace wasmctl::engine
