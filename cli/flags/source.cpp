#include "cli/flags/source.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>

#include "base/error.hpp"
#include "base/label.hpp"
#include "base/log.hpp"
#include "registry/registry.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

bool looks_like_path(const std::string& text) {
  return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") ||
         text == "." || text == ".." || text.ends_with('/') || text.ends_with(".wasm");
}

oci::Reference parse_image(const std::string& text) {
  try {
    return oci::parse_reference(text);
  } catch (const Error&) {
    if (!looks_like_path(text) || text.starts_with("oci:")) throw;
    throw Error(Code::not_found, fmt::format("no file or directory `{}`", text))
        .hint("SOURCE is a plugin's directory, a .wasm file, or an image");
  }
}

LocalModule read_file(const std::string& path) {
  return {base::Content::of_file(path, wasm::kMaxModuleBytes), path, {}};
}

LocalModule load_file(const std::string& path, Lint lint) {
  auto module = read_file(path);
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
      "{} was last built with `{}`, and is now without: give these flags again, or write them "
      "into {}",
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

fs::path last_part(const Source& source) {
  if (const auto* directory = std::get_if<Directory>(&source)) {
    return fs::absolute(directory->path).lexically_normal().filename();
  }
  if (const auto* file = std::get_if<File>(&source)) return fs::path(file->path).stem();
  if (std::holds_alternative<Stdin>(source)) return {};
  const auto& reference = std::get<oci::Reference>(source);
  return reference.is_layout() ? reference.directory.filename()
                               : fs::path(reference.repository).filename();
}

std::string text_of(const Source& source) {
  if (const auto* reference = std::get_if<oci::Reference>(&source)) return to_string(*reference);
  return "-";
}

}  // namespace

Source parse_source(const std::string& text) {
  if (text == "-") return Stdin{};
  if (!text.starts_with("oci:")) {
    std::error_code ignored;
    const auto status = fs::status(text, ignored);
    if (fs::is_directory(status)) return Directory{text};
    if (fs::exists(status)) return File{text};
  }
  return parse_image(text);
}

std::string plugin_name(const Source& source) {
  return base::label_from(last_part(source).native());
}

std::optional<oci::Reference> default_reference(const plugin::Plugin& plugin) {
  if (!plugin.image) return std::nullopt;
  auto reference = oci::parse_reference(*plugin.image);
  if (!reference.tag && !reference.digest) reference.tag = plugin.version;
  return reference;
}

Images::Images(Context& context, const RegistryOptions& options)
    : context_(context), flags_(options) {}

oci::PulledImage& Images::open(const oci::Reference& reference) {
  const auto name = to_string(reference);
  const auto found = images_.find(name);
  if (found != images_.end()) return found->second;
  if (!options_) options_ = registry_options(context_, flags_);
  oci::PulledImage image(registry::open_store(reference, *options_), reference);
  return images_.emplace(name, std::move(image)).first->second;
}

void add_lint_option(CLI::App& command, Lint& lint) {
  command.add_flag_callback(
      "--no-lint", [&lint] { lint = Lint::skip; }, "Take the module even if Envoy would refuse it");
}

void warn_of_choice(const oci::PulledImage& image, const oci::PulledImage::Module& module) {
  if (module.remark.empty()) return;
  base::log_warning(fmt::format("{}: {}", image.name(), module.remark));
}

LocalModule module_of(oci::PulledImage& image) {
  auto module = image.module();
  warn_of_choice(image, module);
  return {std::move(module.content), image.name(), {}};
}

LocalModule read_module(Context& context, const Source& source, const BuildFlags& build,
                        Images& images) {
  if (const auto* directory = std::get_if<Directory>(&source)) {
    return load_directory(context, directory->path, build, Lint::skip);
  }
  if (const auto* file = std::get_if<File>(&source)) return read_file(file->path);
  if (const auto* reference = std::get_if<oci::Reference>(&source)) {
    return module_of(images.open(*reference));
  }
  auto module = read_file("/dev/stdin");
  module.path = "stdin";
  return module;
}

LocalModule load_module(Context& context, const Source& source, const BuildFlags& build,
                        Lint lint) {
  if (const auto* directory = std::get_if<Directory>(&source)) {
    return load_directory(context, directory->path, build, lint);
  }
  if (const auto* file = std::get_if<File>(&source)) return load_file(file->path, lint);
  if (std::holds_alternative<Stdin>(source)) {
    throw Error(Code::usage, "`-`: a module on standard input has no name")
        .hint("write it to a file, whose name becomes the plugin's");
  }
  throw Error(Code::not_found, fmt::format("no file or directory `{}`", text_of(source)))
      .hint("SOURCE is a plugin's directory or a .wasm file");
}

}  // namespace wasmctl::cli
