// wasmctl inspect: what is in a module, and where its bytes are.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/gzip.hpp"
#include "cli/command.hpp"
#include "cli/commands/inspect_image.hpp"
#include "cli/commands/inspect_page.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "cli/output/findings.hpp"
#include "cli/symbols.hpp"
#include "wasm/size_tree.hpp"
#include "wasm/summary.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::size_t kLargest = 20;

struct InspectCommand {
  std::string source;
  std::string old;
  std::string html;
  bool json = false;
  RegistryOptions registry;
};

struct Inspected {
  std::string file;
  base::Content bytes;
  wasm::Summary summary;
  wasm::SizeNode tree;
};

Inspected inspect(Context& context, const Source& source, Images& images) {
  auto module = read_module(context, source, images);
  const auto parsed = wasm::read_module(module.bytes, module.path);
  const auto symbols = load_symbols(parsed, module.path);
  return {module.path, std::move(module.bytes), wasm::summarize(parsed, symbols),
          wasm::size_tree(parsed, symbols)};
}

// One row, broken between words at the terminal's usual width; nothing for an empty list.
void print_list(std::ostream& out, std::string_view label, const std::vector<std::string>& words) {
  constexpr std::size_t kWidth = 100;
  std::string line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto word = words[i] + (i + 1 < words.size() ? "," : "");
    if (!line.empty() && line.size() + word.size() > kWidth) {
      out << line << '\n';
      line.clear();
    }
    if (line.empty()) line = fmt::format("  {:<12}", i == 0 ? label : "");
    line += " " + word;
  }
  if (!line.empty()) out << line << '\n';
}

std::string memory(const wasm::Limits& limits) {
  const auto maximum =
      limits.maximum ? fmt::format("at most {} KiB", *limits.maximum * 64) : "no maximum";
  return fmt::format("{} KiB, {}", limits.minimum * 64, maximum);
}

void print_sizes(std::ostream& out, const std::vector<wasm::Sized>& list, std::size_t most) {
  for (std::size_t i = 0; i < std::min(most, list.size()); ++i) {
    out << fmt::format("    {:>9}  {}\n", list[i].bytes, list[i].name);
  }
}

void print(std::ostream& out, const Inspected& module) {
  const auto& summary = module.summary;
  out << fmt::format("{}: {} bytes, {} as gzip\n", module.file, summary.bytes,
                     base::gzip(module.bytes).size());
  print_list(out, "abi", {summary.abi ? std::string(to_string(*summary.abi)) : "unknown"});
  print_list(out, "producers", summary.producers);
  print_list(out, "features", summary.features);
  if (summary.memory) print_list(out, "memory", {memory(*summary.memory)});
  if (summary.data_segments > 0) {
    print_list(out, "data", {counted(summary.data_segments, "segment")});
  }
  print_list(out, "starts with", summary.entry_points);
  print_list(out, "callbacks", summary.callbacks);
  print_list(out, "exports", summary.other_exports);
  print_list(out, "host calls", summary.host_calls);
  print_list(out, "wasi", summary.wasi);
  print_list(out, "imports", summary.other_imports);
  out << fmt::format("  {:<12} bytes\n", "sections");
  print_sizes(out, summary.sections, summary.sections.size());
  out << fmt::format("  {:<12} {}{}\n", "functions", summary.functions.size(),
                     summary.functions.size() > kLargest ? ", the largest:" : "");
  print_sizes(out, summary.functions, kLargest);
}

nlohmann::json to_json(const std::vector<wasm::Sized>& list) {
  auto array = nlohmann::json::array();
  for (const auto& item : list) array.push_back({{"name", item.name}, {"bytes", item.bytes}});
  return array;
}

