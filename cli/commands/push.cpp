// wasmctl push: package a module as an image and send it to a registry or an image layout.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/flags/annotations.hpp"
#include "cli/flags/choice.hpp"
#include "cli/flags/epoch.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "cli/flags/statements.hpp"
#include "cli/output/image_json.hpp"
#include "oci/consumers.hpp"
#include "oci/image.hpp"
#include "oci/reference.hpp"
#include "plugin/config_schema.hpp"
#include "registry/registry.hpp"
#include "wasm/hostcalls.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

struct PushOptions {
  std::string source;
  std::string image;
  oci::Format format = oci::Format::image;
  AnnotationOptions annotations;
  bool json = false;
  Lint lint = Lint::refuse;
  StatementFlags statements;
  BuildFlags build;
  RegistryOptions registry;
};

// What was asked for and cannot be kept is refused, not dropped.
void check_annotations(const PushOptions& options) {
  if (oci::row_of(options.format).has_annotations || !has_annotations(options.annotations)) return;
  std::vector<std::string_view> others;
  for (const auto& row : oci::formats()) {
    if (row.has_annotations) others.push_back(row.name);
  }
  throw Error(
      Code::usage,
      fmt::format("--annotation, --source and --revision annotate the manifest, and that of "
                  "--format {} has no annotations",
                  oci::row_of(options.format).name))
      .hint(fmt::format("leave them out, or choose another --format: {}", fmt::join(others, ", ")));
}

// The argument, or what wasmctl.yaml says: its image, tagged with its version.
oci::Reference target(const PushOptions& options, const LocalModule& module) {
  if (!options.image.empty()) return oci::parse_reference(options.image);
  const auto reference = module.plugin ? default_reference(*module.plugin) : std::nullopt;
  if (!reference) {
    throw Error(Code::usage, "there is no IMAGE to push to")
        .hint(
            "name it: `wasmctl push SOURCE IMAGE`, or write `image:` into the plugin's "
            "wasmctl.yaml");
  }
  return *reference;
}

oci::ImageOptions image_options(const Context& context, const PushOptions& options,
                                const LocalModule& module) {
  oci::ImageOptions result;
  result.format = options.format;
  result.created = created_at(context);
  result.annotations = annotations(options.annotations, module);
  const auto& format = oci::row_of(result.format);
  if (!format.has_annotations && !result.annotations.empty()) {
    base::log_warning(fmt::format(
        "the manifest of --format {} has no annotations: those of wasmctl.yaml are left out",
        format.name));
  }
  if (const auto file = module.plugin ? plugin::schema_file(*module.plugin) : std::nullopt) {
    result.config_schema = plugin::read_schema(*file).dump();
  }
  if (const auto abi = wasm::abi_version(wasm::parse_module(module.bytes, module.path))) {
    result.abi_version = to_string(*abi);
  }
  return result;
}

// The pinned name: of an index, that of the child which Istio loads, since Istio takes no index's.
void print_result(Context& context, const PushOptions& options, const oci::Reference& reference,
                  const oci::Image& image) {
  const auto& manifest = image.manifest.descriptor;
  const auto pin = oci::istio_pin(image);
  const auto pushed = oci::to_string(oci::pinned(reference, pin.value_or(manifest.digest)));
  if (options.json) {
    auto result = image_json(manifest);
    result["image"] = pushed;
    if (pin) result["istioSha256"] = pin->hex();
    context.out.print_json(result);
    return;
  }
  context.out.print("{}\n", pushed);
  if (!context.quiet && !image.children.empty()) {
    context.err.print("the index itself is {}\n", manifest.digest.text());
  }
}

void run_push(Context& context, const PushOptions& options) {
  check_annotations(options);
  Statements statements(context, options.statements, options.build);
  // A mistyped IMAGE is found before the plugin is built.
  std::jthread connecting;
  if (!options.image.empty()) {
    connecting = registry::preconnect(oci::parse_reference(options.image));
  }
  const auto module =
      load_module(context, parse_source(options.source), options.build, options.lint);
  const auto reference = target(options, module);
  const auto image_flags = image_options(context, options, module);
  const auto image = oci::make_image(module.bytes, image_flags);
  const auto& manifest = image.manifest.descriptor;
  if (reference.digest && *reference.digest != manifest.digest) {
    throw Error(Code::verification,
                fmt::format("{} has another digest: {}", options.source, manifest.digest.text()))
        .hint("leave the digest out of IMAGE");
  }

  const auto store = registry::open_store(reference, registry_options(context, options.registry));
  store->push(image, reference);
  statements.add(*store, reference, image, module, image_flags.annotations);

  print_result(context, options, reference, image);
}

}  // namespace

void add_push(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<PushOptions>();
  auto* app =
      root.add_subcommand("push", "Package a module as an image and upload it; print its digest");
  app->add_option("SOURCE", options->source,
                  "A plugin's directory, which is built, or a .wasm file")
      ->required();
  app->add_option("IMAGE", options->image,
                  "REGISTRY/REPOSITORY[:TAG], or oci:DIR[:TAG] for a directory "
                  "(default: wasmctl.yaml's `image`, its `version` as the tag)");
  std::vector<Choice<oci::Format>> formats;
  std::string meanings;
  for (const auto& row : oci::formats()) {
    formats.push_back({row.name, row.format});
    meanings += fmt::format("{}{}: {}", meanings.empty() ? "" : "; ", row.name, row.meaning);
  }
  add_choice(*app, "--format", options->format, formats, meanings)
      ->default_str(std::string(word_of(formats, options->format)));
  add_annotation_options(*app, options->annotations);
  add_statement_flags(*app, options->statements);
  add_lint_option(*app, options->lint);
  app->add_flag("--json", options->json,
                "Print the image, its digest, media type and size as JSON");
  add_build_flags(*app, options->build);
  add_registry_options(*app, options->registry);
  add_upload_options(*app, options->registry);
  app->footer(
      "Prints IMAGE@sha256:..., the name under which the image can never change.\n"
      "Credentials are those of docker or podman (config.json, auth.json, credential helpers).\n"
      "\n"
      "Examples:\n"
      "  wasmctl push plugins/header-logger ghcr.io/acme/header-logger:v1\n"
      "  wasmctl push header-logger.wasm oci:layout:v1\n"
      "  wasmctl push plugins/auth --sign cosign.key --sbom --provenance --revision git");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_push(context, *options); };
  });
}

}  // namespace wasmctl::cli
