#include "cli/commands/test/fuzz.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/output/findings.hpp"
#include "host/suite/fuzz.hpp"
#include "yaml/write.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// So many runs, or until the time that all suites share has passed.
std::function<bool(std::uint64_t)> goes_on(const TestOptions& options, Clock::duration time) {
  if (options.fuzz_runs > 0)
    return [most = options.fuzz_runs](std::uint64_t run) { return run < most; };
  return [end = Clock::now() + time](std::uint64_t) { return Clock::now() < end; };
}

// The first of fuzz-1.yaml, fuzz-2.yaml, ... in the directory that is not there.
fs::path free_name(const fs::path& directory) {
  for (int i = 1;; ++i) {
    auto path = directory / fmt::format("fuzz-{}.yaml", i);
    if (std::error_code none; !fs::exists(fs::symlink_status(path, none))) return path;
  }
}

fs::path write_finding(const host::Suite& suite, const host::FuzzFinding& finding) {
  const auto path = free_name(suite.file.parent_path());
  base::write_file(path, "# Found by `wasmctl test --fuzz`. Say what is expected in its place.\n" +
                             yaml::write(finding.suite));
  return path;
}

void print_finding(Context& context, const host::FuzzFinding& finding, const fs::path& file,
                   const TestedModule& module) {
  context.out.print("  FAIL  {} (run {})\n", finding.what, finding.run);
  if (finding.result.crash) {
    for (const auto& call : describe_stack(finding.result.crash->trap.stack, module))
      context.out.print("          at {}\n", call);
  }
  context.out.print("        {}\n", file.native());
}

nlohmann::json to_json(const host::FuzzFinding& finding, const fs::path& file,
                       const TestedModule& module) {
  auto stack = nlohmann::json::array();
  if (finding.result.crash) stack = describe_stack(finding.result.crash->trap.stack, module);
  return {{"what", finding.what}, {"file", file.native()}, {"run", finding.run}, {"stack", stack}};
}

}  // namespace

void run_fuzz(Context& context, const TestOptions& options, TestRunner& runner,
              TestedModules& modules, const std::vector<host::Suite>& suites,
              const Source& source) {
  auto document = nlohmann::json{{"suites", nlohmann::json::array()}};
  std::size_t chosen = 0;
  std::size_t found = 0;
  const auto time = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
      static_cast<double>(options.fuzz) / static_cast<double>(suites.size())));
  for (const auto& suite : suites) {
    std::vector<const host::Test*> tests;
    for (const auto& test : suite.test) {
      if (runner.is_chosen(test)) tests.push_back(&test);
    }
    chosen += tests.size();
    if (tests.empty()) continue;
    auto& module = modules.of(suite, source);
    const host::FuzzPlan plan{options.fuzz_seed, goes_on(options, time),
                              host::words_of(module.program->module()),
                              runner.run_options(suite, module)};
    const auto report = host::fuzz(suite, tests, plan);
    found += report.findings.size();
    if (!options.json && !context.quiet) {
      context.out.print("{}: {}, {} that ran new code\n", suite.file.native(),
                        counted(report.runs, "run"), counted(report.kept, "input"));
    }
    auto findings = nlohmann::json::array();
    for (const auto& finding : report.findings) {
      const auto file = write_finding(suite, finding);
      if (!options.json) print_finding(context, finding, file, module);
      findings.push_back(to_json(finding, file, module));
    }
    document["suites"].push_back({{"file", suite.file.native()},
                                  {"runs", report.runs},
                                  {"kept", report.kept},
                                  {"instructions", report.instructions},
                                  {"findings", std::move(findings)}});
  }
  if (chosen == 0) throw runner.nothing_to_run();
  if (options.json) {
    context.out.print_json(document);
  } else if (!context.quiet || found > 0) {
    context.out.print("\n{}: {}\n", found == 0 ? "ok" : "FAILED",
                      found == 0 ? "nothing found" : counted(found, "finding"));
  }
  if (found > 0) throw Refused{Code::test_failed};
}

}  // namespace wasmctl::cli
