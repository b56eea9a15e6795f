#include "cli/output/flame_tree.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace wasmctl::cli {

namespace {

using wasm::PlacedFunction;

class FlameTreeMaker {
 public:
  FlameTreeMaker(const engine::Profile& profile, const wasm::Module& module,
                 const wasm::Symbols& symbols, const wasm::PlacedFunctions& placed)
      : profile_(profile), module_(module), symbols_(symbols), placed_(placed) {
    tree_.nodes.push_back({function({"all callbacks", {}}), 0, {}});
  }

  FlameTree make() {
    std::vector<std::uint32_t> nodes;  // of the calls
    for (const auto& call : profile_.calls()) {
      const bool is_root = call.caller == engine::Profile::kNone;
      const auto parent = is_root ? 0 : inlined(nodes[call.caller], call.group);
      const auto node = child(parent, is_root ? exported(call) : plain(call));
      nodes.push_back(node);
      for (const auto& [group, count] : call.spent) tree_.nodes[inlined(node, group)].self += count;
    }
    return std::move(tree_);
  }

 private:
  std::uint32_t function(const FlameFunction& wanted) {
    const auto next = static_cast<std::uint32_t>(tree_.functions.size());
    const auto [found, is_new] =
        functions_.emplace(std::tuple(wanted.name, wanted.defined.file, wanted.defined.line), next);
    if (is_new) tree_.functions.push_back(wanted);
    return found->second;
  }

  std::uint32_t child(std::uint32_t parent, std::uint32_t function) {
    const auto next = static_cast<std::uint32_t>(tree_.nodes.size());
    const auto [found, is_new] = children_.emplace(std::pair(parent, function), next);
    if (is_new) {
      tree_.nodes.push_back({function, 0, {}});
      tree_.nodes[parent].children.push_back(next);
    }
    return found->second;
  }

  // Below `node`, a body, the functions that a group's instructions were inlined from.
  std::uint32_t inlined(std::uint32_t node, std::uint32_t group) {
    if (group == 0) return node;
    const auto& [outer, name] = placed_.functions[group - 1];
    if (outer == PlacedFunction::kNone) return node;  // the body itself
    return child(inlined(node, outer + 1), function({name.function, name.defined}));
  }

  // The body's function in the sources, by one of its instructions.
  const wasm::FunctionName* body(const engine::Profile::Call& call) const {
    if (call.spent.empty() || call.spent.rbegin()->first == 0) return nullptr;
    auto at = call.spent.rbegin()->first - 1;
    while (placed_.functions[at].outer != PlacedFunction::kNone) at = placed_.functions[at].outer;
    return &placed_.functions[at].name;
  }

  std::uint32_t plain(const engine::Profile::Call& call) {
    const auto* const known = body(call);
    const bool has_name = symbols_.written_name(call.function) || known == nullptr;
    return function({has_name ? symbols_.function(call.function) : known->function,
                     known == nullptr ? Place() : known->defined});
  }

  // A callback goes by the name under which the host called it.
  std::uint32_t exported(const engine::Profile::Call& call) {
    const auto found = std::ranges::find_if(module_.exports, [&](const auto& item) {
      return item.kind == wasm::ExternalKind::function && item.index == call.function;
    });
    if (found == module_.exports.end()) return plain(call);
    const auto* const known = body(call);
    return function({std::string(found->name), known == nullptr ? Place() : known->defined});
  }

  const engine::Profile& profile_;
  const wasm::Module& module_;
  const wasm::Symbols& symbols_;
  const wasm::PlacedFunctions& placed_;
  FlameTree tree_;
  std::map<std::tuple<std::string, std::string, std::uint32_t>, std::uint32_t> functions_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> children_;
};

}  // namespace

std::vector<std::uint32_t> profile_groups(const wasm::PlacedFunctions& placed) {
  std::vector<std::uint32_t> groups;
  groups.reserve(placed.at.size());
  for (const auto function : placed.at)
    groups.push_back(function == PlacedFunction::kNone ? 0 : function + 1);
  return groups;
}

FlameTree make_flame_tree(const engine::Profile& profile, const wasm::Module& module,
                          const wasm::Symbols& symbols, const wasm::PlacedFunctions& placed) {
  return FlameTreeMaker(profile, module, symbols, placed).make();
}

std::vector<std::uint64_t> totals(const FlameTree& tree) {
  std::vector<std::uint64_t> sums(tree.nodes.size());
  for (auto i = tree.nodes.size(); i-- > 0;) {
    sums[i] += tree.nodes[i].self;
    for (const auto child : tree.nodes[i].children) sums[i] += sums[child];
  }
  return sums;
}

}  // namespace wasmctl::cli
