// wasmctl render: the manifests that make a proxy load modules.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "base/printable.hpp"
#include "base/sha256.hpp"
#include "cli/command.hpp"
#include "cli/commands/render/judgement.hpp"
#include "cli/commands/render/render_options.hpp"
#include "cli/commands/render/rendering.hpp"
#include "cli/commands/render/subject.hpp"
#include "cli/flags/key_flags.hpp"
#include "cli/flags/pin.hpp"
#include "cli/manifest_file.hpp"
#include "kube/check/module_facts.hpp"
#include "kube/injection.hpp"
#include "kube/patch/json_patch.hpp"
#include "kube/render/config_map.hpp"
#include "kube/render/explain.hpp"
#include "kube/render/kustomization.hpp"
#include "kube/render/plugin_config.hpp"
#include "kube/render/pull_secret.hpp"
#include "kube/render/signature_policy.hpp"
#include "oci/manifest.hpp"
#include "registry/credentials.hpp"
#include "registry/registry.hpp"
#include "sign/image_signature.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"
#include "yaml/write.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::ordered_json;

// ---- one plugin -----------------------------------------------------------------------------

// By the calls that Envoy writes a line for; printf and the like end in fd_write.
bool may_log(const wasm::Module& module) {
  constexpr std::string_view kWriters[] = {"proxy_log", "fd_write"};
  return std::ranges::any_of(module.imports, [&](const wasm::Import& import) {
    return std::ranges::find(kWriters, import.name) != std::end(kWriters);
  });
}

class PluginRenderer {
 public:
  // `key`: that the image must be signed with; null: none.
  PluginRenderer(Context& context, const RenderOptions& options, const Subject& subject,
                 const kube::Settings& settings, const sign::PublicKey* key)
      : context_(context), options_(options), subject_(subject), settings_(settings), key_(key) {
    rendered_.name = subject.name;
    rendered_.settings = settings;
    if (subject.module && options.lint == Lint::refuse) look_into(*subject.module);
  }

  RenderedPlugin render() {
    switch (subject_.via) {
      case Via::oci: {
        if (options_.pull_secret) add_pull_secret();
        const auto image = pin_image();
        add_resource({"oci://" + oci::to_string(image), image.digest->hex()});
        break;
      }
      case Via::http:
        add_resource({options_.url, base::sha256_hex(subject_.module->bytes)});
        break;
      case Via::file:
        add_resource({options_.url.empty() ? own_file() : options_.url, {}});
        break;
      case Via::config_map:
        add_config_map();
        break;
      case Via::image_volume:
        mount(kube::VolumeSource::image, oci::to_string(pin_image()));
        break;
    }
    return std::move(rendered_);
  }

 private:
  kube::Identity named(const std::string& name) const {
    return {name, options_.ns.empty() ? std::nullopt : std::optional(options_.ns)};
  }

  void look_into(const LocalModule& file) {
    const auto module = wasm::read_module(file.bytes, file.path);
    rendered_.may_log = may_log(module);
    rendered_.module = kube::facts_of(module);
    rendered_.module->plugin = subject_.name;
    if (file.plugin) rendered_.module->hosts = file.plugin->hosts;
  }

  // What docker keeps for the image's registry.
  void add_pull_secret() {
    const auto& image = *subject_.image;
    const auto credentials = registry::find_credentials(image.registry, image.repository,
                                                        context_.env, base::log_warning);
    if (!credentials || !credentials->registry_token.empty()) {
      throw Error(Code::not_found, fmt::format("{}: there are no credentials for {}",
                                               kPullSecretFlag, image.registry))
          .hint(fmt::format("`wasmctl login {}` keeps some", image.registry));
    }
    rendered_.pull_secret =
        kube::pull_secret(named(settings_.find("imagePullSecret")->get<std::string>()),
                          {image.registry, credentials->username, credentials->password,
                           credentials->identity_token});
  }

