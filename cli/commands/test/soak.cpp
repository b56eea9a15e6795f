#include "cli/commands/test/soak.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "cli/output/findings.hpp"
#include "cli/symbols.hpp"
#include "host/suite/soak.hpp"

namespace wasmctl::cli {

namespace {

using Lines = std::vector<std::string>;

// Configurations are kept longer than streams, and are fewer.
constexpr std::uint64_t kStreamsForEachConfiguration = 10;

std::map<std::uint32_t, host::AllocatorRole> allocators_of(const TestedModule& module) {
  const auto& parsed = module.program->module();
  const auto symbols = load_symbols(parsed, module.path);
  std::map<std::uint32_t, host::AllocatorRole> roles;
  const auto imported = parsed.imported_functions.size();
  for (std::size_t body = 0; body < parsed.bodies.size(); ++body) {
    const auto index = static_cast<std::uint32_t>(imported + body);
    const auto& type = parsed.types[parsed.functions[body]].function;
    if (const auto role = host::allocator_role(symbols.function(index), type)) roles[index] = *role;
  }
  return roles;
}

// "16", or "0.5" where there is not one in each run.
std::string per_run(std::uint64_t number, std::uint64_t runs) {
  return fmt::format("{:g}", static_cast<double>(number) / static_cast<double>(runs));
}

Lines describe(const host::SoakSeries::Leak& leak, std::string_view of,
               const TestedModule& module) {
  const auto what = leak.count == 0 ? std::string("an allocation that becomes larger")
                                    : fmt::format("{} in {}", counted(leak.count, "allocation"),
                                                  counted(leak.runs, of));
  Lines lines{fmt::format("{} bytes a {} are never freed: {}, in {}",
                          per_run(leak.bytes, leak.runs), of, what, leak.site.callback)};
  for (const auto& call : describe_own_calls(leak.site.stack, module))
    lines.push_back("  at " + call);
  return lines;
}

Lines describe(const host::SoakSeries& series, const TestedModule& module) {
  Lines lines;
  for (const auto& leak : series.leaks) {
    for (auto& line : describe(leak, series.of, module)) lines.push_back(std::move(line));
  }
  if (!series.memory_grows()) return lines;
  Lines callbacks;
  for (const auto& cost : series.growing) callbacks.push_back(cost.name);
  lines.push_back(
      fmt::format("linear memory grows: {} bytes after {} {}s, {} after {}, {} after {}; in the "
                  "second half in {}",
                  series.memory_at_quarter, series.runs / 4, series.of, series.memory_at_half,
                  series.runs / 2, series.memory_at_end, series.runs, fmt::join(callbacks, ", ")));
  return lines;
}

Lines describe(const host::SoakResult& result, const TestedModule& module) {
  Lines lines;
  for (const auto& failure : result.failures)
    lines.push_back(fmt::format("{}: {}", to_string(failure.phase), failure.what));
  if (result.crash) {
    for (const auto& frame : describe_stack(result.crash->trap.stack, module))
      lines.push_back("  at " + frame);
  }
  for (const auto& series : result.series) {
    for (auto& line : describe(series, module)) lines.push_back(std::move(line));
  }
  return lines;
}

nlohmann::json to_json(const host::SoakSeries& series, const TestedModule& module) {
  nlohmann::json value{
      {"of", series.of},
      {"runs", series.runs},
      {"flat", series.is_flat()},
      {"memoryBytes", {series.memory_at_quarter, series.memory_at_half, series.memory_at_end}},
      {"growingIn", nlohmann::json::array()},
      {"leaks", nlohmann::json::array()}};
  for (const auto& cost : series.growing) value["growingIn"].push_back(cost.name);
  for (const auto& leak : series.leaks) {
    value["leaks"].push_back({{"callback", leak.site.callback},
                              {"bytes", leak.bytes},
                              {"allocations", leak.count},
                              {"runs", leak.runs},
                              {"stack", describe_stack(leak.site.stack, module)}});
  }
  return value;
}

std::string summary(const host::SoakResult& result) {
  Lines words;
  for (const auto& series : result.series) words.push_back(counted(series.runs, series.of));
  if (!result.series.empty())
    words.push_back(fmt::format("{} bytes of memory", result.series.back().memory_at_end));
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

void run_soak(Context& context, const TestOptions& options, TestRunner& runner,
              TestedModules& modules, const std::vector<host::Suite>& suites,
              const Source& source) {
  nlohmann::json document{{"tests", nlohmann::json::array()}};
  Tally tally;
  for (const auto& suite : suites) {
    if (!options.json && !context.quiet) context.out.print("{}\n", suite.file.native());
    for (const auto& test : suite.test) {
      if (!runner.is_chosen(test)) continue;
      auto& module = modules.of(suite, source);
      const host::SoakPlan plan{
          options.soak,
          std::max(options.soak / kStreamsForEachConfiguration, host::SoakPlan::kFewest),
          allocators_of(module)};
      const auto result = host::soak_test(suite, test, runner.run_options(suite, module), plan);
      ++(result.passed() ? tally.passed : tally.failed);
      if (!options.json) {
        if (!context.quiet || !result.passed())
          context.out.print("  {:<4}  {} ({})\n", result.passed() ? "ok" : "FAIL", test.name,
                            summary(result));
        for (const auto& line : describe(result, module)) context.out.print("        {}\n", line);
        continue;
      }
      nlohmann::json value{{"file", suite.file.native()},
                           {"name", test.name},
                           {"passed", result.passed()},
                           {"failures", nlohmann::json::array()},
                           {"series", nlohmann::json::array()}};
      for (const auto& failure : result.failures) value["failures"].push_back(failure.what);
      for (const auto& series : result.series) value["series"].push_back(to_json(series, module));
      document["tests"].push_back(std::move(value));
    }
  }
  if (tally.passed + tally.failed == 0) throw runner.nothing_to_run();
  if (options.json) {
    context.out.print_json(document);
  } else {
    print_tally(context, tally);
  }
  if (tally.failed > 0) throw Refused{Code::test_failed};
}

}  // namespace wasmctl::cli
