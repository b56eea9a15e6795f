#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/commands/completion.hpp"
#include "cli/flags/choice.hpp"
#include "cli/manual/completion.hpp"
#include "kube/check/inventory.hpp"
#include "oci/layout.hpp"

namespace wasmctl::cli {

namespace {

std::vector<std::string> layout_tags(const std::string& directory) {
  try {
    return oci::Layout(directory).tags();
  } catch (const Error&) {
    return {};
  }
}

std::vector<std::string> workload_names(const std::string& file) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 24U;  // somebody waits for the answer
  std::vector<std::string> names;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return names;  // a pipe would make it wait
  try {
    kube::Inventory inventory;
    kube::read_manifests(inventory, base::read_file(file, kMostBytes), file, "default");
    for (const auto& workload : inventory.workloads) names.push_back(describe(workload));
  } catch (const Error&) {
    names.clear();
  }
  return names;
}

}  // namespace

void print_completion(const Context& context, const CommandWords& program, std::string_view line) {
  constexpr std::string_view kPaths[] = {"none", "files", "directories"};
  const auto completion = complete(program, line, {layout_tags, workload_names});
  context.out.print("{}\n", kPaths[static_cast<std::size_t>(completion.paths)]);
  for (const auto& candidate : completion.candidates) {
    context.out.print("{}", candidate.word);
    if (!candidate.about.empty()) context.out.print("\t{}", candidate.about);
    context.out.print("\n");
  }
}

void add_completion(CLI::App& root, Context& context, Action& action) {
  auto shell = std::make_shared<std::string>();
  auto* app = root.add_subcommand("completion", "Print a shell's script that completes commands");
  app->add_option("SHELL", *shell, "Which shell")->type_name("bash|zsh|fish")->required();
  app->footer(
      "Commands, flags and their words, tags of image layouts, workloads of the file that -f "
      "names.\n"
      "\n"
      "Examples:\n"
      "  . <(wasmctl completion bash)\n"
      "  wasmctl completion zsh > \"${fpath[1]}/_wasmctl\"\n"
      "  wasmctl completion fish > ~/.config/fish/completions/wasmctl.fish");
  app->callback([shell, &context, &action] {
    std::vector<Choice<std::string_view>> scripts;
    for (const auto& row : shells()) scripts.push_back({row.name, row.script});
    const auto script = choose("SHELL", *shell, scripts);
    action = [script, &context] { context.out.write(script); };
  });
}

}  // namespace wasmctl::cli
