#include "cli/commands/test/test_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/flags/choice.hpp"
#include "host/suite/soak.hpp"

namespace wasmctl::cli {

namespace {

void add_choice_of_tests(CLI::App& app, TestOptions& options) {
  app.add_option("SOURCE", options.source,
                 "A plugin's directory, a .wasm file or an image (default: .)")
      ->type_name("");
  app.add_option("--suite", options.suites,
                 "The suite, YAML or (*.textpb) protobuf text (default: "
                 "tests/*.yaml and tests/*.textpb of the directory)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--config", options.config,
                 "The plugin's configuration, in place of the suite's and wasmctl.yaml's")
      ->type_name("FILE");
  app.add_option("--filter", options.filter, "Only tests with that in their names")
      ->type_name("TEXT");
  app.add_flag("--list", options.list, "List the tests, and run none");
  app.add_flag("--fail-fast", options.fail_fast, "Stop at the first test that fails");
  app.add_flag("--watch", options.watch,
               "Build and run again whenever something changes, until Ctrl-C");
}

void add_reports(CLI::App& app, TestOptions& options) {
  app.add_flag("--json", options.json, "Print what came of the tests as JSON");
  app.add_option("--junit", options.junit, "Write what came of the tests as JUnit's XML")
      ->type_name("FILE");
  app.add_flag("--cost", options.cost,
               "Say what each callback cost: instructions, calls of the host, bytes, memory");
  auto* budget = app.add_option("--budget", options.budget,
                                "What the tests may cost: fail where more is spent");
  budget->type_name("FILE");
  app.add_flag("--update-budget", options.update_budget, "Write to FILE what is spent now")
      ->needs(budget);
  auto* trace = app.add_flag("--trace", options.trace,
                             "Show every call between plugin and host, with arguments and results");
  auto* mask =
      app.add_option("--mask", options.masked, "Hide the values of this header in a trace, too");
  mask->type_name("NAME")->allow_extra_args(false)->needs(trace);
  app.add_flag("--no-mask", options.unmasked,
               "Hide nothing: without it, credentials and the configuration are hidden")
      ->needs(trace)
      ->excludes(mask);
  app.add_flag("--coverage", options.coverage, "Say which lines and functions of the sources ran");
  app.add_option("--lcov", options.lcov, "Write which lines ran, in lcov's format")
      ->type_name("FILE");
  app.add_option("--coverage-html", options.coverage_html,
                 "A page of the sources, with the lines coloured that ran")
      ->type_name("FILE");
  app.add_option("--profile", options.profile,
                 "A page that shows where instructions were spent, as a flame graph")
      ->type_name("FILE");
  app.add_option("--fail-under", options.fail_under, "Fail if less of the sources' lines ran")
      ->type_name("PERCENT");
}

// What runs the tests in another way, and has a report of its own.
void add_other_runs(CLI::App& app, TestOptions& options) {
  auto* soak =
      app.add_option("--soak", options.soak,
                     "Run each test's stream N times in one VM: does memory become flat?")
          ->type_name("N")
          ->check(
              CLI::Range(host::SoakPlan::kFewest, std::uint64_t{1'000'000'000}).description(""));
  auto* fuzz =
      app.add_option("--fuzz", options.fuzz,
                     "Change what the tests give for so long: what traps, hangs, or takes memory "
                     "becomes a test")
          ->type_name("SECONDS")
          ->check(CLI::Range(1, 1'000'000).description(""));
  auto* runs =
      app.add_option("--fuzz-runs", options.fuzz_runs, "The same for so many runs: always the same")
          ->type_name("N")
          ->check(CLI::PositiveNumber.description(""));
  app.add_option("--fuzz-seed", options.fuzz_seed, "Another way through it (default: 1)")
      ->type_name("N");
  fuzz->excludes(soak, runs);
  runs->excludes(soak);
}

constexpr Choice<TestHost> kTestHosts[] = {{"embedded", TestHost::embedded},
                                           {"envoy", TestHost::envoy}};

void add_host(CLI::App& app, TestOptions& options) {
  add_choice(app, "--in", options.host, kTestHosts,
             "Where the tests run: in the host of this program, or in a real Envoy as well "
             "(default: embedded)");
  app.add_option("--envoy", options.envoy,
                 "The Envoy (default: $ENVOY_PATH, `envoy` on PATH, .venv/bin/envoy here or above)")
      ->type_name("PROGRAM");
}

}  // namespace

void add_test_flags(CLI::App& app, TestOptions& options) {
  add_choice_of_tests(app, options);
  add_host(app, options);
  add_reports(app, options);
  add_other_runs(app, options);
  app.add_option("--max-instructions", options.instructions,
                 fmt::format("What a test may run (default: {})", TestOptions::kMostInstructions))
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""));
  app.add_flag("--schema", options.schema, "Print the JSON Schema of suites, for editors");
  add_build_flags(app, options.build);
  add_registry_options(app, options.registry);
}

}  // namespace wasmctl::cli
