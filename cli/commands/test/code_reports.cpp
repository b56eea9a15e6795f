#include "cli/commands/test/code_reports.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/output/coverage_report.hpp"
#include "cli/output/findings.hpp"
#include "cli/output/flame_tree.hpp"
#include "cli/pages/coverage_page.hpp"
#include "cli/pages/profile_page.hpp"
#include "cli/symbols.hpp"

namespace wasmctl::cli {

namespace {

// Of the sources in the directories.
wasm::Coverage coverage_of(const TestedModules& modules) {
  wasm::Coverage all;
  for (const auto& [name, module] : modules.all()) {
    if (module->executed.empty()) continue;
    const auto& parsed = module->program->module();
    const auto symbols = load_symbols(parsed, module->path);
    all.merge(own_files(wasm::covered(parsed, symbols, module->executed), module->directory()));
  }
  return all;
}

std::string tests_of(const Tally& tally) {
  auto text = counted(tally.passed + tally.failed, "test");
  if (tally.failed > 0) text += fmt::format(", {} failed", tally.failed);
  return text;
}

std::string title_of(const TestedModules& modules) {
  std::string title;
  for (const auto& [name, module] : modules.all()) {
    if (!title.empty()) title += ", ";
    title += std::filesystem::path(module->path).filename().native();
  }
  return title;
}

void say_where(Context& context, const TestOptions& options, const std::string& page) {
  if (!context.quiet && !options.json) context.err.print("{}: open it in a browser\n", page);
}

}  // namespace

void report_coverage(Context& context, const TestOptions& options, const TestedModules& modules,
                     const Tally& tally) {
  const auto coverage = coverage_of(modules);
  if (!options.lcov.empty()) base::write_file(options.lcov, to_lcov(coverage));
  if (options.coverage && !options.json) print_coverage(context, coverage);
  if (!options.coverage_html.empty()) {
    const CoveragePage page{title_of(modules), {tests_of(tally)}, coverage};
    base::write_file(options.coverage_html, to_html(page));
    say_where(context, options, options.coverage_html);
  }
  const auto reached = lines_of(coverage).percentage();
  if (options.fail_under && reached < *options.fail_under) {
    throw Error(Code::test_failed, fmt::format("{:.1f} % of the lines ran, less than {:g} %",
                                               reached, *options.fail_under));
  }
}

void write_profile(Context& context, const TestOptions& options, const TestedModules& modules,
                   const Tally& tally) {
  if (modules.all().size() > 1) {
    throw usage_error("--profile", "a page is of one module, and the suites name several")
        .hint("name one as SOURCE, or a suite with --suite");
  }
  const auto& module = *modules.all().begin()->second;
  const auto& parsed = module.program->module();
  const auto tree =
      make_flame_tree(*module.profile, parsed, load_symbols(parsed, module.path), module.placed);
  const ProfilePage page{title_of(modules), {tests_of(tally)}, tree, module.directory()};
  base::write_file(options.profile, to_html(page));
  say_where(context, options, options.profile);
}

}  // namespace wasmctl::cli
