// wasmctl logs: what a plugin says, from the proxies of all its pods in one stream.
#include <fmt/format.h>
#include <poll.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/printable.hpp"
#include "base/stop_signals.hpp"
#include "cli/command.hpp"
#include "cli/flags/kubectl_flags.hpp"
#include "cli/symbolizer.hpp"
#include "cluster/log_level.hpp"
#include "cluster/log_sources.hpp"
#include "cluster/plugin_lines.hpp"
#include "cluster/selection.hpp"
#include "cluster/status.hpp"
#include "envoy/process.hpp"
#include "kube/mount.hpp"

namespace wasmctl::cli {

namespace {

struct LogsOptions {
  cluster::Scope scope;
  KubectlFlags kubectl;
  bool follow = false;
  std::string since;
  std::string tail;
  std::string level;
  std::vector<std::string> modules;
};

// The lines of all pods, each pod's by itself: the lines of a trace are not mixed with others.
class PluginStream {
 public:
  PluginStream(Output out, const std::vector<cluster::Plugin>& plugins, const KnownModules& modules)
      : out_(out), modules_(modules) {
    for (const auto& plugin : plugins) names_.push_back(plugin.log_name());
  }

  // Called by several threads. False: it is of no pod's log.
  bool take(std::string_view line) {
    const auto [pod, text] = cluster::read_pod_line(line);
    if (pod.empty()) return false;
    const std::lock_guard lock(mutex_);
    auto& of = pods_.try_emplace(std::string(pod), names_, out_, modules_).first->second;
    if (!of.lines.takes(text)) return true;
    const auto shown = base::printable_output(line);
    if (modules_.empty()) {
      out_.write(shown + "\n");
      out_.flush();
    } else {
      of.symbolizer.line(shown, "\n");
    }
    ++count_;
    return true;
  }

  void finish() {
    for (auto& [name, pod] : pods_) {
      if (!modules_.empty()) pod.symbolizer.finish();
    }
  }

  std::size_t count() const { return count_; }
  // Whether any line came, of the plugin or not.
  bool has_heard() const { return !pods_.empty(); }

 private:
  struct Pod {
    Pod(const std::vector<std::string>& names, Output out, const KnownModules& modules)
        : lines(names), symbolizer(out, modules) {}
    cluster::PluginLines lines;
    Symbolizer symbolizer;
  };

  Output out_;
  std::vector<std::string> names_;
  const KnownModules& modules_;
  std::mutex mutex_;
  std::map<std::string, Pod> pods_;
  std::size_t count_ = 0;
};

// kubectl's own words, which it says of each pod once more: on standard error, and of a log that it
// may not read on standard output (kubectl, pkg/cmd/logs, --ignore-errors).
class Complaints {
 public:
  void take(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (seen_.size() >= kMost || !seen_.insert(std::string(line)).second) return;
    base::log_warning(fmt::format("kubectl: {}", line));
  }

  // The error that they come to, if there are any.
  std::optional<Error> error() const {
    if (seen_.empty()) return std::nullopt;
    const auto denied = std::ranges::find_if(
        seen_, [](const std::string& line) { return line.find("orbidden") != std::string::npos; });
    const bool is_denied = denied != seen_.end();
    return Error(is_denied ? Code::denied : Code::network, "the proxies' logs cannot be read")
        .because(is_denied ? *denied : *seen_.begin());
  }

 private:
  static constexpr std::size_t kMost = 1000;
  std::mutex mutex_;
  std::set<std::string> seen_;
};

// Until all have ended, or a signal came.
void wait_for(const std::vector<std::unique_ptr<envoy::Process>>& processes,
              const base::StopSignals& stop) {
  while (!stop.came()) {
    std::vector<pollfd> waiting = {{stop.descriptor(), POLLIN, 0}};
    for (const auto& process : processes) {
      if (!process->has_ended()) waiting.push_back({process->descriptor(), POLLIN, 0});
    }
    if (waiting.size() == 1) return;
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
  }
}

class Logs {
 public:
  Logs(Context& context, const LogsOptions& options)
      : context_(context), options_(options), kubectl_(make_kubectl(context, options.kubectl)) {}