  // An image's module is judged as a local one, and the config of a plugin that is there as an
  // image only by the schema in the image.
  oci::Reference pin_image() const {
    const auto consumer =
        subject_.is_mounted() ? oci::Consumer::image_volume : options_.kind->fetcher.value();
    Images images(context_, options_.registry);
    auto& image = open(images);
    auto pinned = pin(image, *subject_.image, consumer);
    if (key_ != nullptr) {
      const auto store =
          registry::open_store(pinned, registry_options(context_, options_.registry));
      sign::verify_image(*store, pinned, *key_, options_.verify_key);
    }
    const bool judges = options_.lint == Lint::refuse;
    if (!judges && subject_.plugin) return pinned;
    const auto module = image.module_for(consumer);
    if (!module) return pinned;
    warn_of_choice(image, *module);
    if (judges) wasm::require_loadable(module->content, image.name());
    if (!subject_.plugin) judge_config(image.config_schema(module->manifest), to_string(pinned));
    return pinned;
  }

  oci::PulledImage& open(Images& images) const {
    try {
      return images.open(*subject_.image);
    } catch (Error& error) {
      if (error.code() != Code::not_found || !subject_.plugin) throw;
      throw error.hint(fmt::format("push it first: `wasmctl push {}`", subject_.source));
    }
  }

  void judge_config(const std::optional<std::string>& schema, const std::string& image) const {
    if (!schema) return;
    const auto name = fmt::format("the schema in {}", image);
    kube::require_config(settings_, oci::parse_json(*schema, name), subject_.name, name);
  }

  std::string own_file() const {
    return "file://" + std::filesystem::absolute(subject_.module->path).lexically_normal().native();
  }

  void add_resource(const kube::Location& location) {
    judge_config(subject_.config_schema, subject_.source);
    rendered_.url = location.url;
    rendered_.resource = options_.kind->render(named(subject_.name), location, settings_);
  }

  void add_config_map() {
    const auto& module = subject_.module->bytes;
    const bool fixed = !options_.config_map.empty();
    rendered_.fixed_config_map = fixed;
    const auto name = fixed ? options_.config_map : kube::config_map_name(subject_.name, module);
    rendered_.config_map = kube::config_map(
        named(name), module, fixed ? kube::Change::allowed : kube::Change::immutable);
    mount(kube::VolumeSource::config_map, name);
  }

  void mount(kube::VolumeSource source, const std::string& name) {
    rendered_.mount = {subject_.name, source, name, options_.mount};
    add_resource({"file://" + kube::module_path(*rendered_.mount), {}});
  }

  Context& context_;
  const RenderOptions& options_;
  const Subject& subject_;
  const kube::Settings& settings_;
  const sign::PublicKey* key_;
  RenderedPlugin rendered_;
};

// A plugin that is about to be rendered.
struct Ready {
  Subject subject;
  kube::Settings settings;
};

// Of its pods only the labels are known, which are no proof.
void warn_of_gateway(const RenderOptions& options, const Ready& ready) {
  const auto* const selector = ready.settings.find("selector");
  const bool by_annotation = options.workload && options.mount == kube::MountStyle::annotations;
  if (!by_annotation || options.undo || selector == nullptr) return;
  const auto labels = selector->value("matchLabels", kube::Labels());
  if (!kube::are_gateway_labels(labels)) return;
  base::log_warning(
      "--mount annotations: these are the labels of a gateway, whose template ignores the "
      "annotations; `--mount container` reaches every proxy");
}

Ready prepare(Context& context, const RenderOptions& options, const std::string& source) {
  Ready ready{find_subject(context, options, source), {}};
  const auto& plugin = ready.subject.plugin;
  ready.settings = collect_settings(options.plugin, plugin ? &*plugin : nullptr);
  if (options.pull_secret && ready.settings.find("imagePullSecret") == nullptr) {
    ready.settings.set("imagePullSecret", ready.subject.name + "-pull",
                       {kPullSecretFlag, Code::usage});
  }
  for (const auto& left_out : options.kind->check(ready.settings)) base::log_warning(left_out);
  warn_of_gateway(options, ready);
  const bool selects = !options.explain && options.only != Only::patch;
  if (selects) check_selection(ready.subject, *options.kind, ready.settings);
  return ready;
}

