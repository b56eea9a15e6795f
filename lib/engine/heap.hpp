// Structs and arrays. What nothing refers to any more goes when there is no room: objects are
// marked from the roots that the machine names, and the rest is freed. Only for the machine.
//
// A reference is a slot: 0 is null; an odd one an i31; one of the host's has bit 63; an object's
// has bit 62 and its number above bit 0, which no number that a program computes looks like by
// accident. So slots need no tags to be searched for references, and nothing depends on where
// objects lie. As an externref, a reference has bit 63 the other way round: the host's own are then
// as the host made them, below 2^62.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/program.hpp"
#include "engine/types.hpp"

namespace wasmctl::engine {

constexpr Slot externalized(Slot reference) {
  return reference == 0 ? 0 : reference ^ std::uint64_t{1} << 63U;
}
constexpr bool is_i31(Slot reference) {
  return (reference & 1U) != 0 && reference >> 62U == 0;
}
constexpr Slot i31(std::uint32_t value) {
  return std::uint64_t{value & 0x7fff'ffffU} << 1U | 1U;
}
// A struct's or an array's, of the types under `any`.
constexpr bool is_object(Slot reference) {
  return reference >> 62U == 1;
}

struct Object {
  std::uint32_t type = 0;    // its number in the store
  std::uint32_t length = 0;  // of an array
  std::uint64_t size = 0;    // bytes
  std::unique_ptr<std::uint8_t[]> bytes;
  bool is_marked = false;
};

class Heap {
 public:
  using Roots = std::function<void(const std::function<void(std::span<const Slot>)>& scan)>;

  // `roots` calls `scan` for all slots that may hold references.
  Heap(const Types& types, std::uint64_t most_bytes, Roots roots)
      : types_(types), most_bytes_(most_bytes), roots_(std::move(roots)) {}

  // A new object, all zero; 0 if there is no room for it.
  Slot add(std::uint32_t type, std::uint32_t length, std::uint64_t size);
  Object& operator[](Slot reference) { return objects_[index(reference)]; }
  const Object& operator[](Slot reference) const { return objects_[index(reference)]; }

 private:
  static std::size_t index(Slot reference) {
    return static_cast<std::size_t>((reference & ~(std::uint64_t{3} << 62U)) >> 1U);
  }
  static std::uint64_t cost(std::uint64_t size);
  void collect();
  void mark(Slot slot);
  void mark_fields(const Object& object);

  const Types& types_;
  std::uint64_t most_bytes_;
  Roots roots_;
  std::vector<Object> objects_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> to_scan_;  // marked, and their fields not yet
  std::uint64_t used_ = 0;              // bytes
  std::uint64_t collect_at_ = std::uint64_t{1} << 20U;
};

}  // namespace wasmctl::engine
