#include "cli/commands/test/budget.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/suggest.hpp"
#include "cli/output/findings.hpp"
#include "yaml/read.hpp"
#include "yaml/scalar.hpp"
#include "yaml/write.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;
using yaml::Node;

constexpr std::string_view kHead =
    "# What each test may cost, by callback. `wasmctl test --budget FILE` fails where more is\n"
    "# spent; with --update-budget it writes what is spent now.\n";

struct BudgetReader {
  const std::string& file;

  [[noreturn]] void fail(const Node& node, std::string_view what) const {
    throw yaml::error_at(file, node.start, what);
  }

  const std::vector<yaml::Entry>& entries(const Node& node, std::string_view of) const {
    if (node.kind != yaml::Kind::mapping)
      fail(node, fmt::format("must be a mapping of {}, not {}", of, yaml::describe(node)));
    return node.entries;
  }

  std::uint64_t number(const Node& node) const {
    if (node.kind == yaml::Kind::scalar) {
      const auto value = yaml::value_of(node);
      const auto* const number = std::get_if<std::int64_t>(&value);
      if (number != nullptr && *number >= 0) return static_cast<std::uint64_t>(*number);
    }
    fail(node, node.kind == yaml::Kind::scalar
                   ? fmt::format("`{}` is not a number from 0 on", node.text)
                   : fmt::format("must be a number, not {}", yaml::describe(node)));
  }

  Cost cost(const Node& node) const {
    Cost cost{};
    for (const auto& [key, value] : entries(node, "costs")) {
      const auto kind = std::ranges::find(kCostKinds, key.text, &CostKind::key);
      if (kind == kCostKinds.end()) {
        std::vector<std::string_view> known;
        known.reserve(kCostKinds.size());
        for (const auto& row : kCostKinds) known.push_back(row.key);
        throw yaml::error_at(file, key.start, fmt::format("unknown cost `{}`", key.text))
            .hint(base::suggest(key.text, known));
      }
      cost[static_cast<std::size_t>(kind - kCostKinds.begin())] = number(value);
    }
    return cost;
  }
};

Cost cost_of(const host::CallbackCost& callback) {
  Cost cost{};
  std::ranges::transform(kCostKinds, cost.begin(),
                         [&](const auto& kind) { return callback.*kind.count; });
  return cost;
}

// The names under which a budget has the tests of a suite.
std::vector<std::string> names_of(const host::Suite& suite) {
  std::map<std::string, int> seen;
  std::vector<std::string> names;
  for (const auto& test : suite.test) {
    const auto number = ++seen[test.name];
    names.push_back(number == 1 ? test.name : fmt::format("{} ({})", test.name, number));
  }
  return names;
}

std::string suite_name(const host::Suite& suite, const fs::path& directory) {
  const auto from = fs::absolute(directory.empty() ? "." : directory).lexically_normal();
  return fs::absolute(suite.file).lexically_normal().lexically_relative(from).native();
}

struct CallbackName {
  const std::string& suite;
  const std::string& test;
  const std::string& callback;
};

void compare_callback(const CallbackName& name, const Cost& allowed, const Cost& cost,
                      BudgetVerdict& verdict) {
  bool is_dearer = false;
  for (std::size_t i = 0; i < cost.size(); ++i) {
    if (cost[i] <= allowed[i]) continue;
    is_dearer = true;
    verdict.dearer.push_back({name.suite, name.test, name.callback, i, allowed[i], cost[i]});
  }
  if (!is_dearer && cost != allowed) ++verdict.cheaper;
}

std::vector<std::string> stale_tests(const Budget& budget, const std::vector<TestedSuite>& suites,
                                     const fs::path& directory) {
  std::vector<std::string> stale;
  for (const auto& tested : suites) {
    const auto suite = suite_name(tested.suite, directory);
    const auto found = budget.find(suite);
    if (found == budget.end()) continue;
    const auto names = names_of(tested.suite);
    for (const auto& [test, callbacks] : found->second) {
      if (std::ranges::find(names, test) == names.end())
        stale.push_back(fmt::format("{}: {}", suite, test));
    }
  }
  return stale;
}

}  // namespace

Budget read_budget(std::string_view text, const std::string& file) {
  const auto document = yaml::read_one(text, file);
  const BudgetReader reader{file};
  Budget budget;
  for (const auto& [suite, tests] : reader.entries(document.root, "suites")) {
    auto& of_suite = budget[suite.text];
    for (const auto& [test, callbacks] : reader.entries(tests, "tests")) {
      auto& of_test = of_suite[test.text];
      for (const auto& [callback, costs] : reader.entries(callbacks, "callbacks"))
        of_test[callback.text] = reader.cost(costs);
    }
  }
  return budget;
}

