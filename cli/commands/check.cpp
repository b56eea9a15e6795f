// wasmctl check: read manifests and say why the plugin would not load.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/label.hpp"
#include "cli/command.hpp"
#include "cli/flags/key_flags.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "cli/manifest_files.hpp"
#include "cli/output/findings.hpp"
#include "kube/check/check.hpp"
#include "kube/check/config_check.hpp"
#include "kube/check/image_check.hpp"
#include "kube/check/module_facts.hpp"
#include "plugin/config_schema.hpp"
#include "registry/registry.hpp"
#include "sign/image_signature.hpp"
#include "wasm/host_range.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

struct CheckOptions {
  std::vector<std::string> arguments;  // files, named without a flag
  std::vector<std::string> files;      // with one
  std::vector<std::string> before;
  std::string ns = "default";
  std::string module;
  bool images = false;
  std::string verify_key;
  bool rules = false;
  bool markdown = false;
  FindingsOptions findings;
  BuildFlags build;
  RegistryOptions registry;
};

struct Row {
  Rule rule;
  std::string_view needs = {};
};

std::vector<Row> all_rules() {
  std::vector<Row> rows;
  for (const auto& rule : kube::manifest_rules()) rows.push_back({rule});
  for (const auto& rule : kube::image_check_rules()) rows.push_back({rule, " (needs --images)"});
  rows.push_back({kube::kSignedRule, " (needs --verify-key)"});
  rows.push_back({kube::kConfigSchemaRule, " (needs --images or --module)"});
  return rows;
}

void print_manifest_rules(Output out) {
  for (const auto& [rule, needs] : all_rules()) {
    out.print("{:<22} {:<8} {}{}\n", rule.name, to_string(rule.severity), rule.demand, needs);
  }
}

// docs/check-rules.md, which a test compares with this.
void print_manifest_rules_page(Output out) {
  out.print(
      "# The rules of `wasmctl check`\n\n"
      "Made by `wasmctl check --rules --markdown`. Each finding says what to do. An error cannot "
      "work, and makes\nthe exit status 3; a warning may work, but probably not as meant.\n\n"
      "| rule | | what it demands |\n|---|---|---|\n");
  for (const auto& [rule, needs] : all_rules()) {
    out.print("| `{}` | {} | {}{} |\n", rule.name, to_string(rule.severity), rule.demand, needs);
  }
}

class Checker {
 public:
  Checker(Context& context, const CheckOptions& options)
      : context_(context), options_(options), images_(context, options.registry) {}

  std::vector<Finding> run() {
    auto files = options_.arguments;
    files.insert(files.end(), options_.files.begin(), options_.files.end());
    inventory_ = read_inventory(files, options_.ns);
    if (!options_.module.empty()) add_module();
    if (!options_.before.empty()) before_ = read_inventory(options_.before, options_.ns);
    add(kube::check_manifests(inventory_, options_.before.empty() ? nullptr : &before_));
    if (options_.images) {
      add(kube::check_images(inventory_, [this](const oci::Reference& reference) -> auto& {
        return images_.open(reference);
      }));
    }
    if (!options_.verify_key.empty()) check_signatures();
    return std::move(findings_);
  }

  const kube::Inventory& inventory() const { return inventory_; }

 private:
  // What `wasmctl lint` says of it.
  void add_module() {
    const auto module =
        read_module(context_, parse_source(options_.module), options_.build, images_);
    const auto read = wasm::read_module(module.bytes, module.path);
    const auto hosts = module.plugin ? module.plugin->hosts : std::vector<wasm::HostRange>();
    add(wasm::lint({read, wasm::Symbols(read), wasm::strictest_host(hosts), module.path}));
    inventory_.module = kube::facts_of(read);
    inventory_.module->hosts = hosts;
    if (module.plugin) inventory_.module->plugin = module.plugin->name;
    const auto schema = module.plugin ? plugin::schema_file(*module.plugin) : std::nullopt;
    if (!schema) return;
    const auto value = plugin::read_schema(*schema);
    for (const auto& plugin : inventory_.plugins) {
      if (inventory_.plugins.size() > 1 && plugin.name != module.plugin->name) continue;
      add(kube::check_config(inventory_, plugin, value, schema->native()));
    }
  }

