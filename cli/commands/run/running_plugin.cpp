#include "cli/commands/run/running_plugin.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "base/error.hpp"
#include "cli/flags/choice.hpp"
#include "cli/flags/watched.hpp"
#include "kube/render/plugin_config.hpp"
#include "kube/render/settings.hpp"
#include "wasm/lint/lint.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

constexpr Choice<envoy::OnFailure> kFailStrategies[] = {
    {"FAIL_CLOSE", envoy::OnFailure::close},
    {"FAIL_OPEN", envoy::OnFailure::open},
    {"FAIL_RELOAD", envoy::OnFailure::reload},
};

// As Istio hands them to Envoy.
void set_environment(envoy::Filter& filter, const kube::Settings& settings) {
  const auto* const vm = settings.find("vmConfig");
  if (vm == nullptr || !vm->contains("env")) return;
  for (const auto& variable : vm->at("env")) {
    const auto name = variable.at("name").get<std::string>();
    if (variable.value("valueFrom", "INLINE") == "HOST") {
      filter.host_env.push_back(name);
    } else {
      filter.env[name] = variable.value("value", "");
    }
  }
}

}  // namespace

PluginSource::PluginSource(Context& context, const RunOptions& options, Images& images,
                           const std::string& text, const PluginFlags& flags)
    : context_(context),
      options_(options),
      images_(images),
      source_(parse_source(text)),
      flags_(flags) {}

bool PluginSource::is_local() const {
  return std::holds_alternative<Directory>(source_) || std::holds_alternative<File>(source_);
}

RunningPlugin PluginSource::load() const {
  auto loaded =
      is_local() ? load_module(context_, source_, options_.build, options_.lint) : load_once();
  RunningPlugin running;
  running.plugin = std::move(loaded.plugin);
  configure(running);
  running.module = base::Content(std::string(loaded.bytes.view()));
  running.path = std::move(loaded.path);
  return running;
}

// An image and standard input are not asked again.
LocalModule PluginSource::load_once() const {
  if (!fixed_) {
    fixed_ = read_module(context_, source_, options_.build, images_);
    if (options_.lint == Lint::refuse) wasm::require_loadable(fixed_->bytes, fixed_->path);
  }
  return *fixed_;
}

void PluginSource::configure(RunningPlugin& running) const {
  const auto* const plugin = running.plugin ? &*running.plugin : nullptr;
  const auto settings = collect_settings(flags_, plugin);
  auto& filter = running.filter;
  filter.name = plugin != nullptr ? plugin->name : plugin_name(source_);
  if (const auto* const config = settings.find("config"); config != nullptr && !config->empty()) {
    filter.configuration = kube::delivered_config(*config);
  }
  filter.root_id = settings.text("pluginName");
  const auto strategy = settings.text("failStrategy", "FAIL_CLOSE");
  filter.on_failure = choose("failStrategy", strategy, kFailStrategies);
  set_environment(filter, settings);
  if (settings.text("type") == "NETWORK") running.traffic = envoy::Traffic::tcp;
}

envoy::Filter PluginSource::lasting_filter(const RunningPlugin& plugin) const {
  auto filter = plugin.filter;
  if (is_local()) {
    filter.module = fs::absolute(plugin.path).lexically_normal();
  } else {
    filter.inline_module = std::string(plugin.module.view());
  }
  return filter;
}

void PluginSource::add_watched(base::Watched& watched) const {
  if (const auto* const directory = std::get_if<Directory>(&source_)) {
    add_watched_directory(watched, directory->path, options_.build);
  } else if (const auto* const file = std::get_if<File>(&source_)) {
    watched.paths.emplace_back(file->path);
  }
}

}  // namespace wasmctl::cli
