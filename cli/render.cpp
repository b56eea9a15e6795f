// wasmctl render: the manifests that make Istio load a module.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/registry_options.hpp"
#include "cli/rendering.hpp"
#include "cli/source.hpp"
#include "kube/config_map.hpp"
#include "kube/kustomization.hpp"
#include "kube/mount.hpp"
#include "kube/names.hpp"
#include "kube/settings.hpp"
#include "kube/wasm_plugin.hpp"
#include "oci/reference.hpp"
#include "registry/repository.hpp"
#include "yaml/write.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

enum class Via { oci, configmap };
enum class Only { everything, config_map, plugin, patch };

const std::map<std::string, Via> kVias = {{"oci", Via::oci}, {"configmap", Via::configmap}};
const std::map<std::string, Only> kOnlies = {
    {"configmap", Only::config_map}, {"plugin", Only::plugin}, {"patch", Only::patch}};

// Flags that set one scalar of the plugin's settings; the choices are in kube::fields().
struct ScalarFlag {
  const char* name;
  const char* key;
  const char* type;
  const char* help;
};

constexpr ScalarFlag kScalarFlags[] = {
    {"--phase", "phase", "PHASE", "Where in the chain of filters"},
    {"--priority", "priority", "N", "Order within the phase, highest first"},
    {"--fail-strategy", "failStrategy", "STRATEGY", "What happens to requests if the plugin fails"},
    {"--type", "type", "TYPE", "Of the filter"},
    {"--plugin-name", "pluginName", "NAME", "The root context's ID (Envoy's root_id)"},
    {"--pull-policy", "imagePullPolicy", "POLICY", "When the image is pulled again"},
    {"--pull-secret", "imagePullSecret", "NAME", "The secret with the registry's credentials"},
};

struct RenderOptions {
  std::string source;
  std::string via;
  std::string name;
  std::string ns;
  std::vector<std::string> selectors;
  std::string workload;
  std::string only;
  std::string directory;
  std::map<std::string, std::string> scalars;  // by key
  bool undo = false;
  RegistryOptions registry;
};

// What SOURCE turned out to be.
struct Subject {
  Via via = Via::oci;
  std::optional<plugin::Plugin> plugin;  // of a directory
  std::optional<LocalModule> module;     // for Via::configmap
  std::optional<oci::Reference> image;   // for Via::oci
};

Error usage(std::string_view flag, std::string_view why) {
  return Error(Code::usage, fmt::format("{}: {}", flag, why));
}

void check_label(std::string_view flag, const std::string& name) {
  if (const auto why = kube::refuse_label(name))
    throw usage(flag, fmt::format("the name {}", *why));
}

template <typename Choices>
void check_choice(std::string_view flag, const std::string& word, const Choices& choices) {
  if (word.empty() || choices.contains(word)) return;
  std::vector<std::string_view> known;
  for (const auto& [key, value] : choices) known.push_back(key);
  throw usage(flag, fmt::format("cannot be `{}`", word)).hint(kube::suggest(word, known));
}

