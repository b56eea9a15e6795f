// wasmctl test: does the plugin do what its suites expect?
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ranges>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "cli/manifest_file.hpp"
#include "cli/output/coverage_report.hpp"
#include "cli/output/test_report.hpp"
#include "cli/symbols.hpp"
#include "engine/program.hpp"
#include "host/suite/run.hpp"
#include "host/suite/schema.hpp"
#include "kube/render/plugin_config.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSuiteBytes = 64U << 20U;
// Of one test: about a second; what runs longer does not end.
constexpr std::uint64_t kMostInstructions = 1'000'000'000;

struct TestOptions {
  std::string source;
  std::vector<std::string> suites;
  std::string config;
  std::string filter;
  std::string junit;
  std::uint64_t instructions = kMostInstructions;
  bool list = false;
  bool fail_fast = false;
  bool json = false;
  bool cost = false;
  bool trace = false;
  bool schema = false;
  bool coverage = false;
  std::string lcov;
  std::optional<double> fail_under;  // per cent
  BuildFlags build;
  RegistryOptions registry;
};

// A module, ready to run, and what finds its lines.
struct TestedModule {
  std::string path;
  std::optional<plugin::Plugin> plugin;
  std::unique_ptr<engine::Program> program;
  std::vector<std::uint8_t> executed;  // of all its tests; empty: not noted
};

std::unique_ptr<TestedModule> make_tested(LocalModule module) {
  auto tested = std::make_unique<TestedModule>();
  tested->path = module.path;
  tested->plugin = std::move(module.plugin);
  tested->program = std::make_unique<engine::Program>(
      wasm::parse_module(std::move(module.bytes), tested->path), tested->path);
  return tested;
}

