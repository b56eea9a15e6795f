// memory.copy and the like, and what tables have of the kind.
#include <algorithm>
#include <cstring>

#include "engine/machine.hpp"
#include "wasm/opcodes.hpp"

namespace wasmctl::engine {

bool fits(std::uint64_t begin, std::uint64_t size, std::uint64_t whole) {
  return begin <= whole && size <= whole - begin;
}

namespace {

std::uint32_t next_index(const std::uint8_t*& ip) {
  std::uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = *ip++;
    value |= static_cast<std::uint32_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) return value;
  }
}

std::uint64_t number(Slot slot) {
  return static_cast<std::uint32_t>(slot);
}

}  // namespace

// Each takes what it needs from the top of the stack, the length last.
bool Machine::bulk(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp, Instance& instance) {
  const auto index = next_index(ip);
  const auto fail = [&](Reason reason) {
    set_trap(reason);
    return false;
  };
  switch (wasm::opcode::misc(kind)) {
    case wasm::opcode::kMemoryInit: {
      auto& memory = *instance.memories[next_index(ip)];
      const auto from = instance.data[index];
      const auto size = number(sp[-1]);
      if (!fits(number(sp[-2]), size, from.size()) || !fits(number(sp[-3]), size, memory.size)) {
        return fail(Reason::memory_out_of_bounds);
      }
      if (size != 0) {
        std::memcpy(memory.bytes.get() + number(sp[-3]), from.data() + number(sp[-2]), size);
      }
      sp -= 3;
      return true;
    }
    case wasm::opcode::kDataDrop:
      instance.data[index] = {};
      return true;
    case wasm::opcode::kMemoryCopy: {
      auto& to = *instance.memories[index];
      const auto& from = *instance.memories[next_index(ip)];
      const auto size = number(sp[-1]);
      if (!fits(number(sp[-2]), size, from.size) || !fits(number(sp[-3]), size, to.size)) {
        return fail(Reason::memory_out_of_bounds);
      }
      if (size != 0) {
        std::memmove(to.bytes.get() + number(sp[-3]), from.bytes.get() + number(sp[-2]), size);
      }
      sp -= 3;
      return true;
    }
    case wasm::opcode::kMemoryFill: {
      auto& memory = *instance.memories[index];
      const auto size = number(sp[-1]);
      if (!fits(number(sp[-3]), size, memory.size)) return fail(Reason::memory_out_of_bounds);
      if (size != 0) {
        std::memset(memory.bytes.get() + number(sp[-3]), static_cast<int>(sp[-2] & 0xffU), size);
      }
      sp -= 3;
      return true;
    }
    case wasm::opcode::kTableInit: {
      auto& to = instance.tables[next_index(ip)]->elements;
      const auto& from = instance.elements[index];
      const auto size = number(sp[-1]);
      if (!fits(number(sp[-2]), size, from.size()) || !fits(number(sp[-3]), size, to.size())) {
        return fail(Reason::table_out_of_bounds);
      }
      std::copy_n(from.data() + number(sp[-2]), size, to.data() + number(sp[-3]));
      sp -= 3;
      return true;
    }
    case wasm::opcode::kElemDrop:
      instance.elements[index].clear();
      return true;
    case wasm::opcode::kTableCopy: {
      auto& to = instance.tables[index]->elements;
      const auto& from = instance.tables[next_index(ip)]->elements;
      const auto size = number(sp[-1]);
      if (!fits(number(sp[-2]), size, from.size()) || !fits(number(sp[-3]), size, to.size())) {
        return fail(Reason::table_out_of_bounds);
      }
      if (size != 0) {
        std::memmove(to.data() + number(sp[-3]), from.data() + number(sp[-2]), size * sizeof(Slot));
      }
      sp -= 3;
      return true;
    }
    case wasm::opcode::kTableGrow: {
      auto& table = *instance.tables[index];
      sp[-2] = static_cast<std::uint32_t>(store_.grow(table, number(sp[-1]), sp[-2]));
      --sp;
      return true;
    }
    case wasm::opcode::kTableSize:
      *sp++ = instance.tables[index]->elements.size();
      return true;
    case wasm::opcode::kTableFill: {
      auto& elements = instance.tables[index]->elements;
      const auto size = number(sp[-1]);
      if (!fits(number(sp[-3]), size, elements.size())) return fail(Reason::table_out_of_bounds);
      std::fill_n(elements.data() + number(sp[-3]), size, sp[-2]);
      sp -= 3;
      return true;
    }
    default:
      return fail(Reason::unreachable);  // validation lets nothing else pass
  }
}

}  // namespace wasmctl::engine
