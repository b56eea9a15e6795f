// wasmctl run: a plugin in a real Envoy on loopback, for one request, or until Ctrl-C with whatever
// the plugin becomes in the meantime.
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/stop_signals.hpp"
#include "base/watch.hpp"
#include "cli/command.hpp"
#include "cli/commands/run/console.hpp"
#include "cli/commands/run/once.hpp"
#include "cli/commands/run/recorder.hpp"
#include "cli/commands/run/run_options.hpp"
#include "cli/commands/run/running_plugin.hpp"
#include "cli/flags/watched.hpp"
#include "envoy/find.hpp"
#include "envoy/proxy.hpp"
#include "envoy/upstream.hpp"
#include "registry/certificates.hpp"
#include "wasm/host_range.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTimeForOnce{10'000};
constexpr std::chrono::milliseconds kTimeForAccessLog{1'000};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// What one request came to, as Envoy tells it on another thread.
class Outcome {
 public:
  void note(const envoy::Record& record) {
    const std::lock_guard lock(mutex_);
    if (record.component == "wasm" && record.text.starts_with("Function: ")) has_failed_ = true;
  }
  void note(const envoy::Access& access) {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
      if (access.details == "wasm_fail_stream") has_failed_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kTimeForAccessLog, [this] { return is_over_; });
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    has_failed_ = false;
  }
  bool has_failed() {
    const std::lock_guard lock(mutex_);
    return has_failed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  bool has_failed_ = false;  // a plugin
};

class Run {
 public:
  Run(Context& context, const RunOptions& options)
      : context_(context),
        options_(options),
        images_(context, options.registry),
        setup_(setup_of(options)) {
    if (!options.record.empty()) recorder_.emplace(options.record, masking_of(options));
    if (!options.tls_clusters.empty()) {
      setup_.authorities = fs::absolute(registry::authorities_file(context.env));
    }
    sources_.emplace_back(context, options, images_, options.source, options.plugin);
    for (const auto& text : options.chain) {
      sources_.emplace_back(context, options, images_, text, flags_of_others_);
    }
  }

  void run() {
    const bool is_loop = !options_.is_once && !options_.print_config;
    if (is_loop && options_.plugin.config_file == "-") {
      throw usage_error("--config", "standard input cannot change: name a file");
    }
    if (!options_.print_config) find_envoy();
    if (is_loop) changes_.emplace(watched());
    for (const auto& source : sources_) plugins_.push_back(source.load());
    setup_.traffic = traffic();
    if (options_.print_config) return print_config();
    stop_.emplace();  // a registry that does not answer is waited for without it
    start_upstream();
    if (!options_.is_once) return serve();
    if (setup_.traffic == envoy::Traffic::tcp) return once(std::nullopt);
    once(parse_once(options_.once));
  }

 private:
  void find_envoy() {
    std::error_code ignored;  // without a working directory there is no .venv
    envoy_ = envoy::find_envoy({options_.envoy, env_or(context_, "ENVOY_PATH", ""),
                                env_or(context_, "PATH", ""), fs::current_path(ignored)});
  }

  envoy::Traffic traffic() const {
    if (options_.tcp) return envoy::Traffic::tcp;
    const auto& first = plugins_.front();
    for (const auto& other : plugins_) {
      if (other.traffic == first.traffic) continue;
      throw usage_error("--chain", fmt::format("one of `{}` and `{}` is a network filter, which "
                                               "sees no requests",
                                               first.filter.name, other.filter.name));
    }
    return first.traffic;
  }

  void print_config() const {
    std::vector<envoy::Filter> filters;
    filters.reserve(plugins_.size());
    for (std::size_t i = 0; i < plugins_.size(); ++i) {
      filters.push_back(sources_[i].lasting_filter(plugins_[i]));
    }
    auto setup = setup_;
    if (!setup.admin_port) setup.admin_port = 0;  // it may be run anywhere
    context_.out.print_json(envoy::static_bootstrap(setup, filters));
  }

  void start_upstream() {
    if (setup_.upstream) return;
    const bool is_tcp = setup_.traffic == envoy::Traffic::tcp;
    upstream_.emplace(is_tcp ? envoy::echoing_bytes() : envoy::answering(envoy::echo));
    setup_.upstream = envoy::Cluster{"", "127.0.0.1", upstream_->port()};
  }

  static host::MaskOptions masking_of(const RunOptions& options) {
    return {options.unmasked ? host::Masking::off : host::Masking::on, options.masked};
  }

  // Of the first plugin, which is SOURCE, the traffic is recorded.
  envoy::LoadedFilter filter_of(const RunningPlugin& plugin, std::size_t index) {
    auto filter = plugin.filter;
    if (options_.fresh) filter.vm_id = fmt::format("fresh-{}", generation_);
    if (index > 0 || !recorder_) return {std::move(filter), plugin.module};
    return {std::move(filter), recorder_->tap(plugin.module, plugin.path)};
  }

  // With an Envoy that has ended.
  void write_recording() {
    if (recorder_) recorder_->write(context_, plugins_.front(), options_.log_level);
  }

  void start_envoy() {
    envoy::Options options;
    options.envoy = envoy_;
    options.setup = setup_;
    options.concurrency = options_.concurrency;
    options.log_level = Console::log_level_of_envoy(options_.log_level);
    if (base::log_enabled(base::LogLevel::info)) options.own_log_level = "info";
    options.stop = &*stop_;
    options.on_record = [this](const envoy::Record& record) {
      if (recorder_ && recorder_->add(record)) return;
      console_->add(record);
      note_failure(record);
      if (Console::is_shown(record)) return;
      base::log_info(fmt::format("envoy: {} {}: {}", record.level, record.component, record.text));
    };
    options.on_start = [this] { console_->begin(); };
    options.on_access = [this](const envoy::Access& access) {
      console_->add(access);
      outcome_.note(access);
    };
    std::vector<envoy::LoadedFilter> filters;
    filters.reserve(plugins_.size());
    for (std::size_t i = 0; i < plugins_.size(); ++i) filters.push_back(filter_of(plugins_[i], i));
    trace_modules();
    expect_failures();
    try {
      proxy_.emplace(std::move(options), std::move(filters));
    } catch (const Error& error) {
      if (stop_->came()) throw Refused{Code::interrupted};
      throw with_lines(error, traced_);
    }
  }

  // Of a plugin that goes on failing it is said once why.
  void expect_failures() {
    const auto fails_closed = [](const RunningPlugin& plugin) {
      return plugin.filter.on_failure == envoy::OnFailure::close;
    };
    outcome_.forget();
    says_failure_ = !options_.is_once && std::ranges::all_of(plugins_, fails_closed);
  }

  // On the thread that reads the log.
  void note_failure(const envoy::Record& record) {
    outcome_.note(record);
    if (!says_failure_ || !outcome_.has_failed() || !says_failure_.exchange(false)) return;
    base::log_warning_and_hint(
        "what trapped is dead: further requests get 503 (fail strategy FAIL_CLOSE)",
        "other code gets a new VM; with `--fail-strategy FAIL_RELOAD` the same does, a second "
        "later");
  }

  Console::Options console_options(Console::When when, int descriptor, bool is_terminal) const {
    return {options_.json ? Console::Form::json : Console::Form::text,
            when,
            options_.log_level,
            is_terminal && context_.color,
            plugins_.size() > 1,
            descriptor,
            stop_->descriptor()};
  }

  void trace_modules() {
    traced_.clear();
    for (const auto& plugin : plugins_) {
      traced_.push_back(std::make_shared<const TracedModule>(plugin.module, plugin.path));
    }
    console_->set_modules(traced_);
  }

  // The same error, a back-trace in its output with functions and lines.
  static Error with_lines(const Error& error, const TracedModules& modules) {
    auto output = error.output();
    for (const auto& module : modules) output = module->symbolized(output);
    Error better(error.code(), error.message());
    for (const auto& cause : error.causes()) better.because(cause);
    for (const auto& hint : error.hints()) better.hint(hint);
    return better.with_output(output);
  }

  // --once: the request's line and what was logged is talk, the response is data.

  void once(const std::optional<envoy::Request>& request) {
    console_.emplace(options_.json ? context_.out : context_.err,
                     console_options(Console::When::at_end,
                                     options_.json ? STDOUT_FILENO : STDERR_FILENO, true));
    start_envoy();
    std::optional<envoy::Response> response;
    std::string bytes;
    const envoy::Patience patience{kTimeForOnce, stop_->descriptor()};
    if (request) {
      response = ask(*request, patience);
    } else {
      bytes = envoy::exchange_bytes(proxy_->port(), options_.once, patience);
    }
    outcome_.wait();
    proxy_.reset();
    console_.reset();
    write_recording();
    if (response) {
      print_response(*response);
    } else {
      context_.out.write(bytes);
    }
    if (outcome_.has_failed() || (response && response->status >= 500)) {
      throw Refused{Code::test_failed};
    }
  }

  envoy::Response ask(const envoy::Request& request, const envoy::Patience& patience) {
    try {
      return envoy::exchange(proxy_->port(), request, patience);
    } catch (Error& error) {
      if (stop_->came()) throw Refused{Code::interrupted};
      if (proxy_->has_ended()) throw proxy_->death();
      throw error.hint(
          "a plugin that stops the iteration must resume it, or answer the request itself");
    }
  }

  void print_response(const envoy::Response& response) const {
    if (options_.json) {
      auto headers = nlohmann::json::array();
      for (const auto& [name, value] : response.headers) headers.push_back({name, value});
      return context_.out.print_json(
          {{"status", response.status}, {"headers", std::move(headers)}, {"body", response.body}});
    }
    context_.out.print("HTTP/1.1 {}\n", response.status);
    for (const auto& [name, value] : response.headers) context_.out.print("{}: {}\n", name, value);
    context_.out.print("\n");
    context_.out.write(response.body);
  }

  // The loop

  void serve() {
    console_.emplace(context_.out,
                     console_options(Console::When::at_once, STDOUT_FILENO, context_.out_terminal));
    start_envoy();
    say_where();
    // Envoy's is another after a swap that started it anew.
    const auto ends = [this] {
      return std::vector{stop_->descriptor(), proxy_->descriptor(), console_->descriptor()};
    };
    while (changes_->wait(ends())) {
      changes_->watch(watched());
      reload();
    }
    const bool is_stopped = stop_->came();
    std::optional<Error> death;
    if (!is_stopped && proxy_->has_ended()) death = proxy_->death();
    proxy_.reset();
    write_recording();
    if (is_stopped) throw Refused{Code::interrupted};
    if (death) throw *death;
  }

  base::Watched watched() const {
    base::Watched watched;
    for (const auto& source : sources_) source.add_watched(watched);
    const auto& config = options_.plugin.config_file;
    if (!config.empty()) watched.paths.emplace_back(config);
    return watched;
  }

  void say_where() const {
    if (context_.quiet) return;
    const auto* const scheme = setup_.traffic == envoy::Traffic::tcp ? "tcp" : "http";
    const auto version = proxy_->version();
    context_.err.print("{}: {}://127.0.0.1:{}, in Envoy {}, whose admin is {}\n",
                       plugins_.front().filter.name, scheme, proxy_->port(), version,
                       proxy_->admin_address());
    say_what_it_is_not_meant_for(version);
    context_.err.flush();
  }

  void say_what_it_is_not_meant_for(const std::string& envoy_version) const {
    const auto version = wasm::parse_version(envoy_version);
    for (const auto& [filter, module, path, traffic, plugin] : plugins_) {
      if (!version || !plugin || wasm::admit_envoy(plugin->hosts, *version)) continue;
      context_.err.print("note: {} is meant for {}, none of which is Envoy {}.{}\n", plugin->name,
                         wasm::to_string(plugin->hosts), version->first, version->second);
    }
  }

  // Builds all, and hands Envoy what has become another. What fails leaves what is there.
  void reload() {
    for (std::size_t i = 0; i < plugins_.size(); ++i) {
      try {
        reload(i);
      } catch (const Error& error) {
        if (stop_->came() || proxy_->has_ended()) return;
        context_.err.relay(format_error(error));
        context_.err.print("{}: the last one that was taken goes on\n", plugins_[i].filter.name);
      }
      context_.err.flush();
    }
  }

  void reload(std::size_t index) {
    const auto begin = Clock::now();
    auto& serving = plugins_[index];
    auto changed = sources_[index].load();
    const bool is_new_code = changed.module.view() != serving.module.view();
    if (!is_new_code && changed.filter == serving.filter) return;
    if (changed.traffic != serving.traffic && !options_.tcp) {
      throw Error(Code::bad_input, "its type has changed").hint("start `wasmctl run` anew");
    }
    const auto traced = std::make_shared<const TracedModule>(changed.module, changed.path);
    ++generation_;
    const auto swap = proxy_->swap(index, filter_of(changed, index));
    if (swap.result == envoy::Swap::Result::rejected) {
      throw with_lines(envoy::refusal(changed.filter.name, swap.causes), {traced});
    }
    serving = std::move(changed);
    traced_[index] = traced;
    console_->set_modules(traced_);
    expect_failures();
    if (swap.result == envoy::Swap::Result::restarted) {
      base::log_warning_and_hint(
          "the plugin before did not return from a call, so Envoy was started anew: connections "
          "and "
          "what plugins kept are lost",
          "see which call does not end: `wasmctl test` stops one that takes too long");
    }
    say_reloaded(serving, begin, is_new_code);
  }

  void say_reloaded(const RunningPlugin& plugin, Clock::time_point begin, bool is_new_code) const {
    if (context_.quiet) return;
    const auto& name = plugin.filter.name;
    if (is_new_code || options_.fresh) {
      context_.err.print("{}: reloaded in {:.2f} s\n", name, seconds_since(begin));
    } else {
      context_.err.print(
          "{}: configured anew in {:.2f} s; the VM and its globals stay (`--fresh` makes a new "
          "one)\n",
          name, seconds_since(begin));
    }
  }

  Context& context_;
  const RunOptions& options_;
  const PluginFlags flags_of_others_;
  std::optional<base::StopSignals> stop_;  // once the plugins are there
  Images images_;
  envoy::Setup setup_;
  std::optional<Changes> changes_;  // since before the first build
  std::vector<PluginSource> sources_;
  std::vector<RunningPlugin> plugins_;  // that Envoy has taken
  TracedModules traced_;                // the same
  fs::path envoy_;
  std::optional<envoy::Upstream> upstream_;
  Outcome outcome_;
  std::atomic<bool> says_failure_ = false;
  std::optional<Recorder> recorder_;
  std::optional<Console> console_;
  std::optional<envoy::Proxy> proxy_;  // ends before what it tells
  unsigned generation_ = 0;            // of what Envoy was handed
};

void run_plugin(Context& context, const RunOptions& options) {
  Run(context, options).run();
}

}  // namespace

void add_run(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<RunOptions>();
  auto* app = root.add_subcommand("run", "Run a plugin in a real Envoy, reloaded as you type");
  add_run_options(*app, *options);
  app->footer(
      "Prints one line a request, and under it what the plugin logged. When a source,\n"
      "wasmctl.yaml or the configuration changes, what is made of it takes the\n"
      "plugin's place while connections stay; what does not compile or is refused\n"
      "leaves the last good one.\n"
      "\n"
      "With --admin-port, Envoy's admin interface answers every user of this machine,\n"
      "who can read the plugin's configuration there and end Envoy.\n"
      "\n"
      "With --once, standard output has the response alone; the exit status is 1 if\n"
      "the plugin failed or the response is of class 5xx.\n"
      "\n"
      "Examples:\n"
      "  wasmctl run plugins/header-logger\n"
      "  wasmctl run --once 'GET /a -H \"x-user: me\"' --set log_level=debug");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_plugin(context, *options); };
  });
}

}  // namespace wasmctl::cli
