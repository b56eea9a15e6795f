#include "cli/commands/test/tested_modules.hpp"

#include <fmt/format.h>

#include <ranges>
#include <utility>

#include "cli/output/flame_tree.hpp"
#include "cli/symbols.hpp"

namespace wasmctl::cli {

namespace {

std::unique_ptr<TestedModule> make_tested(LocalModule module) {
  auto tested = std::make_unique<TestedModule>();
  tested->path = module.path;
  tested->plugin = std::move(module.plugin);
  tested->program = std::make_unique<engine::Program>(
      wasm::parse_module(std::move(module.bytes), tested->path), tested->path);
  return tested;
}

}  // namespace

TestedModule& TestedModules::of(const host::Suite& suite, const Source& source) {
  const auto& named = options_.source.empty() ? suite.env.wasm_path : std::string();
  auto& module = modules_[named];
  if (!module) {
    module = make_tested(
        read_module(context_, named.empty() ? source : File{named}, options_.build, images_));
    if (!options_.profile.empty()) {
      module->placed = load_symbols(module->program->module(), module->path).functions();
      module->profile.emplace(profile_groups(module->placed));
    }
  }
  return *module;
}

std::vector<std::string> describe_stack(const engine::Trap& trap, const TestedModule& module) {
  const auto symbols = load_symbols(module.program->module(), module.path);
  std::vector<std::string> lines;
  for (const auto& frame : trap.stack) {
    const auto name = symbols.function(frame.function);
    auto origins = symbols.origins(frame.offset);
    if (origins.empty()) {
      lines.push_back(fmt::format("{} (offset {:#x})", name, frame.offset));
      continue;
    }
    origins.front().function = name;
    for (const auto& [function, place] : std::views::reverse(origins)) {
      lines.push_back(fmt::format("{} ({})", function, to_string(place)));
    }
  }
  return lines;
}

}  // namespace wasmctl::cli
