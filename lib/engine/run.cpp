// The loop: one label for each opcode. What an instruction needs stands in the code, and in the
// table of branches that validation left; nothing is translated. The variables that all labels
// share are meant for registers: nothing takes their addresses.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/machine.hpp"
#include "engine/numeric.hpp"
#include "wasm/code.hpp"

// Labels as values are an extension that gcc and clang share.
#pragma GCC diagnostic ignored "-Wpedantic"

namespace wasmctl::engine {

namespace {

#define WASMCTL_INLINE [[gnu::always_inline]] inline

WASMCTL_INLINE std::uint32_t leb_u32(const std::uint8_t*& ip) {
  std::uint32_t byte = *ip++;
  auto value = byte & 0x7fU;
  for (unsigned shift = 7; byte >= 0x80; shift += 7) {
    byte = *ip++;
    value |= (byte & 0x7fU) << shift;
  }
  return value;
}

WASMCTL_INLINE std::int64_t leb_signed(const std::uint8_t*& ip) {
  std::uint64_t byte = *ip++;
  auto value = byte & 0x7fU;
  unsigned shift = 7;
  for (; byte >= 0x80; shift += 7) {
    byte = *ip++;
    value |= (byte & 0x7fU) << shift;
  }
  if (shift < 64 && (byte & 0x40U) != 0) value |= ~std::uint64_t{0} << shift;
  return static_cast<std::int64_t>(value);
}

// Reads past a value type: one byte, or a reference's with its heap type behind it.
WASMCTL_INLINE void skip_type(const std::uint8_t*& ip) {
  const auto first = *ip++;
  if (first == 0x63 || first == 0x64) leb_signed(ip);
}

WASMCTL_INLINE void skip_block_type(const std::uint8_t*& ip) {
  if (*ip == 0x63 || *ip == 0x64) {
    skip_type(ip);
  } else {
    leb_signed(ip);
  }
}

template <typename Type>
WASMCTL_INLINE Type get(Slot slot) {
  if constexpr (sizeof(Type) == 8) {
    return std::bit_cast<Type>(slot);
  } else {
    return std::bit_cast<Type>(static_cast<std::uint32_t>(slot));
  }
}

template <typename Type>
WASMCTL_INLINE Slot slot_of(Type value) {
  if constexpr (std::is_same_v<Type, bool>) {
    return value ? 1 : 0;
  } else if constexpr (sizeof(Type) == 8) {
    return std::bit_cast<Slot>(value);
  } else {
    return std::bit_cast<std::uint32_t>(value);
  }
}

template <typename Type>
WASMCTL_INLINE Type loaded(const std::uint8_t* from) {
  Type value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

using i32 = std::int32_t;
using u32 = std::uint32_t;
using i64 = std::int64_t;
using u64 = std::uint64_t;
using f32 = float;
using f64 = double;

}  // namespace

// Counts one instruction; where the budget is used up, the instruction begins anew with more.
#define COUNT                     \
  if (budget-- == 0) [[unlikely]] \
  goto refill

#define NEXT             \
  do {                   \
    at = ip;             \
    goto* labels[*ip++]; \
  } while (false)

#define TRAP(reason)          \
  do {                        \
    set_trap(Reason::reason); \
    goto trapped;             \
  } while (false)

#define UNARY(label, type, expression) \
  label: {                             \
    COUNT;                             \
    const auto a = get<type>(sp[-1]);  \
    sp[-1] = slot_of(expression);      \
    NEXT;                              \
  }

#define BINARY(label, type, expression) \
  label: {                              \
    COUNT;                              \
    const auto b = get<type>(sp[-1]);   \
    const auto a = get<type>(sp[-2]);   \
    --sp;                               \
    sp[-1] = slot_of(expression);       \
    NEXT;                               \
  }

// A division: traps where there is no quotient.
#define DIVISION(label, type, overflows, expression) \
  label: {                                           \
    COUNT;                                           \
    const auto b = get<type>(sp[-1]);                \
    const auto a = get<type>(sp[-2]);                \
    if (b == 0) TRAP(divide_by_zero);                \
    if (overflows) TRAP(integer_overflow);           \
    --sp;                                            \
    sp[-1] = slot_of(static_cast<type>(expression)); \
    NEXT;                                            \
  }

#define TRUNCATE(label, from, to)                    \
  label: {                                           \
    COUNT;                                           \
    const auto a = get<from>(sp[-1]);                \
    if (std::isnan(a)) TRAP(invalid_conversion);     \
    if (!can_convert<to>(a)) TRAP(integer_overflow); \
    sp[-1] = slot_of(static_cast<to>(a));            \
    NEXT;                                            \
  }

// Sets `place` to the bytes that a memory access is for, whose address is in `slot`.
#define PLACE(slot, width)                                          \
  std::uint8_t* place = memory;                                     \
  auto limit = memory_size;                                         \
  if ((leb_u32(ip) & wasm::kHasMemoryIndex) != 0) [[unlikely]] {    \
    const auto& other = *instance->memories[leb_u32(ip)];           \
    place = other.bytes.get();                                      \
    limit = other.size;                                             \
  }                                                                 \
  const auto address = std::uint64_t{get<u32>(slot)} + leb_u32(ip); \
  if (address + (width) > limit) [[unlikely]]                       \
    TRAP(memory_out_of_bounds);                                     \
  place += address

#define LOAD(label, stored, type)                               \
  label: {                                                      \
    COUNT;                                                      \
    PLACE(sp[-1], sizeof(stored));                              \
    sp[-1] = slot_of(static_cast<type>(loaded<stored>(place))); \
    NEXT;                                                       \
  }

#define STORE(label, stored, type)                             \
  label: {                                                     \
    COUNT;                                                     \
    PLACE(sp[-2], sizeof(stored));                             \
    const auto value = static_cast<stored>(get<type>(sp[-1])); \
    std::memcpy(place, &value, sizeof value);                  \
    sp -= 2;                                                   \
    NEXT;                                                      \
  }

// Goes where `branch` says, with its values.
#define TAKE(branch)                                                    \
  do {                                                                  \
    const wasm::Branch& taken = (branch);                               \
    auto* const to = operands + taken.height;                           \
    if (taken.values == 1) {                                            \
      *to = sp[-1];                                                     \
    } else if (taken.values != 0) {                                     \
      std::memmove(to, sp - taken.values, taken.values * sizeof(Slot)); \
    }                                                                   \
    sp = to + taken.values;                                             \
    ip = bytes + taken.target;                                          \
    entry = branches + taken.entry;                                     \
  } while (false)

void Machine::run(std::size_t base) {
  // clang-format off
  static const void* const kLabels[256] = {
      &&op_00, &&op_01, &&op_02, &&op_03, &&op_04, &&op_05, &&op_06, &&op_07, &&op_08, &&op_09, &&op_0a, &&op_0b, &&op_0c, &&op_0d, &&op_0e, &&op_0f,
      &&op_10, &&op_11, &&op_12, &&op_13, &&op_none, &&op_none, &&op_none, &&op_none, &&op_18, &&op_19, &&op_1a, &&op_1b, &&op_1c, &&op_none, &&op_none, &&op_1f,
      &&op_20, &&op_21, &&op_22, &&op_23, &&op_24, &&op_25, &&op_26, &&op_none, &&op_28, &&op_29, &&op_2a, &&op_2b, &&op_2c, &&op_2d, &&op_2e, &&op_2f,
      &&op_30, &&op_31, &&op_32, &&op_33, &&op_34, &&op_35, &&op_36, &&op_37, &&op_38, &&op_39, &&op_3a, &&op_3b, &&op_3c, &&op_3d, &&op_3e, &&op_3f,
      &&op_40, &&op_41, &&op_42, &&op_43, &&op_44, &&op_45, &&op_46, &&op_47, &&op_48, &&op_49, &&op_4a, &&op_4b, &&op_4c, &&op_4d, &&op_4e, &&op_4f,
      &&op_50, &&op_51, &&op_52, &&op_53, &&op_54, &&op_55, &&op_56, &&op_57, &&op_58, &&op_59, &&op_5a, &&op_5b, &&op_5c, &&op_5d, &&op_5e, &&op_5f,
      &&op_60, &&op_61, &&op_62, &&op_63, &&op_64, &&op_65, &&op_66, &&op_67, &&op_68, &&op_69, &&op_6a, &&op_6b, &&op_6c, &&op_6d, &&op_6e, &&op_6f,
      &&op_70, &&op_71, &&op_72, &&op_73, &&op_74, &&op_75, &&op_76, &&op_77, &&op_78, &&op_79, &&op_7a, &&op_7b, &&op_7c, &&op_7d, &&op_7e, &&op_7f,
      &&op_80, &&op_81, &&op_82, &&op_83, &&op_84, &&op_85, &&op_86, &&op_87, &&op_88, &&op_89, &&op_8a, &&op_8b, &&op_8c, &&op_8d, &&op_8e, &&op_8f,
      &&op_90, &&op_91, &&op_92, &&op_93, &&op_94, &&op_95, &&op_96, &&op_97, &&op_98, &&op_99, &&op_9a, &&op_9b, &&op_9c, &&op_9d, &&op_9e, &&op_9f,
      &&op_a0, &&op_a1, &&op_a2, &&op_a3, &&op_a4, &&op_a5, &&op_a6, &&op_a7, &&op_a8, &&op_a9, &&op_aa, &&op_ab, &&op_ac, &&op_ad, &&op_ae, &&op_af,
      &&op_b0, &&op_b1, &&op_b2, &&op_b3, &&op_b4, &&op_b5, &&op_b6, &&op_b7, &&op_b8, &&op_b9, &&op_ba, &&op_bb, &&op_bc, &&op_bd, &&op_be, &&op_bf,
      &&op_c0, &&op_c1, &&op_c2, &&op_c3, &&op_c4, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none,
      &&op_d0, &&op_d1, &&op_d2, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none,
      &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none,
      &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_none, &&op_fc, &&op_none, &&op_none, &&op_none,
  };
  static const void* const kNoting[256] = {
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
      &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note, &&op_note,
  };
  // clang-format on

  const void* const* const labels = store_.coverage_ == Coverage::on ? kNoting : kLabels;

  const std::uint8_t* ip = nullptr;
  const std::uint8_t* at = nullptr;  // the instruction that runs
  Slot* sp = nullptr;                // behind the top of the stack
  const Function* callee = nullptr;
  Exception* exception = nullptr;
  auto budget = budget_;

  // Of the innermost frame.
  const Body* code = nullptr;
  Instance* instance = nullptr;
  const std::uint8_t* bytes = nullptr;
  const wasm::Branch* branches = nullptr;
  const wasm::Branch* entry = nullptr;
  Slot* locals = nullptr;
  Slot* operands = nullptr;
  std::uint8_t* memory = nullptr;
  std::uint64_t memory_size = 0;

  sp = frames_.back().locals + frames_.back().function->code->frame_slots;

resume: {
  const auto& frame = frames_.back();
  code = frame.function->code;
  instance = frame.function->instance;
  bytes = instance->program->bytes();
  branches = code->table->branches.data();
  entry = frame.entry;
  ip = frame.next;
  locals = frame.locals;
  operands = locals + code->frame_slots;
  if (!instance->memories.empty()) {
    memory = instance->memories.front()->bytes.get();
    memory_size = instance->memories.front()->size;
  } else {
    memory_size = 0;
  }
  NEXT;
}

refill:
  budget_ = 0;
  if (!refill()) {
    budget = 0;
    goto trapped;
  }
  budget = budget_;
  ip = at;
  NEXT;

op_00:  // unreachable
  TRAP(unreachable);
op_01:  // nop
  NEXT;
op_02:  // block
op_03:  // loop
  skip_block_type(ip);
  NEXT;
op_04:  // if
  COUNT;
  --sp;
  if (get<u32>(*sp) != 0) {
    ++entry;
    skip_block_type(ip);
  } else {
    ip = bytes + entry->target;
    entry = branches + entry->entry;
  }
  NEXT;
op_06:  // try
  COUNT;
  skip_block_type(ip);
  NEXT;
op_1f:  // try_table
  COUNT;
op_05:  // else
op_07:  // catch, where the block before it ends
op_19:  // catch_all
  ip = bytes + entry->target;
  entry = branches + entry->entry;
  NEXT;
op_18:  // delegate
  leb_u32(ip);
  NEXT;
op_08: {  // throw
  COUNT;
  exception = make_exception(*instance->tags[leb_u32(ip)], sp);
  if (exception == nullptr) goto trapped;
  goto throwing;
}
op_09:  // rethrow
  COUNT;
  exception = reinterpret_cast<Exception*>(locals[code->table->locals + entry->values]);
  goto throwing;
op_0a:  // throw_ref
  COUNT;
  exception = reinterpret_cast<Exception*>(sp[-1]);
  if (exception == nullptr) TRAP(null_reference);
  goto throwing;
throwing: {
  frames_.back().at = at;
  Slot* top = nullptr;
  if (!unwind(base, *exception, top)) goto leave;
  sp = top;
  goto resume;
}
op_0b:  // end
  if (ip != code->end) NEXT;
  goto returning;
op_0c:  // br
  COUNT;
  TAKE(*entry);
  NEXT;
op_0d:  // br_if
  COUNT;
  --sp;
  if (get<u32>(*sp) != 0) {
    TAKE(*entry);
  } else {
    leb_u32(ip);
    ++entry;
  }
  NEXT;
op_0e: {  // br_table
  COUNT;
  --sp;
  const auto count = leb_u32(ip);
  const auto index = get<u32>(*sp);
  TAKE(entry[index < count ? index : count]);
  NEXT;
}
op_0f:  // return
returning: {
  const auto results = code->results;
  if (results == 1) {
    *locals = sp[-1];
  } else if (results != 0) {
    std::memmove(locals, sp - results, results * sizeof(Slot));
  }
  sp = locals + results;
  frames_.pop_back();
  if (frames_.size() == base) {
    budget_ = budget;
    return;
  }
  goto resume;
}
op_10:  // call
  COUNT;
  callee = instance->functions[leb_u32(ip)];
calling:
  if (callee->code == nullptr) goto calling_host;
  {
    auto& frame = frames_.back();
    frame.at = at;
    frame.next = ip;
    frame.entry = entry;
  }
  if (!enter(*callee, sp)) goto leave;
  sp = frames_.back().locals + callee->code->frame_slots;
  goto resume;
calling_host: {
  auto& frame = frames_.back();
  frame.at = at;
  frame.next = ip;
  frame.entry = entry;
  budget_ = budget;
  const bool done = call_host(*callee, sp, instance);
  budget = budget_;
  if (!done) goto leave;
  sp += static_cast<std::ptrdiff_t>(callee->type->results.size()) -
        static_cast<std::ptrdiff_t>(callee->type->parameters.size());
  goto resume;
}
op_11:    // call_indirect
op_13: {  // return_call_indirect
  COUNT;
  const auto type = instance->type_ids[leb_u32(ip)];
  const auto& table = *instance->tables[leb_u32(ip)];
  const auto index = get<u32>(*--sp);
  if (index >= table.elements.size()) TRAP(undefined_element);
  callee = reinterpret_cast<const Function*>(table.elements[index]);
  if (callee == nullptr) TRAP(uninitialized_element);
  if (callee->type_id != type) TRAP(call_type_mismatch);
  if (*at == 0x11) goto calling;
  goto tail_calling;
}
op_12:  // return_call
  COUNT;
  callee = instance->functions[leb_u32(ip)];
tail_calling: {
  // Its results are this function's: what is left of this one is its place.
  if (callee->code == nullptr) {
    frames_.back().at = at;
    budget_ = budget;
    const bool done = call_host(*callee, sp, instance);
    budget = budget_;
    if (!done) goto leave;
    sp += static_cast<std::ptrdiff_t>(callee->type->results.size()) -
          static_cast<std::ptrdiff_t>(callee->type->parameters.size());
    goto returning;
  }
  const auto parameters = callee->code->parameters;
  std::memmove(locals, sp - parameters, parameters * sizeof(Slot));
  const auto caller = frames_.back();
  frames_.pop_back();
  if (!enter(*callee, locals + parameters)) {
    frames_.push_back(caller);
    goto trapped;
  }
  sp = locals + callee->code->frame_slots;
  goto resume;
}
op_1a:  // drop
  --sp;
  NEXT;
op_1c:  // select, with a type
  leb_u32(ip);
  skip_type(ip);
op_1b:  // select
  COUNT;
  sp -= 2;
  if (get<u32>(sp[1]) == 0) sp[-1] = sp[0];
  NEXT;
op_20:  // local.get
  COUNT;
  *sp++ = locals[leb_u32(ip)];
  NEXT;
op_21:  // local.set
  COUNT;
  locals[leb_u32(ip)] = *--sp;
  NEXT;
op_22:  // local.tee
  COUNT;
  locals[leb_u32(ip)] = sp[-1];
  NEXT;
op_23:  // global.get
  COUNT;
  *sp++ = instance->globals[leb_u32(ip)]->value;
  NEXT;
op_24:  // global.set
  COUNT;
  instance->globals[leb_u32(ip)]->value = *--sp;
  NEXT;
op_25: {  // table.get
  COUNT;
  const auto& table = *instance->tables[leb_u32(ip)];
  const auto index = get<u32>(sp[-1]);
  if (index >= table.elements.size()) TRAP(table_out_of_bounds);
  sp[-1] = table.elements[index];
  NEXT;
}
op_26: {  // table.set
  COUNT;
  auto& table = *instance->tables[leb_u32(ip)];
  const auto index = get<u32>(sp[-2]);
  if (index >= table.elements.size()) TRAP(table_out_of_bounds);
  table.elements[index] = sp[-1];
  sp -= 2;
  NEXT;
}
op_3f:  // memory.size
  COUNT;
  *sp++ = instance->memories[leb_u32(ip)]->size / kPageBytes;
  NEXT;
op_40: {  // memory.grow
  COUNT;
  auto& grown = *instance->memories[leb_u32(ip)];
  sp[-1] = static_cast<u32>(store_.grow(grown, get<u32>(sp[-1])));
  memory = instance->memories.front()->bytes.get();
  memory_size = instance->memories.front()->size;
  NEXT;
}
op_41:  // i32.const
  COUNT;
  *sp++ = static_cast<u32>(leb_signed(ip));
  NEXT;
op_42:  // i64.const
  COUNT;
  *sp++ = static_cast<u64>(leb_signed(ip));
  NEXT;
op_43:  // f32.const
  COUNT;
  *sp++ = loaded<u32>(ip);
  ip += 4;
  NEXT;
op_44:  // f64.const
  COUNT;
  *sp++ = loaded<u64>(ip);
  ip += 8;
  NEXT;
op_d0:  // ref.null
  COUNT;
  leb_signed(ip);
  *sp++ = 0;
  NEXT;
op_d1:  // ref.is_null
  COUNT;
  sp[-1] = sp[-1] == 0 ? 1 : 0;
  NEXT;
op_d2:  // ref.func
  COUNT;
  *sp++ = reinterpret_cast<Slot>(instance->functions[leb_u32(ip)]);
  NEXT;
op_fc: {  // saturating conversions, memory.copy and the like
  COUNT;
  const auto number = leb_u32(ip);
  switch (number) {
    case 0:
      sp[-1] = slot_of(saturated<i32>(get<f32>(sp[-1])));
      NEXT;
    case 1:
      sp[-1] = slot_of(saturated<u32>(get<f32>(sp[-1])));
      NEXT;
    case 2:
      sp[-1] = slot_of(saturated<i32>(get<f64>(sp[-1])));
      NEXT;
    case 3:
      sp[-1] = slot_of(saturated<u32>(get<f64>(sp[-1])));
      NEXT;
    case 4:
      sp[-1] = slot_of(saturated<i64>(get<f32>(sp[-1])));
      NEXT;
    case 5:
      sp[-1] = slot_of(saturated<u64>(get<f32>(sp[-1])));
      NEXT;
    case 6:
      sp[-1] = slot_of(saturated<i64>(get<f64>(sp[-1])));
      NEXT;
    case 7:
      sp[-1] = slot_of(saturated<u64>(get<f64>(sp[-1])));
      NEXT;
    default: {
      // Copies: a variable whose address is taken is no register.
      const auto* code_place = ip;
      auto* top = sp;
      if (!bulk(number, code_place, top, *instance)) goto trapped;
      ip = code_place;
      sp = top;
      NEXT;
    }
  }
}

  LOAD(op_28, u32, u32)
  LOAD(op_29, u64, u64)
  LOAD(op_2a, u32, u32)
  LOAD(op_2b, u64, u64)
  LOAD(op_2c, std::int8_t, i32)
  LOAD(op_2d, std::uint8_t, u32)
  LOAD(op_2e, std::int16_t, i32)
  LOAD(op_2f, std::uint16_t, u32)
  LOAD(op_30, std::int8_t, i64)
  LOAD(op_31, std::uint8_t, u64)
  LOAD(op_32, std::int16_t, i64)
  LOAD(op_33, std::uint16_t, u64)
  LOAD(op_34, i32, i64)
  LOAD(op_35, u32, u64)
  STORE(op_36, u32, u32)
  STORE(op_37, u64, u64)
  STORE(op_38, u32, u32)
  STORE(op_39, u64, u64)
  STORE(op_3a, std::uint8_t, u32)
  STORE(op_3b, std::uint16_t, u32)
  STORE(op_3c, std::uint8_t, u64)
  STORE(op_3d, std::uint16_t, u64)
  STORE(op_3e, u32, u64)
  UNARY(op_45, u32, a == 0)
  BINARY(op_46, u32, a == b)
  BINARY(op_47, u32, a != b)
  BINARY(op_48, i32, a < b)
  BINARY(op_49, u32, a < b)
  BINARY(op_4a, i32, a > b)
  BINARY(op_4b, u32, a > b)
  BINARY(op_4c, i32, a <= b)
  BINARY(op_4d, u32, a <= b)
  BINARY(op_4e, i32, a >= b)
  BINARY(op_4f, u32, a >= b)
  UNARY(op_50, u64, a == 0)
  BINARY(op_51, u64, a == b)
  BINARY(op_52, u64, a != b)
  BINARY(op_53, i64, a < b)
  BINARY(op_54, u64, a < b)
  BINARY(op_55, i64, a > b)
  BINARY(op_56, u64, a > b)
  BINARY(op_57, i64, a <= b)
  BINARY(op_58, u64, a <= b)
  BINARY(op_59, i64, a >= b)
  BINARY(op_5a, u64, a >= b)
  BINARY(op_5b, f32, a == b)
  BINARY(op_5c, f32, a != b)
  BINARY(op_5d, f32, a < b)
  BINARY(op_5e, f32, a > b)
  BINARY(op_5f, f32, a <= b)
  BINARY(op_60, f32, a >= b)
  BINARY(op_61, f64, a == b)
  BINARY(op_62, f64, a != b)
  BINARY(op_63, f64, a < b)
  BINARY(op_64, f64, a > b)
  BINARY(op_65, f64, a <= b)
  BINARY(op_66, f64, a >= b)
  UNARY(op_67, u32, static_cast<u32>(std::countl_zero(a)))
  UNARY(op_68, u32, static_cast<u32>(std::countr_zero(a)))
  UNARY(op_69, u32, static_cast<u32>(std::popcount(a)))
  BINARY(op_6a, u32, a + b)
  BINARY(op_6b, u32, a - b)
  BINARY(op_6c, u32, a * b)
  DIVISION(op_6d, i32, a == std::numeric_limits<i32>::min() && b == -1, a / b)
  DIVISION(op_6e, u32, false, a / b)
  DIVISION(op_6f, i32, false, b == -1 ? 0 : a % b)
  DIVISION(op_70, u32, false, a % b)
  BINARY(op_71, u32, a & b)
  BINARY(op_72, u32, a | b)
  BINARY(op_73, u32, a ^ b)
  BINARY(op_74, u32, a << (b & 31))
  BINARY(op_75, i32, a >> (b & 31))
  BINARY(op_76, u32, a >> (b & 31))
  BINARY(op_77, u32, std::rotl(a, static_cast<int>(b & 31)))
  BINARY(op_78, u32, std::rotr(a, static_cast<int>(b & 31)))
  UNARY(op_79, u64, static_cast<u64>(std::countl_zero(a)))
  UNARY(op_7a, u64, static_cast<u64>(std::countr_zero(a)))
  UNARY(op_7b, u64, static_cast<u64>(std::popcount(a)))
  BINARY(op_7c, u64, a + b)
  BINARY(op_7d, u64, a - b)
  BINARY(op_7e, u64, a * b)
  DIVISION(op_7f, i64, a == std::numeric_limits<i64>::min() && b == -1, a / b)
  DIVISION(op_80, u64, false, a / b)
  DIVISION(op_81, i64, false, b == -1 ? 0 : a % b)
  DIVISION(op_82, u64, false, a % b)
  BINARY(op_83, u64, a & b)
  BINARY(op_84, u64, a | b)
  BINARY(op_85, u64, a ^ b)
  BINARY(op_86, u64, a << (b & 63))
  BINARY(op_87, i64, a >> (b & 63))
  BINARY(op_88, u64, a >> (b & 63))
  BINARY(op_89, u64, std::rotl(a, static_cast<int>(b & 63)))
  BINARY(op_8a, u64, std::rotr(a, static_cast<int>(b & 63)))
  UNARY(op_8b, u32, a & ~0x8000'0000U)
  UNARY(op_8c, u32, a ^ 0x8000'0000U)
  UNARY(op_8d, f32, (std::isnan(a) ? quiet(a) : std::ceil(a)))
  UNARY(op_8e, f32, (std::isnan(a) ? quiet(a) : std::floor(a)))
  UNARY(op_8f, f32, (std::isnan(a) ? quiet(a) : std::trunc(a)))
  UNARY(op_90, f32, nearest(a))
  UNARY(op_91, f32, std::sqrt(a))
  BINARY(op_92, f32, a + b)
  BINARY(op_93, f32, a - b)
  BINARY(op_94, f32, a * b)
  BINARY(op_95, f32, a / b)
  BINARY(op_96, f32, least(a, b))
  BINARY(op_97, f32, greatest(a, b))
  BINARY(op_98, u32, (a & ~0x8000'0000U) | (b & 0x8000'0000U))
  UNARY(op_99, u64, a & ~(u64{1} << 63U))
  UNARY(op_9a, u64, a ^ (u64{1} << 63U))
  UNARY(op_9b, f64, (std::isnan(a) ? quiet(a) : std::ceil(a)))
  UNARY(op_9c, f64, (std::isnan(a) ? quiet(a) : std::floor(a)))
  UNARY(op_9d, f64, (std::isnan(a) ? quiet(a) : std::trunc(a)))
  UNARY(op_9e, f64, nearest(a))
  UNARY(op_9f, f64, std::sqrt(a))
  BINARY(op_a0, f64, a + b)
  BINARY(op_a1, f64, a - b)
  BINARY(op_a2, f64, a * b)
  BINARY(op_a3, f64, a / b)
  BINARY(op_a4, f64, least(a, b))
  BINARY(op_a5, f64, greatest(a, b))
  BINARY(op_a6, u64, (a & ~(u64{1} << 63U)) | (b & (u64{1} << 63U)))
  UNARY(op_a7, u64, static_cast<u32>(a))
  TRUNCATE(op_a8, f32, i32)
  TRUNCATE(op_a9, f32, u32)
  TRUNCATE(op_aa, f64, i32)
  TRUNCATE(op_ab, f64, u32)
  UNARY(op_ac, i32, static_cast<i64>(a))
  UNARY(op_ad, u32, static_cast<u64>(a))
  TRUNCATE(op_ae, f32, i64)
  TRUNCATE(op_af, f32, u64)
  TRUNCATE(op_b0, f64, i64)
  TRUNCATE(op_b1, f64, u64)
  UNARY(op_b2, i32, static_cast<f32>(a))
  UNARY(op_b3, u32, static_cast<f32>(a))
  UNARY(op_b4, i64, static_cast<f32>(a))
  UNARY(op_b5, u64, static_cast<f32>(a))
  UNARY(op_b6, f64, static_cast<f32>(a))
  UNARY(op_b7, i32, static_cast<f64>(a))
  UNARY(op_b8, u32, static_cast<f64>(a))
  UNARY(op_b9, i64, static_cast<f64>(a))
  UNARY(op_ba, u64, static_cast<f64>(a))
  UNARY(op_bb, f32, static_cast<f64>(a))
  UNARY(op_bc, u32, a)
  UNARY(op_bd, u64, a)
  UNARY(op_be, u32, a)
  UNARY(op_bf, u64, a)
  UNARY(op_c0, u32, static_cast<i32>(static_cast<std::int8_t>(a)))
  UNARY(op_c1, u32, static_cast<i32>(static_cast<std::int16_t>(a)))
  UNARY(op_c2, u64, static_cast<i64>(static_cast<std::int8_t>(a)))
  UNARY(op_c3, u64, static_cast<i64>(static_cast<std::int16_t>(a)))
  UNARY(op_c4, u64, static_cast<i64>(static_cast<i32>(a)))

op_note:  // for coverage: what runs is noted, then run
  instance->executed[static_cast<std::size_t>(at - bytes)] = 1;
  goto* kLabels[*at];

op_none:  // validation lets nothing else pass
  TRAP(unreachable);

trapped:
  frames_.back().at = at;
leave:
  budget_ = budget;
}

}  // namespace wasmctl::engine
