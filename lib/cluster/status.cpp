#include "cluster/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cluster/port_forward.hpp"
#include "cluster/proxy.hpp"
#include "cluster/selection.hpp"
#include "explain/explainer.hpp"
#include "kube/mount.hpp"

namespace wasmctl::cluster {

namespace {

constexpr PluginKind kKinds[] = {PluginKind::wasm_plugin, PluginKind::traffic_extension,
                                 PluginKind::extension_policy};

// Of a proxy's log: the end, for what stopped lately, and the time at which a filter came.
constexpr char kTail[] = "--tail=2000";
constexpr char kMostOfTail[] = "--limit-bytes=262144";
constexpr char kMostOfSpan[] = "--limit-bytes=262144";

Arguments with_scope(Arguments question, const Scope& scope) {
  if (scope.all_namespaces) question.emplace_back("--all-namespaces");
  if (!scope.ns.empty()) question.insert(question.end(), {"-n", scope.ns});
  return question;
}

// Nothing of the cluster could be asked.
Error no_cluster(const Answer& answer) {
  Error error(Code::network, "kubectl cannot ask the cluster");
  error.because(answer.why);
  if (answer.outcome == Outcome::forbidden) {
    return Error(Code::denied, "you may not list the plugins of this namespace")
        .because(answer.why)
        .hint("one who may can run: `kubectl auth can-i --list -n NAMESPACE --as USER`");
  }
  return error.hint("`kubectl cluster-info` must answer; `--context NAME` takes another cluster");
}

// A kubectl that is somebody's script may print anything.
void require_object(Answer& answer) {
  if (answer.is_ok() && !base::trimmed(answer.out).starts_with('{'))
    answer = {Outcome::failed, {}, "it printed no JSON"};
}

Error no_plugin(const Kubectl& kubectl, const Scope& scope) {
  const auto where = scope.ns.empty() ? std::string("the namespace of your context")
                                      : fmt::format("namespace {}", scope.ns);
  Error error(Code::not_found, fmt::format("there is no plugin `{}` in {}", scope.name,
                                           scope.all_namespaces ? "any namespace" : where));
  if (scope.all_namespaces) return error;
  for (const auto kind : kKinds) {
    const auto answer =
        kubectl.ask({"get", std::string(resource_of(kind)), "--all-namespaces", "-o", "json"});
    if (!answer.is_ok()) continue;
    for (const auto& plugin : read_plugins(kind, answer.out)) {
      if (plugin.name != scope.name) continue;
      return error.hint(fmt::format("one is in another namespace: `wasmctl status {} -n {}`",
                                    plugin.name, plugin.ns));
    }
  }
  return error.hint("apply it: `wasmctl render ... | kubectl apply -f -`");
}

bool is_wanted(const Plugin& plugin, const Scope& scope) {
  return scope.name.empty() || plugin.name == scope.name;
}

// One look at a cluster.
class Look {
 public:
  Look(const Kubectl& kubectl, const Scope& scope, Plugins plugins) : kubectl_(kubectl) {
    // Who names a plugin that is found asks for no others.
    for (const auto& [question, answer] : plugins.refusals) {
      if (scope.name.empty()) add_unseen(question[1], answer, question);
    }
    for (auto& plugin : plugins.found) {
      PluginStatus status;
      status.plugin = std::move(plugin);
      status_.plugins.push_back(std::move(status));
    }
  }

  Status run() {
    world_.now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    ask_for_pods();
    ask_about_namespaces();
    ask_proxies();
    ask_for_logs();
    ask_for_spans();
    for (std::size_t i = 0; i < status_.plugins.size(); ++i) judge_plugin(i);
    return std::move(status_);
  }

 private:
  // ---- pods ----

  void ask_for_pods() {
    std::set<Query> all;
    for (const auto& status : status_.plugins) {
      auto queries = queries_of(kubectl_, status.plugin);
      all.insert(queries.begin(), queries.end());
      queries_.push_back(std::move(queries));
    }
    selection_ = select_pods(kubectl_, all);
    for (const auto& [question, answer] : selection_.refusals) {
      add_unseen("the pods", answer, question);
    }
  }

