// wasmctl check: read manifests and say why the plugin would not load.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/findings.hpp"
#include "kube/check.hpp"
#include "kube/names.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{1} << 29U;

struct CheckOptions {
  std::vector<std::string> files;
  std::string ns = "default";
  bool rules = false;
  bool json = false;
  bool sarif = false;
};

void print_rules(std::ostream& out) {
  for (const auto& rule : kube::manifest_rules()) {
    out << fmt::format("{:<21} {:<8} {}\n", rule.name, to_string(rule.severity), rule.demand);
  }
}

bool is_manifest(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.extension() == ".json";
}

// The files of directories, sorted, so that the order is the same everywhere.
std::vector<fs::path> collect_files(const std::vector<std::string>& names) {
  std::vector<fs::path> files;
  for (const auto& name : names) {
    std::error_code error;
    if (!fs::is_directory(name, error)) {
      files.emplace_back(name == "-" ? "/dev/stdin" : name);
      continue;
    }
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(name, error)) {
      if (entry.is_regular_file() && is_manifest(entry.path())) found.push_back(entry.path());
    }
    if (error) throw Error(Code::io, fmt::format("cannot read {}: {}", name, error.message()));
    std::ranges::sort(found);
    std::ranges::move(found, std::back_inserter(files));
  }
  return files;
}

kube::Inventory read_files(const CheckOptions& options) {
  kube::Inventory inventory;
  for (const auto& path : collect_files(options.files)) {
    const auto name = path == "/dev/stdin" ? std::string("stdin") : path.native();
    kube::read_manifests(inventory, base::read_file(path, kMaxManifestBytes), name, options.ns);
  }
  return inventory;
}

void print_text(std::ostream& out, const kube::Inventory& inventory,
                const std::vector<kube::ManifestFinding>& findings) {
  for (const auto& finding : findings) {
    const auto place = yaml::place(inventory.files[finding.site.file], finding.site.mark);
    out << fmt::format("{}: {}: {} [{}]\n", place, to_string(finding.severity), finding.message,
                       finding.rule);
    if (!finding.hint.empty()) out << fmt::format("  hint: {}\n", finding.hint);
  }
}

nlohmann::json to_json(const kube::Inventory& inventory,
                       const std::vector<kube::ManifestFinding>& findings) {
  auto list = nlohmann::json::array();
  for (const auto& finding : findings) {
    list.push_back({{"file", inventory.files[finding.site.file]},
                    {"line", finding.site.mark.line},
                    {"column", finding.site.mark.column},
                    {"rule", finding.rule},
                    {"severity", to_string(finding.severity)},
                    {"message", finding.message},
                    {"hint", finding.hint}});
  }
  return list;
}

nlohmann::json sarif_of(const kube::Inventory& inventory,
                        const std::vector<kube::ManifestFinding>& findings) {
  std::vector<SarifRule> rules;
  for (const auto& rule : kube::manifest_rules()) rules.push_back({rule.name, rule.demand});
  std::vector<SarifResult> results;
  results.reserve(findings.size());
  for (const auto& finding : findings) {
    results.push_back({finding.rule, to_string(finding.severity), finding.message, finding.hint,
                       inventory.files[finding.site.file], finding.site.mark.line,
                       finding.site.mark.column});
  }
  return to_sarif(rules, results);
}

void run_check(Context& context, const CheckOptions& options) {
  if (options.rules) return print_rules(context.out);
  if (options.files.empty()) {
    throw Error(Code::usage, "-f FILE is missing").hint("see `wasmctl check --help`");
  }
  if (const auto why = kube::refuse_label(options.ns)) {
    throw Error(Code::usage, fmt::format("--namespace: the name {}", *why));
  }
  const auto inventory = read_files(options);
  const auto findings = kube::check_manifests(inventory);
  if (options.json || options.sarif) {
    context.out
        << (options.sarif ? sarif_of(inventory, findings) : to_json(inventory, findings)).dump(2)
        << '\n';
  } else {
    print_text(context.out, inventory, findings);
  }
  const auto errors = static_cast<std::size_t>(
      std::ranges::count(findings, kube::Severity::error, &kube::ManifestFinding::severity));
  if (!context.quiet) {
    context.err << fmt::format(
        "{} and {} in {}: {}, {}\n", counted(inventory.plugins.size(), "plugin"),
        counted(inventory.workloads.size(), "workload"), counted(inventory.files.size(), "file"),
        counted(errors, "error"), counted(findings.size() - errors, "warning"));
  }
  if (errors > 0) throw Refused{Code::bad_input};
}

}  // namespace

void add_check(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<CheckOptions>();
  auto* app = root.add_subcommand("check", "Read manifests and say why a plugin would not load");
  app->add_option("-f,--file", options->files, "A manifest, a directory of them, or - for stdin")
      ->type_name("FILE");
  app->add_option("-n,--namespace", options->ns, "Where objects without a namespace go")
      ->type_name("NS")
      ->capture_default_str();
  app->add_flag("--rules", options->rules, "List the rules");
  auto* json = app->add_flag("--json", options->json, "The findings as JSON");
  app->add_flag("--sarif", options->sarif, "The findings as SARIF 2.1.0")->excludes(json);
  app->footer(
      "Exit status 3 if there is an error.\n\n"
      "Examples:\n"
      "  wasmctl check -f manifests/ -f bookinfo.yaml\n"
      "  wasmctl render plugins/header-logger --selector app=web | wasmctl check -f - -f web.yaml");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_check(context, *options); };
  });
}

}  // namespace wasmctl::cli