std::vector<Ready> prepare_all(Context& context, const RenderOptions& options) {
  std::vector<Ready> all;
  for (const auto& source : options.sources) {
    all.push_back(prepare(context, options, source));
    const auto& name = all.back().subject.name;
    const auto other = std::ranges::find(
        all, name, [](const Ready& ready) -> const auto& { return ready.subject.name; });
    if (other == std::prev(all.end())) continue;
    throw Error(Code::usage, fmt::format("{} and {} would both be named `{}`",
                                         other->subject.source, source, name))
        .hint(
            "give one of them another `name:` in its wasmctl.yaml, or render it by itself with "
            "--name");
  }
  return all;
}

// ---- the patch ------------------------------------------------------------------------------

ordered_json patch_content(const RenderOptions& options, const std::vector<kube::Mount>& mounts) {
  const auto direction = options.undo ? kube::Direction::undo : kube::Direction::add;
  if (options.patch_type == PatchType::strategic) {
    return kube::mount_patch(*options.workload, mounts, direction);
  }
  const auto file = read_manifest(options.against);
  return kube::json_patch(file.text, file.name, *options.workload,
                          options.ns.empty() ? std::nullopt : std::optional(options.ns), mounts,
                          direction);
}

Rendering render_all(Context& context, const RenderOptions& options,
                     const std::vector<Ready>& all) {
  Rendering rendering;
  rendering.kind = options.kind;
  if (!options.ns.empty()) rendering.ns = options.ns;
  std::vector<kube::Mount> mounts;
  std::optional<sign::PublicKey> key;
  if (!options.verify_key.empty()) {
    key = read_public_key(context, options.verify_key);
    rendering.policy = kube::signature_policy(key->pem());
  }
  for (const auto& [subject, settings] : all) {
    rendering.plugins.push_back(
        PluginRenderer(context, options, subject, settings, key ? &*key : nullptr).render());
    if (const auto& mount = rendering.plugins.back().mount) mounts.push_back(*mount);
  }
  if (options.workload && options.only.value_or(Only::patch) == Only::patch) {
    rendering.patch = {*options.workload, options.mount, options.patch_type,
                       patch_content(options, mounts)};
  }
  return rendering;
}

// ---- what is printed ------------------------------------------------------------------------

std::string to_text(const ordered_json& value, const RenderOptions& options) {
  return options.json ? base::printable_json(value.dump(2)) + '\n' : yaml::write(value);
}

// All that is asked for and that `kubectl apply` may take: first what the plugins want there.
std::vector<ordered_json> documents(const Rendering& rendering, std::optional<Only> only) {
  std::vector<ordered_json> all;
  if (rendering.policy && (!only || only == Only::policy)) all.push_back(*rendering.policy);
  if (only == Only::policy) return all;
  const auto add = [&](bool wanted, const auto& document) {
    for (const auto& plugin : rendering.plugins) {
      if (const auto& value = document(plugin); wanted && value) all.push_back(*value);
    }
  };
  add(!only, [](const RenderedPlugin& plugin) { return plugin.pull_secret; });
  add(only != Only::plugin, [](const RenderedPlugin& plugin) { return plugin.config_map; });
  add(only != Only::config_map,
      [](const RenderedPlugin& plugin) { return std::optional(plugin.resource); });
  return all;
}

std::string to_stream(const std::vector<ordered_json>& documents, const RenderOptions& options) {
  const bool is_one = options.only && documents.size() == 1;
  const bool is_kubernetes = options.kind->fetcher.has_value();
  if (options.json && !is_kubernetes && documents.size() > 1) {
    return to_text(ordered_json(documents), options);
  }
  if (options.json && is_kubernetes && !is_one) {
    return to_text({{"apiVersion", "v1"}, {"kind", "List"}, {"items", documents}}, options);
  }
  std::string text;
  for (const auto& document : documents) {
    text += (text.empty() ? "" : "---\n") + to_text(document, options);
  }
  return text;
}

