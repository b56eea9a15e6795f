// wasmctl status: how far each plugin of a cluster has come in each of its pods, and why no
// further.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/flags/kubectl_flags.hpp"
#include "cluster/status.hpp"

namespace wasmctl::cli {

namespace {

using cluster::Link;
using cluster::Mark;
using cluster::PluginStatus;
using cluster::PodStatus;
using cluster::Progress;

constexpr std::chrono::seconds kBetweenLooks{2};
// Of pods that stand alike so many are shown.
constexpr std::size_t kMostAlike = 3;

struct StatusOptions {
  cluster::Scope scope;
  KubectlFlags kubectl;
  bool wait = false;
  unsigned seconds = 120;
  bool json = false;
};

Link link_at(std::size_t index) {
  return static_cast<Link>(index);
}

// The head of a name that is too long, and its end, which tells pods apart.
std::string fitted(const std::string& name, std::size_t width) {
  constexpr std::size_t kEnd = 8;
  if (name.size() <= width) return name;
  return name.substr(0, width - kEnd - 2) + ".." + name.substr(name.size() - kEnd);
}

std::string short_module(const std::string& module) {
  constexpr std::size_t kDigits = 64;
  return module.size() == kDigits ? module.substr(0, 12) : module;
}

// Pods that stand at the same link for the same reason.
struct Alike {
  const PodStatus* first;
  std::vector<const PodStatus*> pods;
};

std::vector<Alike> grouped(const std::vector<PodStatus>& pods) {
  std::vector<Alike> groups;
  std::map<std::string, std::size_t> index;
  for (const auto& pod : pods) {
    std::string key = pod.module;
    for (const auto mark : pod.marks) key += to_string(mark);
    if (pod.why) key += pod.why->sight->code;
    const auto [found, is_new] = index.try_emplace(std::move(key), groups.size());
    if (is_new) groups.push_back({&pod, {}});
    groups[found->second].pods.push_back(&pod);
  }
  std::ranges::stable_sort(groups, std::greater(),
                           [](const Alike& group) { return std::ranges::max(group.first->marks); });
  return groups;
}

// The columns of the links take so much, with a blank before each and the indentation.
std::size_t links_width(const cluster::Plugin& plugin) {
  std::size_t width = 2;
  for (std::size_t i = 0; i < cluster::kLinks; ++i) {
    width += 1 + to_string(link_at(i), plugin).size();
  }
  return width;
}

class Printer {
 public:
  Printer(const Context& context, const cluster::Scope& scope)
      : out_(context.out),
        where_(scope.all_namespaces ? "any namespace"
               : scope.ns.empty()   ? "the namespace of your context"
                                    : "namespace " + scope.ns) {
    if (context.out_terminal && context.columns) columns_ = context.columns();
  }

  void print(const cluster::Status& status) {
    for (const auto& plugin : status.plugins) print_plugin(plugin);
    if (status.plugins.empty()) out_.print("there is no plugin in {}\n", where_);
    for (const auto& unseen : status.unseen) {
      out_.print("not seen: {}{}: {}\n", unseen.what,
                 unseen.count > 1 ? fmt::format(" ({} times)", unseen.count) : std::string(),
                 unseen.why);
      out_.print("  one who may can run: {}\n", unseen.command);
    }
  }

 private:
  void print_plugin(const PluginStatus& status) {
    const auto& plugin = status.plugin;
    out_.print("{} {}{}: {}\n", to_string(plugin.kind), plugin.full_name(),
               plugin.item.empty() ? std::string() : fmt::format("[{}]", plugin.item),
               to_string(status.progress()));
    out_.print("  module: {}{}\n", base::without_logins(plugin.url),
               plugin.sha256.empty() || plugin.url.find(plugin.sha256) != std::string::npos
                   ? std::string()
                   : fmt::format(" sha256:{}", plugin.sha256.substr(0, 12)));
    if (!status.pods.empty()) print_pods(status);
    if (status.why) print_why("", *status.why);
    const auto groups = grouped(status.pods);
    for (const auto& group : groups) {
      if (!group.first->why) continue;
      print_why(group.pods.size() == 1
                    ? group.first->name
                    : fmt::format("{} and {} more", group.first->name, group.pods.size() - 1),
                *group.first->why);
    }
    print_modules(status);
  }

