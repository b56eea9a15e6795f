// wasmctl render: the manifests that make Istio load a module.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <span>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "cli/command.hpp"
#include "cli/config_schema.hpp"
#include "cli/pin.hpp"
#include "cli/plugin_flags.hpp"
#include "cli/registry_options.hpp"
#include "cli/rendering.hpp"
#include "cli/source.hpp"
#include "kube/config_map.hpp"
#include "kube/explain.hpp"
#include "kube/kustomization.hpp"
#include "kube/mount.hpp"
#include "kube/names.hpp"
#include "kube/pull_secret.hpp"
#include "kube/resource_kinds.hpp"
#include "oci/manifest.hpp"
#include "oci/reference.hpp"
#include "registry/credentials.hpp"
#include "yaml/write.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::ordered_json;

// A word of the command line and what it stands for; the first row of a table is the default.
template <typename Value>
struct Choice {
  std::string_view word;
  Value value;
};

enum class Via : std::uint8_t { oci, http, file, config_map, image_volume };
enum class Only : std::uint8_t { config_map, plugin, patch };

constexpr Choice<Via> kVias[] = {
    {"oci", Via::oci},
    {"configmap", Via::config_map},
    {"image-volume", Via::image_volume},
    {"http", Via::http},
    {"file", Via::file},
};
constexpr Choice<Only> kOnlies[] = {
    {"configmap", Only::config_map}, {"plugin", Only::plugin}, {"patch", Only::patch}};
constexpr Choice<kube::MountStyle> kMounts[] = {{"container", kube::MountStyle::container},
                                                {"annotations", kube::MountStyle::annotations}};

struct RenderOptions {
  std::string source;
  std::string via;
  std::string kind;
  std::string url;
  std::string name;
  std::string ns;
  std::string workload;
  std::string mount;
  std::string config_map;
  std::string only;
  std::string directory;
  bool undo = false;
  bool explain = false;
  bool json = false;
  Lint lint = Lint::refuse;
  PluginFlags plugin;
  bool pull_secret = false;  // rendered, with the credentials that docker keeps
  RegistryOptions registry;
};

Error usage(std::string_view flag, std::string_view why) {
  return Error(Code::usage, fmt::format("{}: {}", flag, why));
}

template <typename Value>
std::vector<std::string_view> words_of(std::span<const Choice<Value>> table) {
  std::vector<std::string_view> words(table.size());
  std::ranges::transform(table, words.begin(), &Choice<Value>::word);
  return words;
}

// The value of `word`; of no word, the table's first.
template <typename Value, std::size_t size>
Value choose(std::string_view flag, std::string_view word, const Choice<Value> (&table)[size]) {
  if (word.empty()) return table[0].value;
  const auto* const found = std::ranges::find(table, word, &Choice<Value>::word);
  if (found != std::end(table)) return found->value;
  throw usage(flag, fmt::format("cannot be `{}`", word))
      .hint(kube::suggest(word, words_of<Value>(table)));
}

std::vector<std::string_view> kind_names() {
  std::vector<std::string_view> names;
  for (const auto& kind : kube::resource_kinds()) names.push_back(kind.name);
  return names;
}

const kube::ResourceKind& choose_kind(std::string_view word) {
  const auto kinds = kube::resource_kinds();
  if (word.empty()) return kinds.front();
  const auto found = std::ranges::find(kinds, word, &kube::ResourceKind::name);
  if (found != kinds.end()) return *found;
  throw usage("--kind", fmt::format("cannot be `{}`", word))
      .hint(kube::suggest(word, kind_names()));
}

// As a volume of the pods.
bool is_mounted(Via via) {
  return via == Via::config_map || via == Via::image_volume;
}

// What SOURCE turned out to be, and how the module gets to the proxy.
struct Subject {
  Via via = Via::oci;
  std::optional<plugin::Plugin> plugin;  // of a directory
  std::variant<LocalModule, oci::Reference> source;

  bool is_mounted() const { return cli::is_mounted(via); }
  const oci::Reference& image() const { return std::get<oci::Reference>(source); }
  const LocalModule& module() const { return std::get<LocalModule>(source); }
};

bool needs_image(Via via) {
  return via == Via::oci || via == Via::image_volume;
}

// ---- before anything is built or asked of a registry --------------------------------------------

void check_name(std::string_view flag, const std::string& name) {
  if (name.empty()) return;
  if (const auto why = kube::refuse_label(name))
    throw usage(flag, fmt::format("the name {}", *why));
}

