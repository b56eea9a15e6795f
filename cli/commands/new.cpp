// wasmctl new: a plugin that builds, lints clean and passes its suite, to go on from.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/label.hpp"
#include "base/process.hpp"
#include "cli/command.hpp"
#include "cli/flags/choice.hpp"
#include "kube/shape_schema.hpp"
#include "plugin/plugin.hpp"
#include "plugin/scaffold.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

struct NewOptions {
  std::string directory;
  std::string name;
  const plugin::Template* from = &plugin::templates().front();
  bool list = false;
  bool schema = false;
};

nlohmann::json file_schema() {
  return plugin::file_schema(kube::settings_schema());
}

std::vector<Choice<const plugin::Template*>> template_words() {
  std::vector<Choice<const plugin::Template*>> words;
  for (const auto& row : plugin::templates()) words.push_back({row.name, &row});
  return words;
}

void print_templates(Output out) {
  for (const auto& row : plugin::templates()) out.print("{:<8} {}\n", row.name, row.about);
}

std::string name_of(const NewOptions& options, const fs::path& directory) {
  if (!options.name.empty()) {
    if (const auto why = base::refuse_label(options.name)) throw usage_error("--name", *why);
    return options.name;
  }
  auto name = base::label_from(directory.filename().native());
  if (const auto why = base::refuse_label(name)) {
    throw Error(Code::usage,
                fmt::format("`{}` gives the plugin no name: it {}", directory.native(), *why))
        .hint("give it one: `--name NAME`");
  }
  return name;
}

// Nothing is overwritten.
void require_empty(const std::string& directory) {
  std::error_code error;
  const auto status = fs::status(directory, error);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) {
    throw Error(Code::usage, fmt::format("`{}` is a file", directory));
  }
  const bool is_empty = fs::is_empty(directory, error);
  if (error) throw Error(Code::io, fmt::format("cannot read {}: {}", directory, error.message()));
  if (!is_empty) {
    throw Error(Code::usage, fmt::format("`{}` is not empty", directory))
        .hint("name a new directory: nothing is overwritten");
  }
}

// All of them, or none.
void write_files(const fs::path& directory, const std::vector<plugin::NewFile>& files) {
  const bool existed = fs::exists(directory);
  try {
    for (const auto& file : files) {
      base::make_directories((directory / file.path).parent_path());
      base::write_file(directory / file.path, file.text);
    }
  } catch (...) {
    std::error_code ignored;
    for (const auto& file : files) {
      fs::remove_all(directory / *fs::path(file.path).begin(), ignored);
    }
    if (!existed) fs::remove(directory, ignored);
    throw;
  }
}

void print_next_steps(Output err, const std::string& directory,
                      const std::vector<plugin::NewFile>& files, const std::string& name) {
  err.print("next:\n");
  if (fs::path(directory).lexically_normal() != ".") {
    err.print("  cd {}\n", base::to_shell(std::vector{directory}));
  }
  const bool has_suite = std::ranges::any_of(
      files, [](const plugin::NewFile& file) { return file.path.starts_with("tests/"); });
  err.print("  wasmctl {}\n", has_suite ? "test" : "build");
  err.print("  wasmctl run\n");
  err.print("  wasmctl push . REGISTRY/REPOSITORY/{}:0.1.0\n", name);
}

void run_new(Context& context, const NewOptions& options) {
  if (options.list) return print_templates(context.out);
  if (options.schema) return context.out.print_json(file_schema());
  require_empty(options.directory);
  const auto directory = fs::absolute(options.directory).lexically_normal();
  const auto name =
      name_of(options, directory.has_filename() ? directory : directory.parent_path());
  auto files = plugin::scaffold(*options.from, name);
  files.push_back({plugin::kSchemaFile, file_schema().dump(2) + "\n"});
  std::ranges::sort(files, {}, &plugin::NewFile::path);
  write_files(options.directory, files);
  context.out.print("{}\n", options.directory);
  if (context.quiet) return;
  context.err.print("{}: {}\n", name, options.from->about);
  for (const auto& file : files) context.err.print("  {}\n", file.path);
  print_next_steps(context.err, options.directory, files, name);
}

}  // namespace

void add_new(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<NewOptions>();
  auto* app = root.add_subcommand("new", "Make a plugin to go on from");
  app->add_option("DIR", options->directory, "A new or empty directory")->type_name("");
  app->add_option("--name", options->name, "The plugin's name (default: the directory's)")
      ->type_name("NAME");
  add_choice(*app, "--template", options->from, template_words(), "What it does");
  auto* list = app->add_flag("--list", options->list, "Say what each template does");
  auto* schema = app->add_flag("--schema", options->schema,
                               "Print the JSON Schema of wasmctl.yaml, for editors");
  app->footer(
      "It builds, lints clean, and passes its test suite as it is. Prints the directory.\n"
      "\n"
      "Examples:\n"
      "  wasmctl new hello && cd hello && wasmctl test\n"
      "  wasmctl new --template auth plugins/who-are-you");
  app->callback([options, list, schema, &context, &action] {
    const bool alone = list->count() > 0 || schema->count() > 0;
    if (options->directory.empty() && !alone) throw CLI::RequiredError("DIR");
    action = [options, &context] { run_new(context, *options); };
  });
}

}  // namespace wasmctl::cli
