// wasmctl inspect: what is in a module, and where its bytes are.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/gzip.hpp"
#include "cli/command.hpp"
#include "cli/commands/inspect_image.hpp"
#include "cli/commands/inspect_why.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "cli/output/findings.hpp"
#include "cli/pages/inspect_page.hpp"
#include "cli/symbols.hpp"
#include "wasm/host_range.hpp"
#include "wasm/savings.hpp"
#include "wasm/size_tree.hpp"
#include "wasm/summary.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::size_t kLargest = 20;

struct InspectOptions {
  std::string source;
  std::string old;
  std::string html;
  std::string why;
  bool calls = false;
  bool json = false;
  BuildFlags build;
  RegistryOptions registry;
};

struct Inspected {
  std::string file;
  std::vector<wasm::HostRange> hosts;  // that the plugin is meant for, as wasmctl.yaml has them
  base::Content bytes;
  wasm::Summary summary;
  wasm::SizeNode tree;
  std::vector<wasm::Saving> savings;
  nlohmann::json callers;
};

// Hands the module and its symbols to `use`.
template <typename Use>
auto with_module(Context& context, const Source& source, const BuildFlags& build, Images& images,
                 Use use) {
  const auto local = read_module(context, source, build, images);
  const auto module = wasm::read_module(local.bytes, local.path);
  const auto symbols = load_symbols(module, local.path);
  return use(local, module, symbols);
}

Inspected inspect(Context& context, const Source& source, const BuildFlags& build, Images& images) {
  return with_module(context, source, build, images,
                     [](const auto& local, const auto& module, const auto& symbols) {
                       return Inspected{
                           local.path,
                           local.plugin ? local.plugin->hosts : std::vector<wasm::HostRange>(),
                           local.bytes,
                           wasm::summarize(module, symbols),
                           wasm::size_tree(module, symbols),
                           wasm::savings(module, symbols),
                           callers_json(module, symbols)};
                     });
}

// One row, broken between words at the terminal's usual width; nothing for an empty list.
void print_list(Output out, std::string_view label, const std::vector<std::string>& words) {
  constexpr std::size_t kWidth = 100;
  std::string line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto word = words[i] + (i + 1 < words.size() ? "," : "");
    if (!line.empty() && line.size() + word.size() > kWidth) {
      out.print("{}\n", line);
      line.clear();
    }
    if (line.empty()) line = fmt::format("  {:<12}", i == 0 ? label : "");
    line += " " + word;
  }
  if (!line.empty()) out.print("{}\n", line);
}

std::string memory(const wasm::Limits& limits) {
  const auto maximum =
      limits.maximum ? fmt::format("at most {} KiB", *limits.maximum * 64) : "no maximum";
  return fmt::format("{} KiB, {}", limits.minimum * 64, maximum);
}

std::uint64_t load_milliseconds(const wasm::Summary& summary) {
  const auto code = std::ranges::find(summary.sections, "code", &wasm::Sized::name);
  return wasm::envoy_load_milliseconds(code == summary.sections.end() ? 0 : code->bytes);
}