// The scheme of the url by which a proxy gets the module.
std::string_view scheme_of(Via via) {
  if (via == Via::oci) return "oci";
  return via == Via::http ? "http" : "file";
}

// Only Istio's kinds are for pods that could mount something.
bool loads(const kube::ResourceKind& kind, Via via) {
  if (is_mounted(via)) return kind.consumer == kube::Consumer::istio;
  return std::ranges::find(kind.schemes, scheme_of(via)) != kind.schemes.end();
}

// Where nothing is said: an image's own name, a file on Envoy's machine, a file from a ConfigMap.
Via default_via(const kube::ResourceKind& kind, bool has_image) {
  if (has_image && loads(kind, Via::oci)) return Via::oci;
  if (kind.consumer == kube::Consumer::envoy) return Via::file;
  return loads(kind, Via::config_map) ? Via::config_map : Via::oci;
}

Via choose_via(const RenderOptions& options, const kube::ResourceKind& kind, bool has_image) {
  return options.via.empty() ? default_via(kind, has_image) : choose("--via", options.via, kVias);
}

// What only makes sense where pods and their volumes are.
void check_kind(const kube::ResourceKind& kind, const RenderOptions& options) {
  const auto refuse = [&](std::string_view flag, std::string_view why) {
    return usage(flag, fmt::format("does not go with --kind {}: {}", kind.name, why));
  };
  if (!options.via.empty()) {
    if (!loads(kind, choose("--via", options.via, kVias))) {
      throw refuse("--via " + options.via, kind.consumer == kube::Consumer::envoy
                                               ? "Envoy itself reads a file, or fetches by http"
                                               : "the gateway itself fetches the module")
          .hint(fmt::format("`--via {}`, or `--via http --url URL`",
                            kind.consumer == kube::Consumer::envoy ? "file" : "oci"));
    }
  }
  if (!loads(kind, Via::config_map) && !options.workload.empty()) {
    throw refuse("--workload", "nothing is mounted");
  }
  if (kind.consumer == kube::Consumer::envoy && !options.directory.empty()) {
    throw refuse("-o", "it is no resource of Kubernetes");
  }
}

void check_url(const RenderOptions& options, const kube::ResourceKind& kind) {
  const auto via = options.via.empty() ? Via::oci : choose("--via", options.via, kVias);
  const auto& url = options.url;
  const bool own_file = kind.consumer == kube::Consumer::envoy && via == Via::file && url.empty();
  if (own_file) return;  // the module's own path

  const auto expect = [&](bool fits, std::string_view form) {
    if (fits) return;
    throw usage("--url", url.empty() ? fmt::format("is missing: {}", form)
                                     : fmt::format("expected {}, not `{}`", form, url));
  };
  if (via == Via::http)
    expect(url.starts_with("http://") || url.starts_with("https://"), "https://...");
  if (via == Via::file) expect(url.starts_with("file:///"), "file:///PATH");
  if (via != Via::http && via != Via::file && !url.empty()) {
    throw usage("--url", "goes with --via http and --via file");
  }
}

constexpr char kPullSecretFlag[] = "--pull-secret-from-docker-config";

void check_pull_secret(const Context& context, const RenderOptions& options) {
  if (!options.pull_secret) return;
  if (!options.directory.empty() || !options.only.empty()) {
    throw usage(kPullSecretFlag, "goes with the whole stream: no file of credentials is written");
  }
  if (context.out_terminal) {
    throw usage(kPullSecretFlag, "the credentials would stand on the terminal")
        .hint("hand the stream on: `wasmctl render ... | kubectl apply -f -`");
  }
}

void check_options(const Context& context, const RenderOptions& options,
                   const kube::ResourceKind& kind) {
  check_pull_secret(context, options);
  check_name("--name", options.name);
  check_name("--namespace", options.ns);
  check_name("--config-map", options.config_map);
  if (!options.workload.empty()) (void)kube::parse_workload(options.workload);
  check_url(options, kind);
  check_kind(kind, options);
  (void)choose("--mount", options.mount, kMounts);
  const bool patch =
      !options.only.empty() && choose("--only", options.only, kOnlies) == Only::patch;
  if (patch && options.workload.empty()) throw usage("--only patch", "needs --workload KIND/NAME");
  if (options.undo && !patch) throw usage("--undo", "goes with --only patch");
  if (!options.only.empty() && !options.directory.empty()) {
    throw usage("--only", "prints one of the manifests, -o writes them all: choose one");
  }
}

// ---- SOURCE
// --------------------------------------------------------------------------------------

