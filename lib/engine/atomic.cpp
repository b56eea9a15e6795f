// Atomic accesses: the instructions behind 0xfe. There is one thread, so each is done at once:
// nobody waits for a notification that could come, or is there to get one. Source: the threads
// proposal.
#include <cstring>

#include "engine/machine.hpp"
#include "engine/operands.hpp"

namespace wasmctl::engine {

namespace {

// Loads, stores, each kind of read-modify-write: seven of each, for i32 and i64 whole, the lower 8
// and 16 bits of an i32, the lower 8, 16 and 32 bits of an i64.
constexpr std::uint32_t kFirst = 0x10;
constexpr std::uint32_t kEach = 7;
constexpr std::uint64_t kWidths[kEach] = {4, 8, 1, 2, 1, 2, 4};

enum class Access : std::uint8_t { load, store, add, sub, and_, or_, xor_, exchange, compare };

std::uint64_t combined(Access access, std::uint64_t old, std::uint64_t operand) {
  switch (access) {
    case Access::add:
      return old + operand;
    case Access::sub:
      return old - operand;
    case Access::and_:
      return old & operand;
    case Access::or_:
      return old | operand;
    case Access::xor_:
      return old ^ operand;
    default:
      return operand;
  }
}

}  // namespace

bool Machine::atomic(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp,
                     const Instance& instance) {
  constexpr std::uint32_t kNotify = 0;
  constexpr std::uint32_t kWait64 = 2;
  constexpr std::uint32_t kFence = 3;
  if (kind == kFence) {
    ++ip;
    return true;
  }
  const bool waits = kind < kFence && kind != kNotify;
  const auto access = static_cast<Access>(kind < kFirst ? 0 : (kind - kFirst) / kEach);
  const auto width = kind >= kFirst ? kWidths[(kind - kFirst) % kEach] : kind == kWait64 ? 8 : 4;
  const bool has_three = waits || access == Access::compare;
  const bool has_one = kind >= kFirst && access == Access::load;
  auto* const operands = sp - (has_three ? 3 : has_one ? 1 : 2);

  const auto alignment = leb_u32(ip);
  const auto* behind = ip;
  const auto index = (alignment & wasm::kHasMemoryIndex) != 0 ? leb_u32(behind) : 0;
  auto* const place = accessed(instance, alignment, ip, operands[0], width);
  if (place == nullptr) return fail(Reason::memory_out_of_bounds);
  const auto& memory = *instance.memories[index];
  if (static_cast<std::uint64_t>(place - memory.bytes.get()) % width != 0) {
    return fail(Reason::unaligned_atomic);
  }
  std::uint64_t old = 0;
  std::memcpy(&old, place, width);
  sp = operands;
  if (kind == kNotify) {
    *sp++ = 0;  // nobody was woken
    return true;
  }
  if (waits) {
    if (!memory.limits.shared) return fail(Reason::wait_on_unshared);
    const bool is_other = old != operands[1];
    if (!is_other && static_cast<std::int64_t>(operands[2]) < 0) return fail(Reason::endless_wait);
    *sp++ = is_other ? 1 : 2;  // 2: the time is up
    return true;
  }
  if (access != Access::load && (access != Access::compare || old == operands[1])) {
    const auto value = combined(access, old, operands[access == Access::compare ? 2 : 1]);
    std::memcpy(place, &value, width);
  }
  if (access != Access::store) *sp++ = old;
  return true;
}

}  // namespace wasmctl::engine