  void print_pods(const PluginStatus& status) {
    const auto& plugin = status.plugin;
    std::size_t width = 3;
    for (const auto& pod : status.pods) width = std::max(width, name_of(pod, plugin).size());
    const auto links = links_width(plugin);
    if (columns_ > 0) {
      constexpr std::size_t kLeast = 14;
      width = std::min(width, std::max(kLeast, columns_ > links ? columns_ - links : 0));
    }
    std::string head = fmt::format("  {:<{}}", "pod", width);
    for (std::size_t i = 0; i < cluster::kLinks; ++i) {
      head += fmt::format(" {}", to_string(link_at(i), plugin));
    }
    out_.print("{}\n", head);
    for (const auto& group : grouped(status.pods)) {
      const auto shown = std::min(kMostAlike, group.pods.size());
      for (std::size_t i = 0; i < shown; ++i) print_pod(*group.pods[i], plugin, width);
      if (group.pods.size() > shown) {
        out_.print("  and {} more like {}\n", group.pods.size() - shown,
                   shown == 1 ? "this" : "these");
      }
    }
  }

  static std::string name_of(const PodStatus& pod, const cluster::Plugin& plugin) {
    return pod.ns == plugin.ns ? pod.name : pod.ns + "/" + pod.name;
  }

  void print_pod(const PodStatus& pod, const cluster::Plugin& plugin, std::size_t width) {
    std::string row = fmt::format("  {:<{}}", fitted(name_of(pod, plugin), width), width);
    for (std::size_t i = 0; i < cluster::kLinks; ++i) {
      row += fmt::format(" {:<{}}", to_string(pod.marks[i]), to_string(link_at(i), plugin).size());
    }
    row.erase(row.find_last_not_of(' ') + 1);
    out_.print("{}\n", row);
  }

  void print_why(const std::string& pods, const explain::Explanation& why) {
    out_.print("  {}{}: {} [{}]\n", pods.empty() ? "" : "pod ", pods.empty() ? "cause" : pods,
               why.cause, why.sight->code);
    if (!why.evidence.empty()) {
      const auto& seen = why.evidence.front();
      out_.print("    seen: {}: {}\n", seen.file, seen.text);
    }
    if (!why.said.empty()) out_.print("    last logged: {}\n", why.said);
    if (!why.effect.empty()) out_.print("    effect: {}\n", why.effect);
    out_.print("    do: {}\n", why.remedy);
  }

  void print_modules(const PluginStatus& status) {
    std::map<std::string, std::size_t> modules;
    for (const auto& pod : status.pods) {
      if (!pod.module.empty()) ++modules[pod.module];
    }
    for (const auto& [module, count] : modules) {
      out_.print("  {} {} the module {}\n", count, count == 1 ? "pod has" : "pods have",
                 short_module(module));
    }
  }

