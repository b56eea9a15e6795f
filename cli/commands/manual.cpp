// `wasmctl manual man|markdown DIR`, hidden: writes the pages that packages and docs/commands have.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/flags/choice.hpp"
#include "cli/manual/man.hpp"
#include "cli/manual/markdown.hpp"
#include "cli/manual/words.hpp"

namespace wasmctl::cli {

namespace {

struct ManualForm {
  const char* program_file;
  const char* command_file;  // {}: the command's name
  std::string (*program)(const CommandWords& program);
  std::string (*command)(const CommandWords& command);
};

constexpr ManualForm kMan = {"wasmctl.1", "wasmctl-{}.1", program_man_page, command_man_page};
constexpr ManualForm kMarkdown = {"README.md", "{}.md", program_page, command_page};
constexpr Choice<const ManualForm*> kManualForms[] = {{"man", &kMan}, {"markdown", &kMarkdown}};

struct ManualOptions {
  std::string form;
  std::string directory;
};

void run_manual(const CLI::App& root, const ManualOptions& options) {
  const auto& form = *choose("FORM", options.form, kManualForms);
  const std::filesystem::path directory = options.directory;
  base::make_directories(directory);
  const auto program = words_of(root);
  base::write_file(directory / form.program_file, form.program(program));
  for (const auto& command : program.commands) {
    base::write_file(directory / fmt::format(fmt::runtime(form.command_file), command.name),
                     form.command(command));
  }
}

}  // namespace

void add_manual(CLI::App& root, Context&, Action& action) {
  auto options = std::make_shared<ManualOptions>();
  auto* app = root.add_subcommand("manual", "Write the pages of the manual")->group("");
  app->add_option("FORM", options->form, "man, markdown")->required();
  app->add_option("DIR", options->directory, "Where to")->required();
  app->callback(
      [options, &root, &action] { action = [options, &root] { run_manual(root, *options); }; });
}

}  // namespace wasmctl::cli
