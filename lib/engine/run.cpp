// The loop: one label for each opcode. What an instruction needs stands in the code, and in the
// table of branches that validation left; nothing is translated. The variables that all labels
// share are meant for registers: nothing takes their addresses. The instructions themselves are in
// run_control.inc, run_variables.inc, run_memory.inc and run_numeric.inc.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "engine/machine.hpp"
#include "engine/numeric.hpp"
#include "engine/operands.hpp"
#include "engine/types.hpp"
#include "wasm/opcodes.hpp"

// Labels as values are an extension that gcc and clang share.
#pragma GCC diagnostic ignored "-Wpedantic"

namespace wasmctl::engine {

namespace {

// Where the instructions are, by opcode.
using Labels = std::array<const void*, 256>;

Labels with(Labels labels, std::initializer_list<std::pair<std::uint8_t, const void*>> others) {
  for (const auto& [opcode, label] : others) labels[opcode] = label;
  return labels;
}

// The opcodes whose labels have COUNT.
constexpr auto kIsCounted = [] {
  std::array<bool, 256> counted{};
  counted.fill(true);
  for (const auto opcode : {0x00, 0x01, 0x02, 0x03, 0x05, 0x07, 0x0b, 0x0f, 0x18, 0x19, 0x1a})
    counted[static_cast<std::size_t>(opcode)] = false;
  return counted;
}();

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

// An instruction that a function runs: `call` moves the copies `code_place` of `ip` and `top` of
// `sp` (a variable whose address is taken is no register), or sets a trap and gives false.
#define OUTSIDE(call)            \
  do {                           \
    const auto* code_place = ip; \
    auto* top = sp;              \
    if (!(call)) goto trapped;   \
    ip = code_place;             \
    sp = top;                    \
    NEXT;                        \
  } while (false)

#define LABELS(h)                                                                                \
  &&op_##h##0, &&op_##h##1, &&op_##h##2, &&op_##h##3, &&op_##h##4, &&op_##h##5, &&op_##h##6,     \
      &&op_##h##7, &&op_##h##8, &&op_##h##9, &&op_##h##a, &&op_##h##b, &&op_##h##c, &&op_##h##d, \
      &&op_##h##e, &&op_##h##f

void Machine::run(std::size_t base) {
  static const Labels kPlain = {LABELS(0), LABELS(1), LABELS(2), LABELS(3), LABELS(4), LABELS(5),
                                LABELS(6), LABELS(7), LABELS(8), LABELS(9), LABELS(a), LABELS(b),
                                LABELS(c), LABELS(d), LABELS(e), LABELS(f)};
  // In functions that have vectors.
  static const Labels kWide = with(kPlain, {{0x1b, &&wide_1b},
                                            {0x1c, &&wide_1c},
                                            {0x20, &&wide_20},
                                            {0x21, &&wide_21},
                                            {0x22, &&wide_22},
                                            {0x23, &&wide_23},
                                            {0x24, &&wide_24}});
  // For coverage and profiles.
  Labels noting;
  auto* const profile = store_.profile_;
  const bool is_covering = store_.coverage_ == Coverage::on;
  const bool is_noting = is_covering || profile != nullptr;
  if (is_noting) noting.fill(&&note);

  const std::uint8_t* ip = nullptr;
  const std::uint8_t* at = nullptr;  // the instruction that runs
  Slot* sp = nullptr;                // behind the top of the stack
  u32 kind = 0;                      // of an instruction with a prefix
  const Function* callee = nullptr;
  Exception* exception = nullptr;
  auto budget = budget_;
  const auto high = high_;

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
  std::uint32_t first_is_64 = 0;  // kHasMemoryIndex if the first memory has addresses of 64 bits
  bool has_vectors = false;
  const void* const* run_labels = nullptr;
  const void* const* labels = nullptr;

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
  has_vectors = code->table->has_vectors;
  run_labels = has_vectors ? kWide.data() : kPlain.data();
  labels = is_noting ? noting.data() : run_labels;
  if (profile != nullptr) follow();
  if (!instance->memories.empty()) {
    const auto& first = *instance->memories.front();
    memory = first.bytes.get();
    memory_size = first.size;
    first_is_64 = first.limits.is_64 ? wasm::kHasMemoryIndex : 0;
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

#include "engine/run_control.inc"
#include "engine/run_memory.inc"
#include "engine/run_numeric.inc"
#include "engine/run_variables.inc"

note:  // what runs is noted, then run; where the budget is used up, it comes here again
  if (is_covering) instance->executed[static_cast<std::size_t>(at - bytes)] = 1;
  if (profile != nullptr && budget != 0 && kIsCounted[*at]) {
    profile->count(static_cast<std::size_t>(at - bytes));
  }
  goto* run_labels[*at];

// Validation lets none of these pass.
// clang-format off
op_16: op_17: op_1d: op_1e:
op_27:
op_c5: op_c6: op_c7: op_c8: op_c9: op_ca: op_cb: op_cc: op_cd: op_ce: op_cf:
op_d7: op_d8: op_d9: op_da: op_db: op_dc: op_dd: op_de: op_df:
op_e0: op_e1: op_e2: op_e3: op_e4: op_e5: op_e6: op_e7: op_e8: op_e9: op_ea: op_eb: op_ec: op_ed: op_ee: op_ef:
op_f0: op_f1: op_f2: op_f3: op_f4: op_f5: op_f6: op_f7: op_f8: op_f9: op_fa: op_ff:
  // clang-format on
  TRAP(unreachable);

trapped:
  frames_.back().at = at;
leave:
  budget_ = budget;
}

#undef COUNT
#undef NEXT
#undef TRAP
#undef OUTSIDE
#undef LABELS

}  // namespace wasmctl::engine
