#include "engine/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace wasmctl::engine {

namespace {

constexpr std::uint64_t kSlice = 1'000'000;  // instructions between two questions

// A call from outside may come from a host function that was itself called: on the C++ stack.
constexpr std::size_t kMostNested = 100;

// As a slot of `type` is.
Slot cut(Slot value, wasm::ValueType type) {
  const bool is_32 = type == wasm::ValueType::i32 || type == wasm::ValueType::f32;
  return is_32 ? static_cast<std::uint32_t>(value) : value;
}

}  // namespace

Machine::Machine(Store& store)
    : store_(store),
      high_(store.limits().stack_slots),
      stack_(new Slot[2 * std::size_t{store.limits().stack_slots}]),
      stack_end_(stack_.get() + high_),
      top_(stack_.get()),
      heap_(*store.types_, store.limits().heap_bytes,
            [this](const auto& scan) { scan_roots(scan); }) {}

// Whatever may hold references to structs and arrays. What is on the stack may be a number, too.
void Machine::scan_roots(const std::function<void(std::span<const Slot>)>& scan) const {
  scan({stack_.get(), heap_top_});
  for (const auto& global : store_.globals_) scan({&global.value, 1});
  for (const auto& table : store_.tables_) scan(table.elements);
  for (const auto& exception : exceptions_) scan(exception.values);
  for (const auto& instance : store_.instances_) {
    for (const auto& segment : instance.elements) scan(segment);
  }
}

void Machine::set_trap(Reason reason) {
  has_trap_ = true;
  trap_ = Trap{reason, {}, {}};
}

// The stack is told once, where the trap arose: what is thrown through a host function keeps it.
Trap Machine::take_trap(std::size_t base) {
  if (trap_.stack.empty()) trap_.stack = stack();
  frames_.resize(base);
  has_trap_ = false;
  return std::move(trap_);
}

std::vector<StackFrame> Machine::stack() const {
  std::vector<StackFrame> stack;
  for (auto i = frames_.size(); i-- > 0;) {
    const auto& frame = frames_[i];
    if (frame.function->code == nullptr) continue;
    const auto* instance = frame.function->instance;
    stack.push_back({instance, frame.function->index,
                     static_cast<std::size_t>(frame.at - instance->program->bytes())});
  }
  return stack;
}

// A tail call leaves another function at the same depth.
void Machine::follow() {
  auto& profile = *store_.profile_;
  const auto depth = frames_.size();
  const bool is_known = profile.path_.size() >= depth &&
                        profile.functions_[depth - 1] == frames_.back().function->index;
  profile.leave(is_known ? depth : depth - 1);
  for (auto i = profile.path_.size(); i < depth; ++i) {
    const auto* const caller = i == 0 ? nullptr : &frames_[i - 1];
    const auto offset =
        caller == nullptr ? 0 : caller->at - caller->function->instance->program->bytes();
    profile.enter(frames_[i].function->index, static_cast<std::size_t>(offset));
  }
}

bool Machine::refill() {
  const auto& limits = store_.limits();
  const auto used = charged_ - static_cast<std::uint64_t>(budget_);
  if (limits.interrupted && limits.interrupted()) {
    set_trap(Reason::interrupted);
    return false;
  }
  const auto left = std::min(limits.instructions - std::min(used, limits.instructions), kSlice);
  if (left == 0) {
    set_trap(Reason::instructions_used_up);
    trap_.detail = fmt::format("{} instructions", limits.instructions);
    return false;
  }
  charged_ = used + left;
  budget_ = static_cast<std::int64_t>(left);
  return true;
}

Outcome Machine::invoke(Function& function, std::span<const Slot> arguments) {
  const auto base = frames_.size();
  auto* const bottom = top_;
  Outcome outcome;
  const auto results = function.type->results.size();
  const auto room = std::max(function.type->parameters.size(), results);
  if (depth_ == kMostNested || static_cast<std::size_t>(stack_end_ - top_) < room) {
    set_trap(Reason::stack_exhausted);
    outcome.trap = take_trap(base);
    return outcome;
  }
  const auto& parameters = function.type->parameters;
  put(bottom, parameters, arguments);
  if (store_.profile_ != nullptr) store_.profile_->leave(base);
  ++depth_;
  auto* const top = bottom + parameters.size();
  if (function.code == nullptr) {
    call_host(function, top, nullptr);
  } else if (enter(function, top)) {
    run(base);
  }
  --depth_;
  top_ = bottom;
  if (has_trap_) {
    outcome.trap = take_trap(base);
  } else {
    outcome.results = taken(bottom, function.type->results);
  }
  if (depth_ == 0 && !store_.holds_exceptions()) exceptions_.clear();
  return outcome;
}

bool Machine::enter(const Function& function, Slot* top) {
  const auto& code = *function.code;
  auto* const locals = top - code.parameters;
  if (frames_.size() >= store_.limits().call_depth ||
      static_cast<std::size_t>(stack_end_ - locals) <
          std::size_t{code.frame_slots} + code.table->operands + code.results) {
    set_trap(Reason::stack_exhausted);
    trap_.detail =
        fmt::format("{} calls, {} values", store_.limits().call_depth, store_.limits().stack_slots);
    return false;
  }
  std::fill(top, locals + code.frame_slots, 0);
  if (code.table->has_vectors) std::fill(top + high_, locals + code.frame_slots + high_, 0);
  frames_.push_back({&function, locals, code.begin, code.begin, code.table->branches.data()});
  return true;
}

