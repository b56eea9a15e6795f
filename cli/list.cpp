// wasmctl list: the tags of a repository or layout, or the repositories of a registry.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/command.hpp"
#include "cli/registry_options.hpp"
#include "oci/reference.hpp"
#include "registry/repository.hpp"

namespace wasmctl::cli {

namespace {

struct ListOptions {
  std::string name;
  bool json = false;
  RegistryOptions registry;
};

std::vector<std::string> read_list(Context& context, const ListOptions& options) {
  const auto access = registry_options(context, options.registry);
  if (!options.name.starts_with("oci:") && options.name.find('/') == std::string::npos) {
    return registry::repositories(oci::parse_registry(options.name), access);
  }
  const auto reference = oci::parse_reference(options.name);
  return registry::open_repository(reference, access)->tags();
}

void run_list(Context& context, const ListOptions& options) {
  const auto list = read_list(context, options);
  if (options.json) {
    context.out << nlohmann::json(list).dump(2) << '\n';
    return;
  }
  for (const auto& name : list) context.out << name << '\n';
}

}  // namespace

void add_list(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<ListOptions>();
  auto* app = root.add_subcommand("list", "List a repository's tags, or a registry's repositories");
  app->add_option("NAME", options->name,
                  "REGISTRY/REPOSITORY or oci:DIR for tags, REGISTRY for repositories")
      ->required();
  app->add_flag("--json", options->json, "Print a JSON list");
  add_registry_options(*app, options->registry);
  app->footer(
      "Examples:\n"
      "  wasmctl list ghcr.io/acme/header-logger\n"
      "  wasmctl list localhost:5000");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_list(context, *options); };
  });
}

}  // namespace wasmctl::cli