  void check_signatures() {
    const auto key = read_public_key(context_, options_.verify_key);
    add(kube::check_signatures(inventory_, [&](const oci::Reference& image) -> std::string {
      const auto store = registry::open_store(image, registry_options(context_, options_.registry));
      try {
        sign::verify_image(*store, image, key, options_.verify_key);
        return "";
      } catch (const Error& error) {
        if (error.code() != Code::verification && error.code() != Code::not_found) throw;
        return error.message();
      }
    }));
  }

  void add(std::vector<Finding> findings) {
    std::ranges::move(findings, std::back_inserter(findings_));
  }

  Context& context_;
  const CheckOptions& options_;
  Images images_;
  kube::Inventory inventory_;
  kube::Inventory before_;
  std::vector<Finding> findings_;
};

std::vector<Rule> every_rule() {
  std::vector<Rule> rules = {kube::kConfigSchemaRule, kube::kSignedRule};
  for (const auto& rule : kube::image_check_rules()) rules.push_back(rule);
  for (const auto& rule : kube::manifest_rules()) rules.push_back(rule);
  for (const auto& rule : wasm::rules()) rules.push_back(rule);
  return rules;
}

void run_check(Context& context, const CheckOptions& options) {
  if (options.rules) {
    return options.markdown ? print_manifest_rules_page(context.out)
                            : print_manifest_rules(context.out);
  }
  if (options.files.empty() && options.arguments.empty()) {
    throw Error(Code::usage, "-f FILE is missing").hint("see `wasmctl check --help`");
  }
  if (const auto why = base::refuse_label(options.ns)) {
    throw Error(Code::usage, fmt::format("--namespace: the name {}", *why));
  }
  Checker checker(context, options);
  const auto findings = checker.run();
  print_findings(context, options.findings, every_rule(), findings);
  const auto errors = count(findings, Severity::error);
  const auto& inventory = checker.inventory();
  if (!context.quiet) {
    for (const auto& note : inventory.notes) context.err.print("note: {}\n", note);
    context.err.print("{} and {} in {}: {}, {}\n", counted(inventory.plugins.size(), "plugin"),
                      counted(inventory.workloads.size(), "workload"),
                      counted(inventory.files.size(), "file"), counted(errors, "error"),
                      counted(count(findings, Severity::warning), "warning"));
  }
  if (errors > 0) throw Refused{Code::bad_input};
}

}  // namespace

void add_check(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<CheckOptions>();
  auto* app = root.add_subcommand("check", "Read manifests and say why a plugin would not load");
  app->add_option("FILE", options->arguments, "As with -f")->type_name("");
  app->add_option("-f,--file", options->files, "A manifest, a directory of them, or - for stdin")
      ->type_name("FILE");
  app->add_option("-n,--namespace", options->ns, "Where objects without a namespace go")
      ->type_name("NS")
      ->capture_default_str();
  app->add_option("-m,--module", options->module,
                  "The plugin's module, as SOURCE of other commands: its lint, and what it does")
      ->type_name("MODULE");
  app->add_option("--before", options->before,
                  "The manifests as they are in the cluster now, for what only a change shows")
      ->type_name("FILE");
  app->add_flag("--images", options->images, "Ask the registries about the plugins' images, too");
  app->add_option("--verify-key", options->verify_key,
                  "Demand that each plugin is an image which this public key has signed")
      ->type_name("FILE");
  auto* rules = app->add_flag("--rules", options->rules, "List the rules");
  app->add_flag("--markdown", options->markdown, "With --rules: the page of the manual")
      ->needs(rules);
  add_findings_options(*app, options->findings);
  add_build_flags(*app, options->build);
  add_registry_options(*app, options->registry);
  app->footer(
      "Exit status 3 if there is an error.\n\n"
      "Examples:\n"
      "  wasmctl check -f manifests/ -f bookinfo.yaml\n"
      "  wasmctl check -f manifests/ --module plugins/header-logger\n"
      "  wasmctl render plugins/auth -l app=web | wasmctl check -f - -f web.yaml");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_check(context, *options); };
  });
}

}  // namespace wasmctl::cli