  Output out_;
  std::string where_;        // was looked
  std::size_t columns_ = 0;  // 0: no terminal
};

// ---- JSON ----

std::string_view json_word(Mark mark) {
  switch (mark) {
    case Mark::none:
      return "not reached";
    case Mark::ok:
      return "ok";
    case Mark::waits:
      return "waits";
    case Mark::unseen:
      return "unseen";
    case Mark::broken:
      return "broken";
  }
  return {};
}

nlohmann::json to_json(const std::optional<explain::Explanation>& why) {
  if (!why) return nullptr;
  auto evidence = nlohmann::json::array();
  for (const auto& [file, line, text] : why->evidence) {
    evidence.push_back({{"file", file}, {"line", line}, {"text", text}});
  }
  return {{"code", why->sight->code},
          {"cause", why->cause},
          {"remedy", why->remedy},
          {"effect", why->effect},
          {"evidence", evidence},
          {"said", why->said},
          {"confidence", to_string(why->sight->confidence)}};
}

nlohmann::json to_json(const PodStatus& pod, const cluster::Plugin& plugin) {
  auto links = nlohmann::json::array();
  for (std::size_t i = 0; i < cluster::kLinks; ++i) {
    links.push_back({{"link", to_string(link_at(i), plugin)}, {"state", json_word(pod.marks[i])}});
  }
  const auto stop = pod.stop();
  return {{"namespace", pod.ns},
          {"name", pod.name},
          {"links", links},
          {"stop", stop ? nlohmann::json(to_string(*stop, plugin)) : nlohmann::json()},
          {"module", pod.module},
          {"finding", to_json(pod.why)}};
}

nlohmann::json to_json(const cluster::Status& status) {
  auto plugins = nlohmann::json::array();
  for (const auto& found : status.plugins) {
    auto pods = nlohmann::json::array();
    for (const auto& pod : found.pods) pods.push_back(to_json(pod, found.plugin));
    plugins.push_back({{"kind", to_string(found.plugin.kind)},
                       {"namespace", found.plugin.ns},
                       {"name", found.plugin.name},
                       {"item", found.plugin.item},
                       {"url", base::without_logins(found.plugin.url)},
                       {"sha256", found.plugin.sha256},
                       {"state", to_string(found.progress())},
                       {"pods", pods},
                       {"finding", to_json(found.why)}});
  }
  auto unseen = nlohmann::json::array();
  for (const auto& [what, why, command, count] : status.unseen) {
    unseen.push_back({{"what", what}, {"why", why}, {"command", command}, {"count", count}});
  }
  return {{"state", to_string(status.progress())}, {"plugins", plugins}, {"unseen", unseen}};
}

// ---- waiting ----

cluster::Status look(const cluster::Kubectl& kubectl, const StatusOptions& options) {
  if (!options.wait) return read_status(kubectl, options.scope);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  bool was_broken = false;
  while (true) {
    auto status = read_status(kubectl, options.scope);
    const auto progress = status.progress();
    const bool is_broken = progress == Progress::broken;
    // Seen twice, it is no moment between two states.
    const bool is_final = is_broken ? was_broken : progress != Progress::waits;
    was_broken = is_broken;
    if (is_final || std::chrono::steady_clock::now() + kBetweenLooks >= deadline) return status;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

void run_status(Context& context, const StatusOptions& options) {
  if (options.scope.all_namespaces && !options.scope.ns.empty()) {
    throw usage_error("--namespace", "does not go with --all-namespaces");
  }
  const auto kubectl = make_kubectl(context, options.kubectl);
  const auto status = look(kubectl, options);
  if (options.json) {
    context.out.print_json(to_json(status));
  } else {
    Printer(context, options.scope).print(status);
  }
  const auto progress = status.progress();
  const bool is_late = options.wait && progress != Progress::serves;
  if (progress == Progress::broken || is_late) throw Refused{Code::bad_input};
}

}  // namespace

void add_status(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<StatusOptions>();
  auto* app = root.add_subcommand(
      "status", "Show how far plugins have come in each pod of a cluster, and why no further");
  app->add_option("NAME", options->scope.name, "The plugin (default: all of the namespace)")
      ->type_name("");
  app->add_option("-n,--namespace", options->scope.ns,
                  "The plugin's namespace (default: that of kubectl's context)")
      ->type_name("NS");
  app->add_flag("-A,--all-namespaces", options->scope.all_namespaces, "Plugins of all namespaces");
  auto* wait = app->add_flag("--wait", options->wait,
                             "Look again until all pods serve, or something is broken");
  app->add_option("--timeout", options->seconds, "With --wait: how long, in seconds")
      ->type_name("SECONDS")
      ->capture_default_str()
      ->needs(wait);
  add_kubectl_flags(*app, options->kubectl);
  app->add_flag("--json", options->json, "Print JSON");
  app->footer(
      "All is asked through kubectl, with its context and your rights, and nothing is changed:\n"
      "plugins, pods, ConfigMaps, events, rollouts; of each proxy its filters (`pods/exec`) and "
      "the\n"
      "end of its log. What you may not see is said, with the command for one who may.\n"
      "Each cause has a code, which `wasmctl explain CODE` explains.\n"
      "Exit status 3 if something is broken; with --wait, unless all pods serve.\n\n"
      "Examples:\n"
      "  wasmctl status\n"
      "  wasmctl status header-logger -n shop --wait --timeout 60\n"
      "  wasmctl status -A --json");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_status(context, *options); };
  });
}

}  // namespace wasmctl::cli
