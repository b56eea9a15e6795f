#include "cli/commands/test/tested_modules.hpp"

#include <fmt/format.h>

#include <ranges>
#include <utility>

#include "cli/output/flame_tree.hpp"
#include "cli/output/own_source.hpp"
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

struct DescribedCall {
  std::string function;
  std::optional<Place> place;
  std::size_t offset = 0;
};

// Innermost first, with what was inlined.
std::vector<DescribedCall> calls_of(const std::vector<engine::StackFrame>& stack,
                                    const TestedModule& module) {
  const auto symbols = load_symbols(module.program->module(), module.path);
  std::vector<DescribedCall> calls;
  for (const auto& frame : stack) {
    const auto name = symbols.function(frame.function);
    auto origins = symbols.origins(frame.offset);
    if (origins.empty()) {
      calls.push_back({name, std::nullopt, frame.offset});
      continue;
    }
    origins.front().function = name;
    for (const auto& [function, place] : std::views::reverse(origins))
      calls.push_back({function, place, frame.offset});
  }
  return calls;
}

std::string describe(const DescribedCall& call) {
  return call.place ? fmt::format("{} ({})", call.function, to_string(*call.place))
                    : fmt::format("{} (offset {:#x})", call.function, call.offset);
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

std::vector<std::string> describe_stack(const std::vector<engine::StackFrame>& stack,
                                        const TestedModule& module) {
  std::vector<std::string> lines;
  for (const auto& call : calls_of(stack, module)) lines.push_back(describe(call));
  return lines;
}

std::vector<std::string> describe_own_calls(const std::vector<engine::StackFrame>& stack,
                                            const TestedModule& module) {
  std::vector<std::string> lines;
  for (const auto& call : calls_of(stack, module)) {
    if (call.place && own_source(call.place->file, module.directory()))
      lines.push_back(describe(call));
  }
  return lines.empty() ? describe_stack(stack, module) : lines;
}

}  // namespace wasmctl::cli