// Where `wasmctl push` puts it: wasmctl.yaml's image, its version as the tag.
oci::Reference pushed_image(const plugin::Plugin& plugin, const RenderOptions& options) {
  if (!plugin.image) {
    const auto flag = options.via.empty() ? "--kind " + options.kind : "--via " + options.via;
    throw usage(flag, fmt::format("needs an image, and {} names none",
                                  (plugin.directory / plugin::kFileName).native()))
        .hint("write `image: REGISTRY/REPOSITORY` into it, or render the pushed IMAGE by its name");
  }
  auto reference = oci::parse_reference(*plugin.image);
  if (!reference.tag && !reference.digest) reference.tag = plugin.version;
  return reference;
}

// A directory whose image is rendered need not be built.
Subject find_directory(Context& context, const RenderOptions& options,
                       const kube::ResourceKind& kind) {
  Subject subject;
  subject.plugin = plugin::load(options.source);
  subject.via = choose_via(options, kind, subject.plugin->image.has_value());
  if (needs_image(subject.via)) {
    subject.source = pushed_image(*subject.plugin, options);
  } else {
    subject.source = load_module(context, options.source, options.lint);
  }
  return subject;
}

Subject find_subject(Context& context, const RenderOptions& options,
                     const kube::ResourceKind& kind) {
  if (!options.source.starts_with("oci:") && std::filesystem::is_directory(options.source)) {
    return find_directory(context, options, kind);
  }
  auto source = resolve_source(context, options.source, options.lint);
  Subject subject;
  if (const auto* image = std::get_if<ImageName>(&source)) {
    subject.via = choose_via(options, kind, true);
    subject.source = oci::parse_reference(image->text);
  } else {
    subject.via = choose_via(options, kind, false);
    subject.source = std::get<LocalModule>(std::move(source));
  }
  const bool is_image = std::holds_alternative<oci::Reference>(subject.source);
  if (needs_image(subject.via) && !is_image) {
    throw usage("--via " + options.via, fmt::format("{} is a file, no image", options.source))
        .hint(
            fmt::format("push it, and render the image: `wasmctl push {} IMAGE`", options.source));
  }
  if (!needs_image(subject.via) && is_image) {
    throw usage("--via " + options.via, "takes a plugin's directory or a .wasm file, not an image");
  }
  return subject;
}

// The last part of a file's or repository's name, as far as it can be a name in Kubernetes.
std::string choose_name(const RenderOptions& options, const Subject& subject) {
  if (!options.name.empty()) return options.name;
  if (subject.plugin) return subject.plugin->name;
  const std::filesystem::path path =
      needs_image(subject.via) ? subject.image().repository : subject.module().path;
  auto name =
      plugin::label_from((needs_image(subject.via) ? path.filename() : path.stem()).native());
  if (kube::refuse_label(name)) {
    throw Error(Code::usage, fmt::format("no name can be made of `{}`", options.source))
        .hint("give the plugin a name: `--name my-plugin`");
  }
  return name;
}

void check_subject(const Subject& subject, const RenderOptions& options) {
  if (needs_image(subject.via)) require_registry(subject.image());
  if (!options.workload.empty() && !subject.is_mounted()) {
    throw usage("--workload", "there is nothing to mount: the proxy gets the module by its url")
        .hint("leave it out, or mount the module: `--via configmap` or `--via image-volume`");
  }
  if (options.pull_secret && subject.via != Via::oci) {
    throw usage(kPullSecretFlag, "goes with --via oci")
        .hint(subject.via == Via::image_volume
                  ? "a volume's image is pulled with the pod's own imagePullSecrets"
                  : "no image is pulled");
  }
  if (options.only == "configmap" && subject.via != Via::config_map) {
    throw usage("--only configmap", "there is none: it goes with --via configmap");
  }
}

// Pods without the file would deny all traffic.
void check_selection(const Subject& subject, const kube::Settings& settings,
                     const kube::ResourceKind& kind) {
  if (kind.consumer != kube::Consumer::istio) return;
  if (!subject.is_mounted() && subject.via != Via::file) return;
  if (settings.find("selector") != nullptr || settings.find("targetRefs") != nullptr) return;
  throw Error(Code::usage, "--selector is missing: the file is in some pods only")
      .hint("name the labels of their workload: `--selector app=productpage`");
}

// ---- what is rendered
// ----------------------------------------------------------------------------

class Renderer {
 public:
  Renderer(Context& context, const RenderOptions& options, const kube::ResourceKind& kind,
           const Subject& subject, const kube::Settings& settings)
      : context_(context), options_(options), kind_(kind), subject_(subject), settings_(settings) {
    rendering_.identity = {choose_name(options, subject),
                           options.ns.empty() ? std::nullopt : std::optional(options.ns)};
  }

