#include "wasm/code.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

namespace {

// What follows an opcode.
enum class Shape : std::uint8_t {
  invalid,
  none,
  block,  // a block type
  index,  // of a local, function, type, label, ...
  two_indices,
  branch_table,  // labels and a default
  memory,        // alignment and offset
  memory_lane,   // the same and a lane
  lane,          // one byte
  i32,
  i64,
  four_bytes,
  eight_bytes,
  sixteen_bytes,  // a v128, or a shuffle's lanes
  types,          // of a select
  heap_type,
  cast_branch,  // flags, a label and two heap types
  try_table,
};

struct Row {
  std::uint32_t first;
  std::uint32_t last;
  Shape shape;
  std::optional<Feature> feature = std::nullopt;
};

// In the order of the opcodes. Gaps are opcodes that no proposal known to V8 gives out.
constexpr Row kPlain[] = {
    {0x00, 0x01, Shape::none},
    {0x02, 0x04, Shape::block},
    {0x05, 0x05, Shape::none},
    {0x06, 0x06, Shape::block, Feature::legacy_exceptions},
    {0x07, 0x07, Shape::index, Feature::legacy_exceptions},  // catch
    {0x08, 0x08, Shape::index},                              // throw: in both forms
    {0x09, 0x09, Shape::index, Feature::legacy_exceptions},  // rethrow
    {0x0a, 0x0a, Shape::none, Feature::exceptions},          // throw_ref
    {0x0b, 0x0b, Shape::none},
    {0x0c, 0x0d, Shape::index},
    {0x0e, 0x0e, Shape::branch_table},
    {0x0f, 0x0f, Shape::none},
    {0x10, 0x10, Shape::index},
    {0x11, 0x11, Shape::two_indices},
    {0x12, 0x12, Shape::index, Feature::tail_calls},
    {0x13, 0x13, Shape::two_indices, Feature::tail_calls},
    {0x14, 0x14, Shape::index, Feature::gc},                 // call_ref
    {0x15, 0x15, Shape::index, Feature::gc},                 // return_call_ref
    {0x18, 0x18, Shape::index, Feature::legacy_exceptions},  // delegate
    {0x19, 0x19, Shape::none, Feature::legacy_exceptions},   // catch_all
    {0x1a, 0x1b, Shape::none},
    {0x1c, 0x1c, Shape::types, Feature::reference_types},
    {0x1f, 0x1f, Shape::try_table, Feature::exceptions},
    {0x20, 0x24, Shape::index},
    {0x25, 0x26, Shape::index, Feature::reference_types},  // table.get, table.set
    {0x28, 0x3e, Shape::memory},
    {0x3f, 0x40, Shape::index},  // memory.size, memory.grow
    {0x41, 0x41, Shape::i32},
    {0x42, 0x42, Shape::i64},
    {0x43, 0x43, Shape::four_bytes},
    {0x44, 0x44, Shape::eight_bytes},
    {0x45, 0xbf, Shape::none},
    {0xc0, 0xc4, Shape::none, Feature::sign_extension},
    {0xd0, 0xd0, Shape::heap_type, Feature::reference_types},
    {0xd1, 0xd1, Shape::none, Feature::reference_types},
    {0xd2, 0xd2, Shape::index, Feature::reference_types},  // ref.func
    {0xd3, 0xd4, Shape::none, Feature::gc},                // ref.eq, ref.as_non_null
    {0xd5, 0xd6, Shape::index, Feature::gc},               // br_on_null, br_on_non_null
};

constexpr Row kGc[] = {
    {0, 1, Shape::index, Feature::gc},          // struct.new
    {2, 5, Shape::two_indices, Feature::gc},    // struct.get, struct.set
    {6, 7, Shape::index, Feature::gc},          // array.new
    {8, 10, Shape::two_indices, Feature::gc},   // array.new_fixed, _data, _elem
    {11, 14, Shape::index, Feature::gc},        // array.get, array.set
    {15, 15, Shape::none, Feature::gc},         // array.len
    {16, 16, Shape::index, Feature::gc},        // array.fill
    {17, 19, Shape::two_indices, Feature::gc},  // array.copy, array.init
    {20, 23, Shape::heap_type, Feature::gc},    // ref.test, ref.cast
    {24, 25, Shape::cast_branch, Feature::gc}, {26, 30, Shape::none, Feature::gc},
};

constexpr Row kMisc[] = {
    {0, 7, Shape::none, Feature::saturating_float},
    {8, 8, Shape::two_indices, Feature::bulk_memory},    // memory.init
    {9, 9, Shape::index, Feature::bulk_memory},          // data.drop
    {10, 10, Shape::two_indices, Feature::bulk_memory},  // memory.copy
    {11, 11, Shape::index, Feature::bulk_memory},        // memory.fill
    {12, 12, Shape::two_indices, Feature::bulk_memory},  // table.init
    {13, 13, Shape::index, Feature::bulk_memory},        // elem.drop
    {14, 14, Shape::two_indices, Feature::bulk_memory},  // table.copy
    {15, 17, Shape::index, Feature::reference_types},    // table.grow, size, fill
    {19, 22, Shape::none, Feature::wide_arithmetic},
};

constexpr Row kSimd[] = {
    {0, 11, Shape::memory, Feature::simd},          {12, 13, Shape::sixteen_bytes, Feature::simd},
    {14, 20, Shape::none, Feature::simd},           {21, 34, Shape::lane, Feature::simd},
    {35, 83, Shape::none, Feature::simd},           {84, 91, Shape::memory_lane, Feature::simd},
    {92, 93, Shape::memory, Feature::simd},         {94, 255, Shape::none, Feature::simd},
    {256, 275, Shape::none, Feature::relaxed_simd},
};

constexpr Row kAtomic[] = {
    {0, 2, Shape::memory, Feature::threads},  // notify, wait
    {3, 3, Shape::lane, Feature::threads},    // fence
    {16, 78, Shape::memory, Feature::threads},
};

struct Entry {
  Shape shape = Shape::invalid;
  bool has_feature = false;
  Feature feature = Feature::simd;
};

// Opcode -> what is known of it.
template <std::size_t size>
using Table = std::array<Entry, size>;

template <std::size_t size, std::size_t rows>
constexpr Table<size> table_of(const Row (&list)[rows]) {
  Table<size> table;
  for (const auto& row : list) {
    for (auto i = row.first; i <= row.last; ++i) {
      table[i] = {row.shape, row.feature.has_value(), row.feature.value_or(Feature::simd)};
    }
  }
  return table;
}

constexpr auto kPlainTable = table_of<256>(kPlain);
constexpr auto kGcTable = table_of<31>(kGc);
constexpr auto kMiscTable = table_of<23>(kMisc);
constexpr auto kSimdTable = table_of<276>(kSimd);
constexpr auto kAtomicTable = table_of<79>(kAtomic);

std::span<const Entry> prefixed(std::uint32_t prefix) {
  switch (prefix) {
    case 0xfb:
      return kGcTable;
    case 0xfc:
      return kMiscTable;
    case 0xfd:
      return kSimdTable;
    case 0xfe:
      return kAtomicTable;
    default:
      return {};
  }
}

constexpr std::string_view kWhat = "an instruction";

// A type that is none of the abstract ones stands as its index, which is not negative; abstract
// ones are negative, one byte.
constexpr std::int64_t kFuncRef = -16;
constexpr std::int64_t kExternRef = -17;
constexpr std::int64_t kExnRef = -23;
constexpr std::int64_t kEmptyBlock = -64;
constexpr std::int64_t kV128 = -5;

}  // namespace

