// Everything that exists while modules run: their instances, memories, tables, globals, functions.
// Pure: modules and host functions in, results out. The same modules and calls give the same
// results and the same counts on every machine.
//
//     engine::Store store(limits);
//     auto* log = store.add_host_function(type, [](engine::HostCall& call) { ... });
//     const auto made = store.instantiate(program, resolver);
//     if (made.trap) ...     // of the start function, say
//     const auto outcome = store.invoke(*made.instance->functions[i], arguments);
//     if (outcome.trap) ...  // its reason, and the offsets of the whole stack
//
// Counted are instructions as wasmtime's fuel counts them: each one but nop, drop, block, loop,
// unreachable, return, else and end.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/profile.hpp"
#include "engine/program.hpp"

namespace wasmctl::engine {

inline constexpr std::uint64_t kPageBytes = 65'536;

// What a run may use. A limit that is met is a trap that names it; a memory or table that may not
// grow answers -1, as the specification asks.
struct Limits {
  std::uint64_t instructions = UINT64_MAX;
  std::uint64_t memory_bytes = std::uint64_t{1} << 30U;  // of one memory
  std::uint64_t table_elements = 10'000'000;             // of one table
  std::uint32_t call_depth = 10'000;
  std::uint32_t stack_slots = 1U << 20U;  // parameters, locals and operands of all calls
  std::uint32_t exceptions = 1U << 20U;   // thrown in one call from outside
  std::uint64_t heap_bytes = std::uint64_t{1} << 28U;  // of structs and arrays that are in use
  // Asked every million instructions: true stops the run (time, a key). None: never.
  std::function<bool()> interrupted;
};

enum class Reason : std::uint8_t {
  unreachable,
  memory_out_of_bounds,
  table_out_of_bounds,
  undefined_element,
  uninitialized_element,
  call_type_mismatch,
  integer_overflow,
  divide_by_zero,
  invalid_conversion,
  null_reference,
  null_function,
  null_structure,
  null_array,
  null_i31,
  null_exception,
  cast_failure,
  array_out_of_bounds,
  unaligned_atomic,
  wait_on_unshared,
  endless_wait,  // there is one thread: nobody ends it
  uncaught_exception,
  stack_exhausted,
  instructions_used_up,
  exceptions_used_up,
  heap_used_up,
  interrupted,
  host,  // a host function said so
};
// "integer divide by zero": the specification's words, where it has any.
std::string_view to_string(Reason reason);

struct Instance;

// One call on the stack.
struct StackFrame {
  const Instance* instance = nullptr;
  std::uint32_t function = 0;  // index in its module
  std::size_t offset = 0;      // in the module's file: of the instruction that trapped, or the call
};

struct Trap {
  Reason reason = Reason::unreachable;
  std::string detail;             // what a host function says; the limit that was met
  std::vector<StackFrame> stack;  // the innermost first
};

// What a call came to.
struct Outcome {
  std::vector<Slot> results;  // a v128 takes two: its lower half, its upper half
  std::optional<Trap> trap;
};

class Store;

// A call of a host function: it reads its arguments, and writes its results over them. A v128 takes
// two slots. A reference of the host's own (externref) is a number below 2^62 but not 0, null.
struct HostCall {
  Store& store;
  const Instance* caller = nullptr;  // none: it was called from outside
  std::span<Slot> slots;             // as many as arguments or results, whichever are more
};
// A trap if it has one: its reason and detail.
using HostFunction = std::function<std::optional<Trap>(HostCall&)>;

struct Memory {
  struct Free {
    void operator()(std::uint8_t* pointer) const { std::free(pointer); }
  };
  std::unique_ptr<std::uint8_t, Free> bytes;
  std::uint64_t size = 0;  // bytes
  wasm::Limits limits;     // pages
};

struct Table {
  std::vector<Slot> elements;
  wasm::ValueType type;
  wasm::Limits limits;
};

struct Global {
  Slot value = 0;
  Slot high = 0;  // the upper half of a v128
  wasm::ValueType type;
  bool is_mutable = false;
};

struct Tag {
  wasm::FunctionType type;
  std::uint32_t type_id = 0;
};

struct Function {
  const wasm::FunctionType* type = nullptr;
  std::uint32_t type_id = 0;  // equal for equal types
  bool has_vectors = false;   // among its parameters and results
  const Body* code = nullptr;
  Instance* instance = nullptr;  // of a defined one
  std::uint32_t index = 0;       // in its module
  HostFunction host;             // if it is one
};

// A module's index spaces, imports first. Types of what they hold are called as in the store: a
// reference to a defined type has the store's number of it.
struct Instance {
  const Program* program = nullptr;
  std::vector<Function*> functions;
  std::vector<Table*> tables;
  std::vector<Memory*> memories;
  std::vector<Global*> globals;
  std::vector<Tag*> tags;
  std::vector<std::uint32_t> type_ids;
  std::vector<std::vector<Slot>> elements;          // of the segments; empty once dropped
  std::vector<std::span<const std::uint8_t>> data;  // the same
  // By offset in the file, 1 where an instruction ran; empty without Coverage::on.
  std::vector<std::uint8_t> executed;
};

using External = std::variant<Function*, Table*, Memory*, Global*, Tag*>;
// What an import is given; none: nobody has it.
using Resolver = std::function<std::optional<External>(const wasm::Import& import)>;
// What `name` exports, if anything.
std::optional<External> find_export(const Instance& instance, std::string_view name);

// What is thrown.
struct Exception {
  const Tag* tag = nullptr;
  std::vector<Slot> values;
  std::vector<Slot> high;  // the upper halves, if its tag has vectors
};

// Whether the offsets of instructions that ran are noted: Instance::executed.
enum class Coverage : std::uint8_t { off, on };

class Store {
 public:
  // `profile`, if there is one, counts where instructions are spent, and must outlive the store.
  explicit Store(Limits limits, Coverage coverage = Coverage::off, Profile* profile = nullptr);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // The types of what a host adds refer to no defined types.
  Function* add_host_function(const wasm::FunctionType& type, HostFunction function);
  // Throw Error{Code::bad_input} for more than the limits allow.
  Memory* add_memory(const wasm::Limits& limits);
  Table* add_table(wasm::ValueType type, const wasm::Limits& limits, Slot value);
  Global* add_global(wasm::ValueType type, bool is_mutable, Slot value);
  Tag* add_tag(wasm::FunctionType type);

