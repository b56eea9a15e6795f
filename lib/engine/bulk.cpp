// memory.copy and the like, and what tables have of the kind.
#include <algorithm>
#include <cstring>

#include "engine/machine.hpp"
#include "engine/operands.hpp"
#include "wasm/opcodes.hpp"

namespace wasmctl::engine {

bool fits(std::uint64_t begin, std::uint64_t size, std::uint64_t whole) {
  return begin <= whole && size <= whole - begin;
}

// Each takes what it needs from the top of the stack, the length last.
bool Machine::bulk(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp, Instance& instance) {
  const auto index = leb_u32(ip);
  switch (wasm::opcode::misc(kind)) {
    case wasm::opcode::kMemoryInit: {
      auto& memory = *instance.memories[leb_u32(ip)];
      const auto from = instance.data[index];
      const auto size = sp[-1];
      if (!fits(sp[-2], size, from.size()) || !fits(sp[-3], size, memory.size)) {
        return fail(Reason::memory_out_of_bounds);
      }
      if (size != 0) {
        std::memcpy(memory.bytes.get() + sp[-3], from.data() + sp[-2], size);
      }
      sp -= 3;
      return true;
    }
    case wasm::opcode::kDataDrop:
      instance.data[index] = {};
      return true;
    case wasm::opcode::kMemoryCopy: {
      auto& to = *instance.memories[index];
      const auto& from = *instance.memories[leb_u32(ip)];
      const auto size = sp[-1];
      if (!fits(sp[-2], size, from.size) || !fits(sp[-3], size, to.size)) {
        return fail(Reason::memory_out_of_bounds);
      }
      if (size != 0) {
        std::memmove(to.bytes.get() + sp[-3], from.bytes.get() + sp[-2], size);
      }
      sp -= 3;
      return true;
    }
    case wasm::opcode::kMemoryFill: {
      auto& memory = *instance.memories[index];
      const auto size = sp[-1];
      if (!fits(sp[-3], size, memory.size)) return fail(Reason::memory_out_of_bounds);
      if (size != 0) {
        std::memset(memory.bytes.get() + sp[-3], static_cast<int>(sp[-2] & 0xffU), size);
      }
      sp -= 3;
      return true;
    }
    case wasm::opcode::kTableInit: {
      auto& to = instance.tables[leb_u32(ip)]->elements;
      const auto& from = instance.elements[index];
      const auto size = sp[-1];
      if (!fits(sp[-2], size, from.size()) || !fits(sp[-3], size, to.size())) {
        return fail(Reason::table_out_of_bounds);
      }
      std::copy_n(from.data() + sp[-2], size, to.data() + sp[-3]);
      sp -= 3;
      return true;
    }
    case wasm::opcode::kElemDrop:
      instance.elements[index].clear();
      return true;
    case wasm::opcode::kTableCopy: {
      auto& to = instance.tables[index]->elements;
      const auto& from = instance.tables[leb_u32(ip)]->elements;
      const auto size = sp[-1];
      if (!fits(sp[-2], size, from.size()) || !fits(sp[-3], size, to.size())) {
        return fail(Reason::table_out_of_bounds);
      }
      if (size != 0) {
        std::memmove(to.data() + sp[-3], from.data() + sp[-2], size * sizeof(Slot));
      }
      sp -= 3;
      return true;
    }
    case wasm::opcode::kTableGrow: {
      auto& table = *instance.tables[index];
      sp[-2] = address_of(store_.grow(table, sp[-1], sp[-2]), table.limits);
      --sp;
      return true;
    }
    case wasm::opcode::kTableSize:
      *sp++ = instance.tables[index]->elements.size();
      return true;
    case wasm::opcode::kTableFill: {
      auto& elements = instance.tables[index]->elements;
      const auto size = sp[-1];
      if (!fits(sp[-3], size, elements.size())) return fail(Reason::table_out_of_bounds);
      std::fill_n(elements.data() + sp[-3], size, sp[-2]);
      sp -= 3;
      return true;
    }
    default:
      return fail(Reason::unreachable);  // validation lets nothing else pass
  }
}

}  // namespace wasmctl::engine
