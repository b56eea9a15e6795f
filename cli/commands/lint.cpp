// wasmctl lint: will the proxy load this module?
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/first_stream.hpp"
#include "cli/flags/choice.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "cli/output/findings.hpp"
#include "cli/output/standard_output.hpp"
#include "cli/symbols.hpp"
#include "wasm/envoy_program.hpp"
#include "wasm/host_range.hpp"
#include "wasm/hosts.hpp"
#include "wasm/lint/fix.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

struct LintOptions {
  std::string source;
  std::string host;  // empty: any
  std::string output;
  bool fix = false;
  bool rules = false;
  bool markdown = false;
  FindingsOptions findings;
  BuildFlags build;
  RegistryOptions registry;
};

void print_rules(Output out) {
  for (const auto& rule : wasm::rules()) {
    out.print("{:<19} {:<8} {} [{}]\n", rule.name, to_string(rule.severity), rule.demand,
              to_string(rule.judge));
  }
}

// docs/lint-rules.md, which a test compares with this.
void print_rules_page(Output out) {
  out.print(
      "# The rules of `wasmctl lint`\n\n"
      "Made by `wasmctl lint --rules --markdown`. Errors are refused by `build`, `push` and "
      "`render`, too;\n`--no-lint` overrules.\n");
  for (const auto& rule : wasm::rules()) {
    out.print("\n## {}\n\n**{}**: {}. *{}.*\n\n{}\n", rule.name, to_string(rule.severity),
              rule.demand, to_string(rule.judge), rule.why);
  }
  out.print("\n## Hosts of `--for`\n\n");
  for (const auto& host : wasm::hosts()) {
    out.print("- `{}`: {}\n", host.name, host.title);
  }
  out.print(
      "- the path of an Envoy, as in `./envoy`: what that very program offers\n\n"
      "Without `--for`, a plugin's directory is judged for the oldest proxy that `hosts` in its "
      "wasmctl.yaml\nadmits, by `build`, `push` and `render`, too. Older ones than are listed here "
      "were not "
      "tested: they are\njudged as the oldest that is.\n");
}

void show(Context& context, const FindingsOptions& options, const std::string& file,
          const std::vector<Finding>& findings) {
  const auto rules = wasm::rules();
  print_findings(context, options, {rules.begin(), rules.end()}, findings);
  const auto errors = count(findings, Severity::error);
  if (!context.quiet) {
    context.err.print("{}: {}, {}, {}\n", file, counted(errors, "error"),
                      counted(count(findings, Severity::warning), "warning"),
                      counted(count(findings, Severity::note), "note"));
  }
  if (errors > 0) throw Refused{Code::unloadable};
}

// `mended` goes to `path`: leaves beside it what finds its lines, which it has no more.
void keep_lines(Context& context, const std::string& path, const std::string& original_path,
                const wasm::Module& original, const wasm::Module& mended) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return;
  const auto side = load_side(original, original_path);
  const auto kept = wasm::side_file_of(mended, original, side ? &*side : nullptr);
  if (!kept) return;
  const auto file = wasm::side_file(path);
  base::write_file(file, *kept);
  if (!context.quiet) {
    context.err.print("{}: names and lines of {}, for `wasmctl symbolize`\n", file.native(), path);
  }
}

// Mends the file, or writes what is mended to --output.
LocalModule fix(Context& context, const LintOptions& options, const LocalModule& source) {
  if (source.plugin) {
    throw Error(Code::usage, "--fix: mends a .wasm file; `wasmctl build` strips what it builds")
        .hint("name the file");
  }
  require_file("--output", options.output);
  const bool is_file = source.path == options.source;
  if (options.output.empty() && !is_file) {
    throw Error(Code::usage, "--fix: needs --output, unless SOURCE is a file");
  }
  const auto path = options.output.empty() ? source.path : options.output;
  const auto original = wasm::read_module(source.bytes, source.path);
  const auto mended = wasm::read_module(wasm::fixed(original), path);
  if (mended.bytes.view() != source.bytes.view())
    keep_lines(context, path, source.path, original, mended);
  if (mended.bytes.view() != source.bytes.view() || !options.output.empty()) {
    base::write_file(path, mended.bytes);
  }
  if (!context.quiet) {
    context.err.print("{}: {} bytes, {} less\n", path, mended.bytes.size(),
                      source.bytes.size() - mended.bytes.size());
  }
  return {mended.bytes, path, {}};
}

