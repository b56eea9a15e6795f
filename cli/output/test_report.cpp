#include "cli/output/test_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/printable.hpp"
#include "cli/output/cost.hpp"
#include "cli/output/findings.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::json;
using Lines = std::vector<std::string>;

constexpr std::size_t kMostBytesOfLine = 300;
constexpr std::size_t kMostLines = 40;  // of one side of a difference

Lines split(const Lines& texts) {
  Lines lines;
  for (const auto& text : texts) {
    std::size_t at = 0;
    while (true) {
      const auto end = std::min(text.find('\n', at), text.size());
      lines.push_back(text.substr(at, end - at));
      if (end == text.size()) break;
      at = end + 1;
    }
  }
  return lines;
}

// "tests/a.yaml:14:5"
std::string place(const host::Suite& suite, const yaml::Mark& mark) {
  return yaml::place(suite.file.native(), mark);
}

std::string headline(const host::Suite& suite, const host::Failure& failure) {
  auto text = fmt::format("{}: {}", to_string(failure.phase), failure.what);
  if (failure.mark) text += fmt::format("  ({})", place(suite, *failure.mark));
  return text;
}

// A difference as lines "- expected", "+ what came", without what both begin and end with.
Lines difference(const host::Failure& failure) {
  auto expected = split(failure.expected);
  auto actual = split(failure.actual);
  const auto [expected_end, actual_end] = std::ranges::mismatch(expected, actual);
  const auto begin = expected_end - expected.begin();
  std::ptrdiff_t tail = 0;
  const auto room = static_cast<std::ptrdiff_t>(std::min(expected.size(), actual.size())) - begin;
  while (tail < room && *(expected.rbegin() + tail) == *(actual.rbegin() + tail)) ++tail;
  Lines lines;
  const auto add = [&](char sign, const Lines& side) {
    const auto end = static_cast<std::ptrdiff_t>(side.size()) - tail;
    for (auto i = begin; i < end; ++i) {
      if (i - begin == static_cast<std::ptrdiff_t>(kMostLines)) {
        lines.push_back(fmt::format("{} ... {} lines more", sign, end - i));
        break;
      }
      const auto& line = side[static_cast<std::size_t>(i)];
      lines.push_back(fmt::format("{} {}", sign, base::printable(line, kMostBytesOfLine)));
    }
  };
  if (begin > 0)
    lines.push_back(
        fmt::format("  {} as expected", counted(static_cast<std::size_t>(begin), "line")));
  add('-', expected);
  add('+', actual);
  if (tail > 0)
    lines.push_back(
        fmt::format("  {} as expected", counted(static_cast<std::size_t>(tail), "line")));
  if (!failure.expected.empty() && failure.actual.empty()) lines.emplace_back("+ (nothing)");
  return lines;
}

// All there is to say of a failed test, a line each.
Lines explain(const TestedSuite& tested, std::size_t i) {
  const auto& result = tested.results[i].second;
  Lines lines;
  for (const auto& failure : result.failures) {
    lines.push_back("  " + headline(tested.suite, failure));
    for (const auto& line : difference(failure)) lines.push_back("    " + line);
  }
  if (result.crash) {
    if (!result.crash->last_hostcall.empty())
      lines.push_back("    after " + result.crash->last_hostcall);
    for (const auto& frame : tested.stacks[i]) lines.push_back("    at " + frame);
  }
  return lines;
}

std::string xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// Of a column: two blanks, and numbers of a usual size.
std::size_t width(const CostKind& kind) {
  constexpr std::size_t kLeast = 11;
  return std::max(kLeast, kind.title.size() + 2);
}

json to_json(const host::CallbackCost& cost) {
  json value = {{"name", cost.name}, {"calls", cost.calls}};
  for (const auto& kind : kCostKinds) value[std::string(kind.key)] = cost.*kind.count;
  return value;
}

json to_json(const host::Suite& suite, const host::Failure& failure) {
  json value = {{"phase", to_string(failure.phase)},
                {"message", failure.what},
                {"expected", failure.expected},
                {"actual", failure.actual}};
  const auto mark = failure.mark.value_or(yaml::Mark{0, 0, 0});
  value["file"] = suite.file.native();
  value["line"] = mark.line;
  value["column"] = mark.column;
  return value;
}

json to_json(const TestedSuite& tested, std::size_t i) {
  const auto& [place, result] = tested.results[i];
  const auto& test = tested.suite.test[place];
  json value = {{"name", test.name},         {"line", test.mark.line},
                {"passed", result.passed()}, {"failures", json::array()},
                {"log", json::array()},      {"callbacks", json::array()},
                {"crash", nullptr},          {"memoryBytes", result.memory_bytes},
                {"leftOut", nullptr},        {"notCompared", result.not_compared}};
  if (!result.left_out.empty()) value["leftOut"] = result.left_out;
  for (const auto& failure : result.failures)
    value["failures"].push_back(to_json(tested.suite, failure));
  for (const auto& [phase, line] : result.log) {
    value["log"].push_back(
        {{"phase", to_string(phase)}, {"level", to_string(line.level)}, {"message", line.message}});
  }
  for (const auto& cost : result.costs) value["callbacks"].push_back(to_json(cost));
  if (result.crash) {
    value["crash"] = {{"callback", result.crash->callback},
                      {"reason", engine::to_string(result.crash->trap.reason)},
                      {"detail", result.crash->trap.detail},
                      {"lastHostcall", result.crash->last_hostcall},
                      {"stack", tested.stacks[i]}};
  }
  return value;
}

}  // namespace

