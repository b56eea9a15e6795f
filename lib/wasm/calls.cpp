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

// Breadth first, from a function back to its callers.
struct Callers::Search {
  // The call in a function that leads towards the one searched from, and where it goes.
  struct Reached {
    std::uint32_t towards = 0;
    std::size_t offset = 0;
    bool is_set = false;
  };
  std::vector<Reached> reached;
  std::optional<std::uint32_t> found;
  std::optional<std::uint32_t> uncalled;  // the first function that nobody calls directly

  std::vector<Step> chain(std::uint32_t from, std::uint32_t function) const {
    std::vector<Step> steps;
    for (auto at = from; at != function; at = reached[at].towards) {
      steps.push_back({at, reached[at].offset});
    }
    std::reverse(steps.begin(), steps.end());
    return steps;
  }
};

Callers::Search Callers::search(std::uint32_t function,
                                const std::function<bool(std::uint32_t)>& until) const {
  Search search;
  search.reached.resize(is_root_.size());
  search.reached[function].is_set = true;
  std::vector<std::uint32_t> queue{function};
  for (std::size_t at = 0; at < queue.size() && !search.found; ++at) {
    const auto current = queue[at];
    const auto callers = callers_of(current);
    if (callers.empty() && current != function && !search.uncalled) search.uncalled = current;
    for (const auto& caller : callers) {
      if (search.reached[caller.function].is_set) continue;
      search.reached[caller.function] = {current, caller.offset, true};
      queue.push_back(caller.function);
      if (!until(caller.function)) continue;
      search.found = caller.function;
      break;
    }
  }
  return search;
}

std::vector<Step> Callers::shortest_chain(std::uint32_t function) const {
  const auto way = search(function, [&](std::uint32_t caller) { return is_root_[caller]; });
  const auto root = way.found ? way.found : way.uncalled;
  return root ? way.chain(*root, function) : std::vector<Step>();
}

std::vector<Step> Callers::chain_from(std::uint32_t entry, std::uint32_t function) const {
  const auto way = search(function, [&](std::uint32_t caller) { return caller == entry; });
  return way.found ? way.chain(entry, function) : std::vector<Step>();
}

namespace {

// Follows the control flow of one function, instruction by instruction: is the next one reached
// whenever the function is called and nothing before it traps? Loops count as ending. An exception
// that nobody catches is a trap; what may catch one, the body of a try block, is never sure.
class Flow {
 public:
  bool is_sure() const { return is_live_ && blocks_.size() <= unsure_; }

  // Goes on over `instruction`, whose labels are `labels`. False where the function may end before
  // what follows.
  bool step(const Instruction& instruction, const std::vector<std::uint32_t>& labels) {
    switch (instruction.opcode) {
      case opcode::kBlock:
      case opcode::kLoop:
      case opcode::kIf:
      case opcode::kTry:
      case opcode::kTryTable:
        return open(instruction.opcode, labels);
      case opcode::kElse:
      case opcode::kCatch:
      case opcode::kCatchAll:
        next_arm(instruction.opcode);
        return true;
      case opcode::kEnd:
      case opcode::kDelegate:
        return close();
      case opcode::kUnreachable:
      case opcode::kThrow:
      case opcode::kRethrow:
      case opcode::kThrowRef:
        is_live_ = false;
        return true;
      case opcode::kReturn:
      case opcode::kReturnCall:
        return !is_live_;
      default:
        return branch(instruction.opcode, labels);
    }
  }

 private:
  struct Block {
    std::uint32_t opcode = 0;
    bool was_live = false;   // at its begin
    bool has_else = false;   // an if: what it skips is in another arm
    bool falls_out = false;  // the end of an arm before this one is reached
    bool is_target = false;  // of a branch to its end
  };

  bool open(std::uint32_t code, const std::vector<std::uint32_t>& labels) {
    // The clauses of a try_table branch from outside of it.
    const bool stays = std::ranges::all_of(labels, [&](auto label) { return go_to(label); });
    if (code != opcode::kBlock && code != opcode::kLoop) {
      unsure_ = std::min(unsure_, blocks_.size());
    }
    blocks_.push_back({code, is_live_});
    return stays;
  }

