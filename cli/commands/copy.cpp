// wasmctl copy: an image from one registry or layout to another, byte for byte.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/output/image_json.hpp"
#include "oci/copy.hpp"
#include "oci/layout.hpp"
#include "oci/reference.hpp"
#include "registry/registry.hpp"

namespace wasmctl::cli {

namespace {

struct CopyOptions {
  std::string source;
  std::string target;
  bool referrers = false;
  bool json = false;
  EndsOptions registry;
};

// No tag moves that nobody named: SOURCE's tag, or its digest alone.
void choose_tag(oci::Store& from, const oci::Reference& source, oci::Reference& target) {
  if (target.tag || target.digest) return;
  // Names that other tools give in layouts are no tags.
  if (source.tag && (target.is_layout() || oci::is_tag(*source.tag))) {
    target.tag = source.tag;
    return;
  }
  target.digest = source.digest;
  if (source.digest || !source.is_layout()) return;
  // A layout's only image need not be called `latest`.
  const auto found = from.resolve(source);
  if (!found) return;
  const auto tag = found->annotations.find(oci::kRefName);
  if (tag != found->annotations.end() && oci::is_tag(tag->second)) {
    target.tag = tag->second;
  } else {
    target.digest = found->digest;
  }
}

void print_result(Context& context, const CopyOptions& options, const std::string& image,
                  const oci::Copied& copied) {
  if (options.json) {
    auto result = image_json(copied.manifest);
    result["image"] = image;
    if (options.referrers) result["referrers"] = nlohmann::json::array();
    for (const auto& referrer : copied.referrers) {
      result["referrers"].push_back(oci::to_json(referrer));
    }
    context.out.print_json(result);
    return;
  }
  context.out.print("{}\n", image);
  if (options.referrers && !context.quiet) {
    const auto count = copied.referrers.size();
    context.err.print("with {} referrer{}\n", count, count == 1 ? "" : "s");
  }
}

void run_copy(Context& context, const CopyOptions& options) {
  const auto source = oci::parse_reference(options.source);
  auto target = oci::parse_reference(options.target);
  auto access = registry_options(context, options.registry);
  // What comes from one registry goes to the other at once, and counts once.
  if (!source.is_layout() && !target.is_layout()) access.source.progress = nullptr;
  const auto from = registry::open_store(source, access.source);
  const auto to = registry::open_store(target, access.target);
  choose_tag(*from, source, target);
  const auto copied =
      oci::copy_image(*from, source, *to, target,
                      options.referrers ? oci::WithReferrers::yes : oci::WithReferrers::no);
  const auto image = oci::to_string(oci::pinned(target, copied.manifest.digest));
  print_result(context, options, image, copied);
}

}  // namespace

void add_copy(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<CopyOptions>();
  auto* app = root.add_subcommand("copy", "Copy an image between registries and image layouts");
  app->add_option("SOURCE", options->source,
                  "The image: REGISTRY/REPOSITORY[:TAG][@DIGEST], or oci:DIR[:TAG]")
      ->required();
  app->add_option("TARGET", options->target,
                  "Where it goes (by default under SOURCE's tag, or its digest alone)")
      ->required();
  app->add_flag("-r,--referrers", options->referrers,
                "Copy what refers to the image, too: signatures, SBOMs and the like");
  app->add_flag("--json", options->json,
                "Print the image, its digest, media type and size as JSON");
  add_upload_options(*app, options->registry.both);
  add_registry_options(*app, options->registry);
  app->footer(
      "Of an index, all that it lists is copied. What TARGET has already is not sent again.\n"
      "\n"
      "Examples:\n"
      "  wasmctl copy ghcr.io/acme/header-logger:v1 registry.example.com/mirror/hl\n"
      "  wasmctl copy oci:layout:v1 ghcr.io/acme/header-logger:v1\n"
      "  wasmctl copy --from-plain-http --to-ca-file ca.pem \\\n"
      "    lab.example:5000/header-logger:v1 registry.example.com/header-logger");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_copy(context, *options); };
  });
}

}  // namespace wasmctl::cli