std::string to_yaml(const Budget& budget) {
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  for (const auto& [suite, tests] : budget) {
    auto& of_suite = document[suite] = nlohmann::ordered_json::object();
    for (const auto& [test, callbacks] : tests) {
      auto& of_test = of_suite[test] = nlohmann::ordered_json::object();
      for (const auto& [callback, cost] : callbacks) {
        auto& of_callback = of_test[callback] = nlohmann::ordered_json::object();
        for (std::size_t i = 0; i < cost.size(); ++i) {
          if (cost[i] != 0) of_callback[std::string(kCostKinds[i].key)] = cost[i];
        }
      }
    }
  }
  return std::string(kHead) + yaml::write(document);
}

Budget measure(const std::vector<TestedSuite>& suites, const fs::path& directory) {
  Budget measured;
  for (const auto& tested : suites) {
    const auto names = names_of(tested.suite);
    auto& tests = measured[suite_name(tested.suite, directory)];
    for (const auto& [i, result] : tested.results) {
      if (!result.passed()) continue;
      auto& callbacks = tests[names[i]];
      for (const auto& cost : result.costs) callbacks[cost.name] = cost_of(cost);
    }
  }
  return measured;
}

BudgetVerdict compare(const Budget& budget, const std::vector<TestedSuite>& suites,
                      const fs::path& directory) {
  BudgetVerdict verdict;
  for (const auto& [suite, tests] : measure(suites, directory)) {
    const auto of_suite = budget.find(suite);
    for (const auto& [test, callbacks] : tests) {
      if (of_suite == budget.end() || !of_suite->second.contains(test)) {
        verdict.unknown.push_back(fmt::format("{}: {}", suite, test));
        continue;
      }
      const auto& allowed = of_suite->second.at(test);
      for (const auto& [callback, cost] : callbacks) {
        const auto found = allowed.find(callback);
        compare_callback({suite, test, callback}, found == allowed.end() ? Cost{} : found->second,
                         cost, verdict);
      }
    }
  }
  verdict.stale = stale_tests(budget, suites, directory);
  return verdict;
}

Budget updated(Budget budget, const std::vector<TestedSuite>& suites, const fs::path& directory) {
  for (auto& [suite, tests] : measure(suites, directory)) {
    for (auto& [test, callbacks] : tests) budget[suite][test] = callbacks;
  }
  for (const auto& tested : suites) {
    const auto names = names_of(tested.suite);
    std::erase_if(budget[suite_name(tested.suite, directory)],
                  [&](const auto& test) { return !std::ranges::count(names, test.first); });
  }
  std::erase_if(budget, [](const auto& suite) { return suite.second.empty(); });
  return budget;
}

void print_budget(Context& context, const BudgetVerdict& verdict, const std::string& file) {
  if (!verdict.is_kept()) context.out.print("\n");
  for (const auto& dearer : verdict.dearer) {
    context.out.print("dearer: {}: {}: {}: {} {}, not {}", dearer.suite, dearer.test,
                      dearer.callback, dearer.after, kCostKinds[dearer.kind].words, dearer.before);
    if (dearer.before != 0) {
      const auto before = static_cast<double>(dearer.before);
      context.out.print(" ({:+.1f} %)",
                        100 * (static_cast<double>(dearer.after) - before) / before);
    }
    context.out.print("\n");
  }
  for (const auto& test : verdict.unknown) context.out.print("not in {}: {}\n", file, test);
  for (const auto& test : verdict.stale) context.out.print("only in {}: {}\n", file, test);
  if (verdict.cheaper > 0 && !context.quiet) {
    context.out.print("budget: {} cheaper than in {}; --update-budget keeps it so\n",
                      counted(verdict.cheaper, "callback"), file);
  }
}

nlohmann::json to_json(const BudgetVerdict& verdict) {
  auto dearer = nlohmann::json::array();
  for (const auto& [suite, test, callback, kind, before, after] : verdict.dearer) {
    dearer.push_back({{"suite", suite},
                      {"test", test},
                      {"callback", callback},
                      {"cost", kCostKinds[kind].key},
                      {"before", before},
                      {"after", after}});
  }
  return {{"kept", verdict.is_kept()},
          {"dearer", std::move(dearer)},
          {"cheaper", verdict.cheaper},
          {"unknown", verdict.unknown},
          {"stale", verdict.stale}};
}

std::string describe(const BudgetVerdict& verdict, const std::string& file) {
  std::vector<std::string> parts;
  if (const auto n = verdict.dearer.size(); n > 0)
    parts.push_back(fmt::format("{} above {}", counted(n, "cost"), file));
  if (const auto n = verdict.unknown.size(); n > 0)
    parts.push_back(fmt::format("{} not in {}", counted(n, "test"), file));
  if (const auto n = verdict.stale.size(); n > 0)
    parts.push_back(fmt::format("{} in {} that the suites do not have", counted(n, "test"), file));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace wasmctl::cli
