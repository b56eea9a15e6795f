// Structs, arrays, i31 and casts: the instructions behind 0xfb. What each takes is checked before
// anything of it is popped: an allocation finds it on the stack.
#include <cstring>
#include <utility>

#include "engine/heap.hpp"
#include "engine/machine.hpp"
#include "engine/operands.hpp"
#include "engine/types.hpp"
#include "wasm/opcodes.hpp"

namespace wasmctl::engine {

namespace {

namespace opcode = wasm::opcode;
using wasm::HeapType;
using wasm::ValueType;

// Between a slot, whose upper half is `high` slots behind it, and a place of `bytes` bytes.
void store(std::uint8_t* place, std::uint32_t bytes, const Slot* slot, std::ptrdiff_t high) {
  std::memcpy(place, slot, bytes < 8 ? bytes : 8);
  if (bytes == 16) std::memcpy(place + 8, slot + high, 8);
}

void load(Slot* slot, std::ptrdiff_t high, const std::uint8_t* place, std::uint32_t bytes) {
  *slot = 0;
  std::memcpy(slot, place, bytes < 8 ? bytes : 8);
  if (bytes == 16) std::memcpy(slot + high, place + 8, 8);
}

Slot with_sign(Slot value, std::uint32_t bytes) {
  if (bytes == 1) return slot_of(static_cast<std::int32_t>(static_cast<std::int8_t>(value)));
  return slot_of(static_cast<std::int32_t>(static_cast<std::int16_t>(value)));
}

// Byte or element `from` of a segment: what instructions of this kind take.
const void* segment_at(std::uint32_t kind, const Instance& instance, std::uint32_t segment,
                       std::uint32_t from) {
  const bool is_data = kind == opcode::kArrayNewData || kind == opcode::kArrayInitData;
  if (is_data) return instance.data[segment].data() + from;
  return instance.elements[segment].data() + from;
}

}  // namespace

bool Machine::fail(Reason reason) {
  set_trap(reason);
  return false;
}

bool Machine::is_of_type(Slot reference, const Instance& instance, wasm::ValueType wanted) const {
  if (reference == 0) return wanted.is_nullable();
  const auto type = wanted.heap();
  if (wasm::is_defined(type)) {
    const auto id = instance.type_ids[wasm::index_of(type)];
    const auto& types = *store_.types_;
    if (types[id].form == wasm::TypeForm::function) {
      // NOLINTNEXTLINE(performance-no-int-to-ptr): a slot has no type
      return types.is_subtype(reinterpret_cast<const Function*>(reference)->type_id, id);
    }
    return is_object(reference) && types.is_subtype(heap_[reference].type, id);
  }
  const auto is_of_form = [&](wasm::TypeForm form) {
    return is_object(reference) && (*store_.types_)[heap_[reference].type].form == form;
  };
  switch (type) {
    case HeapType::any:
    case HeapType::function:
    case HeapType::external:
    case HeapType::exn:
      return true;
    case HeapType::eq:
      return is_i31(reference) || is_object(reference);
    case HeapType::i31:
      return is_i31(reference);
    case HeapType::structure:
      return is_of_form(wasm::TypeForm::structure);
    case HeapType::array:
      return is_of_form(wasm::TypeForm::array);
    default:
      return false;  // the bottom types have null alone
  }
}

bool Machine::aggregate(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp,
                        Instance& instance) {
  switch (kind) {
    case opcode::kStructNew:
    case opcode::kStructNewDefault:
      return struct_new(kind, instance.type_ids[leb_u32(ip)], sp);
    case opcode::kStructGet:
    case opcode::kStructGetS:
    case opcode::kStructGetU:
    case opcode::kStructSet: {
      const auto type = instance.type_ids[leb_u32(ip)];
      return struct_access(kind, type, leb_u32(ip), sp);
    }
    case opcode::kArrayNew:
    case opcode::kArrayNewDefault:
    case opcode::kArrayNewFixed:
    case opcode::kArrayNewData:
    case opcode::kArrayNewElem:
      return array_new(kind, ip, sp, instance);
    case opcode::kArrayGet:
    case opcode::kArrayGetS:
    case opcode::kArrayGetU:
    case opcode::kArraySet:
      return array_access(kind, instance.type_ids[leb_u32(ip)], sp);
    case opcode::kArrayLen:
      if (sp[-1] == 0) return fail(Reason::null_array);
      sp[-1] = heap_[sp[-1]].length;
      return true;
    case opcode::kArrayFill:
      return array_fill(instance.type_ids[leb_u32(ip)], sp);
    case opcode::kArrayCopy:
      leb_u32(ip);
      return array_copy(instance.type_ids[leb_u32(ip)], sp);
    case opcode::kArrayInitData:
    case opcode::kArrayInitElem:
      return array_init(kind, ip, sp, instance);
    case opcode::kAnyConvertExtern:
    case opcode::kExternConvertAny:
      sp[-1] = externalized(sp[-1]);
      return true;
    case opcode::kRefI31:
      sp[-1] = i31(get<std::uint32_t>(sp[-1]));
      return true;
    case opcode::kI31GetS:
    case opcode::kI31GetU: {
      if (sp[-1] == 0) return fail(Reason::null_i31);
      const auto value = static_cast<std::uint32_t>(sp[-1] >> 1U);
      const auto sign = kind == opcode::kI31GetS ? (value & 0x4000'0000U) << 1U : 0;
      sp[-1] = value | sign;
      return true;
    }
    default: {
      // ref.test and ref.cast, each with null and without
      const auto type = static_cast<HeapType>(leb_signed(ip));
      const bool takes_null = kind == opcode::kRefTestNull || kind == opcode::kRefCastNull;
      const bool is = is_of_type(sp[-1], instance,
                                 takes_null ? ValueType::ref_null(type) : ValueType::ref(type));
      if (kind == opcode::kRefTest || kind == opcode::kRefTestNull) {
        sp[-1] = is ? 1 : 0;
        return true;
      }
      return is || fail(Reason::cast_failure);
    }
  }
}

Slot Machine::allocate(std::uint32_t type, std::uint32_t length, const Slot* top) {
  const auto& layout = store_.types_->layout(type);
  const bool is_array = (*store_.types_)[type].form == wasm::TypeForm::array;
  heap_top_ = top;
  const auto made = heap_.add(
      type, length, is_array ? std::uint64_t{layout.size} * length : std::uint64_t{layout.size});
  if (made == 0) {
    set_trap(Reason::heap_used_up);
    trap_.detail = std::to_string(store_.limits().heap_bytes) + " bytes";
  }
  return made;
}

bool Machine::struct_new(std::uint32_t kind, std::uint32_t type, Slot*& sp) {
  const auto made = allocate(type, 0, sp);
  if (made == 0) return false;
  if (kind == opcode::kStructNew) {
    const auto& fields = store_.types_->layout(type).fields;
    auto* const bytes = heap_[made].bytes.get();
    sp -= fields.size();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      store(bytes + fields[i].offset, stored_bytes(fields[i].type), sp + i, high_);
    }
  }
  *sp++ = made;
  return true;
}

bool Machine::struct_access(std::uint32_t kind, std::uint32_t type, std::uint32_t index,
                            Slot*& sp) {
  const auto& field = store_.types_->layout(type).fields[index];
  const auto bytes = stored_bytes(field.type);
  const bool sets = kind == opcode::kStructSet;
  const auto reference = sets ? sp[-2] : sp[-1];
  if (reference == 0) return fail(Reason::null_structure);
  auto* const place = heap_[reference].bytes.get() + field.offset;
  if (sets) {
    store(place, bytes, sp - 1, high_);
    sp -= 2;
  } else {
    load(sp - 1, high_, place, bytes);
    if (kind == opcode::kStructGetS) sp[-1] = with_sign(sp[-1], bytes);
  }
  return true;
}

bool Machine::array_new(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp,
                        Instance& instance) {
  const auto type = instance.type_ids[leb_u32(ip)];
  const auto bytes = store_.types_->layout(type).size;
  const bool is_fixed = kind == opcode::kArrayNewFixed;
  const bool has_segment = kind == opcode::kArrayNewData || kind == opcode::kArrayNewElem;
  const auto immediate = is_fixed || has_segment ? leb_u32(ip) : 0;
  const auto length = is_fixed ? immediate : get<std::uint32_t>(sp[-1]);
  if (has_segment) {
    const auto from = get<std::uint32_t>(sp[-2]);
    if (kind == opcode::kArrayNewData &&
        !fits(from, std::uint64_t{length} * bytes, instance.data[immediate].size())) {
      return fail(Reason::memory_out_of_bounds);
    }
    if (kind == opcode::kArrayNewElem && !fits(from, length, instance.elements[immediate].size())) {
      return fail(Reason::table_out_of_bounds);
    }
  }
  const auto made = allocate(type, length, sp);
  if (made == 0) return false;
  auto* const to = heap_[made].bytes.get();
  switch (kind) {
    case opcode::kArrayNew:
      sp -= 2;
      for (std::uint64_t i = 0; i < length; ++i) store(to + i * bytes, bytes, sp, high_);
      break;
    case opcode::kArrayNewDefault:
      --sp;
      break;
    case opcode::kArrayNewFixed:
      sp -= length;
      for (std::uint64_t i = 0; i < length; ++i) store(to + i * bytes, bytes, sp + i, high_);
      break;
    default:
      sp -= 2;
      if (length == 0) break;
      std::memcpy(to, segment_at(kind, instance, immediate, get<std::uint32_t>(*sp)),
                  std::uint64_t{length} * bytes);
      break;
  }
  *sp++ = made;
  return true;
}

bool Machine::array_access(std::uint32_t kind, std::uint32_t type, Slot*& sp) {
  const auto bytes = store_.types_->layout(type).size;
  const bool sets = kind == opcode::kArraySet;
  auto* const operands = sp - (sets ? 3 : 2);
  if (operands[0] == 0) return fail(Reason::null_array);
  auto& array = heap_[operands[0]];
  const auto index = get<std::uint32_t>(operands[1]);
  if (index >= array.length) return fail(Reason::array_out_of_bounds);
  auto* const place = array.bytes.get() + std::uint64_t{index} * bytes;
  sp = operands;
  if (sets) {
    store(place, bytes, operands + 2, high_);
    return true;
  }
  load(sp, high_, place, bytes);
  if (kind == opcode::kArrayGetS) *sp = with_sign(*sp, bytes);
  ++sp;
  return true;
}

// The array, an index, a value, a length.
bool Machine::array_fill(std::uint32_t type, Slot*& sp) {
  const auto bytes = store_.types_->layout(type).size;
  if (sp[-4] == 0) return fail(Reason::null_array);
  auto& array = heap_[sp[-4]];
  const auto begin = get<std::uint32_t>(sp[-3]);
  const auto length = get<std::uint32_t>(sp[-1]);
  if (!fits(begin, length, array.length)) return fail(Reason::array_out_of_bounds);
  for (std::uint64_t i = begin; i < std::uint64_t{begin} + length; ++i) {
    store(array.bytes.get() + i * bytes, bytes, sp - 2, high_);
  }
  sp -= 4;
  return true;
}

// The target and an index, the source and an index, a length.
bool Machine::array_copy(std::uint32_t type, Slot*& sp) {
  const std::uint64_t bytes = store_.types_->layout(type).size;
  if (sp[-5] == 0 || sp[-3] == 0) return fail(Reason::null_array);
  auto& to = heap_[sp[-5]];
  const auto& from = heap_[sp[-3]];
  const auto length = get<std::uint32_t>(sp[-1]);
  const auto to_begin = get<std::uint32_t>(sp[-4]);
  const auto from_begin = get<std::uint32_t>(sp[-2]);
  if (!fits(to_begin, length, to.length) || !fits(from_begin, length, from.length)) {
    return fail(Reason::array_out_of_bounds);
  }
  std::memmove(to.bytes.get() + to_begin * bytes, from.bytes.get() + from_begin * bytes,
               length * bytes);
  sp -= 5;
  return true;
}

// The array, an index, one in the segment, a length.
bool Machine::array_init(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp,
                         Instance& instance) {
  const std::uint64_t bytes = store_.types_->layout(instance.type_ids[leb_u32(ip)]).size;
  const auto segment = leb_u32(ip);
  const bool is_data = kind == opcode::kArrayInitData;
  if (sp[-4] == 0) return fail(Reason::null_array);
  auto& array = heap_[sp[-4]];
  const auto begin = get<std::uint32_t>(sp[-3]);
  const auto from = get<std::uint32_t>(sp[-2]);
  const auto length = get<std::uint32_t>(sp[-1]);
  if (!fits(begin, length, array.length)) return fail(Reason::array_out_of_bounds);
  if (is_data && !fits(from, length * bytes, instance.data[segment].size())) {
    return fail(Reason::memory_out_of_bounds);
  }
  if (!is_data && !fits(from, length, instance.elements[segment].size())) {
    return fail(Reason::table_out_of_bounds);
  }
  if (length != 0) {
    std::memcpy(array.bytes.get() + begin * bytes, segment_at(kind, instance, segment, from),
                length * bytes);
  }
  sp -= 4;
  return true;
}

}  // namespace wasmctl::engine