  Rendering render() {
    switch (subject_.via) {
      case Via::oci: {
        if (options_.pull_secret) add_pull_secret();
        const auto image = pin_image();
        add_plugin({"oci://" + image.reference, image.hex});
        break;
      }
      case Via::http:
        add_plugin({options_.url, base::sha256_hex(subject_.module().bytes)});
        break;
      case Via::file:
        add_plugin({options_.url.empty() ? own_file() : options_.url, {}});
        break;
      case Via::config_map:
        add_config_map();
        break;
      case Via::image_volume:
        mount(kube::VolumeSource::image, pin_image().reference);
        break;
    }
    return std::move(rendering_);
  }

 private:
  // What docker keeps for the image's registry.
  void add_pull_secret() {
    const auto& image = subject_.image();
    const auto credentials = registry::find_credentials(
        image.registry, image.repository, context_.env,
        [&](const std::string& what) { context_.err << "warning: " << what << '\n'; });
    if (!credentials || !credentials->registry_token.empty()) {
      throw Error(Code::not_found, fmt::format("{}: there are no credentials for {}",
                                               kPullSecretFlag, image.registry))
          .hint(fmt::format("`wasmctl login {}` keeps some", image.registry));
    }
    const kube::Identity identity{settings_.find("imagePullSecret")->get<std::string>(),
                                  rendering_.identity.ns};
    rendering_.pull_secret =
        kube::pull_secret(identity, {image.registry, credentials->username, credentials->password,
                                     credentials->identity_token});
  }

  // The config of a plugin that is there as an image only is judged by the schema in the image.
  Pinned pin_image() const {
    auto pinned = pin(context_, subject_.image(), options_.registry,
                      subject_.plugin ? WithSchema::no : WithSchema::yes);
    if (pinned.config_schema) {
      const auto name = fmt::format("the schema in {}", pinned.reference);
      check_config(settings_, oci::parse_json(*pinned.config_schema, name),
                   rendering_.identity.name, name);
    }
    return pinned;
  }

  std::string own_file() const {
    return "file://" +
           std::filesystem::absolute(subject_.module().path).lexically_normal().native();
  }

  void add_plugin(const kube::Location& location) {
    rendering_.consumer = kind_.consumer;
    rendering_.url = location.url;
    rendering_.plugin = kind_.render(rendering_.identity, location, settings_);
  }

  void add_config_map() {
    const auto& module = subject_.module().bytes;
    const bool fixed = !options_.config_map.empty();
    const auto name =
        fixed ? options_.config_map : kube::config_map_name(rendering_.identity.name, module);
    rendering_.config_map =
        kube::config_map({name, rendering_.identity.ns}, module,
                         fixed ? kube::Change::allowed : kube::Change::immutable);
    mount(kube::VolumeSource::config_map, name);
  }

  void mount(kube::VolumeSource source, const std::string& name) {
    const kube::Mount mount{rendering_.identity.name, source, name,
                            choose("--mount", options_.mount, kMounts)};
    add_plugin({"file://" + kube::module_path(mount), {}});
    rendering_.mounted = true;
    if (options_.workload.empty()) return;
    const auto direction = options_.undo ? kube::Direction::undo : kube::Direction::add;
    const auto workload = kube::parse_workload(options_.workload);
    rendering_.patch = {workload, kube::mount_patch(workload, mount, direction)};
  }

  Context& context_;
  const RenderOptions& options_;
  const kube::ResourceKind& kind_;
  const Subject& subject_;
  const kube::Settings& settings_;
  Rendering rendering_;
};

// ---- what is printed
// -----------------------------------------------------------------------------

std::string to_text(const ordered_json& value, const RenderOptions& options) {
  return options.json ? value.dump(2) + '\n' : yaml::write(value);
}

const ordered_json& select(const Rendering& rendering, Only only) {
  switch (only) {
    case Only::config_map:
      return rendering.config_map.value();
    case Only::patch:
      return rendering.patch.value().content;
    case Only::plugin:
      break;
  }
  return rendering.plugin;
}

// All that `kubectl apply` may take.
std::string to_stream(const Rendering& rendering, const RenderOptions& options) {
  auto documents = ordered_json::array();
  if (rendering.pull_secret) documents.push_back(*rendering.pull_secret);
  if (rendering.config_map) documents.push_back(*rendering.config_map);
  documents.push_back(rendering.plugin);
  if (options.json) {
    return to_text({{"apiVersion", "v1"}, {"kind", "List"}, {"items", documents}}, options);
  }
  std::string text;
  for (const auto& document : documents) {
    text += (text.empty() ? "" : "---\n") + yaml::write(document);
  }
  return text;
}

