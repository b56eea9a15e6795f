// wasmctl patch: the volume and the mount, written into a manifest that somebody keeps.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/label.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/flags/key_value.hpp"
#include "cli/flags/pin.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/flags/source.hpp"
#include "cli/flags/workload.hpp"
#include "cli/manifest_file.hpp"
#include "kube/names.hpp"
#include "kube/patch/text_patch.hpp"
#include "kube/render/config_map.hpp"
#include "oci/reference.hpp"

namespace wasmctl::cli {

namespace {

struct PatchOptions {
  std::string source;
  std::string file;
  std::string name;
  std::string ns;
  std::optional<kube::Workload> workload;
  std::vector<std::string> selectors;
  std::string config_map;
  BuildFlags build;
  kube::MountStyle mount = kube::MountStyle::container;
  RegistryOptions registry;
  bool in_place = false;
  bool diff = false;
  bool undo = false;
};

kube::Target choose_target(const PatchOptions& options) {
  kube::Target target{options.workload, {}, parse_selector(options.selectors)};
  if (!options.ns.empty()) target.ns = options.ns;
  if (!target.workload && target.selector.empty()) {
    throw Error(Code::usage,
                "which workload? --workload KIND/NAME or --selector KEY=VALUE is missing");
  }
  return target;
}

std::string choose_name(const PatchOptions& options, const Source& source) {
  const auto name = options.name.empty() ? plugin_name(source) : options.name;
  if (const auto why = base::refuse_label(name)) {
    throw Error(Code::usage, fmt::format("--name: the name {}", *why));
  }
  return name;
}

kube::Mount config_map_mount(Context& context, const PatchOptions& options, const Source& source) {
  const auto module = load_module(context, source, options.build);
  kube::Mount mount;
  mount.plugin =
      module.plugin && options.name.empty() ? module.plugin->name : choose_name(options, source);
  mount.name = options.config_map.empty() ? kube::config_map_name(mount.plugin, module.bytes)
                                          : options.config_map;
  // A ConfigMap that cannot be is nothing to mount.
  if (!options.undo) (void)kube::config_map({mount.name, {}}, module.bytes, kube::Change::allowed);
  if (const auto why = kube::refuse_subdomain(mount.name)) {
    throw Error(Code::usage, fmt::format("--config-map: the name {}", *why));
  }
  return mount;
}

kube::Mount image_mount(Context& context, const PatchOptions& options,
                        const oci::Reference& reference) {
  if (!options.config_map.empty()) {
    throw Error(Code::usage, "--config-map: an image is mounted as it is, by no ConfigMap");
  }
  require_registry(reference);
  kube::Mount mount;
  mount.plugin = choose_name(options, reference);
  mount.source = kube::VolumeSource::image;
  // What is taken out need not be asked for.
  if (options.undo) return mount;
  Images images(context, options.registry);
  mount.name = oci::to_string(pin(images.open(reference), reference, oci::Consumer::image_volume));
  return mount;
}

kube::Mount choose_mount(Context& context, const PatchOptions& options) {
  const auto source = parse_source(options.source);
  const auto* const image = std::get_if<oci::Reference>(&source);
  auto mount = image != nullptr ? image_mount(context, options, *image)
                                : config_map_mount(context, options, source);
  mount.style = options.mount;
  return mount;
}

// As git would name it: below the current directory, or from the root.
std::string diff_name(const std::string& file) {
  std::error_code error;
  const auto path = std::filesystem::absolute(file, error).lexically_normal();
  const auto below = path.lexically_relative(std::filesystem::current_path(error));
  if (!below.empty() && *below.begin() != "..") return below.native();
  return path.relative_path().native();
}

// "deployment/web"; with its namespace where that tells it from another one.
std::string patched_workloads(const kube::TextPatch& patch) {
  const auto& first = patch.workloads.front().ns;
  const bool several = std::ranges::any_of(
      patch.workloads, [&](const kube::Patched& patched) { return patched.ns != first; });
  std::vector<std::string> names;
  for (const auto& [workload, ns] : patch.workloads) {
    const bool named = several && !ns.empty();
    names.push_back(named ? fmt::format("{} in {}", workload, ns) : workload);
  }
  return kube::listed(names);
}

// A ConfigMap is of one namespace, and `render` makes one.
void print_namespaces(Output err, const kube::TextPatch& patch, const kube::Mount& mount) {
  std::set<std::string> namespaces;
  for (const auto& [workload, ns] : patch.workloads) namespaces.insert(ns);
  namespaces.erase("");
  if (mount.source != kube::VolumeSource::config_map || namespaces.size() < 2) return;
  err.print("note: each of these namespaces needs the ConfigMap {}: {}\n", mount.name,
            kube::listed({namespaces.begin(), namespaces.end()}));
}

void print_result(Context& context, const PatchOptions& options, const kube::TextPatch& patch,
                  const kube::Mount& mount) {
  for (const auto& [workload, why] : patch.skipped) {
    base::log_warning(fmt::format("{} stays as it is: {}", workload, why));
  }
  if (context.quiet) return;
  context.err.print("{}: {}\n", patched_workloads(patch),
                    patch.edits.empty() ? "nothing to change"
                    : options.undo
                        ? "the mount is taken out"
                        : fmt::format("{} is mounted at {}", mount.name, mount_path(mount)));
  if (!options.undo) print_namespaces(context.err, patch, mount);
}

void run_patch(Context& context, const PatchOptions& options) {
  const auto target = choose_target(options);
  const bool is_stdin = options.file == "-";
  if (is_stdin && options.in_place) {
    throw Error(Code::usage, "--in-place: standard input is not a file that could be written");
  }
  const auto [name, text] = read_manifest(options.file);
  const auto mount = choose_mount(context, options);
  const auto patch = kube::patch_text(text, name, target, mount,
                                      options.undo ? kube::Direction::undo : kube::Direction::add);
  if (options.diff) {
    context.out.write(kube::unified_diff(text, patch.edits, is_stdin ? name : diff_name(name)));
  } else if (!options.in_place) {
    context.out.write(kube::apply_edits(text, patch.edits));
  }
  if (options.in_place && !patch.edits.empty()) {
    base::write_file(options.file, kube::apply_edits(text, patch.edits));
  }
  print_result(context, options, patch, mount);
}

}  // namespace

void add_patch(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<PatchOptions>();
  auto* app = root.add_subcommand(
      "patch", "Mount the module in a workload's manifest; change no other byte");
  app->add_option(
         "SOURCE", options->source,
         "A plugin's directory or a .wasm file, which a ConfigMap is to hold; or an IMAGE, "
         "mounted as a volume")
      ->required();
  app->add_option("-f,--file", options->file,
                  "The manifest, with one or more workloads; - for standard input")
      ->type_name("FILE")
      ->required();
  add_workload_option(*app, options->workload, "Which one");
  app->add_option("-l,--selector", options->selectors, "Those whose pods have this label")
      ->type_name("KEY=VALUE")
      ->delimiter(',')
      ->allow_extra_args(false);
  app->add_option("-n,--namespace", options->ns, "Only those of this namespace, or of none")
      ->type_name("NS");
  app->add_option("--name", options->name, "The plugin's (default: SOURCE's)")->type_name("NAME");
  app->add_option("--config-map", options->config_map,
                  "The ConfigMap (default: the one that `render` makes of this module)")
      ->type_name("NAME");
  add_mount_option(*app, options->mount);
  auto* in_place =
      app->add_flag("-i,--in-place", options->in_place, "Write FILE, and print nothing");
  app->add_flag("--diff", options->diff, "Print the change only")->excludes(in_place);
  app->add_flag("--undo", options->undo, "Take out what was put in");
  add_build_flags(*app, options->build);
  add_registry_options(*app, options->registry);
  app->footer(
      "Prints the patched manifest. Doing it twice is doing it once; a new module replaces the\n"
      "ConfigMap's name, and nothing else. What is in brackets, as in JSON, stays on its lines.\n\n"
      "Examples:\n"
      "  wasmctl patch plugins/header-logger -f web.yaml --diff\n"
      "  wasmctl patch plugins/header-logger -f web.yaml --selector app=web -i");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_patch(context, *options); };
  });
}

}  // namespace wasmctl::cli