std::uint64_t Instructions::unsigned_number(std::string_view what) {
  const auto offset = code_.offset();
  const auto value = code_.u64_leb(what);
  if (numbers_ != nullptr) {
    numbers_->push_back({offset, code_.offset() - offset, static_cast<std::int64_t>(value), false});
  }
  return value;
}

std::int64_t Instructions::signed_number(unsigned max_bits, std::string_view what) {
  const auto offset = code_.offset();
  const auto value = code_.signed_leb(max_bits, what);
  if (numbers_ != nullptr) numbers_->push_back({offset, code_.offset() - offset, value, true});
  return value;
}

std::uint32_t Instructions::index() {
  const Reader start = code_;
  const auto value = unsigned_number(kWhat);
  if (value > UINT32_MAX) start.fail("an index has more than 32 bits");
  return static_cast<std::uint32_t>(value);
}

void Instructions::memory_argument() {
  constexpr std::uint32_t kHasMemoryIndex = 0x40;
  if ((index() & kHasMemoryIndex) != 0) {
    features_.add(Feature::multi_memory);
    index();
  }
  unsigned_number(kWhat);
}

void Instructions::heap_type() {
  const auto type = signed_number(33, kWhat);
  if (type == kExnRef) {
    features_.add(Feature::exceptions);
  } else if (type != kFuncRef && type != kExternRef) {
    features_.add(Feature::gc);
  }
}

void Instructions::block_type() {
  const auto type = signed_number(33, kWhat);
  if (type >= 0) {
    features_.add(Feature::multi_value);
  } else if (type == kExnRef) {
    features_.add(Feature::exceptions);
  } else if (type == -28 || type == -29) {  // (ref ht), (ref null ht)
    features_.add(Feature::gc);
    heap_type();
  } else if (type != kEmptyBlock && type < kV128 && type != kFuncRef && type != kExternRef) {
    features_.add(Feature::gc);
  }
}

// Clauses: a kind, the tag unless it catches all, the label.
void Instructions::try_table() {
  block_type();
  const auto clauses = code_.count("clauses of a try_table");
  for (std::uint32_t i = 0; i < clauses; ++i) {
    const Reader start = code_;
    const auto kind = code_.byte(kWhat);
    if (kind > 3) start.fail(fmt::format("unknown kind {} of a catch clause", kind));
    if (kind < 2) index();
    index();
  }
}