Tally count(const std::vector<TestedSuite>& suites) {
  Tally tally;
  for (const auto& tested : suites) {
    for (const auto& [place, result] : tested.results) {
      const bool is_left_out = !result.left_out.empty();
      ++(!result.passed() ? tally.failed : is_left_out ? tally.left_out : tally.passed);
    }
  }
  return tally;
}

void print_line(Context& context, const host::Test& test, const host::TestResult& result) {
  if (context.quiet && result.passed() && result.trace.empty()) return;
  const bool is_left_out = result.passed() && !result.left_out.empty();
  const auto* const word = !result.passed() ? "FAIL" : is_left_out ? "skip" : "ok";
  context.out.print("  {:<4}  {}\n", word, test.name);
  if (is_left_out) context.out.print("        {}\n", result.left_out);
  for (const auto& part : result.not_compared)
    context.out.print("        not compared: {}\n", part);
  for (const auto& line : result.trace) context.out.print("        {}\n", line);
  if (!base::log_enabled(base::LogLevel::info)) return;
  for (const auto& [phase, line] : result.log) {
    context.out.print("        {} {}: {}\n", to_string(phase), to_string(line.level), line.message);
  }
}

void print_failures(Context& context, const std::vector<TestedSuite>& suites) {
  for (const auto& tested : suites) {
    for (std::size_t i = 0; i < tested.results.size(); ++i) {
      const auto& [number, result] = tested.results[i];
      if (result.passed()) continue;
      const auto& test = tested.suite.test[number];
      context.out.print("\n{}  ({})\n", test.name, place(tested.suite, test.mark));
      for (const auto& line : explain(tested, i)) context.out.print("{}\n", line);
    }
  }
}

void print_annotations(Context& context, const std::vector<TestedSuite>& suites) {
  std::vector<Finding> findings;
  for (const auto& tested : suites) {
    for (const auto& [number, result] : tested.results) {
      const auto& test = tested.suite.test[number];
      for (const auto& failure : result.failures) {
        const auto mark = failure.mark.value_or(test.mark);
        Finding finding;
        finding.rule = "test";
        finding.place = {tested.suite.file.native(), mark.line, mark.column};
        finding.message =
            fmt::format("{}: {}: {}", test.name, to_string(failure.phase), failure.what);
        findings.push_back(std::move(finding));
      }
    }
  }
  print_findings(context, {FindingsFormat::github}, {}, findings);
}

void print_tally(Context& context, const Tally& tally) {
  if (!context.quiet || tally.failed > 0) context.out.print("\n");
  context.out.print("{}: {} passed, {} failed", tally.failed == 0 ? "ok" : "FAILED", tally.passed,
                    tally.failed);
  if (tally.left_out > 0) context.out.print(", {} left out", tally.left_out);
  if (tally.not_run > 0) context.out.print(", {} not run", tally.not_run);
  context.out.print("\n");
}

void print_costs(Context& context, const std::vector<TestedSuite>& suites) {
  context.out.print("\n");
  for (const auto& kind : kCostKinds) context.out.print("{:>{}}", kind.title, width(kind));
  context.out.print("{:>7}  {}\n", "calls", "callback");
  for (const auto& tested : suites) {
    for (const auto& [number, result] : tested.results) {
      context.out.print("{}\n", tested.suite.test[number].name);
      for (const auto& cost : result.costs) {
        for (const auto& kind : kCostKinds)
          context.out.print("{:>{}}", cost.*kind.count, width(kind));
        context.out.print("{:>7}  {}\n", cost.calls, cost.name);
      }
    }
  }
}

json to_json(const std::vector<TestedSuite>& suites) {
  const auto tally = count(suites);
  json document = {{"suites", json::array()},
                   {"passed", tally.passed},
                   {"failed", tally.failed},
                   {"leftOut", tally.left_out}};
  for (const auto& tested : suites) {
    json tests = json::array();
    for (std::size_t i = 0; i < tested.results.size(); ++i) tests.push_back(to_json(tested, i));
    document["suites"].push_back({{"file", tested.suite.file.native()}, {"tests", tests}});
  }
  return document;
}

std::string to_junit(const std::vector<TestedSuite>& suites) {
  const auto tally = count(suites);
  auto text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\">\n",
      tally.passed + tally.failed + tally.left_out, tally.failed);
  for (const auto& tested : suites) {
    const auto file = xml(base::printable(tested.suite.file.native()));
    const auto failed = std::ranges::count_if(
        tested.results, [](const auto& pair) { return !pair.second.passed(); });
    text += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n", file,
                        tested.results.size(), failed);
    for (std::size_t i = 0; i < tested.results.size(); ++i) {
      const auto& [number, result] = tested.results[i];
      const auto name = xml(base::printable(tested.suite.test[number].name));
      text += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", file, name);
      if (result.passed()) {
        text += result.left_out.empty()
                    ? "/>\n"
                    : fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                                  xml(base::printable(result.left_out)));
        continue;
      }
      std::string details;
      for (const auto& line : explain(tested, i)) details += base::printable(line) + '\n';
      const auto& first = result.failures.front();
      text += fmt::format(
          ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
          xml(base::printable(fmt::format("{}: {}", to_string(first.phase), first.what))),
          xml(details));
    }
    text += "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace wasmctl::cli
