#include "wasm/retained.hpp"

#include <algorithm>

#include "wasm/code.hpp"

namespace wasmctl::wasm {

namespace {

// What an element segment names.
void add_elements(const Module& module, const ElementSegment& segment,
                  std::vector<std::uint32_t>& functions) {
  Reader reader(module.bytes.view().substr(segment.items), segment.items);
  for (std::uint32_t i = 0; i < segment.count; ++i) {
    if (!segment.has_expressions) {
      functions.push_back(reader.u32_leb("an element"));
      continue;
    }
    Instructions expression(reader);
    Instruction instruction;
    while (expression.next(instruction)) {
      if (instruction.opcode == opcode::kRefFunc) functions.push_back(instruction.index);
    }
    reader = expression.reader();
  }
}

// Nodes of the tree: 0 stands for the outside, function f is f + 1.
class Dominators {
 public:
  explicit Dominators(const Module& module)
      : entries_(entry_functions(module)), number_(module.function_count() + 1, kUnreached) {
    read_calls(module);
    number_nodes();
    find();
  }

  // From the last reached to the first; each comes before the one that dominates it.
  template <typename Visit>
  void from_the_leaves(Visit visit) const {
    for (std::size_t i = 0; i + 1 < order_.size(); ++i) visit(order_[i], order_[dominator_[i]]);
  }

 private:
  static constexpr std::size_t kUnreached = SIZE_MAX;

  void read_calls(const Module& module) {
    first_.assign(module.imported_functions.size() + 1, 0);
    for (std::size_t body = 0; body < module.bodies.size(); ++body) {
      Instructions instructions(instructions_of(module, body));
      Instruction instruction;
      while (instructions.next(instruction)) {
        const bool is_call =
            instruction.opcode == opcode::kCall || instruction.opcode == opcode::kReturnCall;
        if (is_call) callees_.push_back(instruction.index);
      }
      first_.push_back(callees_.size());
    }
  }

  template <typename Visit>
  void each_callee(std::size_t node, Visit visit) const {
    if (node == 0) {
      for (const auto function : entries_) visit(function + 1);
      return;
    }
    for (auto i = first_[node - 1]; i < first_[node]; ++i) visit(callees_[i] + 1);
  }

  // In postorder, without recursion: chains of calls may be long.
  void number_nodes() {
    std::vector<std::vector<std::size_t>> open;  // the callees that are still to be seen
    std::vector<std::size_t> path;
    std::vector<bool> seen(number_.size(), false);
    const auto enter = [&](std::size_t node) {
      seen[node] = true;
      path.push_back(node);
      open.emplace_back();
      each_callee(node, [&](std::size_t callee) { open.back().push_back(callee); });
    };
    enter(0);
    while (!path.empty()) {
      if (open.back().empty()) {
        number_[path.back()] = order_.size();
        order_.push_back(path.back());
        path.pop_back();
        open.pop_back();
        continue;
      }
      const auto callee = open.back().back();
      open.back().pop_back();
      if (callee < seen.size() && !seen[callee]) enter(callee);
    }
  }

  void find() {
    std::vector<std::vector<std::size_t>> callers(order_.size());  // by number in postorder
    for (std::size_t i = 0; i < order_.size(); ++i) {
      each_callee(order_[i], [&](std::size_t callee) {
        if (callee < number_.size()) callers[number_[callee]].push_back(i);
      });
    }
    const auto root = order_.size() - 1;
    dominator_.assign(order_.size(), kUnreached);
    dominator_[root] = root;
    for (bool changed = true; changed;) {
      changed = false;
      for (auto node = root; node-- > 0;) {
        auto common = kUnreached;
        for (const auto caller : callers[node]) {
          if (dominator_[caller] == kUnreached) continue;
          common = common == kUnreached ? caller : meet(common, caller);
        }
        if (dominator_[node] == common) continue;
        dominator_[node] = common;
        changed = true;
      }
    }
  }

  std::size_t meet(std::size_t a, std::size_t b) const {
    while (a != b) {
      while (a < b) a = dominator_[a];
      while (b < a) b = dominator_[b];
    }
    return a;
  }

  std::vector<std::uint32_t> entries_;
  std::vector<std::uint32_t> callees_;  // of all direct calls
  std::vector<std::size_t> first_;      // function -> its first in callees_; one more at the end
  std::vector<std::size_t> number_;     // node -> its number in postorder
  std::vector<std::size_t> order_;      // the nodes in postorder; the outside is the last
  std::vector<std::size_t> dominator_;  // by number: the number of the nearest dominator
};

}  // namespace

std::vector<std::uint32_t> entry_functions(const Module& module) {
  std::vector<std::uint32_t> functions;
  for (const auto& segment : module.elements) add_elements(module, segment, functions);
  for (const auto& item : module.exports) {
    if (item.kind == ExternalKind::function) functions.push_back(item.index);
  }
  if (module.start) functions.push_back(*module.start);
  std::ranges::sort(functions);
  functions.erase(std::unique(functions.begin(), functions.end()), functions.end());
  return functions;
}

Retained::Retained(const Module& module) : sums_(module.function_count()) {
  const auto imported = module.imported_functions.size();
  const auto own = [&](std::size_t function) {
    return function < imported ? 0 : module.bodies[function - imported].size;
  };
  Dominators(module).from_the_leaves([&](std::size_t node, std::size_t dominator) {
    auto& sum = sums_[node - 1];
    sum.functions += 1;
    sum.bytes += own(node - 1);
    if (dominator == 0) return;
    sums_[dominator - 1].functions += sum.functions;
    sums_[dominator - 1].bytes += sum.bytes;
  });
}

}  // namespace wasmctl::wasm