void Instructions::immediates(Instruction& instruction) {
  switch (instruction.opcode <= 0xff
              ? kPlainTable[instruction.opcode].shape
              : prefixed(instruction.opcode >> 16U)[instruction.opcode & 0xffffU].shape) {
    case Shape::invalid:
    case Shape::none:
      return;
    case Shape::block:
      return block_type();
    case Shape::index:
      instruction.index = index();
      return;
    case Shape::two_indices:
      instruction.index = index();
      index();
      return;
    case Shape::branch_table: {
      // One label more than it says: the default.
      const auto count = code_.count("labels");
      for (std::uint32_t i = 0; i <= count; ++i) index();
      return;
    }
    case Shape::memory:
      return memory_argument();
    case Shape::memory_lane:
      memory_argument();
      code_.take(1, kWhat);
      return;
    case Shape::lane:
      code_.take(1, kWhat);
      return;
    case Shape::i32:
      signed_number(32, kWhat);
      return;
    case Shape::i64:
      signed_number(64, kWhat);
      return;
    case Shape::four_bytes:
      code_.take(4, kWhat);
      return;
    case Shape::eight_bytes:
      code_.take(8, kWhat);
      return;
    case Shape::sixteen_bytes:
      code_.take(16, kWhat);
      return;
    case Shape::types: {
      const auto count = code_.count("types");
      for (std::uint32_t i = 0; i < count; ++i) block_type();
      return;
    }
    case Shape::heap_type:
      return heap_type();
    case Shape::cast_branch:
      code_.take(1, kWhat);
      instruction.index = index();
      heap_type();
      heap_type();
      return;
    case Shape::try_table:
      return try_table();
  }
}

// Blocks that begin and end; the body's own end leaves nothing behind it.
void Instructions::finish_blocks(std::uint32_t opcode) {
  switch (opcode) {
    case opcode::kBlock:
    case opcode::kLoop:
    case opcode::kIf:
    case opcode::kTry:
    case opcode::kTryTable:
      ++depth_;
      return;
    case opcode::kEnd:
    case opcode::kDelegate:  // ends its try, too
      if (depth_ == 0) {
        depth_ = SIZE_MAX;  // the body's end
      } else {
        --depth_;
      }
      return;
    default:
      return;
  }
}

bool Instructions::next(Instruction& instruction) {
  if (depth_ == SIZE_MAX) return false;
  if (numbers_ != nullptr) numbers_->clear();
  instruction.offset = code_.offset();
  instruction.index = 0;
  const Reader start = code_;
  std::uint32_t code = code_.byte(kWhat);
  Entry entry = kPlainTable[code];
  const auto table = prefixed(code);
  if (!table.empty()) {
    const auto number = code_.u32_leb(kWhat);
    if (number >= table.size()) {
      start.fail(fmt::format("unknown instruction {:#04x} {:#x}", code, number));
    }
    entry = table[number];
    code = code << 16U | number;
  }
  if (entry.shape == Shape::invalid) {
    start.fail(fmt::format("unknown instruction {:#04x}{}", code > 0xff ? code >> 16U : code,
                           code > 0xff ? fmt::format(" {:#x}", code & 0xffffU) : ""));
  }
  if (entry.has_feature) features_.add(entry.feature);
  instruction.opcode = code;
  immediates(instruction);
  finish_blocks(code);
  return true;
}

Reader instructions_of(const Module& module, std::size_t body) {
  const auto& [offset, size] = module.bodies[body];
  Reader reader(module.bytes.view().substr(offset, size), offset);
  const auto groups = reader.count("groups of local variables");
  for (std::uint32_t i = 0; i < groups; ++i) {
    reader.u32_leb("local variables");
    skip_value_type(reader);
  }
  return reader;
}

CallGraph read_calls(const Module& module) {
  CallGraph code;
  code.first_.reserve(module.bodies.size() + 1);
  code.first_.push_back(0);
  const auto functions = module.imported_functions.size() + module.functions.size();
  for (std::size_t body = 0; body < module.bodies.size(); ++body) {
    Instructions instructions(instructions_of(module, body));
    Instruction instruction;
    while (instructions.next(instruction)) {
      if (instruction.opcode != opcode::kCall && instruction.opcode != opcode::kReturnCall) {
        continue;
      }
      if (instruction.index >= functions) {
        Reader({}, instruction.offset)
            .fail(fmt::format("function {} is called, which does not exist", instruction.index));
      }
      code.calls_.push_back({instruction.index, instruction.offset});
    }
    if (!instructions.reader().empty()) {
      instructions.reader().fail(
          fmt::format("{} bytes follow the end of a function", instructions.reader().remaining()));
    }
    code.features_.add(instructions.features());
    code.first_.push_back(code.calls_.size());
  }
  return code;
}

}  // namespace wasmctl::wasm