  void run() {
    const auto plugins = find_plugins(kubectl_, options_.scope).found;
    const auto& plugin = plugins.front();
    const auto modules = load_modules_of_traces(options_.modules);
    select(plugins);
    const base::StopSignals stop;
    std::optional<cluster::RaisedLevel> raised;
    const auto level = wanted_level(plugin);
    if (options_.follow) {
      raised.emplace(kubectl_, proxies(), level, stop);
      if (!stop.came()) tell(*raised, level);
    }
    PluginStream stream(context_.out, plugins, modules);
    Complaints complaints;
    if (!stop.came()) pass_on(stream, complaints, stop);
    stream.finish();
    if (raised) put_back(*raised);
    if (stop.came()) throw Refused{Code::interrupted};
    if (!stream.has_heard()) require_logs(complaints);
    if (stream.count() == 0 && !options_.follow) tell_of_silence(plugin, level);
  }

 private:
  std::string wanted_level(const cluster::Plugin& plugin) const {
    if (options_.level.empty()) return cluster::wanted_level(plugin);
    const auto level = cluster::envoy_level(options_.level);
    if (!level) {
      throw usage_error("--level", "must be trace, debug, info, warning, error, critical or off");
    }
    return *level;
  }

  void select(const std::vector<cluster::Plugin>& plugins) {
    std::set<cluster::Query> queries;
    for (const auto& plugin : plugins) {
      for (auto& query : queries_of(kubectl_, plugin)) queries.insert(std::move(query));
    }
    selection_ = select_pods(kubectl_, queries);
    if (!selection_.refusals.empty()) {
      const auto& [question, answer] = selection_.refusals.front();
      throw Error(Code::denied, "cannot list the plugin's pods")
          .because(answer.why)
          .hint(fmt::format("one who may can run: `{}`", kubectl_.shown(question)));
    }
    sources_ = log_sources(selection_.found);
    if (sources_.empty()) {
      throw Error(Code::not_found,
                  fmt::format("no pod that runs has the plugin {}", plugins.front().full_name()))
          .hint(fmt::format("`wasmctl status {} -n {}` says why", plugins.front().name,
                            plugins.front().ns));
    }
  }

  std::vector<const cluster::Pod*> proxies() const {
    std::vector<const cluster::Pod*> pods;
    for (const auto& source : sources_) {
      pods.insert(pods.end(), source.pods.begin(), source.pods.end());
    }
    return pods;
  }

  void say(const std::string& line) const {
    if (!context_.quiet) context_.err.print("{}\n", line);
  }

  void tell(const cluster::RaisedLevel& raised, const std::string& level) const {
    for (const auto& [before, count] : raised.before()) {
      say(fmt::format("{} {} Wasm at `{}`: raised to `{}` until this ends", count,
                      count == 1 ? "proxy logs" : "proxies log", before, level));
    }
    if (raised.refused() == 0) return;
    const auto& pod = *proxies().front();
    base::log_warning_and_hint(
        fmt::format("the log level of {} {} cannot be set ({}): lines below it are missing",
                    raised.refused(), raised.refused() == 1 ? "proxy" : "proxies",
                    raised.refusal() ? raised.refusal()->why : ""),
        pod.proxy == kube::kProxyContainer
            ? fmt::format("one who may can run: `{}`; or annotate the pods with "
                          "`sidecar.istio.io/componentLogLevel: wasm:{}`",
                          kubectl_.shown(level_question(pod, level)), level)
            : fmt::format("of Envoy Gateway: `spec.logging.level: {{wasm: {}}}` of an EnvoyProxy",
                          level));
  }