void write_directory(const Rendering& rendering, const std::filesystem::path& directory) {
  base::make_directories(directory);
  std::vector<std::string> resources;
  const auto write = [&](const std::string& file, const ordered_json& value) {
    base::write_file_if_changed(directory / file, yaml::write(value));
  };
  const auto add = [&](const RenderedPlugin& plugin, std::string_view what,
                       const ordered_json& value) {
    resources.push_back(file_name(rendering, plugin, what));
    write(resources.back(), value);
  };
  if (rendering.policy) {
    resources.emplace_back("policy.yaml");
    write(resources.back(), *rendering.policy);
  }
  for (const auto& plugin : rendering.plugins) {
    if (plugin.config_map) add(plugin, "configmap", *plugin.config_map);
    add(plugin, "plugin", plugin.resource);
  }
  std::optional<kube::WorkloadPatch> patch;
  if (rendering.patch) {
    const auto& [workload, style, type, content] = *rendering.patch;
    write("patch.yaml", type == PatchType::json ? content : kube::with_identity(workload, content));
    patch = {workload, "patch.yaml", rendering.ns};
  }
  write("kustomization.yaml", kube::kustomization(resources, patch));
}

void explain_all(Context& context, const RenderOptions& options, const std::vector<Ready>& all) {
  for (const auto& [subject, settings] : all) {
    if (all.size() > 1) context.out.print("plugin    {}\n", subject.name);
    context.out.write(kube::explain(settings, *options.kind));
  }
}

// A strategic patch has each annotation as one string.
void warn_of_annotations(const RenderOptions& options) {
  if (!options.undo || options.mount != kube::MountStyle::annotations ||
      options.patch_type != PatchType::strategic) {
    return;
  }
  base::log_warning(
      "this takes out the annotations with what other plugins have in them; `--patch-type json "
      "--against FILE` takes out one plugin");
}

void run_render(Context& context, const RenderOptions& options) {
  check_options(context, options);
  const auto all = prepare_all(context, options);
  if (options.explain) return explain_all(context, options, all);
  const auto rendering = render_all(context, options, all);
  const bool shows_steps = !context.quiet && !options.only;
  if (options.only.value_or(Only::plugin) == Only::plugin) {
    for (const auto& warning : judge(rendering)) {
      if (shows_steps && warning.rule == "root-namespace") continue;  // they have a note of it
      base::log_warning_and_hint(text_of(warning), warning.hint);
    }
  }
  if (options.only == Only::patch) {
    warn_of_annotations(options);
    context.out.write(to_text(rendering.patch->content, options));
    return;
  }
  if (options.directory.empty()) {
    context.out.write(to_stream(documents(rendering, options.only), options));
  } else {
    write_directory(rendering, options.directory);
  }
  if (shows_steps) {
    context.err.write(
        next_steps(rendering, {context.command_line, options.directory, options.against == "-",
                               options.plugin.config_file == "-"}));
  }
}

}  // namespace

std::string file_name(const Rendering& rendering, const RenderedPlugin& plugin,
                      std::string_view what) {
  return fmt::format("{}{}.yaml", rendering.plugins.size() > 1 ? plugin.name + "-" : "", what);
}

void add_render(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<RenderOptions>();
  auto* app =
      root.add_subcommand("render", "Print the manifests that make a proxy load the plugin");
  add_render_flags(*app, *options);
  app->footer(
      "The patch is never part of the stream: `kubectl apply` would take what it does not name\n"
      "for deleted. It goes through `kubectl patch --patch-file`, or kustomize.\n\n"
      "Examples:\n"
      "  wasmctl render ghcr.io/acme/header-logger:v1 -n default -l app=productpage\n"
      "  wasmctl render plugins/header-logger --via configmap -n default \\\n"
      "    --selector app=productpage --workload deployment/productpage-v1\n"
      "  wasmctl render ... --only patch |\n"
      "    kubectl patch deployment/productpage-v1 -n default --patch-file /dev/stdin");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_render(context, *options); };
  });
}

}  // namespace wasmctl::cli
