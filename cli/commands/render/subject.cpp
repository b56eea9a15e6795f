#include "cli/commands/render/subject.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/label.hpp"
#include "cli/flags/pin.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

namespace {

oci::Reference pushed_image(const plugin::Plugin& plugin, const RenderOptions& options) {
  if (auto reference = default_reference(plugin)) return *std::move(reference);
  const auto flag = options.via ? fmt::format("--via {}", to_string(*options.via))
                                : fmt::format("--kind {}", options.kind->name);
  throw usage_error(flag, fmt::format("needs an image, and {} names none",
                                      (plugin.directory / plugin::kFileName).native()))
      .hint("write `image: REGISTRY/REPOSITORY` into it, or render the pushed IMAGE by its name");
}

// A directory whose image is rendered need not be built.
void find_directory(Context& context, const RenderOptions& options, Subject& subject) {
  subject.plugin = load_plugin(subject.source, options.build);
  subject.via = choose_via(options, subject.plugin->image.has_value());
  if (needs_image(subject.via)) {
    subject.image = pushed_image(*subject.plugin, options);
  } else {
    subject.module = load_module(context, Directory{subject.source}, options.build, options.lint);
  }
}

// The module, for a ConfigMap or its checksum, and the schema that travels with it.
void fetch_module(Context& context, const RenderOptions& options, Subject& subject) {
  Images images(context, options.registry);
  auto& image = images.open(*subject.image);
  auto module = image.module();
  warn_of_choice(image, module);
  if (options.lint == Lint::refuse) wasm::require_loadable(module.content, subject.source);
  subject.config_schema = image.config_schema(module.manifest);
  subject.module = LocalModule{std::move(module.content), subject.source, {}};
}

void find_image(Context& context, const RenderOptions& options, Subject& subject) {
  subject.via = choose_via(options, true);
  if (needs_image(subject.via)) {
    try {
      require_registry(*subject.image);
    } catch (Error& error) {
      throw error.hint("or let a ConfigMap carry its module: `--via configmap`");
    }
  } else if (!options.kind->fetcher && subject.via == Via::file && options.url.empty()) {
    throw usage_error("--url", "is missing: where Envoy finds the file that the image holds")
        .hint(fmt::format("`wasmctl pull {} -o FILE`, and render FILE", subject.source));
  } else {
    fetch_module(context, options, subject);
  }
}

void find_file(const RenderOptions& options, LocalModule module, Subject& subject) {
  subject.via = choose_via(options, false);
  subject.module = std::move(module);
  if (!needs_image(subject.via)) return;
  throw usage_error(fmt::format("--via {}", to_string(subject.via)),
                    fmt::format("{} is a file, no image", subject.source))
      .hint(fmt::format("push it, and render the image: `wasmctl push {} IMAGE`", subject.source));
}

std::string choose_name(const RenderOptions& options, const Source& source,
                        const Subject& subject) {
  if (!options.name.empty()) return options.name;
  if (subject.plugin) return subject.plugin->name;
  auto name = plugin_name(source);
  if (base::refuse_label(name)) {
    throw Error(Code::usage, fmt::format("no name can be made of `{}`", subject.source))
        .hint("give the plugin a name: `--name my-plugin`");
  }
  return name;
}

void check_subject(const Subject& subject, const RenderOptions& options) {
  if (options.workload && !subject.is_mounted()) {
    throw usage_error("--workload",
                      "there is nothing to mount: the proxy gets the module by its url")
        .hint("leave it out, or mount the module: `--via configmap` or `--via image-volume`");
  }
  if (options.pull_secret && subject.via != Via::oci) {
    throw usage_error(kPullSecretFlag, "goes with --via oci")
        .hint(subject.via == Via::image_volume
                  ? "a volume's image is pulled with the pod's own imagePullSecrets"
                  : "no image is pulled");
  }
  if (!options.verify_key.empty() && subject.via != Via::oci) {
    throw usage_error(kVerifyKeyFlag, "goes with --via oci: only an image is signed");
  }
  if (options.only == Only::config_map && subject.via != Via::config_map) {
    throw usage_error("--only configmap", "there is none: it goes with --via configmap");
  }
}

}  // namespace

Subject find_subject(Context& context, const RenderOptions& options, const std::string& text) {
  Subject subject;
  subject.source = text;
  const auto source = parse_source(text);
  if (std::holds_alternative<Directory>(source)) {
    find_directory(context, options, subject);
  } else if (const auto* image = std::get_if<oci::Reference>(&source)) {
    subject.image = *image;
    find_image(context, options, subject);
  } else {
    find_file(options, load_module(context, source, options.build, options.lint), subject);
  }
  subject.name = choose_name(options, source, subject);
  check_subject(subject, options);
  return subject;
}

void check_selection(const Subject& subject, const kube::ResourceKind& kind,
                     const kube::Settings& settings) {
  if (kind.fetcher != oci::Consumer::istio) return;
  if (!subject.is_mounted() && subject.via != Via::file) return;
  if (subject.is_mounted() && settings.find("targetRefs") != nullptr) {
    throw Error(Code::usage,
                "--target-ref: the pods of a Gateway or waypoint are made by Istio, which takes "
                "out again what is mounted into them")
        .hint("let the proxy fetch the module: push it, and `--via oci`")
        .hint("the pods of a gateway of your own are named by their labels: `--selector`");
  }
  if (settings.find("selector") != nullptr || settings.find("targetRefs") != nullptr) return;
  // Pods without the file would deny all traffic.
  throw Error(Code::usage, "--selector is missing: the file is in some pods only")
      .hint("name the labels of their workload: `--selector app=productpage`");
}

}  // namespace wasmctl::cli