nlohmann::json to_json(const Inspected& module) {
  const auto& summary = module.summary;
  nlohmann::json json{{"file", module.file},
                      {"bytes", summary.bytes},
                      {"gzipBytes", base::gzip(module.bytes).size()},
                      {"abi", nullptr},
                      {"producers", summary.producers},
                      {"features", summary.features},
                      {"memory", nullptr},
                      {"dataSegments", summary.data_segments},
                      {"entryPoints", summary.entry_points},
                      {"callbacks", summary.callbacks},
                      {"otherExports", summary.other_exports},
                      {"hostCalls", summary.host_calls},
                      {"wasi", summary.wasi},
                      {"otherImports", summary.other_imports},
                      {"sections", to_json(summary.sections)},
                      {"functions", to_json(summary.functions)}};
  if (summary.abi) json["abi"] = to_string(*summary.abi);
  if (summary.memory) {
    json["memory"] = {{"minimumPages", summary.memory->minimum}, {"maximumPages", nullptr}};
    if (summary.memory->maximum) json["memory"]["maximumPages"] = *summary.memory->maximum;
  }
  return json;
}

void print_growth(std::ostream& out, std::string_view label,
                  const std::vector<wasm::Growth>& changes) {
  if (changes.empty()) return;
  out << fmt::format("  {}\n", label);
  for (const auto& change : changes) {
    out << fmt::format("    {:>+9}  {} -> {}  {}\n", change.after - change.before, change.before,
                       change.after, change.name);
  }
}

void print_difference(std::ostream& out, const Inspected& before, const Inspected& after) {
  const auto old_bytes = static_cast<std::int64_t>(before.summary.bytes);
  const auto new_bytes = static_cast<std::int64_t>(after.summary.bytes);
  out << fmt::format("{} -> {}: {:+} bytes ({} -> {})\n", before.file, after.file,
                     new_bytes - old_bytes, old_bytes, new_bytes);
  print_growth(out, "sections", compare(before.summary.sections, after.summary.sections));
  print_growth(out, "functions", compare(before.summary.functions, after.summary.functions));
}

void run_inspect(Context& context, const InspectCommand& command) {
  const bool as_text = command.old.empty() && command.html.empty() && !command.json;
  const auto source = parse_source(command.source);
  Images images(context, command.registry);
  const auto* const reference = std::get_if<oci::Reference>(&source);
  auto* const image = reference == nullptr ? nullptr : &images.open(*reference);
  if (image != nullptr && as_text) {  // before the module, which an image may not have
    context.out << image->name() << ":\n";
    print_image(context.out, *image);
  }
  const auto module = inspect(context, source, images);
  if (!command.old.empty()) {
    print_difference(context.out, inspect(context, parse_source(command.old), images), module);
  } else if (!command.html.empty()) {
    base::write_file(command.html, inspect_page(module.file, module.tree));
    if (!context.quiet) context.err << fmt::format("{}: open it in a browser\n", command.html);
  } else if (command.json) {
    auto json = to_json(module);
    if (image != nullptr) json["image"] = image_json(*image);
    context.out << json.dump(2) << '\n';
  } else {
    print(context.out, module);
  }
}

}  // namespace

void add_inspect(CLI::App& root, Context& context, Action& action) {
  auto command = std::make_shared<InspectCommand>();
  auto* app = root.add_subcommand("inspect", "Say what is in a module, and where its bytes are");
  app->add_option("SOURCE", command->source,
                  "A plugin's directory, a .wasm file, an image, or - for stdin")
      ->type_name("")
      ->required();
  auto* json = app->add_flag("--json", command->json, "Everything, as JSON");
  app->add_option("--diff", command->old, "What grew since OLD, by section and function")
      ->type_name("OLD")
      ->excludes(json);
  app->add_option("--html", command->html, "A page with the bytes as areas, to click through")
      ->type_name("FILE")
      ->excludes(json);
  add_registry_options(*app, command->registry);
  app->footer(
      "A module from `wasmctl build` has its functions' names in the file NAME.debug.wasm beside "
      "it.\n\n"
      "Examples:\n"
      "  wasmctl inspect plugins/header-logger\n"
      "  wasmctl inspect new.wasm --diff old.wasm");
  app->callback([command, &context, &action] {
    action = [command, &context] { run_inspect(context, *command); };
  });
}

}  // namespace wasmctl::cli