std::string cost_in_a_proxy(const wasm::Summary& summary) {
  const auto tenths = (load_milliseconds(summary) + 50) / 100;
  const auto load = tenths == 0 ? std::string("under 0.1 s")
                                : fmt::format("about {}.{} s", tenths / 10, tenths % 10);
  return fmt::format(
      "about {} MB of memory, {} to load (estimates, from modules measured in Envoy "
      "1.40)",
      (wasm::envoy_heap(summary.bytes) + 500'000) / 1'000'000, load);
}

void print_sizes(Output out, const std::vector<wasm::Sized>& list, std::size_t most) {
  for (std::size_t i = 0; i < std::min(most, list.size()); ++i) {
    out.print("    {:>9}  {}\n", list[i].bytes, list[i].name);
  }
}

void print(Output out, const Inspected& module) {
  const auto& summary = module.summary;
  out.print("{}: {} bytes, {} as gzip\n", module.file, summary.bytes,
            base::gzip(module.bytes).size());
  print_list(out, "build id", {summary.build_id});
  print_list(out, "abi", {summary.abi ? std::string(to_string(*summary.abi)) : "unknown"});
  if (!summary.provenance.sdk.empty()) print_list(out, "sdk", {summary.provenance.sdk});
  if (summary.provenance.for_higress) {
    print_list(out, "made for", {"Higress, whose hosts offer more than Envoy"});
  }
  if (!module.hosts.empty()) print_list(out, "hosts", {to_string(module.hosts)});
  print_list(out, "producers", summary.producers);
  print_list(out, "features", summary.features);
  if (summary.memory) print_list(out, "memory", {memory(*summary.memory)});
  if (summary.data_segments > 0) {
    print_list(out, "data", {counted(summary.data_segments, "segment")});
  }
  print_list(out, "in a proxy", {cost_in_a_proxy(summary)});
  print_list(out, "starts with", summary.entry_points);
  print_list(out, "callbacks", summary.callbacks);
  print_list(out, "exports", summary.other_exports);
  print_list(out, "host calls", summary.host_calls);
  print_list(out, "wasi", summary.wasi);
  print_list(out, "imports", summary.other_imports);
  out.print("  {:<12} bytes\n", "sections");
  print_sizes(out, summary.sections, summary.sections.size());
  out.print("  {:<12} {}{}\n", "functions", summary.functions.size(),
            summary.functions.size() > kLargest ? ", the largest:" : "");
  print_sizes(out, summary.functions, kLargest);
  if (!summary.packages.empty()) {
    out.print("  {:<12} {}{}\n", "packages", summary.packages.size(),
              summary.packages.size() > kLargest ? ", the largest:" : "");
    print_sizes(out, summary.packages, kLargest);
  }
  if (module.savings.empty()) return;
  out.print("  {:<12} what the largest parts cost, and what to do without them\n", "smaller");
  for (const auto& [what, bytes, remedy] : module.savings) {
    out.print("    {:>9}  {}: {}\n", bytes, what, remedy);
  }
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
                      {"buildId", summary.build_id},
                      {"abi", nullptr},
                      {"sdk", summary.provenance.sdk},
                      {"forHigress", summary.provenance.for_higress},
                      {"hosts", nlohmann::json::object()},
                      {"envoyHeapBytes", wasm::envoy_heap(summary.bytes)},
                      {"envoyLoadMilliseconds", load_milliseconds(summary)},
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
                      {"functions", to_json(summary.functions)},
                      {"packages", to_json(summary.packages)},
                      {"callers", module.callers},
                      {"savings", nlohmann::json::array()}};
  for (const auto& [what, bytes, remedy] : module.savings) {
    json["savings"].push_back({{"name", what}, {"bytes", bytes}, {"remedy", remedy}});
  }
  for (const auto& range : module.hosts) json["hosts"][range.product] = range.text;
  if (summary.abi) json["abi"] = to_string(*summary.abi);
  if (summary.memory) {
    json["memory"] = {{"minimumPages", summary.memory->minimum}, {"maximumPages", nullptr}};
    if (summary.memory->maximum) json["memory"]["maximumPages"] = *summary.memory->maximum;
  }
  return json;
}

void print_growth(Output out, std::string_view label, const std::vector<wasm::Growth>& changes) {
  if (changes.empty()) return;
  out.print("  {}\n", label);
  for (std::size_t i = 0; i < std::min(kLargest, changes.size()); ++i) {
    const auto& change = changes[i];
    out.print("    {:>+9}  {} -> {}  {}\n", change.after - change.before, change.before,
              change.after, change.name);
  }
  if (changes.size() > kLargest) out.print("    and {} more\n", changes.size() - kLargest);
}

void print_difference(Output out, const Inspected& before, const Inspected& after) {
  const auto old_bytes = static_cast<std::int64_t>(before.summary.bytes);
  const auto new_bytes = static_cast<std::int64_t>(after.summary.bytes);
  out.print("{} -> {}: {:+} bytes ({} -> {})\n", before.file, after.file, new_bytes - old_bytes,
            old_bytes, new_bytes);
  print_growth(out, "sections", compare(before.summary.sections, after.summary.sections));
  print_growth(out, "packages", compare(before.summary.packages, after.summary.packages));
  print_growth(out, "functions", compare(before.summary.functions, after.summary.functions));
}

// What the page says under its title.
std::vector<std::string> facts(const wasm::Summary& summary) {
  std::vector<std::string> list;
  if (!summary.provenance.sdk.empty()) list.push_back("SDK: " + summary.provenance.sdk);
  if (summary.provenance.for_higress) list.emplace_back("made for Higress");
  list.push_back("in a proxy " + cost_in_a_proxy(summary));
  list.push_back("build id " + summary.build_id.substr(0, 12));
  return list;
}

void explain_calls(Context& context, const InspectOptions& options) {
  Images images(context, options.registry);
  with_module(context, parse_source(options.source), options.build, images,
              [&](const auto&, const auto& module, const auto& symbols) {
                if (options.calls && options.json) {
                  context.out.print_json(callers_json(module, symbols));
                } else if (options.calls) {
                  print_calls(context.out, module, symbols);
                } else if (options.json) {
                  context.out.print_json(why_json(module, symbols, options.why));
                } else {
                  print_why(context.out, module, symbols, options.why);
                }
              });
}

void run_inspect(Context& context, const InspectOptions& options) {
  if (!options.why.empty() || options.calls) return explain_calls(context, options);
  const bool as_text = options.old.empty() && options.html.empty() && !options.json;
  const auto source = parse_source(options.source);
  Images images(context, options.registry);
  const auto* const reference = std::get_if<oci::Reference>(&source);
  auto* const image = reference == nullptr ? nullptr : &images.open(*reference);
  if (image != nullptr && as_text) {  // before the module, which an image may not have
    context.out.print("{}:\n", image->name());
    print_image(context.out, *image);
  }
  const auto module = inspect(context, source, options.build, images);
  if (!options.old.empty()) {
    print_difference(context.out,
                     inspect(context, parse_source(options.old), options.build, images), module);
  } else if (!options.html.empty()) {
    base::write_file(options.html,
                     to_html({module.file, module.tree, facts(module.summary), module.savings}));
    if (!context.quiet) context.err.print("{}: open it in a browser\n", options.html);
  } else if (options.json) {
    auto json = to_json(module);
    if (image != nullptr) json["image"] = image_json(*image);
    context.out.print_json(json);
  } else {
    print(context.out, module);
  }
}

}  // namespace

