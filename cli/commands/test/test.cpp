// wasmctl test: does the plugin do what its suites expect?
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/stop_signals.hpp"
#include "cli/command.hpp"
#include "cli/commands/test/budget.hpp"
#include "cli/commands/test/code_reports.hpp"
#include "cli/commands/test/fuzz.hpp"
#include "cli/commands/test/soak.hpp"
#include "cli/commands/test/test_options.hpp"
#include "cli/commands/test/test_runner.hpp"
#include "cli/commands/test/test_suites.hpp"
#include "cli/commands/test/tested_modules.hpp"
#include "cli/flags/watched.hpp"
#include "cli/output/standard_output.hpp"
#include "cli/output/test_report.hpp"
#include "envoy/find.hpp"
#include "host/suite/schema.hpp"
#include "trial/trial.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

void list_tests(Context& context, const TestRunner& runner,
                const std::vector<host::Suite>& suites) {
  for (const auto& suite : suites) {
    for (const auto& test : suite.test) {
      if (runner.is_chosen(test))
        context.out.print("{}: {}\n", yaml::place(suite.file.native(), test.mark), test.name);
    }
  }
}

void report_tests(Context& context, const TestOptions& options,
                  const std::vector<TestedSuite>& suites, const Tally& tally,
                  const std::optional<BudgetVerdict>& verdict) {
  if (!options.junit.empty()) base::write_file(options.junit, to_junit(suites));
  if (options.json) {
    auto document = to_json(suites);
    if (verdict) document["budget"] = to_json(*verdict);
    return context.out.print_json(document);
  }
  print_failures(context, suites);
  if (context.env("GITHUB_ACTIONS") == "true") print_annotations(context, suites);
  if (options.cost) print_costs(context, suites);
  print_tally(context, tally);
}

constexpr std::uint64_t kMaxBudgetBytes = 16U << 20U;

// None: it does not exist, and is to be written.
std::optional<Budget> load_budget(const TestOptions& options) {
  try {
    return read_budget(base::read_file(options.budget, kMaxBudgetBytes), options.budget);
  } catch (Error& error) {
    if (error.code() != Code::not_found) throw;
    if (options.update_budget) return std::nullopt;
    throw error.hint("--update-budget writes it");
  }
}

fs::path directory_of_budget(const TestOptions& options) {
  return fs::path(options.budget).parent_path();
}

void update_budget(const TestOptions& options, const std::optional<Budget>& budget,
                   const std::vector<TestedSuite>& suites) {
  const auto text =
      to_yaml(updated(budget.value_or(Budget()), suites, directory_of_budget(options)));
  base::write_file_if_changed(options.budget, text);
}

void require_kept(Context& context, const TestOptions& options, const BudgetVerdict& verdict) {
  if (!options.json) print_budget(context, verdict, options.budget);
  if (verdict.is_kept()) return;
  throw Error(Code::test_failed, describe(verdict, options.budget))
      .hint("if that is meant, run it again with --update-budget, and keep the file");
}

fs::path find_envoy(const Context& context, const TestOptions& options) {
  return envoy::find_envoy({options.envoy, env_or(context, "ENVOY_PATH", ""),
                            env_or(context, "PATH", ""), fs::current_path()});
}

// With --in envoy. As long as it is there, a signal ends the tests in their order. `of_watch` are
// the signals of --watch; null: they are its own.
struct RealEnvoy {
  RealEnvoy(fs::path envoy, const base::StopSignals* of_watch)
      : stop(of_watch == nullptr ? own.emplace() : *of_watch), trial({std::move(envoy), &stop}) {}

  std::optional<base::StopSignals> own;
  const base::StopSignals& stop;
  trial::Trial trial;
};

