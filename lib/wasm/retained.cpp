#include "wasm/retained.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace wasmctl::wasm {

namespace {

// The functions that an element segment names. Source: WebAssembly Core Specification 3.0, 5.5.12.
void read_segment(Reader& reader, std::vector<std::uint32_t>& functions) {
  constexpr std::uint32_t kPassive = 1;  // or declared only
  constexpr std::uint32_t kExplicit = 2;
  constexpr std::uint32_t kExpressions = 4;
  constexpr std::uint32_t kRefFunc = 0xd2;
  const auto flags = reader.u32_leb("an element segment");
  const auto expression = [&] {
    Instructions instructions(reader);
    Instruction instruction;
    while (instructions.next(instruction)) {
      if (instruction.opcode == kRefFunc) functions.push_back(instruction.index);
    }
    reader = instructions.reader();
  };
  if ((flags & kPassive) == 0) {
    if ((flags & kExplicit) != 0) reader.u32_leb("a table");
    const auto before = functions.size();
    expression();  // where in the table
    functions.resize(before);
  }
  if ((flags & (kPassive | kExplicit)) != 0) {
    if ((flags & kExpressions) != 0) {
      skip_value_type(reader);
    } else {
      reader.byte("the kind of elements");
    }
  }
  for (auto left = reader.count("elements"); left > 0; --left) {
    if ((flags & kExpressions) != 0) {
      expression();
    } else {
      functions.push_back(reader.u32_leb("an element"));
    }
  }
}

std::vector<std::uint32_t> functions_in_tables(const Module& module) {
  std::vector<std::uint32_t> functions;
  const auto* const section = module.find_section(SectionId::element);
  if (section == nullptr) return functions;
  try {
    auto reader = section->reader();
    for (auto left = reader.count("element segments"); left > 0; --left) {
      read_segment(reader, functions);
    }
  } catch (const Error&) {  // what was read before is good
  }
  return functions;
}

// Nodes of the tree: 0 stands for the outside, function f is f + 1.
class Dominators {
 public:
  explicit Dominators(const Module& module)
      : module_(module),
        imported_(module.imported_functions.size()),
        number_(imported_ + module.functions.size() + 1, kUnreached) {
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

  template <typename Visit>
  void each_callee(std::size_t node, Visit visit) const {
    if (node == 0) {
      for (const auto function : entries_) visit(function + 1);
    } else if (node > imported_) {
      const auto body = node - 1 - imported_;
      if (body >= module_.calls.bodies()) return;
      for (const auto& call : module_.calls.calls_of(body)) visit(call.callee + 1);
    }
  }

  // In postorder, without recursion: chains of calls may be long.
  void number_nodes() {
    entries_ = entry_functions(module_);
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

  const Module& module_;
  std::size_t imported_;
  std::vector<std::uint32_t> entries_;
  std::vector<std::size_t> number_;     // node -> its number in postorder
  std::vector<std::size_t> order_;      // the nodes in postorder; the outside is the last
  std::vector<std::size_t> dominator_;  // by number: the number of the nearest dominator
};

}  // namespace

std::vector<std::uint32_t> entry_functions(const Module& module) {
  auto functions = functions_in_tables(module);
  for (const auto& item : module.exports) {
    if (item.kind == ExternalKind::function) functions.push_back(item.index);
  }
  if (module.start) functions.push_back(*module.start);
  std::ranges::sort(functions);
  functions.erase(std::unique(functions.begin(), functions.end()), functions.end());
  const auto count = module.imported_functions.size() + module.functions.size();
  std::erase_if(functions, [&](auto function) { return function >= count; });
  return functions;
}

Retained::Retained(const Module& module)
    : sums_(module.imported_functions.size() + module.functions.size()) {
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