json parse_selector(const std::vector<std::string>& words) {
  auto labels = json::object();
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const bool is_set_based = equals > 0 && equals != std::string::npos && word[equals - 1] == '!';
    if (equals == std::string::npos || equals == 0 || is_set_based) {
      throw usage("--selector", fmt::format("expected KEY=VALUE, not `{}`", word))
          .hint("for example `--selector app=productpage`; Istio selects by equal labels only");
    }
    labels[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return {{"matchLabels", labels}};
}

// A whole number as one, so that the table of settings can judge it; all else as text.
json parse_scalar(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return text;
}

bool is_integer(std::string_view key) {
  return std::ranges::any_of(kube::fields(), [&](const kube::Field& field) {
    return field.shape.key == key && field.shape.type == kube::Type::integer;
  });
}

kube::Settings collect_settings(const RenderOptions& options,
                                const std::optional<plugin::Plugin>& plugin) {
  kube::Settings settings;
  if (plugin) {
    for (const auto& setting : plugin->settings) {
      settings.set(setting.key, *setting.value, {setting.place, Code::bad_input});
    }
  }
  for (const auto& flag : kScalarFlags) {
    const auto given = options.scalars.find(flag.key);
    if (given == options.scalars.end() || given->second.empty()) continue;
    const auto value = is_integer(flag.key) ? parse_scalar(given->second) : json(given->second);
    settings.set(flag.key, value, {flag.name, Code::usage});
  }
  if (!options.selectors.empty()) {
    settings.set("selector", parse_selector(options.selectors), {"--selector", Code::usage});
  }
  settings.check_together();
  return settings;
}

// ---- what is rendered --------------------------------------------------------------------------

// Where `wasmctl push` puts it: wasmctl.yaml's image, its version as the tag.
oci::Reference pushed_image(const plugin::Plugin& plugin) {
  if (!plugin.image) {
    throw usage("--via oci",
                fmt::format("{} names no image", (plugin.directory / plugin::kFileName).native()))
        .hint("write `image: REGISTRY/REPOSITORY` into it, or render the pushed IMAGE by its name");
  }
  auto reference = oci::parse_reference(*plugin.image);
  if (!reference.tag && !reference.digest) reference.tag = plugin.version;
  return reference;
}

Subject find_directory(Context& context, const RenderOptions& options) {
  Subject subject;
  subject.plugin = plugin::load(options.source);
  subject.via = subject.plugin->image ? Via::oci : Via::configmap;
  if (!options.via.empty()) subject.via = kVias.at(options.via);
  if (subject.via == Via::oci) {
    subject.image = pushed_image(*subject.plugin);
  } else {
    subject.module = load_module(context, options.source);
  }
  return subject;
}

Subject find_image(const std::string& name, const RenderOptions& options) {
  if (!options.via.empty() && options.via != "oci") {
    throw usage("--via " + options.via, "takes a plugin's directory or a .wasm file, not an image");
  }
  return {.via = Via::oci, .plugin = {}, .module = {}, .image = oci::parse_reference(name)};
}

Subject find_subject(Context& context, const RenderOptions& options) {
  if (!options.source.starts_with("oci:") && std::filesystem::is_directory(options.source)) {
    return find_directory(context, options);
  }
  auto source = resolve_source(context, options.source);
  if (const auto* image = std::get_if<ImageName>(&source)) return find_image(image->text, options);
  if (options.via == "oci") {
    throw usage("--via oci", fmt::format("{} is a file, no image", options.source))
        .hint(
            fmt::format("push it, and render the image: `wasmctl push {} IMAGE`", options.source));
  }
  return {.via = Via::configmap,
          .plugin = {},
          .module = std::get<LocalModule>(std::move(source)),
          .image = {}};
}

// The last part of a file's or repository's name, as far as it can be a name in Kubernetes.
std::string choose_name(const RenderOptions& options, const Subject& subject) {
  if (!options.name.empty()) return options.name;
  if (subject.plugin) return subject.plugin->name;
  const std::filesystem::path path =
      subject.image ? subject.image->repository : subject.module->path;
  auto name = plugin::label_from((subject.image ? path.filename() : path.stem()).native());
  if (kube::refuse_label(name)) {
    throw Error(Code::usage, fmt::format("no name can be made of `{}`", options.source))
        .hint("give the plugin a name: `--name my-plugin`");
  }
  return name;
}

// The url pins the very image, and so does sha256, which Istio compares with the manifest's digest.
Rendering render_oci(Context& context, const oci::Reference& reference,
                     const RenderOptions& options, const kube::Identity& identity,
                     const kube::Settings& settings) {
  const auto repository =
      registry::open_repository(reference, registry_options(context, options.registry));
  const auto digest = registry::fetch_for_istio(*repository, reference).descriptor.digest;
  const auto url = "oci://" + oci::to_string(oci::pinned(reference, digest));
  Rendering rendering;
  rendering.identity = identity;
  rendering.plugin = kube::wasm_plugin(identity, {url, digest.hex()}, settings);
  return rendering;
}

// Pods without the mount would look for a file that is not there, and deny all traffic.
void require_selection(const kube::Settings& settings) {
  if (settings.find("selector") != nullptr || settings.find("targetRefs") != nullptr) return;
  throw usage("--via configmap", "needs --selector: the file is in the pods that mount it only")
      .hint("name the labels of the workload's pods: `--selector app=productpage`");
}

Rendering render_config_map(const LocalModule& module, const RenderOptions& options,
                            const kube::Identity& identity, const kube::Settings& settings) {
  require_selection(settings);
  Rendering rendering;
  rendering.identity = identity;
  const kube::Mount mount{identity.name, kube::config_map_name(identity.name, module.bytes)};
  rendering.config_map =
      kube::config_map({mount.config_map, identity.ns}, module.bytes, kube::Change::immutable);
  rendering.plugin =
      kube::wasm_plugin(identity, {"file://" + kube::module_path(mount), {}}, settings);
  if (!options.workload.empty()) {
    rendering.workload = kube::parse_workload(options.workload);
    rendering.patch = kube::mount_patch(
        *rendering.workload, mount, options.undo ? kube::Direction::undo : kube::Direction::add);
  }
  return rendering;
}

std::vector<ordered_json> choose_documents(const Rendering& rendering, Only only) {
  std::vector<ordered_json> documents;
  if (rendering.config_map && (only == Only::everything || only == Only::config_map)) {
    documents.push_back(*rendering.config_map);
  }
  if (only == Only::everything || only == Only::plugin) documents.push_back(rendering.plugin);
  if (only == Only::patch) documents.push_back(*rendering.patch);
  return documents;
}

std::string to_stream(const std::vector<ordered_json>& documents) {
  std::string text;
  for (const auto& document : documents) {
    if (!text.empty()) text += "---\n";
    text += yaml::write(document);
  }
  return text;
}

void write_directory(const Rendering& rendering, const std::filesystem::path& directory) {
  base::make_directories(directory);
  std::vector<std::string> resources;
  std::optional<kube::WorkloadPatch> patch;
  const auto write = [&](const char* file, const ordered_json& value) {
    base::write_file_if_changed(directory / file, yaml::write(value));
  };
  if (rendering.config_map) {
    write("configmap.yaml", *rendering.config_map);
    resources.emplace_back("configmap.yaml");
  }
  write("plugin.yaml", rendering.plugin);
  resources.emplace_back("plugin.yaml");
  if (rendering.patch) {
    write("patch.yaml", kube::with_identity(*rendering.workload, *rendering.patch));
    patch = {*rendering.workload, "patch.yaml"};
  }
  write("kustomization.yaml", kube::kustomization(resources, patch));
}

void check_options(const RenderOptions& options) {
  if (!options.name.empty()) check_label("--name", options.name);
  if (!options.ns.empty()) check_label("--namespace", options.ns);
  if (!options.workload.empty()) (void)kube::parse_workload(options.workload);
  check_choice("--via", options.via, kVias);
  check_choice("--only", options.only, kOnlies);
  const bool patch = options.only == "patch";
  if (patch && options.workload.empty()) throw usage("--only patch", "needs --workload KIND/NAME");
  if (options.undo && !patch) throw usage("--undo", "goes with --only patch");
  if (!options.only.empty() && !options.directory.empty()) {
    throw usage("--only", "prints one of the manifests, -o writes them all: choose one");
  }
}

// What makes sense with a file that is mounted only.
void check_against(const Subject& subject, const RenderOptions& options) {
  if (subject.via != Via::oci) return;
  if (subject.image->is_layout()) {
    throw usage("SOURCE", fmt::format("no proxy can pull from `{}`", options.source))
        .hint("copy the image to a registry, and render that");
  }
  if (!options.workload.empty()) {
    throw usage("--workload", "there is nothing to mount: the proxy pulls the image itself")
        .hint("leave it out, or mount the module: `--via configmap`");
  }
  if (options.only == "configmap") {
    throw usage("--only configmap", "there is none: the proxy pulls the image itself");
  }
}

void run_render(Context& context, const RenderOptions& options) {
  check_options(options);
  const auto subject = find_subject(context, options);
  check_against(subject, options);
  const auto settings = collect_settings(options, subject.plugin);
  const kube::Identity identity{choose_name(options, subject),
                                options.ns.empty() ? std::nullopt : std::optional(options.ns)};
  const auto rendering = subject.via == Via::oci
                             ? render_oci(context, *subject.image, options, identity, settings)
                             : render_config_map(*subject.module, options, identity, settings);
  const auto only = options.only.empty() ? Only::everything : kOnlies.at(options.only);
  if (!options.directory.empty()) {
    write_directory(rendering, options.directory);
  } else {
    context.out << to_stream(choose_documents(rendering, only));
  }
  if (!context.quiet && only == Only::everything) {
    context.err << next_steps(rendering, {context.command_line, options.directory});
  }
}

std::string choices_of(std::string_view key) {
  for (const auto& field : kube::fields()) {
    if (field.shape.key != key || field.shape.choices.empty()) continue;
    return fmt::format(": {}", fmt::join(field.shape.choices, ", "));
  }
  return "";
}

std::string keys_of(const auto& table) {
  std::string keys;
  for (const auto& [key, value] : table) keys += (keys.empty() ? "" : "|") + key;
  return keys;
}

}  // namespace