  void put_back(cluster::RaisedLevel& raised) const {
    const auto refused = raised.put_back();
    for (const auto& [before, count] : raised.before()) {
      if (refused.empty()) say(fmt::format("the log level of Wasm is `{}` again", before));
    }
    if (refused.empty()) return;
    base::log_alarm(fmt::format("the log level of {} proxies could not be put back: {}",
                                refused.size(), refused.front().why));
  }

  // Of a proxy that runs there are lines, unless they may not be read.
  void require_logs(const Complaints& complaints) const {
    auto error = complaints.error();
    if (!error) return;
    throw error->hint(fmt::format("one who may can run: `{}`",
                                  kubectl_.shown(logs_question(sources_.front(), {}))));
  }

  void tell_of_silence(const cluster::Plugin& plugin, const std::string& level) const {
    say(
        fmt::format("no line of the plugin: Istio's proxies log Wasm at `warning` unless told "
                    "otherwise; `wasmctl "
                    "logs {} -n {} -f` raises that to `{}` while requests are sent",
                    plugin.name, plugin.ns, level));
  }

  cluster::Arguments log_flags(const cluster::LogSource& source) const {
    cluster::Arguments flags = {"--ignore-errors",
                                "--tail=" + (options_.tail.empty() ? "-1" : options_.tail)};
    if (!options_.since.empty()) flags.push_back("--since=" + options_.since);
    if (options_.follow) {
      flags.emplace_back("--follow");
      flags.push_back(fmt::format("--max-log-requests={}", source.pods.size()));
    }
    return flags;
  }

  void pass_on(PluginStream& stream, Complaints& complaints, const base::StopSignals& stop) const {
    std::vector<std::unique_ptr<envoy::Process>> processes;
    for (const auto& source : sources_) {
      processes.push_back(std::make_unique<envoy::Process>(
          kubectl_.command(logs_question(source, log_flags(source))), ".",
          [&](std::string_view line) {
            if (!stream.take(line)) complaints.take(line);
          },
          [&](std::string_view line) { complaints.take(line); }));
      // What does not follow ends by itself: one after the other.
      if (!options_.follow) wait_for(processes, stop);
    }
    wait_for(processes, stop);
    processes.clear();
  }

  Context& context_;
  const LogsOptions& options_;
  cluster::Kubectl kubectl_;
  cluster::Selection selection_;
  std::vector<cluster::LogSource> sources_;
};

}  // namespace

void add_logs(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<LogsOptions>();
  auto* app = root.add_subcommand("logs", "Print what a plugin logs, from all its pods");
  app->add_option("NAME", options->scope.name, "The plugin")->type_name("")->required();
  app->add_option("-n,--namespace", options->scope.ns,
                  "The plugin's namespace (default: that of kubectl's context)")
      ->type_name("NS");
  app->add_flag("-f,--follow", options->follow,
                "Go on with what comes, at the log level that the plugin asks for");
  app->add_option("--since", options->since, "Only what is newer: 5s, 2m, 3h")
      ->type_name("DURATION");
  app->add_option("--tail", options->tail, "Of each log only so many lines, before they are chosen")
      ->type_name("LINES");
  app->add_option("--level", options->level,
                  "With -f: at this level (default: `log_level` of the plugin's config, or info)")
      ->type_name("LEVEL");
  app->add_option("-m,--module", options->modules,
                  "The module that the proxies run, or its plugin's directory: names the source "
                  "lines of back-traces")
      ->type_name("MODULE")
      ->allow_extra_args(false);
  add_kubectl_flags(*app, options->kubectl);
  app->footer(
      "Lines of the plugin, and what Envoy and Istio's agent say of Wasm: refusals, traps and "
      "their\n"
      "back-traces. With -f the proxies' log level for Wasm is raised (`pods/exec`), which is "
      "said,\n"
      "and put back at the end.\n\n"
      "Examples:\n"
      "  wasmctl logs header-logger -n shop -f\n"
      "  wasmctl logs header-logger --since 10m -m plugins/header-logger");
  app->callback([options, &context, &action] {
    action = [options, &context] { Logs(context, *options).run(); };
  });
}

}  // namespace wasmctl::cli
