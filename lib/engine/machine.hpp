// The interpreter: it runs the code of a module where it stands (B. L. Titzer, "A fast in-place
// interpreter for WebAssembly", OOPSLA 2022). Only for the store.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "engine/heap.hpp"
#include "engine/store.hpp"

namespace wasmctl::engine {

// Whether `size` from `begin` on is inside of `whole`.
bool fits(std::uint64_t begin, std::uint64_t size, std::uint64_t whole);

// Whether values of 128 bits go in or out.
bool has_vectors(const wasm::FunctionType& type);

// One of a module, which is valid.
struct ConstantExpression {
  const std::uint8_t* begin = nullptr;
  const std::uint8_t* end = nullptr;
  std::uint32_t instructions = 0;
  wasm::ValueType type;
};

class Machine {
 public:
  explicit Machine(Store& store);

  Outcome invoke(Function& function, std::span<const Slot> arguments);
  // The value of a constant expression of `instance`: a slot, or two of a vector.
  Outcome evaluate(Instance& instance, const ConstantExpression& expression);
  std::uint64_t instructions() const { return charged_ - static_cast<std::uint64_t>(budget_); }
  // The innermost frame first.
  std::vector<StackFrame> stack() const;

 private:
  // A call that runs. What is its own is kept here while it calls.
  struct Frame {
    const Function* function = nullptr;
    Slot* locals = nullptr;
    const std::uint8_t* at = nullptr;  // the instruction that called, or trapped
    const std::uint8_t* next = nullptr;
    const wasm::Branch* entry = nullptr;
  };

  // Tells the profile which calls run.
  void follow();
  // Runs the innermost frame and what it calls until it returns.
  void run(std::size_t base);
  // Makes a frame whose arguments end at `top`. False: the stack is full, and `trap_` says so.
  bool enter(const Function& function, Slot* top);
  // Calls a host function in the same way. False: `trap_` has its trap.
  bool call_host(const Function& function, Slot* top, const Instance* caller);
  std::optional<Trap> call_with(const Function& function, std::span<Slot> slots,
                                const Instance* caller);
  std::optional<Trap> call_with_vectors(const Function& function, Slot* slots,
                                        const Instance* caller);
  // Finds who catches `exception` among the frames above `base`; false if nobody does. `top` gets
  // the new top of the stack.
  bool unwind(std::size_t base, Exception& exception, Slot*& top);
  bool frame_catches(Frame& frame, Exception& exception, Slot*& top);
  Exception* make_exception(const Tag& tag, Slot* top);
  // The budget is used up: more of it, or false and a trap.
  bool refill();
  void set_trap(Reason reason);
  // The same, and false.
  bool fail(Reason reason);
  Trap take_trap(std::size_t base);

  // Instructions that have functions of their own: `kind` is an opcode (of a vector or an atomic
  // access, its number), `ip` is behind it. Each moves `ip` and `sp`, or gives false and sets a
  // trap. memory.copy and the like, and the table's.
  bool bulk(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp, Instance& instance);
  bool vector(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp, const Instance& instance);
  bool atomic(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp, const Instance& instance);
  // Structs, arrays, casts.
  bool aggregate(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp, Instance& instance);
  bool struct_new(std::uint32_t kind, std::uint32_t type, Slot*& sp);
  bool struct_access(std::uint32_t kind, std::uint32_t type, std::uint32_t index, Slot*& sp);
  bool array_new(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp, Instance& instance);
  bool array_access(std::uint32_t kind, std::uint32_t type, Slot*& sp);
  bool array_fill(std::uint32_t type, Slot*& sp);
  bool array_copy(std::uint32_t type, Slot*& sp);
  bool array_init(std::uint32_t kind, const std::uint8_t*& ip, Slot*& sp, Instance& instance);
  void scan_roots(const std::function<void(std::span<const Slot>)>& scan) const;
  // 0: there is no room, and a trap. The stack up to `top` is searched for references.
  Slot allocate(std::uint32_t type, std::uint32_t length, const Slot* top);
  // `type` is of the instance's module.
  bool is_of_type(Slot reference, const Instance& instance, wasm::ValueType type) const;

  // The values of `type` as a caller from outside has them, a vector in two slots, and as the stack
  // has them.
  void put(Slot* to, std::span<const wasm::ValueType> types, std::span<const Slot> values) const;
  std::vector<Slot> taken(const Slot* from, std::span<const wasm::ValueType> types) const;

  Store& store_;
  // The lower 64 bits of all values; `high_` slots behind each, the upper half of a vector.
  std::ptrdiff_t high_;
  std::unique_ptr<Slot[]> stack_;
  Slot* stack_end_ = nullptr;
  Slot* top_ = nullptr;  // above what calls from outside use
  std::vector<Frame> frames_;
  std::deque<Exception> exceptions_;
  Heap heap_;
  const Slot* heap_top_ = nullptr;  // of the stack, while the heap adds an object
  std::size_t depth_ = 0;           // calls from outside, one within the other

  // Instructions are counted down in `budget_`, out of those `charged_` so far.
  std::int64_t budget_ = 0;
  std::uint64_t charged_ = 0;

  bool has_trap_ = false;
  Trap trap_;
};

}  // namespace wasmctl::engine