void add_render(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<RenderOptions>();
  auto* app = root.add_subcommand("render", "Print the manifests that make Istio load the plugin");
  app->add_option("SOURCE", options->source, "A plugin's directory, a .wasm file or an IMAGE")
      ->required();
  const auto option = [&](const char* name, auto& value, const std::string& type,
                          const std::string& help) {
    return app->add_option(name, value, help)->type_name(type);
  };
  option("--via", options->via, keys_of(kVias), "How the module gets to the proxy");
  option("--name", options->name, "NAME", "Of the WasmPlugin (default: the plugin's)");
  option("-n,--namespace", options->ns, "NS", "Of the workload, and so of all that is rendered");
  option("--selector", options->selectors, "KEY=VALUE", "Labels of the pods; may be repeated")
      ->delimiter(',')
      ->allow_extra_args(false);
  option("--workload", options->workload, "KIND/NAME", "What makes the pods, to be patched");
  option("--only", options->only, keys_of(kOnlies), "Print one of the manifests");
  app->add_flag("--undo", options->undo, "With --only patch: take the mount out again");
  option("-o,--output", options->directory, "DIR", "Write a kustomize component");
  add_registry_options(*app, options->registry);
  for (const auto& flag : kScalarFlags) {
    option(flag.name, options->scalars[flag.key], flag.type, flag.help + choices_of(flag.key));
  }
  app->footer(
      "The patch is never part of the stream: `kubectl apply` would take what it does not name\n"
      "for deleted. It goes through `kubectl patch --patch-file`, or kustomize.\n\n"
      "Examples:\n"
      "  wasmctl render ghcr.io/acme/header-logger:v1 -n default --selector app=productpage\n"
      "  wasmctl render plugins/header-logger --via configmap -n default \\\n"
      "    --selector app=productpage --workload deployment/productpage-v1\n"
      "  wasmctl render ... --only patch |\n"
      "    kubectl patch deployment/productpage-v1 -n default --patch-file /dev/stdin");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_render(context, *options); };
  });
}

}  // namespace wasmctl::cli