void add_inspect(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<InspectOptions>();
  auto* app = root.add_subcommand("inspect", "Say what is in a module, and where its bytes are");
  app->add_option("SOURCE", options->source,
                  "A plugin's directory, a .wasm file, an image, or - for stdin")
      ->type_name("")
      ->required();
  auto* json = app->add_flag("--json", options->json, "Everything, as JSON");
  auto* diff = app->add_option("--diff", options->old,
                               "What grew since OLD, by section, package and function")
                   ->type_name("OLD")
                   ->excludes(json);
  auto* html =
      app->add_option("--html", options->html, "A page with the bytes as areas, to click through")
          ->type_name("FILE")
          ->excludes(json, diff);
  auto* why = app->add_option("--why", options->why,
                              "Who pulls in the function or import NAME, and what goes with it")
                  ->type_name("NAME")
                  ->excludes(diff, html);
  app->add_flag("--calls", options->calls, "Who calls the host, and who allocates")
      ->excludes(diff, html, why);
  add_build_flags(*app, options->build);
  add_registry_options(*app, options->registry);
  app->footer(
      "A module from `wasmctl build` has its functions' names in the file NAME.debug.wasm beside "
      "it.\n\n"
      "Examples:\n"
      "  wasmctl inspect plugins/header-logger\n"
      "  wasmctl inspect new.wasm --diff old.wasm\n"
      "  wasmctl inspect plugin.wasm --why fd_write");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_inspect(context, *options); };
  });
}

}  // namespace wasmctl::cli