// A name, or the path of an Envoy: it has a slash in it.
class NamedHost {
 public:
  // Throws Error{Code::usage} for what is neither.
  NamedHost(Context& context, const std::string& text) {
    if (text.find('/') != std::string::npos) {
      program_.emplace(text);
      host_ = &program_->host();
    } else {
      host_ = &find(context, text);
    }
  }

  const wasm::Host* host() const { return host_; }

 private:
  static const wasm::Host& find(Context& context, const std::string& name);

  std::optional<wasm::EnvoyProgram> program_;
  const wasm::Host* host_ = nullptr;
};

const wasm::Host& NamedHost::find(Context& context, const std::string& name) {
  const auto found = wasm::find_host(name);
  if (!found) {
    std::vector<std::string_view> names;
    for (const auto& host : wasm::hosts()) names.push_back(host.name);
    throw refuse_word("--for", name, names)
        .hint("an Envoy is named by a path with a `/`: `./envoy`");
  }
  if (found->is_later && !context.quiet) {
    const auto& known = found->host.name;
    context.err.print("note: {} is not known yet: judged as {}\n", name,
                      known.substr(known.rfind('-') + 1));
  }
  return found->host;
}

void run_lint(Context& context, const LintOptions& options) {
  if (options.rules) {
    return options.markdown ? print_rules_page(context.out) : print_rules(context.out);
  }
  std::optional<NamedHost> named;
  if (!options.host.empty()) named.emplace(context, options.host);
  Images images(context, options.registry);
  auto source = read_module(context, parse_source(options.source), options.build, images);
  if (options.fix) source = fix(context, options, source);
  const auto module = wasm::read_module(source.bytes, source.path);
  const auto symbols = load_symbols(module, source.path);
  const auto* const host = named           ? named->host()
                           : source.plugin ? wasm::strictest_host(source.plugin->hosts)
                                           : nullptr;
  const auto failure = try_first_stream(
      source.bytes, source.plugin ? own_configuration(*source.plugin) : std::string());
  show(context, options.findings, source.path,
       wasm::lint({module, symbols, host, source.path, failure ? &*failure : nullptr}));
}

}  // namespace

void add_lint(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<LintOptions>();
  auto* app = root.add_subcommand("lint", "Say whether the proxy will load a module, and why not");
  app->add_option("SOURCE", options->source,
                  "A plugin's directory, a .wasm file, an image, or - for stdin")
      ->type_name("");
  app->add_option("--for", options->host,
                  "The proxy that it is meant for, as in istio-1.28, or an Envoy's path, as in "
                  "./envoy (default: `hosts` in wasmctl.yaml)")
      ->type_name("HOST");
  auto* fix =
      app->add_flag("--fix", options->fix,
                    "Mend what can be: drop debug information (into NAME.debug.wasm) and useless "
                    "exports");
  app->add_option("-o,--output", options->output, "With --fix: where the module goes")
      ->type_name("FILE")
      ->needs(fix);
  auto* rules = app->add_flag("--rules", options->rules, "List the rules");
  app->add_flag("--markdown", options->markdown, "With --rules: the page of the manual")
      ->needs(rules);
  add_findings_options(*app, options->findings);
  add_build_flags(*app, options->build);
  add_registry_options(*app, options->registry);
  app->footer(
      "Exit status 6 if there is an error.\n\n"
      "Examples:\n"
      "  wasmctl lint plugins/header-logger\n"
      "  wasmctl lint plugin.wasm --for istio-1.28\n"
      "  wasmctl lint plugin.wasm --json | jq '.[].rule'");
  app->callback([options, rules, &context, &action] {
    if (options->source.empty() && rules->count() == 0) throw CLI::RequiredError("SOURCE");
    action = [options, &context] { run_lint(context, *options); };
  });
}

}  // namespace wasmctl::cli