bool Machine::call_host(const Function& function, Slot* top, const Instance* caller) {
  const auto parameters = function.type->parameters.size();
  auto* const slots = top - parameters;
  const auto count = std::max(parameters, function.type->results.size());
  if (static_cast<std::size_t>(stack_end_ - slots) < count) {
    set_trap(Reason::stack_exhausted);
    return false;
  }
  // What the function calls in turn goes above.
  auto* const before = std::exchange(top_, slots + count);
  auto trap = function.has_vectors ? call_with_vectors(function, slots, caller)
                                   : call_with(function, {slots, count}, caller);
  top_ = before;
  if (!trap) return true;
  has_trap_ = true;
  trap_ = std::move(*trap);
  return false;
}

// An i32 or f32 has an upper half of zero, whatever the host wrote.
std::optional<Trap> Machine::call_with(const Function& function, std::span<Slot> slots,
                                       const Instance* caller) {
  HostCall call{store_, caller, slots};
  auto trap = function.host(call);
  if (trap) return trap;
  const auto& results = function.type->results;
  for (std::size_t i = 0; i < results.size(); ++i) slots[i] = cut(slots[i], results[i]);
  return std::nullopt;
}

std::optional<Trap> Machine::call_with_vectors(const Function& function, Slot* slots,
                                               const Instance* caller) {
  auto values = taken(slots, function.type->parameters);
  values.resize(std::max(values.size(), 2 * function.type->results.size()));
  HostCall call{store_, caller, values};
  auto trap = function.host(call);
  if (!trap) put(slots, function.type->results, values);
  return trap;
}

void Machine::put(Slot* to, std::span<const wasm::ValueType> types,
                  std::span<const Slot> values) const {
  auto value = values.begin();
  for (const auto type : types) {
    *to = cut(*value++, type);
    if (type == wasm::ValueType::v128) to[high_] = *value++;
    ++to;
  }
}

std::vector<Slot> Machine::taken(const Slot* from, std::span<const wasm::ValueType> types) const {
  std::vector<Slot> values;
  values.reserve(types.size());
  for (const auto type : types) {
    values.push_back(*from);
    if (type == wasm::ValueType::v128) values.push_back(from[high_]);
    ++from;
  }
  return values;
}

Outcome Machine::evaluate(Instance& instance, const ConstantExpression& expression) {
  const auto budget = std::exchange(budget_, INT64_MAX);
  auto* const profile = std::exchange(store_.profile_, nullptr);
  wasm::ControlTable table;
  table.operands = expression.instructions;
  table.has_vectors = true;
  const Body code{expression.begin, expression.end, &table, 0, 1, 0};
  const wasm::FunctionType type{{}, {expression.type}};
  Function function;
  function.type = &type;
  function.code = &code;
  function.instance = &instance;
  auto outcome = invoke(function, {});
  if (outcome.trap) outcome.trap->stack.clear();  // it is in no function
  budget_ = budget;
  store_.profile_ = profile;
  return outcome;
}

Exception* Machine::make_exception(const Tag& tag, Slot* top) {
  if (exceptions_.size() == store_.limits().exceptions) {
    set_trap(Reason::exceptions_used_up);
    trap_.detail = fmt::format("{} exceptions", store_.limits().exceptions);
    return nullptr;
  }
  const Slot* const values = top - tag.type.parameters.size();
  auto& made = exceptions_.emplace_back();
  made.tag = &tag;
  made.values.assign(values, static_cast<const Slot*>(top));
  if (has_vectors(tag.type))
    made.high.assign(values + high_, static_cast<const Slot*>(top) + high_);
  return &made;
}

bool Machine::unwind(std::size_t base, Exception& exception, Slot*& top) {
  for (auto depth = frames_.size(); depth > base; --depth) {
    if (!frame_catches(frames_[depth - 1], exception, top)) continue;
    frames_.resize(depth);
    return true;
  }
  set_trap(Reason::uncaught_exception);
  return false;
}

bool Machine::frame_catches(Frame& frame, Exception& exception, Slot*& top) {
  using wasm::HandlerKind;
  const auto& code = *frame.function->code;
  const auto& instance = *frame.function->instance;
  const auto* const bytes = instance.program->bytes();
  auto offset = static_cast<std::uint32_t>(frame.at - bytes);
  for (const auto& handler : code.table->handlers) {
    if (offset < handler.begin || offset >= handler.end) continue;
    if (handler.kind == HandlerKind::delegate) {
      offset = handler.branch;
      continue;
    }
    const bool by_tag = handler.kind == HandlerKind::tag || handler.kind == HandlerKind::tag_ref;
    if (by_tag && instance.tags[handler.tag] != exception.tag) continue;
    const auto& branch = code.table->branches[handler.branch];
    auto* operand = frame.locals + code.frame_slots + branch.height;
    if (by_tag) {
      std::copy(exception.high.begin(), exception.high.end(), operand + high_);
      operand = std::copy(exception.values.begin(), exception.values.end(), operand);
    }
    const auto reference = reinterpret_cast<Slot>(&exception);
    if (handler.kind == HandlerKind::tag_ref || handler.kind == HandlerKind::all_ref) {
      *operand++ = reference;
    }
    if (handler.slot != wasm::Handler::kNoSlot) {
      frame.locals[code.table->locals + handler.slot] = reference;
    }
    frame.next = bytes + branch.target;
    frame.entry = code.table->branches.data() + branch.entry;
    top = operand;
    return true;
  }
  return false;
}

}  // namespace wasmctl::engine
