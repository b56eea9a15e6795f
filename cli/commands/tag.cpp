// wasmctl tag: more names for an image that is in a registry or layout already.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "cli/command.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/output/image_json.hpp"
#include "oci/reference.hpp"
#include "registry/registry.hpp"

namespace wasmctl::cli {

namespace {

// Each is one small request, so to a far registry the way is what takes the time.
constexpr std::size_t kMaxAtOnce = 8;

struct TagOptions {
  std::string image;
  std::vector<std::string> tags;
  bool json = false;
  RegistryOptions registry;
};

void check_tags(const std::vector<std::string>& tags) {
  for (const auto& tag : tags) {
    if (!oci::is_tag(tag)) {
      throw Error(Code::usage, fmt::format("tag `{}` is not 1 to 128 letters, digits, `_`, `.` or "
                                           "`-`, the first no `.` or `-`",
                                           tag));
    }
  }
}

void print_names(Context& context, const TagOptions& options, const oci::Descriptor& manifest,
                 const std::vector<std::string>& names) {
  if (options.json) {
    auto result = image_json(manifest);
    result["images"] = names;
    context.out.print_json(result);
    return;
  }
  for (const auto& name : names) context.out.print("{}\n", name);
}

// The error is that of one tag, but others may have failed beside it, or were not begun.
void name_the_unset(Error& error, const std::vector<std::string>& tags,
                    const std::vector<std::string>& names) {
  std::vector<std::string> unset;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (names[i].empty()) unset.push_back(tags[i]);
  }
  if (unset.size() > 1) error.hint(fmt::format("not set: {}", fmt::join(unset, ", ")));
}

void run_tag(Context& context, const TagOptions& options) {
  const auto reference = oci::parse_reference(options.image);
  check_tags(options.tags);
  const auto store = registry::open_store(reference, registry_options(context, options.registry));
  const auto manifest = store->fetch_manifest(reference);
  oci::parse_manifest(manifest, oci::to_string(reference));  // one that others read, too
  std::vector<std::string> names(options.tags.size());       // empty where the tag is not set
  // A layout has one index, in which they stand in the order given.
  const auto at_once = reference.is_layout() ? 1 : kMaxAtOnce;
  try {
    base::for_each_at_once(options.tags.size(), at_once, [&](std::size_t i) {
      auto named = oci::pinned(reference, manifest.descriptor.digest);
      named.tag = options.tags[i];
      store->push_manifest(manifest, named);
      names[i] = oci::to_string(named);
    });
  } catch (Error& error) {
    name_the_unset(error, options.tags, names);
    std::erase(names, "");
    if (!names.empty()) print_names(context, options, manifest.descriptor, names);
    throw;
  }
  print_names(context, options, manifest.descriptor, names);
}

}  // namespace

void add_tag(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<TagOptions>();
  auto* app = root.add_subcommand("tag", "Give an image another tag, without downloading it");
  app->add_option("IMAGE", options->image, "REGISTRY/REPOSITORY[:TAG][@DIGEST], or oci:DIR[:TAG]")
      ->required();
  app->add_option("TAG", options->tags, "The new tags")->required();
  app->add_flag("--json", options->json,
                "Print the images, their digest, media type and size as JSON");
  add_registry_options(*app, options->registry);
  app->footer(
      "Prints the image's names by its new tags, each pinned by its digest.\n"
      "\n"
      "Examples:\n"
      "  wasmctl tag ghcr.io/acme/header-logger:v1.2.3 v1.2 v1 latest");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_tag(context, *options); };
  });
}

}  // namespace wasmctl::cli