  void add_unseen(const std::string& what, const Answer& answer, const Arguments& question) {
    const auto known = std::ranges::find(status_.unseen, what, &Unseen::what);
    if (known != status_.unseen.end()) {
      ++known->count;
      return;
    }
    status_.unseen.push_back({what, answer.why, kubectl_.shown(question), 1});
  }

  // ---- what is around them ----

  // The ConfigMaps from which the plugins' files are mounted.
  std::set<std::string> mounted_maps(const std::string& ns) const {
    std::set<std::string> names;
    for (const auto& status : status_.plugins) {
      const auto file = status.plugin.file();
      if (file.empty()) continue;
      for (const auto& [key, pod] : selection_.pods) {
        const auto* const mount = key.first == ns ? pod.mount_of(file) : nullptr;
        const auto* const volume = mount == nullptr ? nullptr : pod.volume_of(*mount);
        if (volume != nullptr && !volume->config_map.empty()) names.insert(volume->config_map);
      }
    }
    return names;
  }

  bool has_files() const {
    return std::ranges::any_of(status_.plugins,
                               [](const auto& status) { return !status.plugin.file().empty(); });
  }

  void ask_about_namespaces() {
    std::map<std::string, bool> namespaces;  // -> a pod there does not run, or has no proxy
    for (const auto& [key, pod] : selection_.pods) {
      auto& is_odd = namespaces[key.first];
      is_odd = is_odd || !pod.runs;
    }
    std::vector<Arguments> questions;
    std::vector<std::function<void(const Answer&)>> takers;
    const auto ask = [&](Arguments question, std::function<void(const Answer&)> taker) {
      questions.push_back(std::move(question));
      takers.push_back(std::move(taker));
    };
    for (const auto& [ns, is_odd] : namespaces) {
      const auto maps = mounted_maps(ns);
      if (!maps.empty()) {
        Arguments question = {"get", "configmaps", "-n", ns, "--ignore-not-found", "-o", "json"};
        question.insert(question.end(), maps.begin(), maps.end());
        ask(question, [&, question](const Answer& answer) { take_maps(ns, answer, question); });
      }
      if (has_files()) {
        ask({"get", "deployments.apps,replicasets.apps,statefulsets.apps", "-n", ns, "-o", "json"},
            [&](const Answer& answer) {
              if (answer.is_ok()) world_.workloads[ns] = read_workloads(answer.out);
            });
      }
      if (!is_odd) continue;
      ask({"get", "events", "-n", ns, "--field-selector", "type=Warning", "-o", "json"},
          [&](const Answer& answer) {
            if (answer.is_ok()) world_.events[ns] = read_events(answer.out);
          });
      ask({"get", "namespaces", ns, "-o", "json"}, [&](const Answer& answer) {
        if (answer.is_ok()) world_.namespaces[ns] = read_labels(answer.out);
      });
    }
    const auto answers = kubectl_.ask_all(questions);
    for (std::size_t i = 0; i < answers.size(); ++i) takers[i](answers[i]);
  }

  void take_maps(const std::string& ns, const Answer& answer, const Arguments& question) {
    if (!answer.is_ok()) return add_unseen("the ConfigMaps", answer, question);
    world_.knows_config_maps[ns] = true;
    for (auto& map : read_config_maps(answer.out)) {
      auto name = ns + "/" + map.name;
      world_.config_maps.insert_or_assign(std::move(name), std::move(map));
    }
  }

  // ---- proxies ----

  // Those with a proxy that can be asked.
  std::vector<const Pod*> running() const {
    std::vector<const Pod*> pods;
    for (const auto& [key, pod] : selection_.pods) {
      if (!pod.proxy.empty() && pod.runs) pods.push_back(&pod);
    }
    return pods;
  }

  static Arguments dump_question(const Pod& pod) {
    return {"exec", pod.name,      "-n",      pod.ns, "-c",        pod.proxy,
            "--",   "pilot-agent", "request", "GET",  kFiltersPath};
  }

  void ask_proxies() {
    std::vector<const Pod*> sidecars;
    std::vector<const Pod*> gateways;  // of Envoy Gateway
    for (const auto* const pod : running()) {
      (pod->proxy == kube::kProxyContainer ? sidecars : gateways).push_back(pod);
    }
    std::vector<Arguments> questions;
    questions.reserve(sidecars.size());
    for (const auto* const pod : sidecars) questions.push_back(dump_question(*pod));
    const auto answers = kubectl_.ask_all(questions);
    for (std::size_t i = 0; i < sidecars.size(); ++i) {
      take_dump(*sidecars[i], answers[i], questions[i]);
    }
    const auto dumps = ask_admin_ports(kubectl_, gateways, std::string("/") + kListenersPath);
    for (std::size_t i = 0; i < gateways.size(); ++i) {
      take_dump(*gateways[i], dumps[i], forward_question(*gateways[i]));
    }
  }