void write_directory(const Rendering& rendering, const std::filesystem::path& directory) {
  base::make_directories(directory);
  std::vector<std::string> resources;
  const auto write = [&](const char* file, const ordered_json& value) {
    base::write_file_if_changed(directory / file, yaml::write(value));
  };
  if (rendering.config_map) {
    write("configmap.yaml", *rendering.config_map);
    resources.emplace_back("configmap.yaml");
  }
  write("plugin.yaml", rendering.plugin);
  resources.emplace_back("plugin.yaml");
  std::optional<kube::WorkloadPatch> patch;
  if (rendering.patch) {
    write("patch.yaml", kube::with_identity(rendering.patch->workload, rendering.patch->content));
    patch = {rendering.patch->workload, "patch.yaml"};
  }
  write("kustomization.yaml", kube::kustomization(resources, patch));
}

void run_render(Context& context, const RenderOptions& options) {
  const auto& kind = choose_kind(options.kind);
  check_options(context, options, kind);
  const auto subject = find_subject(context, options, kind);
  check_subject(subject, options);
  auto settings = collect_settings(options.plugin, subject.plugin ? &*subject.plugin : nullptr);
  if (options.pull_secret && settings.find("imagePullSecret") == nullptr) {
    settings.set("imagePullSecret", choose_name(options, subject) + "-pull",
                 {kPullSecretFlag, Code::usage});
  }
  kind.check(settings);
  if (options.explain) {
    context.out << kube::explain(settings, kind.consumer);
    return;
  }
  check_selection(subject, settings, kind);
  const auto rendering = Renderer(context, options, kind, subject, settings).render();
  if (!options.only.empty()) {
    const auto& chosen = select(rendering, choose("--only", options.only, kOnlies));
    context.out << to_text(chosen, options);
    return;
  }
  if (!options.directory.empty()) {
    write_directory(rendering, options.directory);
  } else {
    context.out << to_stream(rendering, options);
  }
  if (!context.quiet) {
    context.err << next_steps(rendering, {context.command_line, options.directory});
  }
}

template <typename Value, std::size_t size>
std::string join_words(const Choice<Value> (&table)[size]) {
  return fmt::format("{}", fmt::join(words_of<Value>(table), "|"));
}

}  // namespace

void add_render(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<RenderOptions>();
  auto* app =
      root.add_subcommand("render", "Print the manifests that make a proxy load the plugin");
  app->add_option("SOURCE", options->source, "A plugin's directory, a .wasm file or an IMAGE")
      ->required();
  const auto option = [&](const char* name, std::string& value, const std::string& type,
                          const char* help) {
    app->add_option(name, value, help)->type_name(type);
  };
  option("--via", options->via, join_words(kVias),
         "How the module gets to the proxy (default: oci for an image, configmap for a file)");
  option("--kind", options->kind, fmt::format("{}", fmt::join(kind_names(), "|")),
         "The resource (default: WasmPlugin); envoy: the filter in Envoy's own configuration");
  option("--name", options->name, "NAME", "Of the resource (default: the plugin's)");
  option("-n,--namespace", options->ns, "NS", "Of the workload, and so of all that is rendered");
  option("--workload", options->workload, "KIND/NAME", "What makes the pods, to be patched");
  option("--mount", options->mount, join_words(kMounts),
         "How the file is mounted into the proxy (default: container)");
  option("--config-map", options->config_map, "NAME",
         "A fixed name for the ConfigMap (default: one with a hash, so that pods roll)");
  option("--url", options->url, "URL", "With --via http or file: where the module is");
  option("--only", options->only, join_words(kOnlies), "Print one of the manifests");
  app->add_flag("--undo", options->undo, "With --only patch: take the mount out again");
  app->add_flag("--explain", options->explain,
                "Say what the plugin will be configured with, and where "
                "it will stand; print no manifest");
  add_lint_option(*app, options->lint);
  app->add_flag(kPullSecretFlag, options->pull_secret,
                "Print the pull secret too, with the credentials that docker keeps for the image's "
                "registry; not onto a terminal");
  app->add_flag("--json", options->json, "Print JSON, several resources as a List");
  option("-o,--output", options->directory, "DIR", "Write a kustomize component");
  add_plugin_flags(*app, options->plugin);
  add_registry_options(*app, options->registry);
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