// The suites beside the plugin: tests/*.yaml, *.yml, *.textpb, sorted.
std::vector<std::string> default_suites(const fs::path& directory) {
  std::vector<std::string> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(directory / "tests", none)) {
    const auto ending = entry.path().extension();
    if (ending == ".yaml" || ending == ".yml" || ending == ".textpb")
      files.push_back(entry.path().lexically_normal().native());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> suite_files(const TestOptions& options, const Source& source) {
  if (!options.suites.empty()) return options.suites;
  const auto* const directory = std::get_if<Directory>(&source);
  if (directory == nullptr) {
    throw usage_error("--suite", "needed, since SOURCE is not a plugin's directory");
  }
  auto files = default_suites(directory->path);
  if (files.empty()) {
    throw Error(Code::not_found,
                fmt::format("{} has no tests/*.yaml or tests/*.textpb", directory->path))
        .hint("write one, or name a suite: `--suite FILE`");
  }
  return files;
}

host::Suite load_suite(const std::string& file) {
  return host::read_suite(base::read_file(file, kMaxSuiteBytes), file);
}

// What the plugin is configured with: by the flag, else by the suite, else by wasmctl.yaml.
std::string configuration(const TestOptions& options, const host::Env& env,
                          const std::optional<plugin::Plugin>& plugin) {
  const auto& file = options.config.empty() ? env.config_path : options.config;
  if (!file.empty()) {
    auto text = base::read_file(file, kMaxConfigBytes);
    const auto ending = fs::path(file).extension();
    const bool is_yaml = ending == ".yaml" || ending == ".yml";
    return is_yaml ? kube::delivered_config(kube::read_config(text, file)) : text;
  }
  if (!env.config.empty()) return env.config;
  if (!plugin) return {};
  const auto setting = std::ranges::find(plugin->settings, "config", &plugin::Setting::key);
  return setting == plugin->settings.end() ? "" : kube::delivered_config(*setting->value);
}

// The calls of a stack, innermost first, with what was inlined: "rewrite(...) (plugin.cc:14)".
std::vector<std::string> describe_stack(const engine::Trap& trap, const wasm::Symbols& symbols) {
  std::vector<std::string> lines;
  for (const auto& frame : trap.stack) {
    const auto name = symbols.function(frame.function);
    auto origins = symbols.origins(frame.offset);
    if (origins.empty()) {
      lines.push_back(fmt::format("{} (offset {:#x})", name, frame.offset));
      continue;
    }
    origins.front().function = name;
    for (const auto& [function, place] : std::views::reverse(origins)) {
      lines.push_back(fmt::format("{} ({})", function, to_string(place)));
    }
  }
  return lines;
}

// Adds to the file that a suite names what was logged. The suite may be a stranger's: a file gets
// something only if the suite was named on the command line.
void write_log(Context& context, const TestOptions& options, const host::Suite& suite,
               const host::Test& test, const host::TestResult& result) {
  const auto& path = suite.env.log_path;
  if (path.empty()) return;
  auto text = fmt::format("--- Starting test: {} ---\n", test.name);
  for (const auto& [phase, line] : result.log) text += line.message + '\n';
  text += fmt::format("--- Finished test: {} ---\n", test.name);
  if (path == "/dev/stdout" || path == "/dev/stderr") {
    if (!options.json) (path == "/dev/stdout" ? context.out : context.err).relay(text);
    return;
  }
  if (options.suites.empty()) return;
  std::ofstream file(path, std::ios::app | std::ios::binary);
  if (!(file << text).flush()) throw Error(Code::io, fmt::format("cannot write `{}`", path));
}

class Tests {
 public:
  Tests(Context& context, const TestOptions& options)
      : context_(context), options_(options), images_(context, options.registry) {}

  void run() {
    const auto source = parse_source(options_.source.empty() ? "." : options_.source);
    for (const auto& file : suite_files(options_, source))
      suites_.emplace_back().suite = load_suite(file);
    if (options_.list) return list();
    for (auto& tested : suites_) run_suite(tested, source);
    if (number_ == 0) throw Error(Code::not_found, nothing_to_run());
    report();
  }

 private:
  bool is_chosen(const host::Test& test) const {
    return test.name.find(options_.filter) != std::string::npos;
  }

  std::string nothing_to_run() const {
    return options_.filter.empty() ? "the suites have no test"
                                   : fmt::format("no test has `{}` in its name", options_.filter);
  }

  void list() const {
    for (const auto& tested : suites_) {
      for (const auto& test : tested.suite.test) {
        if (is_chosen(test))
          context_.out.print("{}: {}\n", yaml::place(tested.suite.file.native(), test.mark),
                             test.name);
      }
    }
  }

  // SOURCE, or the module that the suite names if there is no SOURCE; each is loaded once.
  TestedModule& module_of(const host::Suite& suite, const Source& source) {
    const auto& named = options_.source.empty() ? suite.env.wasm_path : std::string();
    auto& module = modules_[named];
    if (!module) {
      module = make_tested(
          read_module(context_, named.empty() ? source : File{named}, options_.build, images_));
    }
    return *module;
  }

  void run_suite(TestedSuite& tested, const Source& source) {
    const auto& suite = tested.suite;
    auto& module = module_of(suite, source);
    host::RunOptions options;
    options.program = module.program.get();
    options.configuration = configuration(options_, suite.env, module.plugin);
    options.limits.instructions = options_.instructions;
    options.trace = options_.trace;
    if (wants_coverage()) options.coverage = engine::Coverage::on;
    const bool is_shown = !options_.json && !context_.quiet;
    if (is_shown && number_ > 0) context_.out.print("\n");
    if (is_shown) context_.out.print("{}\n", suite.file.native());
    for (std::size_t i = 0; i < suite.test.size(); ++i) {
      const auto& test = suite.test[i];
      if (!is_chosen(test)) continue;
      ++number_;
      if (stopped_) continue;
      auto result = run_test(suite, test, options, module);
      if (!options_.json) print_line(context_, test, result);
      write_log(context_, options_, suite, test, result);
      stopped_ = options_.fail_fast && !result.passed();
      tested.stacks.push_back(stack_of(module, result));
      add_executed(module, result);
      tested.results.emplace_back(i, std::move(result));
    }
  }

  // An error of the module's names it.
  host::TestResult run_test(const host::Suite& suite, const host::Test& test,
                            const host::RunOptions& options, const TestedModule& module) {
    try {
      return host::run_test(suite, test, options, shared_);
    } catch (Error& error) {
      Error named(error.code(), fmt::format("{}: {}", module.path, error.message()));
      for (const auto& hint : error.hints()) named.hint(hint);
      throw named;
    }
  }

  bool wants_coverage() const {
    return options_.coverage || !options_.lcov.empty() || options_.fail_under;
  }

  static void add_executed(TestedModule& module, host::TestResult& result) {
    const auto executed = std::exchange(result.executed, {});
    module.executed.resize(std::max(module.executed.size(), executed.size()));
    std::ranges::transform(executed, module.executed, module.executed.begin(), std::bit_or());
  }

  // Of the sources below the plugin's directory; of a module alone, below the working directory.
  wasm::Coverage coverage() const {
    wasm::Coverage all;
    for (const auto& [name, module] : modules_) {
      if (module->executed.empty()) continue;
      const auto& parsed = module->program->module();
      const auto lines =
          wasm::covered_lines(parsed, load_symbols(parsed, module->path), module->executed);
      const auto directory = module->plugin ? module->plugin->directory : fs::path();
      all.merge(own_files(lines, directory));
    }
    return all;
  }

  void report_coverage() const {
    const auto lines = coverage();
    if (!options_.lcov.empty()) base::write_file(options_.lcov, to_lcov(lines));
    if (options_.coverage && !options_.json) print_coverage(context_, lines);
    const auto reached = percentage(lines);
    if (options_.fail_under && reached < *options_.fail_under) {
      throw Error(Code::test_failed, fmt::format("{:.1f} % of the lines ran, less than {:g} %",
                                                 reached, *options_.fail_under));
    }
  }

  static std::vector<std::string> stack_of(const TestedModule& module,
                                           const host::TestResult& result) {
    if (!result.crash) return {};
    return describe_stack(result.crash->trap, load_symbols(module.program->module(), module.path));
  }

  void report() const {
    auto tally = count(suites_);
    tally.not_run = number_ - tally.passed - tally.failed;
    if (!options_.junit.empty()) base::write_file(options_.junit, to_junit(suites_));
    if (options_.json) {
      context_.out.print_json(to_json(suites_));
    } else {
      print_failures(context_, suites_);
      if (context_.env("GITHUB_ACTIONS") == "true") print_annotations(context_, suites_);
      if (options_.cost) print_costs(context_, suites_);
      print_tally(context_, tally);
    }
    if (wants_coverage()) report_coverage();
    if (tally.failed > 0) throw Refused{Code::test_failed};
  }

  Context& context_;
  const TestOptions& options_;
  Images images_;
  std::vector<TestedSuite> suites_;
  std::map<std::string, std::unique_ptr<TestedModule>> modules_;  // by what the suite calls it
  host::SharedState shared_;
  std::size_t number_ = 0;  // of the tests that were chosen
  bool stopped_ = false;
};

void run_tests(Context& context, const TestOptions& options) {
  if (options.schema) return context.out.print_json(host::suite_schema());
  Tests(context, options).run();
}

}  // namespace