void run_tests(Context& context, const TestOptions& options, const base::StopSignals* of_watch) {
  if (options.schema) return context.out.print_json(host::suite_schema());
  require_file("--junit", options.junit);
  require_file("--lcov", options.lcov);
  require_file("--coverage-html", options.coverage_html);
  require_file("--profile", options.profile);
  const auto source = parse_source(options.source.empty() ? "." : options.source);
  const auto suites = load_suites(options, source);
  TestedModules modules(context, options);
  TestRunner runner(context, options, modules);
  std::optional<RealEnvoy> real;
  if (options.host == TestHost::envoy && !options.list) {
    auto envoy = find_envoy(context, options);
    // What fetches and builds does not look at its signals.
    for (const auto& suite : suites) modules.of(suite, source);
    real.emplace(std::move(envoy), of_watch);
    runner.run_in(real->trial, real->stop);
  }
  if (options.list) return list_tests(context, runner, suites);
  if (options.soak > 0) return run_soak(context, options, runner, modules, suites, source);
  if (options.fuzz > 0 || options.fuzz_runs > 0)
    return run_fuzz(context, options, runner, modules, suites, source);
  const auto budget = options.budget.empty() ? std::nullopt : load_budget(options);
  const auto tested = runner.run(suites, source);
  auto tally = count(tested);
  tally.not_run = runner.not_run();
  std::optional<BudgetVerdict> verdict;
  if (budget && !options.update_budget)
    verdict = compare(*budget, tested, directory_of_budget(options));
  report_tests(context, options, tested, tally, verdict);
  if (!options.profile.empty()) write_profile(context, options, modules, tally);
  if (options.wants_coverage()) report_coverage(context, options, modules, tally);
  if (tally.failed > 0) throw Refused{Code::test_failed};
  if (options.update_budget) update_budget(options, budget, tested);
  if (verdict) require_kept(context, options, *verdict);
}

// The plugin, its suites and what they name; but not what the tests write.
base::Watched watched_files(const TestOptions& options) {
  base::Watched watched;
  const auto source = parse_source(options.source.empty() ? "." : options.source);
  if (const auto* const directory = std::get_if<Directory>(&source)) {
    add_watched_directory(watched, directory->path, options.build);
  } else if (const auto* const file = std::get_if<File>(&source)) {
    watched.paths.emplace_back(file->path);
  }
  watched.paths.insert(watched.paths.end(), options.suites.begin(), options.suites.end());
  if (!options.config.empty()) watched.paths.emplace_back(options.config);
  for (const auto* written :
       {&options.junit, &options.lcov, &options.coverage_html, &options.profile, &options.budget}) {
    if (!written->empty()) watched.except.emplace_back(*written);
  }
  return watched;
}

[[noreturn]] void run_and_watch(Context& context, const TestOptions& options) {
  work_and_watch(
      context, [&] { return watched_files(options); },
      [&](const base::StopSignals& stop) {
        if (context.out_terminal && !options.json) context.out.print("\x1b[H\x1b[2J");
        run_tests(context, options, &stop);
      });
}

}  // namespace

void add_test(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<TestOptions>();
  auto* app = root.add_subcommand("test", "Run a plugin's test suites in an embedded host");
  add_test_flags(*app, *options);
  app->footer(
      "Exit status 1 if a test failed, or a limit was not kept (--fail-under, --budget,\n"
      "--soak), or --fuzz found something. -v shows what the plugin logs.\n\n"
      "Examples:\n"
      "  wasmctl test plugins/header-logger\n"
      "  wasmctl test plugin.wasm --suite tests.textpb --filter login\n"
      "  wasmctl test --junit results.xml\n"
      "  wasmctl test --coverage --coverage-html coverage.html --profile profile.html\n"
      "  wasmctl test --budget budget.yaml\n"
      "  wasmctl test --soak 10000\n"
      "  wasmctl test --fuzz 60");
  app->callback([options, &context, &action] {
    action = [options, &context] {
      if (options->watch) run_and_watch(context, *options);
      run_tests(context, *options, nullptr);
    };
  });
}

}  // namespace wasmctl::cli
