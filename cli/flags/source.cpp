#include "cli/flags/source.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>

#include "base/error.hpp"
#include "base/log.hpp"
#include "oci/reference.hpp"
#include "registry/image_module.hpp"
#include "registry/image_tree.hpp"
#include "registry/repository.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

bool looks_like_path(const std::string& text) {
  return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") ||
         text == "." || text == ".." || text.ends_with('/') || text.ends_with(".wasm");
}

LocalModule load_file(const std::string& path, Lint lint) {
  LocalModule module{base::Content::of_file(path, wasm::kMaxModuleBytes), path, {}};
  if (lint == Lint::refuse) {
    wasm::require_loadable(module.bytes, path);
  } else {
    wasm::parse_module(module.bytes, path);  // a module at all
  }
  return module;
}

// What the directory held until now was another module.
void warn_of_lost_flags(const plugin::Plugin& plugin, const std::string& flags) {
  if (flags.empty()) return;
  base::log_warning(fmt::format(
      "{} was last built with `{}`, and is now without: give these flags again, or write "
      "them into {}",
      plugin.name, flags, (plugin.directory / plugin::kFileName).native()));
}

LocalModule load_directory(Context& context, const std::string& directory, BuildFlags flags,
                           Lint lint) {
  flags.build.lint = lint == Lint::refuse;
  auto plugin = load_plugin(directory, flags);
  const auto built = build_plugin(context, plugin, flags);
  warn_of_lost_flags(plugin, built.lost_flags);
  return {base::Content::of_file(built.module, wasm::kMaxModuleBytes), built.module.native(),
          std::move(plugin)};
}

}  // namespace

void add_lint_option(CLI::App& command, Lint& lint) {
  command.add_flag_callback(
      "--no-lint", [&lint] { lint = Lint::skip; }, "Take the module even if Envoy would refuse it");
}

std::variant<LocalModule, ImageName> resolve_source(Context& context, const std::string& source,
                                                    const BuildFlags& build, Lint lint) {
  std::error_code ignored;
  const auto status = fs::status(source, ignored);
  if (!source.starts_with("oci:")) {
    if (fs::is_directory(status)) return load_directory(context, source, build, lint);
    if (fs::exists(status)) return load_file(source, lint);
  }
  if (looks_like_path(source)) {
    throw Error(Code::not_found, fmt::format("no file or directory `{}`", source))
        .hint("SOURCE is a plugin's directory, a .wasm file, or an image");
  }
  return ImageName{source};
}

namespace {

// Not `-`, no directory, no file and nothing that looks like one.
bool names_image(const std::string& source) {
  std::error_code ignored;
  const auto status = fs::status(source, ignored);
  return source != "-" && !fs::exists(status) && !looks_like_path(source);
}

}  // namespace

std::optional<oci::ImageTree> read_image(Context& context, const std::string& source,
                                         const RegistryOptions& options) {
  if (!names_image(source)) return std::nullopt;
  const auto reference = oci::parse_reference(source);
  const auto repository = registry::open_repository(reference, registry_options(context, options));
  return registry::read_image_tree(*repository, reference);
}

LocalModule read_unchecked(Context& context, const std::string& source, const BuildFlags& build,
                           const RegistryOptions& options) {
  if (source == "-")
    return {base::Content::of_file("/dev/stdin", wasm::kMaxModuleBytes), "stdin", {}};
  std::error_code ignored;
  const auto status = fs::status(source, ignored);
  if (fs::is_directory(status)) return load_directory(context, source, build, Lint::skip);
  if (!names_image(source)) {
    return {base::Content::of_file(source, wasm::kMaxModuleBytes), source, {}};
  }
  const auto reference = oci::parse_reference(source);
  const auto repository = registry::open_repository(reference, registry_options(context, options));
  return {registry::fetch_module(*repository, reference).content, source, {}};
}

LocalModule load_module(Context& context, const std::string& source, const BuildFlags& build,
                        Lint lint) {
  auto resolved = resolve_source(context, source, build, lint);
  if (auto* module = std::get_if<LocalModule>(&resolved)) return std::move(*module);
  throw Error(Code::not_found, fmt::format("no file or directory `{}`", source))
      .hint("SOURCE is a plugin's directory or a .wasm file");
}

}  // namespace wasmctl::cli