void add_test(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<TestOptions>();
  auto* app = root.add_subcommand("test", "Run a plugin's test suites in an embedded host");
  app->add_option("SOURCE", options->source,
                  "A plugin's directory, a .wasm file or an image (default: .)")
      ->type_name("");
  app->add_option("--suite", options->suites,
                  "The suite, YAML or (*.textpb) protobuf text; may be repeated (default: "
                  "tests/*.yaml and tests/*.textpb of the directory)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app->add_option("--config", options->config,
                  "The plugin's configuration, in place of the suite's and wasmctl.yaml's")
      ->type_name("FILE");
  app->add_option("--filter", options->filter, "Only tests with that in their names")
      ->type_name("TEXT");
  app->add_flag("--list", options->list, "List the tests, and run none");
  app->add_flag("--fail-fast", options->fail_fast, "Stop at the first test that fails");
  app->add_flag("--json", options->json, "Print what came of the tests as JSON");
  app->add_option("--junit", options->junit, "Write what came of the tests as JUnit's XML")
      ->type_name("FILE");
  app->add_flag("--cost", options->cost,
                "Say what each callback cost: instructions, and calls of the host");
  app->add_flag("--trace", options->trace,
                "Show every call between plugin and host, with arguments and results");
  app->add_flag("--coverage", options->coverage, "Say which lines of the sources ran");
  app->add_option("--lcov", options->lcov, "Write which lines ran, in lcov's format")
      ->type_name("FILE");
  app->add_option("--fail-under", options->fail_under, "Fail if less of the sources' lines ran")
      ->type_name("PERCENT");
  app->add_option("--max-instructions", options->instructions,
                  fmt::format("What a test may run (default: {})", kMostInstructions))
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app->add_flag("--schema", options->schema, "Print the JSON Schema of suites, for editors");
  add_build_flags(*app, options->build);
  add_registry_options(*app, options->registry);
  app->footer(
      "Exit status 1 if a test failed. -v shows what the plugin logs.\n\n"
      "Examples:\n"
      "  wasmctl test plugins/header-logger\n"
      "  wasmctl test plugin.wasm --suite tests.textpb --filter login\n"
      "  wasmctl test --junit results.xml");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_tests(context, *options); };
  });
}

}  // namespace wasmctl::cli
