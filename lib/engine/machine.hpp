// The interpreter: it runs the code of a module where it stands (B. L. Titzer, "A fast in-place
// interpreter for WebAssembly", OOPSLA 2022). Only for the store.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "engine/store.hpp"

namespace wasmctl::engine {

// Whether `size` from `begin` on is inside of `whole`.
bool fits(std::uint64_t begin, std::uint64_t size, std::uint64_t whole);

class Machine {
 public:
  explicit Machine(Store& store);

  Outcome invoke(Function& function, std::span<const Slot> arguments);
  std::uint64_t instructions() const { return charged_ - static_cast<std::uint64_t>(budget_); }

 private:
  // A call that runs. What is its own is kept here while it calls.
  struct Frame {
    const Function* function = nullptr;
    Slot* locals = nullptr;
    const std::uint8_t* at = nullptr;  // the instruction that called, or trapped
    const std::uint8_t* next = nullptr;
    const wasm::Branch* entry = nullptr;
  };

  // Runs the innermost frame and what it calls until it returns.
  void run(std::size_t base);
  // Makes a frame whose arguments end at `top`. False: the stack is full, and `trap_` says so.
  bool enter(const Function& function, Slot* top);
  // Calls a host function in the same way. False: `trap_` has its trap.
  bool call_host(const Function& function, Slot* top, const Instance* caller);
  // Finds who catches `exception` among the frames above `base`; false if nobody does. `top` gets
  // the new top of the stack.
  bool unwind(std::size_t base, Exception& exception, Slot*& top);
  bool frame_catches(Frame& frame, Exception& exception, Slot*& top);
  Exception* make_exception(const Tag& tag, Slot* top);
  // The budget is used up: more of it, or false and a trap.
  bool refill();
  void set_trap(Reason reason);
  Trap take_trap(std::size_t base);

  // memory.copy and the like, and the table's: false and a trap.
  bool bulk(std::uint32_t number, const std::uint8_t*& ip, Slot*& sp, Instance& instance);

  Store& store_;
  std::unique_ptr<Slot[]> stack_;
  Slot* stack_end_ = nullptr;
  Slot* top_ = nullptr;  // above what calls from outside use
  std::vector<Frame> frames_;
  std::deque<Exception> exceptions_;
  std::size_t depth_ = 0;  // calls from outside, one within the other

  // Instructions are counted down in `budget_`, out of those `charged_` so far.
  std::int64_t budget_ = 0;
  std::uint64_t charged_ = 0;

  bool has_trap_ = false;
  Trap trap_;
};

}  // namespace wasmctl::engine
