// wasmctl patch: the volume and the mount, written into a manifest that somebody keeps.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/source.hpp"
#include "kube/config_map.hpp"
#include "kube/names.hpp"
#include "kube/text_patch.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{1} << 29U;

struct PatchOptions {
  std::string source;
  std::string file;
  std::string name;
  std::string ns;
  std::string workload;
  std::vector<std::string> selectors;
  std::string config_map;
  bool in_place = false;
  bool diff = false;
  bool undo = false;
};

kube::Target choose_target(const PatchOptions& options) {
  kube::Target target;
  if (!options.workload.empty()) target.workload = kube::parse_workload(options.workload);
  if (!options.ns.empty()) target.ns = options.ns;
  for (const auto& word : options.selectors) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Code::usage, fmt::format("--selector: expected KEY=VALUE, not `{}`", word));
    }
    target.selector[word.substr(0, equals)] = word.substr(equals + 1);
  }
  if (!target.workload && target.selector.empty()) {
    throw Error(Code::usage,
                "which workload? --workload KIND/NAME or --selector KEY=VALUE is missing");
  }
  return target;
}

kube::Mount choose_mount(const PatchOptions& options, const LocalModule& module) {
  kube::Mount mount;
  mount.plugin = !options.name.empty() ? options.name
                 : module.plugin
                     ? module.plugin->name
                     : plugin::label_from(std::filesystem::path(module.path).stem().native());
  if (const auto why = kube::refuse_label(mount.plugin)) {
    throw Error(Code::usage, fmt::format("--name: the name {}", *why));
  }
  mount.name = options.config_map.empty() ? kube::config_map_name(mount.plugin, module.bytes)
                                          : options.config_map;
  if (const auto why = kube::refuse_subdomain(mount.name)) {
    throw Error(Code::usage, fmt::format("--config-map: the name {}", *why));
  }
  return mount;
}

void run_patch(Context& context, const PatchOptions& options) {
  const auto target = choose_target(options);
  const auto text = base::read_file(options.file, kMaxManifestBytes);
  const auto mount = choose_mount(options, load_module(context, options.source));
  const auto patch = kube::patch_text(text, options.file, target, mount,
                                      options.undo ? kube::Direction::undo : kube::Direction::add);
  if (options.diff) {
    context.out << kube::unified_diff(text, patch.edits, options.file);
  } else if (!options.in_place) {
    context.out << kube::apply_edits(text, patch.edits);
  }
  if (options.in_place && !patch.edits.empty()) {
    base::write_file(options.file, kube::apply_edits(text, patch.edits));
  }
  if (!context.quiet) {
    context.err << fmt::format(
        "{}: {}\n", fmt::join(patch.workloads, ", "),
        patch.edits.empty() ? "nothing to change"
        : options.undo      ? "the mount is taken out"
                       : fmt::format("{} is mounted at {}", mount.name, kube::mount_path(mount)));
  }
}

}  // namespace

void add_patch(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<PatchOptions>();
  auto* app = root.add_subcommand(
      "patch", "Mount the module in a workload's manifest; change no other byte");
  app->add_option("SOURCE", options->source, "A plugin's directory or a .wasm file")->required();
  app->add_option("-f,--file", options->file, "The manifest, with one or more workloads")
      ->type_name("FILE")
      ->required();
  app->add_option("--workload", options->workload, "Which one")->type_name("KIND/NAME");
  app->add_option("--selector", options->selectors,
                  "Those whose pods have this label; may be repeated")
      ->type_name("KEY=VALUE")
      ->delimiter(',')
      ->allow_extra_args(false);
  app->add_option("-n,--namespace", options->ns, "Only those of this namespace, or of none")
      ->type_name("NS");
  app->add_option("--name", options->name, "The plugin's (default: SOURCE's)")->type_name("NAME");
  app->add_option("--config-map", options->config_map,
                  "The ConfigMap (default: the one that `render` makes of this module)")
      ->type_name("NAME");
  auto* in_place =
      app->add_flag("-i,--in-place", options->in_place, "Write FILE, and print nothing");
  app->add_flag("--diff", options->diff, "Print the change only")->excludes(in_place);
  app->add_flag("--undo", options->undo, "Take out what was put in");
  app->footer(
      "Prints the patched manifest. Doing it twice is doing it once; a new module replaces the\n"
      "ConfigMap's name, and nothing else.\n\n"
      "Examples:\n"
      "  wasmctl patch plugins/header-logger -f bookinfo.yaml --workload deployment/productpage-v1 "
      "--diff\n"
      "  wasmctl patch plugins/header-logger -f bookinfo.yaml --selector app=productpage -i");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_patch(context, *options); };
  });
}

}  // namespace wasmctl::cli
