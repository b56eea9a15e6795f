#include "cli/commands/render/render_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "base/error.hpp"
#include "base/label.hpp"
#include "cli/flags/choice.hpp"
#include "cli/flags/workload.hpp"
#include "kube/names.hpp"

namespace wasmctl::cli {

namespace {

constexpr Choice<Via> kVias[] = {
    {"oci", Via::oci},
    {"configmap", Via::config_map},
    {"image-volume", Via::image_volume},
    {"http", Via::http},
    {"file", Via::file},
};
constexpr Choice<Only> kOnlies[] = {{"configmap", Only::config_map},
                                    {"plugin", Only::plugin},
                                    {"patch", Only::patch},
                                    {"policy", Only::policy}};
constexpr Choice<PatchType> kPatchTypes[] = {{"strategic", PatchType::strategic},
                                             {"json", PatchType::json}};

// --kind has the kinds by their names.
std::vector<Choice<const kube::ResourceKind*>> kinds() {
  std::vector<Choice<const kube::ResourceKind*>> rows;
  for (const auto* const kind : kube::resource_kinds()) rows.push_back({kind->name, kind});
  return rows;
}

// The scheme of the url by which a proxy gets the module.
std::string_view scheme_of(Via via) {
  if (via == Via::oci) return "oci";
  return via == Via::http ? "http" : "file";
}

// Only Istio's kinds are for pods that could mount something.
bool loads(const kube::ResourceKind& kind, Via via) {
  if (is_mounted(via)) return kind.fetcher == oci::Consumer::istio;
  return std::ranges::find(kind.schemes, scheme_of(via)) != kind.schemes.end();
}

// ---- what goes with what --------------------------------------------------------------------

void check_name(std::string_view flag, const std::string& name) {
  if (name.empty()) return;
  if (const auto why = base::refuse_label(name))
    throw usage_error(flag, fmt::format("the name {}", *why));
}

// What says something of one plugin.
void check_several(const RenderOptions& options) {
  if (options.sources.size() < 2) return;
  const std::pair<bool, std::string_view> given[] = {
      {!options.name.empty(), "--name"},
      {!options.config_map.empty(), "--config-map"},
      {!options.url.empty(), "--url"},
      {!options.plugin.config_file.empty(), "--config"},
      {!options.plugin.assignments.empty(), "--set"},
      {!options.plugin.texts.empty(), "--set-string"},
  };
  for (const auto& [is_given, flag] : given) {
    if (!is_given) continue;
    throw usage_error(
        flag, fmt::format("says something of one plugin, and there are {}", options.sources.size()))
        .hint("say it in the wasmctl.yaml of each, or render them one by one");
  }
}

// What only makes sense where pods and their volumes are.
void check_kind(const RenderOptions& options) {
  const auto& kind = *options.kind;
  const bool is_envoy = !kind.fetcher;
  const auto refuse = [&](std::string_view flag, std::string_view why) {
    return usage_error(flag, fmt::format("does not go with --kind {}: {}", kind.name, why));
  };
  if (options.via && !loads(kind, *options.via)) {
    throw refuse(fmt::format("--via {}", to_string(*options.via)),
                 is_envoy ? "Envoy itself reads a file, or fetches by http"
                          : "the gateway itself fetches the module")
        .hint(fmt::format("`--via {}`, or `--via http --url URL`", is_envoy ? "file" : "oci"));
  }
  if (!loads(kind, Via::config_map) && options.workload) {
    throw refuse("--workload", "nothing is mounted");
  }
  if (is_envoy && !options.directory.empty()) {
    throw refuse("-o", "it is not a resource of Kubernetes");
  }
}

void check_url(const RenderOptions& options) {
  const auto via = options.via.value_or(Via::oci);
  const auto& url = options.url;
  const bool own_file = !options.kind->fetcher && via == Via::file && url.empty();
  if (own_file) return;  // the module's own path

  const auto expect = [&](bool fits, std::string_view form) {
    if (fits) return;
    throw usage_error("--url", url.empty() ? fmt::format("is missing: {}", form)
                                           : fmt::format("expected {}, not `{}`", form, url));
  };
  if (via == Via::http)
    expect(url.starts_with("http://") || url.starts_with("https://"), "https://...");
  if (via == Via::file) expect(url.starts_with("file:///"), "file:///PATH");
  if (via != Via::http && via != Via::file && !url.empty()) {
    throw usage_error("--url", "goes with --via http and --via file");
  }
}

void check_pull_secret(const Context& context, const RenderOptions& options) {
  if (!options.pull_secret) return;
  if (!options.directory.empty() || options.only) {
    throw usage_error(kPullSecretFlag,
                      "goes with the whole stream: no file of credentials is written");
  }
  if (context.out_terminal) {
    throw usage_error(kPullSecretFlag, "the credentials would stand on the terminal")
        .hint("hand the stream on: `wasmctl render ... | kubectl apply -f -`");
  }
}

// The policy is about Istio's resources, and about images.
void check_verify_key(const RenderOptions& options) {
  if (options.verify_key.empty()) {
    if (options.only == Only::policy) throw usage_error("--only policy", "needs --verify-key FILE");
    return;
  }
  if (options.kind->fetcher != oci::Consumer::istio) {
    throw usage_error(kVerifyKeyFlag, fmt::format("does not go with --kind {}: there is no policy "
                                                  "for it",
                                                  options.kind->name))
        .hint("the image itself: `wasmctl verify IMAGE --key FILE`");
  }
}

// Standard input has one reader.
void check_stdin(const RenderOptions& options) {
  std::vector<std::string_view> readers;
  if (std::ranges::find(options.sources, "-") != options.sources.end())
    readers.emplace_back("SOURCE");
  if (options.plugin.config_file == "-") readers.emplace_back("--config");
  if (options.against == "-") readers.emplace_back("--against");
  if (readers.size() < 2) return;
  throw usage_error(readers[1], fmt::format("{} reads standard input already", readers[0]));
}

void check_patch(const RenderOptions& options) {
  const bool only_patch = options.only == Only::patch;
  if (only_patch && !options.workload) {
    throw usage_error("--only patch", "needs --workload KIND/NAME");
  }
  if (options.undo && !only_patch) throw usage_error("--undo", "goes with --only patch");
  const bool is_json = options.patch_type == PatchType::json;
  if (options.workload && options.workload->kind->patching == kube::Patching::json && !is_json) {
    throw usage_error("--workload", fmt::format("kubectl has no strategic patch for a {}",
                                                options.workload->kind->kind))
        .hint(
            "with `--patch-type json --against FILE`; or add the mount to its manifest: "
            "`wasmctl patch`");
  }
  if (is_json && !options.workload) {
    throw usage_error("--patch-type json", "needs --workload KIND/NAME");
  }
  if (!options.against.empty() && !is_json) {
    throw usage_error("--against", "goes with --patch-type json");
  }
  if (is_json && options.against.empty()) {
    const auto workload = kube::to_string(*options.workload);
    throw usage_error("--patch-type json",
                      fmt::format("a JSON patch names places, so {} must be known", workload))
        .hint(fmt::format("give its manifest by `--against FILE`, or what is in the cluster: "
                          "`kubectl get {} -o yaml | wasmctl render ... --against -`",
                          workload))
        .hint("or leave it out: a strategic patch names what it adds to by its names");
  }
}

}  // namespace

bool is_mounted(Via via) {
  return via == Via::config_map || via == Via::image_volume;
}

bool needs_image(Via via) {
  return via == Via::oci || via == Via::image_volume;
}

std::string_view to_string(Via via) {
  return word_of(kVias, via);
}

Via choose_via(const RenderOptions& options, bool has_image) {
  if (options.via) return *options.via;
  if (has_image && loads(*options.kind, Via::oci)) return Via::oci;
  if (!options.kind->fetcher) return Via::file;
  return loads(*options.kind, Via::config_map) ? Via::config_map : Via::oci;
}

void check_options(const Context& context, const RenderOptions& options) {
  check_pull_secret(context, options);
  check_name("--name", options.name);
  check_name("--namespace", options.ns);
  if (const auto why =
          options.config_map.empty() ? std::nullopt : kube::refuse_subdomain(options.config_map)) {
    throw usage_error("--config-map", fmt::format("the name {}", *why));
  }
  check_url(options);
  check_kind(options);
  check_several(options);
  check_verify_key(options);
  check_stdin(options);
  check_patch(options);
  if (options.only && !options.directory.empty()) {
    throw usage_error("--only", "prints one of the manifests, -o writes them all: choose one");
  }
}

void add_render_flags(CLI::App& app, RenderOptions& options) {
  app.add_option("SOURCE", options.sources,
                 "A plugin's directory, a .wasm file or an IMAGE; several for one workload")
      ->required();
  const auto option = [&](const char* name, std::string& value, const std::string& type,
                          const char* help) { app.add_option(name, value, help)->type_name(type); };
  add_choice(app, "--via", options.via, kVias,
             "How the module gets to the proxy (default: oci for an image, configmap for a file)");
  add_choice(app, "--kind", options.kind, kinds(),
             "The resource (default: WasmPlugin); envoy: the filter in Envoy's own configuration");
  option("--name", options.name, "NAME", "Of the resource (default: the plugin's)");
  option("-n,--namespace", options.ns, "NS", "Of the workload, and so of all that is rendered");
  add_workload_option(app, options.workload, "What makes the pods, to be patched");
  add_mount_option(app, options.mount);
  option("--config-map", options.config_map, "NAME",
         "A fixed name for the ConfigMap (default: one with a hash, so that pods roll)");
  option("--url", options.url, "URL", "With --via http or file: where the module is");
  add_choice(app, "--only", options.only, kOnlies, "Print one of the manifests");
  app.add_flag("--undo", options.undo, "With --only patch: take the mount out again");
  add_choice(app, "--patch-type", options.patch_type, kPatchTypes,
             "A strategic merge (default), or JSON Patch (RFC 6902), which needs --against");
  option("--against", options.against, "FILE",
         "The workload as it is, a manifest or what `kubectl get -o yaml` prints; - for stdin");
  app.add_flag("--explain", options.explain,
               "Say what the plugin will be configured with, and where "
               "it will stand; print no manifest");
  add_lint_option(app, options.lint);
  app.add_option(kVerifyKeyFlag, options.verify_key,
                 "Refuse an image that is not signed with this public key, and print the policy of "
                 "Kyverno's that demands it of every plugin in the cluster")
      ->type_name("FILE");
  app.add_flag(kPullSecretFlag, options.pull_secret,
               "Print the pull secret too, with the credentials that docker keeps for the image's "
               "registry; not onto a terminal");
  app.add_flag("--json", options.json, "Print JSON, several resources as a List");
  // -o of kubectl names a format: a directory of that name is `./yaml`.
  app.add_option_function<std::string>(
         "-o,--output",
         [&options](const std::string& word) {
           if (word == "json") options.json = true;
           if (word != "json" && word != "yaml") options.directory = word;
         },
         "Write a kustomize component; `yaml` and `json` print, as for kubectl")
      ->type_name("DIR");
  add_plugin_flags(app, options.plugin);
  add_build_flags(app, options.build);
  add_registry_options(app, options.registry);
}

}  // namespace wasmctl::cli