  void take_dump(const Pod& pod, const Answer& answer, const Arguments& question) {
    auto& view = views_[key_of(pod)];
    // Newer agents make an error of what Envoy answers with 404.
    if (answer.why.find("not found in config dump") != std::string::npos) view.filters.emplace();
    if (answer.is_ok()) view.filters = read_filters(answer.out);
    if (!view.filters) add_unseen("what the proxies run", answer, question);
  }

  // ---- logs ----

  void ask_for_logs() {
    // One kubectl for many pods would ask for five logs a second (client-go's limit).
    const auto pods = running();
    std::vector<Arguments> questions;
    questions.reserve(pods.size());
    for (const auto* const pod : pods) {
      questions.push_back(
          {"logs", pod->name, "-n", pod->ns, "-c", pod->proxy, "--timestamps", kTail, kMostOfTail});
    }
    auto answers = kubectl_.ask_all(questions);
    for (std::size_t i = 0; i < pods.size(); ++i) {
      if (answers[i].is_ok()) {
        views_[key_of(*pods[i])].log = std::move(answers[i].out);
      } else {
        add_unseen("the proxies' logs", answers[i], questions[i]);
      }
    }
  }

  // From when on a pod's log matters: its filters came then, or it began.
  std::optional<double> log_start(const Pod& pod, const ProxyView& view) const {
    std::optional<double> first;
    if (view.filters) {
      for (const auto& status : status_.plugins) {
        for (const auto& filter : *view.filters) {
          if (!filter.is_of(status.plugin.proxy_name())) continue;
          const auto updated = read_time(filter.updated);
          if (updated && (!first || *updated < *first)) first = updated;
        }
      }
    }
    return first ? first : read_time(pod.started);
  }

  // What the end of a log does not reach back to.
  void ask_for_spans() {
    std::vector<ProxyView*> views;
    std::vector<Arguments> questions;
    for (const auto* const pod : running()) {
      auto& view = views_[key_of(*pod)];
      const auto start = log_start(*pod, view);
      const auto begin = view.log ? log_begin(*view.log) : std::nullopt;
      if (!start || !begin || *begin <= *start - kBeforeUpdate) continue;
      if (const auto created = read_time(pod->started); created && *begin <= *created + 1) continue;
      views.push_back(&view);
      questions.push_back({"logs", pod->name, "-n", pod->ns, "-c", pod->proxy, "--timestamps",
                           "--since-time=" + to_time(*start - kBeforeUpdate), kMostOfSpan});
    }
    const auto answers = kubectl_.ask_all(questions);
    for (std::size_t i = 0; i < views.size(); ++i) {
      if (answers[i].is_ok()) views[i]->log = answers[i].out + *views[i]->log;
    }
  }

  // ---- what it means ----

  void judge_plugin(std::size_t index) {
    auto& status = status_.plugins[index];
    const auto& plugin = status.plugin;
    std::set<PodKey> keys;
    for (const auto& query : queries_[index]) {
      const auto found = selection_.found.find(query);
      if (found == selection_.found.end()) {
        status.pods_unseen = true;
        continue;
      }
      for (const auto* const pod : found->second) keys.insert(key_of(*pod));
    }
    if (!plugin.refusal.empty()) status.why = explain_refusal(plugin);
    for (const auto& key : keys) {
      const auto& pod = selection_.pods.at(key);
      status.pods.push_back(plugin.refusal.empty() ? judge(plugin, pod, views_[key], world_)
                                                   : unapplied(pod));
    }
    if (keys.empty() && !status.pods_unseen && !status.why) status.why = explain_absence(index);
  }

  static PodStatus unapplied(const Pod& pod) {
    PodStatus status;
    status.ns = pod.ns;
    status.name = pod.name;
    status.marks[static_cast<std::size_t>(Link::applied)] = Mark::broken;
    return status;
  }