  void next_arm(std::uint32_t code) {
    if (blocks_.empty()) return;
    auto& block = blocks_.back();
    block.falls_out = block.falls_out || is_live_;
    block.has_else = code == opcode::kElse;
    is_live_ = block.was_live;
  }

  bool close() {
    if (blocks_.empty()) return false;
    const auto block = blocks_.back();
    blocks_.pop_back();
    const bool skipped = block.opcode == opcode::kIf && !block.has_else && block.was_live;
    is_live_ = is_live_ || block.falls_out || block.is_target || skipped;
    if (blocks_.size() == unsure_) unsure_ = kNever;
    return true;
  }

  bool branch(std::uint32_t code, const std::vector<std::uint32_t>& labels) {
    const bool stays = std::ranges::all_of(labels, [&](auto label) { return go_to(label); });
    if (code == opcode::kBr || code == opcode::kBrTable) is_live_ = false;
    return stays;
  }

  // False if it is the function that ends there.
  bool go_to(std::uint32_t label) {
    if (!is_live_) return true;
    if (label >= blocks_.size()) return false;
    const auto index = blocks_.size() - 1 - label;
    if (blocks_[index].opcode == opcode::kLoop) return true;
    blocks_[index].is_target = true;
    unsure_ = std::min(unsure_, index);
    return true;
  }

  static constexpr std::size_t kNever = SIZE_MAX;

  std::vector<Block> blocks_;  // that are open, the body's own not among them
  bool is_live_ = true;
  std::size_t unsure_ = kNever;  // until blocks_ has no more than so many
};

// Of the clauses of a try_table, whose immediates `code` is at.
std::vector<std::uint32_t> catch_labels(Reader code) {
  constexpr std::uint8_t kCatchWithTag = 1;  // and 0, without the reference
  code.signed_leb(33, "a block type");
  std::vector<std::uint32_t> labels;
  const auto count = code.count("clauses");
  for (std::uint32_t i = 0; i < count; ++i) {
    if (code.byte("a clause") <= kCatchWithTag) code.u32_leb("a tag");
    labels.push_back(code.u32_leb("a label"));
  }
  return labels;
}

std::vector<std::uint32_t> table_labels(Reader code) {
  std::vector<std::uint32_t> labels(code.count("labels") + std::size_t{1});  // and the default
  for (auto& label : labels) label = code.u32_leb("a label");
  return labels;
}

// Where `instruction` may branch to.
std::vector<std::uint32_t> labels_of(const Module& module, const Instruction& instruction) {
  constexpr std::uint32_t kBrOnNull = 0xd5;
  constexpr std::uint32_t kBrOnNonNull = 0xd6;
  constexpr std::uint32_t kBrOnCast = 0xfbU << 16U | 24U;
  constexpr std::uint32_t kBrOnCastFail = 0xfbU << 16U | 25U;
  const auto immediates = [&] {
    const auto begin = instruction.offset + 1;
    return Reader(module.bytes.view().substr(begin), begin);
  };
  switch (instruction.opcode) {
    case opcode::kBr:
    case opcode::kBrIf:
    case kBrOnNull:
    case kBrOnNonNull:
    case kBrOnCast:
    case kBrOnCastFail:
      return {instruction.index};
    case opcode::kBrTable:
      return table_labels(immediates());
    case opcode::kTryTable:
      return catch_labels(immediates());
    default:
      return {};
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
    Flow flow;
    while (instructions.next(instruction)) {
      if (flow.is_sure()) {
        if (auto event = event_at(function, instruction)) return event;
      }
      if (!flow.step(instruction, labels_of(module_, instruction))) return std::nullopt;
    }
    return std::nullopt;
  }

  std::optional<SureEvent> event_at(std::uint32_t function, const Instruction& instruction) {
    const Step step{function, instruction.offset};
    if (instruction.opcode == opcode::kUnreachable) return SureEvent{std::nullopt, {step}};
    const bool calls =
        instruction.opcode == opcode::kCall || instruction.opcode == opcode::kReturnCall;
    if (!calls) return std::nullopt;
    if (instruction.index < module_.imported_functions.size()) {
      if (!matters_(instruction.index)) return std::nullopt;
      return SureEvent{instruction.index, {step}};
    }
    auto event = walk(instruction.index);
    if (event) event->chain.push_back(step);
    return event;
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
