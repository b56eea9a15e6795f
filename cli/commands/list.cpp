// wasmctl list: the tags of a repository or layout, the repositories of a registry, or what refers
// to an image.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/flags/registry_flags.hpp"
#include "oci/descriptor.hpp"
#include "oci/reference.hpp"
#include "registry/registry.hpp"

namespace wasmctl::cli {

namespace {

struct ListOptions {
  std::string name;
  bool referrers = false;
  std::string artifact_type;
  bool json = false;
  RegistryOptions registry;
};

std::vector<std::string> read_list(Context& context, const ListOptions& options) {
  const auto access = registry_options(context, options.registry);
  if (!options.name.starts_with("oci:") && options.name.find('/') == std::string::npos) {
    return registry::repositories(oci::parse_registry(options.name), access);
  }
  const auto reference = oci::parse_reference(options.name);
  return registry::open_store(reference, access)->tags();
}

// One line for each: its digest and what it is.
void list_referrers(Context& context, const ListOptions& options) {
  const auto reference = oci::parse_reference(options.name);
  const auto store = registry::open_store(reference, registry_options(context, options.registry));
  const auto subject = store->resolve(reference);
  if (!subject) {
    throw Error(Code::not_found, fmt::format("there is no image {}", oci::to_string(reference)));
  }
  const auto list = store->referrers(subject->digest, options.artifact_type);
  if (options.json) {
    auto array = nlohmann::json::array();
    for (const auto& referrer : list) array.push_back(oci::to_json(referrer));
    context.out.print_json(array);
    return;
  }
  for (const auto& referrer : list) {
    context.out.print("{}  {}\n", referrer.digest.text(),
                      referrer.artifact_type.value_or(referrer.media_type));
  }
}

void run_list(Context& context, const ListOptions& options) {
  if (options.referrers) return list_referrers(context, options);
  const auto list = read_list(context, options);
  if (options.json) {
    context.out.print_json(nlohmann::json(list));
    return;
  }
  for (const auto& name : list) context.out.print("{}\n", name);
}

}  // namespace

void add_list(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<ListOptions>();
  auto* app = root.add_subcommand(
      "list", "List a repository's tags, a registry's repositories, or an image's referrers");
  app->add_option(
         "NAME", options->name,
         "REGISTRY/REPOSITORY or oci:DIR for tags, REGISTRY for repositories, an image for "
         "its referrers")
      ->required();
  auto* referrers = app->add_flag("-r,--referrers", options->referrers,
                                  "List what refers to the image: signatures, SBOMs and the like");
  app->add_option("--artifact-type", options->artifact_type, "Only referrers of this type")
      ->type_name("TYPE")
      ->needs(referrers);
  app->add_flag("--json", options->json, "Print a JSON list");
  add_registry_options(*app, options->registry);
  app->footer(
      "Examples:\n"
      "  wasmctl list ghcr.io/acme/header-logger\n"
      "  wasmctl list localhost:5000\n"
      "  wasmctl list --referrers ghcr.io/acme/header-logger:v1");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_list(context, *options); };
  });
}

}  // namespace wasmctl::cli
