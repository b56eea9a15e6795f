// The atomic instructions, behind 0xfe.
#include "wasm/opcode_rows.hpp"

namespace wasmctl::wasm {

namespace {

constexpr OpcodeRow kAtomicRows[] = {
    {0x00, "memory.atomic.notify", Immediates::memory_argument, "ai:i", 2},
    {0x01, "memory.atomic.wait32", Immediates::memory_argument, "aiI:i", 2},
    {0x02, "memory.atomic.wait64", Immediates::memory_argument, "aII:i", 3},
    {0x03, "atomic.fence", Immediates::zero, ":"},
    {0x10, "i32.atomic.load", Immediates::memory_argument, "a:i", 2},
    {0x11, "i64.atomic.load", Immediates::memory_argument, "a:I", 3},
    {0x12, "i32.atomic.load8_u", Immediates::memory_argument, "a:i"},
    {0x13, "i32.atomic.load16_u", Immediates::memory_argument, "a:i", 1},
    {0x14, "i64.atomic.load8_u", Immediates::memory_argument, "a:I"},
    {0x15, "i64.atomic.load16_u", Immediates::memory_argument, "a:I", 1},
    {0x16, "i64.atomic.load32_u", Immediates::memory_argument, "a:I", 2},
    {0x17, "i32.atomic.store", Immediates::memory_argument, "ai:", 2},
    {0x18, "i64.atomic.store", Immediates::memory_argument, "aI:", 3},
    {0x19, "i32.atomic.store8", Immediates::memory_argument, "ai:"},
    {0x1a, "i32.atomic.store16", Immediates::memory_argument, "ai:", 1},
    {0x1b, "i64.atomic.store8", Immediates::memory_argument, "aI:"},
    {0x1c, "i64.atomic.store16", Immediates::memory_argument, "aI:", 1},
    {0x1d, "i64.atomic.store32", Immediates::memory_argument, "aI:", 2},
    {0x1e, "i32.atomic.rmw.add", Immediates::memory_argument, "ai:i", 2},
    {0x1f, "i64.atomic.rmw.add", Immediates::memory_argument, "aI:I", 3},
    {0x20, "i32.atomic.rmw8.add_u", Immediates::memory_argument, "ai:i"},
    {0x21, "i32.atomic.rmw16.add_u", Immediates::memory_argument, "ai:i", 1},
    {0x22, "i64.atomic.rmw8.add_u", Immediates::memory_argument, "aI:I"},
    {0x23, "i64.atomic.rmw16.add_u", Immediates::memory_argument, "aI:I", 1},
    {0x24, "i64.atomic.rmw32.add_u", Immediates::memory_argument, "aI:I", 2},
    {0x25, "i32.atomic.rmw.sub", Immediates::memory_argument, "ai:i", 2},
    {0x26, "i64.atomic.rmw.sub", Immediates::memory_argument, "aI:I", 3},
    {0x27, "i32.atomic.rmw8.sub_u", Immediates::memory_argument, "ai:i"},
    {0x28, "i32.atomic.rmw16.sub_u", Immediates::memory_argument, "ai:i", 1},
    {0x29, "i64.atomic.rmw8.sub_u", Immediates::memory_argument, "aI:I"},
    {0x2a, "i64.atomic.rmw16.sub_u", Immediates::memory_argument, "aI:I", 1},
    {0x2b, "i64.atomic.rmw32.sub_u", Immediates::memory_argument, "aI:I", 2},
    {0x2c, "i32.atomic.rmw.and", Immediates::memory_argument, "ai:i", 2},
    {0x2d, "i64.atomic.rmw.and", Immediates::memory_argument, "aI:I", 3},
    {0x2e, "i32.atomic.rmw8.and_u", Immediates::memory_argument, "ai:i"},
    {0x2f, "i32.atomic.rmw16.and_u", Immediates::memory_argument, "ai:i", 1},
    {0x30, "i64.atomic.rmw8.and_u", Immediates::memory_argument, "aI:I"},
    {0x31, "i64.atomic.rmw16.and_u", Immediates::memory_argument, "aI:I", 1},
    {0x32, "i64.atomic.rmw32.and_u", Immediates::memory_argument, "aI:I", 2},
    {0x33, "i32.atomic.rmw.or", Immediates::memory_argument, "ai:i", 2},
    {0x34, "i64.atomic.rmw.or", Immediates::memory_argument, "aI:I", 3},
    {0x35, "i32.atomic.rmw8.or_u", Immediates::memory_argument, "ai:i"},
    {0x36, "i32.atomic.rmw16.or_u", Immediates::memory_argument, "ai:i", 1},
    {0x37, "i64.atomic.rmw8.or_u", Immediates::memory_argument, "aI:I"},
    {0x38, "i64.atomic.rmw16.or_u", Immediates::memory_argument, "aI:I", 1},
    {0x39, "i64.atomic.rmw32.or_u", Immediates::memory_argument, "aI:I", 2},
    {0x3a, "i32.atomic.rmw.xor", Immediates::memory_argument, "ai:i", 2},
    {0x3b, "i64.atomic.rmw.xor", Immediates::memory_argument, "aI:I", 3},
    {0x3c, "i32.atomic.rmw8.xor_u", Immediates::memory_argument, "ai:i"},
    {0x3d, "i32.atomic.rmw16.xor_u", Immediates::memory_argument, "ai:i", 1},
    {0x3e, "i64.atomic.rmw8.xor_u", Immediates::memory_argument, "aI:I"},
    {0x3f, "i64.atomic.rmw16.xor_u", Immediates::memory_argument, "aI:I", 1},
    {0x40, "i64.atomic.rmw32.xor_u", Immediates::memory_argument, "aI:I", 2},
    {0x41, "i32.atomic.rmw.xchg", Immediates::memory_argument, "ai:i", 2},
    {0x42, "i64.atomic.rmw.xchg", Immediates::memory_argument, "aI:I", 3},
    {0x43, "i32.atomic.rmw8.xchg_u", Immediates::memory_argument, "ai:i"},
    {0x44, "i32.atomic.rmw16.xchg_u", Immediates::memory_argument, "ai:i", 1},
    {0x45, "i64.atomic.rmw8.xchg_u", Immediates::memory_argument, "aI:I"},
    {0x46, "i64.atomic.rmw16.xchg_u", Immediates::memory_argument, "aI:I", 1},
    {0x47, "i64.atomic.rmw32.xchg_u", Immediates::memory_argument, "aI:I", 2},
    {0x48, "i32.atomic.rmw.cmpxchg", Immediates::memory_argument, "aii:i", 2},
    {0x49, "i64.atomic.rmw.cmpxchg", Immediates::memory_argument, "aII:I", 3},
    {0x4a, "i32.atomic.rmw8.cmpxchg_u", Immediates::memory_argument, "aii:i"},
    {0x4b, "i32.atomic.rmw16.cmpxchg_u", Immediates::memory_argument, "aii:i", 1},
    {0x4c, "i64.atomic.rmw8.cmpxchg_u", Immediates::memory_argument, "aII:I"},
    {0x4d, "i64.atomic.rmw16.cmpxchg_u", Immediates::memory_argument, "aII:I", 1},
    {0x4e, "i64.atomic.rmw32.cmpxchg_u", Immediates::memory_argument, "aII:I", 2},
};

constexpr OpcodeRows kAtomicRuns[] = {{kAtomicRows, Feature::threads}};

constexpr auto kAtomicOpcodes = opcode_table<79>(kAtomicRuns);

}  // namespace

std::span<const Opcode> atomic_opcodes() {
  return kAtomicOpcodes;
}

std::span<const OpcodeRows> atomic_rows() {
  return kAtomicRuns;
}

}  // namespace wasmctl::wasm