  static explain::Explanation explain_refusal(const Plugin& plugin) {
    explain::Explainer explainer;
    explainer.begin("status of " + plugin.full_name());
    explainer.write(plugin.refusal + "\n");
    explainer.end();
    auto report = explainer.finish();
    if (!report.causes.empty()) return std::move(report.causes.front());
    return explain_sentence("W-714", "status of " + plugin.full_name(),
                            fmt::format("the policy is not accepted: {}", plugin.refusal));
  }

  // No pod is selected.
  explain::Explanation explain_absence(std::size_t index) const {
    const auto& plugin = status_.plugins[index].plugin;
    if (!plugin.targets.empty()) {
      const auto& target = plugin.targets.front();
      return explain_sentence(
          "W-711", "kubectl get pods",
          fmt::format("no pod is the proxy of {}/{}", target.kind, target.name));
    }
    const auto labels = to_selector(plugin.selector);
    if (!labels.empty()) {
      const auto answer = kubectl_.ask(pods_question({"", labels, ""}));
      const auto pods = answer.is_ok() ? read_pods(answer.out) : std::vector<Pod>();
      if (!pods.empty()) {
        return explain_sentence(
            "W-702", "kubectl get pods -A -l " + labels,
            fmt::format("pods with the labels {} are in namespace {}, and the plugin is in {}",
                        labels, pods.front().ns, plugin.ns));
      }
    }
    return explain_sentence("W-701", "kubectl get pods -n " + plugin.ns,
                            fmt::format("no pod of namespace {} has the labels {}", plugin.ns,
                                        labels.empty() ? std::string("of any kind") : labels));
  }

  const Kubectl& kubectl_;
  Status status_;
  World world_;
  std::vector<std::vector<Query>> queries_;  // of each plugin
  Selection selection_;
  std::map<PodKey, ProxyView> views_;
};

Progress worse(Progress a, Progress b) {
  return std::max(a, b);
}

Progress progress_of(Mark mark) {
  switch (mark) {
    case Mark::broken:
      return Progress::broken;
    case Mark::waits:
      return Progress::waits;
    case Mark::unseen:
      return Progress::unseen;
    case Mark::none:
    case Mark::ok:
      break;
  }
  return Progress::serves;
}

}  // namespace

std::string_view to_string(Progress progress) {
  switch (progress) {
    case Progress::serves:
      return "serves";
    case Progress::unseen:
      return "unseen";
    case Progress::waits:
      return "in progress";
    case Progress::broken:
      return "broken";
  }
  return {};
}

Progress PluginStatus::progress() const {
  auto progress = why ? Progress::broken : Progress::serves;
  if (pods_unseen) progress = worse(progress, Progress::unseen);
  for (const auto& pod : pods) {
    for (const auto mark : pod.marks) progress = worse(progress, progress_of(mark));
  }
  return progress;
}

Progress Status::progress() const {
  auto progress = Progress::serves;
  for (const auto& plugin : plugins) progress = worse(progress, plugin.progress());
  return progress;
}

Plugins find_plugins(const Kubectl& kubectl, const Scope& scope) {
  std::vector<Arguments> questions;
  for (const auto kind : kKinds) {
    questions.push_back(with_scope({"get", std::string(resource_of(kind)), "-o", "json"}, scope));
  }
  auto answers = kubectl.ask_all(questions);
  Plugins plugins;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    require_object(answers[i]);
    if (answers[i].outcome == Outcome::absent) continue;
    if (!answers[i].is_ok()) {
      plugins.refusals.push_back({questions[i], answers[i]});
      continue;
    }
    for (auto& plugin : read_plugins(kKinds[i], answers[i].out)) {
      if (is_wanted(plugin, scope)) plugins.found.push_back(std::move(plugin));
    }
  }
  // Where a kind could not be looked at, nobody knows that there is none.
  if (plugins.found.empty() && !plugins.refusals.empty()) {
    throw no_cluster(plugins.refusals.front().answer);
  }
  if (plugins.found.empty() && !scope.name.empty()) throw no_plugin(kubectl, scope);
  return plugins;
}

Status read_status(const Kubectl& kubectl, const Scope& scope) {
  return Look(kubectl, scope, find_plugins(kubectl, scope)).run();
}

}  // namespace wasmctl::cluster
