// wasmctl pull: the Wasm module of an image, verified, as a file.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "cli/output/standard_output.hpp"
#include "oci/reference.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

struct PullOptions {
  std::string image;
  std::string output;
  bool json = false;
  RegistryOptions registry;
};

// The last word of the repository, or the layout's name.
std::string default_output(const oci::Reference& reference) {
  if (!reference.is_layout()) {
    return reference.repository.substr(reference.repository.rfind('/') + 1) + ".wasm";
  }
  const auto name = std::filesystem::absolute(reference.directory).lexically_normal();
  const auto last = name.has_filename() ? name.filename() : name.parent_path().filename();
  return last.native() + ".wasm";
}

void run_pull(Context& context, const PullOptions& options) {
  const bool to_stdout = is_standard_output(options.output);
  if (to_stdout && options.json) {
    throw Error(Code::usage, "the module and the JSON cannot both go to standard output")
        .hint("name a file with -o, or leave --json out");
  }
  const auto reference = oci::parse_reference(options.image);
  Images images(context, options.registry);
  auto& image = images.open(reference);
  const auto module = image.module();
  wasm::parse_module(module.content, image.name());
  warn_of_choice(image, module);

  const auto output = options.output.empty() ? default_output(reference) : options.output;
  base::AtomicFile file(to_stdout ? "/dev/stdout" : output);
  module.content.read([&](std::string_view piece) { file.write(piece); });
  file.commit();
  if (options.json) {
    context.out.print_json({{"file", output},
                            {"size", module.content.size()},
                            {"digest", module.manifest.digest.text()},
                            {"mediaType", module.manifest.media_type}});
  } else if (!to_stdout) {
    context.out.print("{}\n", output);
  }
}

}  // namespace

void add_pull(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<PullOptions>();
  auto* app = root.add_subcommand("pull", "Download an image's Wasm module; print the file's path");
  app->add_option("IMAGE", options->image, "REGISTRY/REPOSITORY[:TAG][@DIGEST], or oci:DIR[:TAG]")
      ->required();
  app->add_option(
         "-o,--output", options->output,
         "The module's file, or `-` for stdout (default: the repository's last word and .wasm)")
      ->type_name("FILE");
  app->add_flag("--json", options->json,
                "Print the file, its size and the manifest's digest as JSON");
  add_registry_options(*app, options->registry);
  app->footer(
      "Reads images of every format that `wasmctl push` writes, and other tools' images with a\n"
      "plugin.wasm. The file appears only when every digest fits.\n"
      "\n"
      "Examples:\n"
      "  wasmctl pull ghcr.io/acme/header-logger:v1 -o header-logger.wasm");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_pull(context, *options); };
  });
}

}  // namespace wasmctl::cli