  struct Instantiated {
    Instance* instance = nullptr;
    // Of a constant expression, a segment that does not fit, or the start function.
    std::optional<Trap> trap;
  };
  // `program` must outlive the store. Throws Error{Code::bad_input} where an import is missing or
  // of another type.
  Instantiated instantiate(const Program& program, const Resolver& resolve);

  // Calls `function` with as many arguments as it has parameters (two for a v128). A struct or
  // array that is kept outside between calls stays only where a global or table has it, too.
  Outcome invoke(Function& function, std::span<const Slot> arguments);

  // All instructions so far.
  std::uint64_t instructions() const;
  const Limits& limits() const { return limits_; }
  // The calls that run, the innermost first: for a host function, of what called it.
  std::vector<StackFrame> stack() const;

  // -1 if it may not; otherwise the size before, in pages or elements.
  std::int64_t grow(Memory& memory, std::uint64_t pages) const;
  std::int64_t grow(Table& table, std::uint64_t elements, Slot value) const;

 private:
  friend class Linker;
  friend class Machine;

  // Whether a global or table may hold an exception beyond the call that threw it.
  bool holds_exceptions() const;

  Limits limits_;
  Coverage coverage_;
  Profile* profile_;
  std::deque<Function> functions_;
  std::deque<Memory> memories_;
  std::deque<Table> tables_;
  std::deque<Global> globals_;
  std::deque<Tag> tags_;
  std::deque<Instance> instances_;
  std::unique_ptr<class Types> types_;
  std::unique_ptr<class Machine> machine_;
};

}  // namespace wasmctl::engine
