// wasmctl lint: will the proxy load this module?
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/findings.hpp"
#include "cli/registry_options.hpp"
#include "cli/source.hpp"
#include "wasm/lint.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

struct LintCommand {
  std::string source;
  bool rules = false;
  bool json = false;
  bool sarif = false;
  RegistryOptions registry;
};

void print_rules(std::ostream& out) {
  for (const auto& rule : wasm::rules()) {
    out << fmt::format(
        "{:<19} {:<8} {} [{}]\n", rule.name, to_string(rule.severity), rule.demand,
        rule.judge == wasm::Judge::envoy ? "tested against Envoy" : "by specification");
  }
}

void print_text(std::ostream& out, const std::string& file,
                const std::vector<wasm::Finding>& findings) {
  for (const auto& finding : findings) {
    out << fmt::format("{}: {}: {} [{}]\n", file, to_string(finding.severity), finding.message,
                       finding.rule);
    if (!finding.hint.empty()) out << fmt::format("  hint: {}\n", finding.hint);
  }
}

nlohmann::json to_json(const std::string& file, const std::vector<wasm::Finding>& findings) {
  auto list = nlohmann::json::array();
  for (const auto& finding : findings) {
    list.push_back({{"file", file},
                    {"rule", finding.rule},
                    {"severity", to_string(finding.severity)},
                    {"message", finding.message},
                    {"hint", finding.hint},
                    {"subject", finding.subject}});
  }
  return list;
}

nlohmann::json sarif_of(const std::string& file, const std::vector<wasm::Finding>& findings) {
  std::vector<SarifRule> rules;
  for (const auto& rule : wasm::rules()) rules.push_back({rule.name, rule.demand});
  std::vector<SarifResult> results;
  results.reserve(findings.size());
  for (const auto& finding : findings) {
    results.push_back(
        {finding.rule, to_string(finding.severity), finding.message, finding.hint, file});
  }
  return to_sarif(rules, results);
}

void run_lint(Context& context, const LintCommand& command) {
  if (command.rules) return print_rules(context.out);
  const auto module = read_unchecked(context, command.source, command.registry);
  const auto findings = wasm::lint(wasm::read_module(module.bytes, module.path));
  if (command.json || command.sarif) {
    const auto document =
        command.sarif ? sarif_of(module.path, findings) : to_json(module.path, findings);
    context.out << document.dump(2) << '\n';
  } else {
    print_text(context.out, module.path, findings);
  }
  std::array<std::size_t, 3> counts{};
  for (const auto& finding : findings) ++counts.at(static_cast<std::size_t>(finding.severity));
  if (!context.quiet) {
    context.err << fmt::format("{}: {}, {}, {}\n", module.path, counted(counts[0], "error"),
                               counted(counts[1], "warning"), counted(counts[2], "note"));
  }
  if (counts[0] > 0) throw Refused{Code::unloadable};
}

}  // namespace

void add_lint(CLI::App& root, Context& context, Action& action) {
  auto command = std::make_shared<LintCommand>();
  auto* app = root.add_subcommand("lint", "Say whether the proxy will load a module, and why not");
  app->add_option("SOURCE", command->source,
                  "A plugin's directory, a .wasm file, an image, or - for stdin")
      ->type_name("");
  auto* rules = app->add_flag("--rules", command->rules, "List the rules");
  auto* json = app->add_flag("--json", command->json, "The findings as JSON");
  app->add_flag("--sarif", command->sarif, "The findings as SARIF 2.1.0")->excludes(json);
  add_registry_options(*app, command->registry);
  app->footer(
      "Exit status 6 if there is an error.\n\n"
      "Examples:\n"
      "  wasmctl lint plugins/header-logger\n"
      "  wasmctl lint plugin.wasm --json | jq '.[].rule'");
  app->callback([command, rules, &context, &action] {
    if (command->source.empty() && rules->count() == 0) throw CLI::RequiredError("SOURCE");
    action = [command, &context] { run_lint(context, *command); };
  });
}

}  // namespace wasmctl::cli
