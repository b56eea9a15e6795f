#include "wasm/calls.hpp"

#include <algorithm>
#include <unordered_set>

#include "wasm/code.hpp"

namespace wasmctl::wasm {

namespace {

// Calls `use` with each direct call in the code, and the function that it is in.
template <typename Use>
void for_each_call(const Module& module, Use use) {
  for (std::size_t body = 0; body < module.bodies.size(); ++body) {
    const auto caller = static_cast<std::uint32_t>(module.imported_functions.size() + body);
    Instructions instructions(instructions_of(module, body));
    Instruction instruction;
    while (instructions.next(instruction)) {
      if (instruction.opcode == opcode::kCall || instruction.opcode == opcode::kReturnCall) {
        use(caller, instruction);
      }
    }
  }
}

}  // namespace

// Two walks in the place of a list that grows: calls are many.
Callers::Callers(const Module& module) {
  const auto functions = module.function_count();
  first_.assign(functions + 1, 0);
  for_each_call(module, [&](std::uint32_t, const Instruction& call) { ++first_[call.index + 1]; });
  for (std::size_t i = 0; i < functions; ++i) first_[i + 1] += first_[i];
  callers_.resize(first_.back());
  auto next = first_;
  for_each_call(module, [&](std::uint32_t caller, const Instruction& call) {
    callers_[next[call.index]++] = {caller, call.offset};
  });
  is_root_.assign(functions, false);
  for (const auto& item : module.exports) {
    if (item.kind == ExternalKind::function) is_root_[item.index] = true;
  }
  if (module.start && *module.start < functions) is_root_[*module.start] = true;
}

std::vector<Step> Callers::shortest_chain(std::uint32_t function) const {
  // Breadth first, from the function back to its callers. `reached_from[f]`: the call in `f` that
  // leads towards the function, and where it goes.
  struct Reached {
    std::uint32_t towards = 0;
    std::size_t offset = 0;
    bool is_set = false;
  };
  std::vector<Reached> reached(is_root_.size());
  std::vector<std::uint32_t> queue{function};
  reached[function].is_set = true;
  std::optional<std::uint32_t> root;
  std::optional<std::uint32_t> uncalled;  // the first function that nobody calls directly
  for (std::size_t at = 0; at < queue.size() && !root; ++at) {
    const auto current = queue[at];
    if (first_[current] == first_[current + 1] && current != function && !uncalled) {
      uncalled = current;
    }
    for (auto i = first_[current]; i < first_[current + 1] && !root; ++i) {
      const auto& caller = callers_[i];
      if (reached[caller.function].is_set) continue;
      reached[caller.function] = {current, caller.offset, true};
      queue.push_back(caller.function);
      if (is_root_[caller.function]) root = caller.function;
    }
  }
  std::vector<Step> chain;
  if (!root) root = uncalled;
  if (!root) return chain;
  for (auto at = *root; at != function; at = reached[at].towards) {
    chain.push_back({at, reached[at].offset});
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

namespace {

// Whether what follows the instruction may not be executed.
bool may_leave(std::uint32_t code) {
  switch (code) {
    case opcode::kIf:
    case opcode::kElse:
    case opcode::kTry:
    case opcode::kTryTable:
    case opcode::kThrow:
    case opcode::kRethrow:
    case opcode::kThrowRef:
    case opcode::kBr:
    case opcode::kBrIf:
    case opcode::kBrTable:
    case opcode::kReturn:
      return true;
    default:
      return code >= 0xd4 && code <= 0xd6;  // br_on_null, br_on_non_null, ref.as_non_null
  }
}

class SureWalk {
 public:
  SureWalk(const Module& module, const std::function<bool(std::uint32_t)>& matters)
      : module_(module), matters_(matters) {}

  std::optional<SureEvent> walk(std::uint32_t function) {
    constexpr std::size_t kMaxDepth = 200;
    const auto imported = module_.imported_functions.size();
    if (function < imported) return std::nullopt;
    if (depth_ == kMaxDepth || !seen_.insert(function).second) return std::nullopt;
    ++depth_;
    auto event = walk_body(function, function - imported);
    --depth_;
    return event;
  }

 private:
  std::optional<SureEvent> walk_body(std::uint32_t function, std::size_t body) {
    Instructions instructions(instructions_of(module_, body));
    Instruction instruction;
    while (instructions.next(instruction)) {
      const Step step{function, instruction.offset};
      if (instruction.opcode == opcode::kUnreachable) return SureEvent{std::nullopt, {step}};
      if (instruction.opcode == opcode::kCall || instruction.opcode == opcode::kReturnCall) {
        if (instruction.index < module_.imported_functions.size()) {
          if (matters_(instruction.index)) return SureEvent{instruction.index, {step}};
        } else if (auto event = walk(instruction.index)) {
          event->chain.push_back(step);
          return event;
        }
        if (instruction.opcode == opcode::kReturnCall) return std::nullopt;
      }
      if (may_leave(instruction.opcode)) return std::nullopt;
    }
    return std::nullopt;
  }

  const Module& module_;
  const std::function<bool(std::uint32_t)>& matters_;
  std::unordered_set<std::uint32_t> seen_;
  std::size_t depth_ = 0;
};

}  // namespace

std::optional<SureEvent> first_sure_event(const Module& module, std::uint32_t entry,
                                          const std::function<bool(std::uint32_t)>& matters) {
  return SureWalk(module, matters).walk(entry);
}

}  // namespace wasmctl::wasm
