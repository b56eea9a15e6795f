#include "cluster/chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "explain/explainer.hpp"
#include "kube/injection.hpp"

namespace wasmctl::cluster {

namespace {

using explain::Explanation;
using nlohmann::json;

// A push takes a second or so, and a proxy that has just begun some more.
constexpr double kPushSeconds = 30;

explain::Report explained(const std::string& source, std::string_view text) {
  explain::Explainer explainer;
  explainer.begin(source);
  explainer.write(text);
  explainer.end();
  return explainer.finish();
}

// "shop.header-logger" of the ways in which it is named in logs: with the kind before it, and with
// what Istio appends to a WasmPlugin that it translated.
std::string_view bare_name(std::string_view plugin) {
  if (const auto slash = plugin.rfind('/'); slash != std::string_view::npos) {
    plugin.remove_prefix(slash + 1);
  }
  return plugin.substr(0, plugin.find('~'));
}

// A trap while it was loaded is followed by Envoy's refusal.
bool stopped_while_loading(const Explanation& cause) {
  return std::ranges::any_of(cause.followers, [](const explain::Evidence& line) {
    return line.text.find("Wasm VM failed") != std::string::npos;
  });
}

Link link_of(const Explanation& cause) {
  const auto leads = cause.sight->leads;
  if (cause.sight->code == "W-213") return Link::configured;
  if ((leads & explain::kDead) != 0) {
    return stopped_while_loading(cause) ? Link::configured : Link::serving;
  }
  if ((leads & (explain::kNotMounted | explain::kNotFetched | explain::kNoSecret)) != 0) {
    return Link::fetched;
  }
  if ((leads & explain::kNotAccepted) != 0) return Link::applied;
  if ((leads & explain::kNotDelivered) != 0) return Link::pushed;
  return Link::loaded;
}

bool same_config(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty();
  return json::parse(a, nullptr, false) == json::parse(b, nullptr, false);
}

std::string shortened(const std::string& digest) {
  return digest.substr(0, 12);
}

class Judge {
 public:
  Judge(const Plugin& plugin, const Pod& pod, const ProxyView& view, const World& world)
      : plugin_(plugin), pod_(pod), view_(view), world_(world) {
    status_.ns = pod.ns;
    status_.name = pod.name;
  }

  PodStatus run() {
    if (pod_.proxy.empty()) {
      stop(Link::selected, Mark::broken, "W-703", "kubectl get pod",
           fmt::format("pod {} has no proxy: {}", pod_.full_name(), why_no_proxy()));
    } else if (!look_at_mount()) {
      // said
    } else if (!pod_.runs) {
      look_at_start();
    } else if (!view_.filters) {
      look_at_log_alone();
    } else {
      look_at_filter();
    }
    return std::move(status_);
  }

 private:
  void stop(Link link, Mark mark) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(link); ++i) status_.marks[i] = Mark::ok;
    status_.marks[static_cast<std::size_t>(link)] = mark;
  }

  void stop(Link link, Mark mark, Explanation why) {
    stop(link, mark);
    status_.why = std::move(why);
  }

  void stop(Link link, Mark mark, std::string_view code, const std::string& source,
            const std::string& sentence) {
    stop(link, mark, explain_sentence(code, source, sentence));
  }

  std::string why_no_proxy() const {
    const auto annotation = [&](const char* key) -> std::string_view {
      const auto found = pod_.annotations.find(key);
      return found == pod_.annotations.end() ? std::string_view() : found->second;
    };
    const auto ns = world_.namespaces.find(pod_.ns);
    const kube::PodTraits traits{pod_.labels, annotation(kube::kInjectKey),
                                 annotation(kube::kTemplatesAnnotation), pod_.host_network, false};
    const auto why = kube::why_not_injected(traits, pod_.ns,
                                            ns == world_.namespaces.end() ? nullptr : &ns->second);
    return why.value_or("it was made before its namespace was labelled for injection");
  }

  // ---- the file ----

  const Workload* workload() const {
    const auto ns = world_.workloads.find(pod_.ns);
    if (ns == world_.workloads.end()) return nullptr;
    const auto key = pod_.owner_kind == "ReplicaSet" ? "ReplicaSet/" + pod_.owner
                                                     : pod_.owner_kind + "/" + pod_.owner;
    const auto found = ns->second.find(key);
    return found == ns->second.end() ? nullptr : &found->second;
  }

  // The workload, if the pod is of an older template of it.
  const Workload* old_of() const {
    const auto* const of = workload();
    if (of == nullptr || of->is_done || of->newest.empty()) return nullptr;
    if (pod_.owner_kind == "ReplicaSet") return of->newest == pod_.owner ? nullptr : of;
    const auto hash = pod_.labels.find("controller-revision-hash");
    const bool is_new = hash == pod_.labels.end() || hash->second == of->newest;
    return is_new ? nullptr : of;
  }

  void stop_as_old(const Workload& of) {
    const auto name = fmt::format("{}/{}", base::lower(of.kind), of.name);
    if (of.stuck.empty()) {
      stop_at_mount(Mark::waits, "W-708", "kubectl get " + base::lower(of.kind),
                    fmt::format("the pod is of an older template of {}", name));
    } else {
      stop_at_mount(Mark::broken, "W-709", "kubectl get " + base::lower(of.kind),
                    fmt::format("the rollout of {} is stuck: {}", name, of.stuck));
    }
  }

  // A mount is looked at before what is pushed, of which a proxy that does not run has nothing.
  void stop_at_mount(Mark mark, std::string_view code, const std::string& source,
                     const std::string& sentence) {
    stop(Link::fetched, mark, code, source, sentence);
    set_pushed();
  }

  void set_pushed() {
    auto& pushed = status_.marks[static_cast<std::size_t>(Link::pushed)];
    if (!pod_.runs) {
      pushed = Mark::none;
    } else if (!view_.filters) {
      pushed = Mark::unseen;
    } else if (find_filter() == nullptr) {
      pushed = Mark::none;
    }
  }

  const Filter* find_filter() const {
    const auto found = std::ranges::find_if(
        *view_.filters, [&](const Filter& filter) { return filter.is_of(plugin_.proxy_name()); });
    return found == view_.filters->end() ? nullptr : &*found;
  }

  // Whether the chain goes on.
  bool look_at_mount() {
    const auto file = plugin_.file();
    if (file.empty()) return true;
    if (const auto* const of = old_of()) {
      name_mounted_module(file);
      stop_as_old(*of);
      return false;
    }
    const auto* const mount = pod_.mount_of(file);
    if (mount == nullptr) {
      stop_at_mount(Mark::broken, "W-704", "kubectl get pod",
                    fmt::format("no mount of the proxy is over {}", file));
      return false;
    }
    const auto* const volume = pod_.volume_of(*mount);
    if (volume == nullptr || volume->config_map.empty()) {
      if (volume != nullptr) status_.module = volume->image;
      return true;
    }
    return look_at_config_map(file, *mount, *volume);
  }

  static std::string key_of(const std::string& file, const Mount& mount, const Volume& volume) {
    auto path = mount.sub_path;
    if (path.empty()) {
      path = file.substr(std::min(file.size(), mount.path.size()));
      path.erase(0, path.find_first_not_of('/'));
    }
    if (volume.items.empty()) return path;
    const auto item = volume.items.find(path);
    return item == volume.items.end() ? std::string() : item->second;
  }

  const ConfigMap* config_map(const std::string& name) const {
    const auto found = world_.config_maps.find(pod_.ns + "/" + name);
    return found == world_.config_maps.end() ? nullptr : &found->second;
  }

  bool look_at_config_map(const std::string& file, const Mount& mount, const Volume& volume) {
    // What the kubelet says comes first; its events are gone after an hour.
    if (!pod_.runs && look_at_events()) return false;
    const auto name = pod_.ns + "/" + volume.config_map;
    const auto* const map = config_map(volume.config_map);
    if (map == nullptr) {
      const auto known = world_.knows_config_maps.find(pod_.ns);
      if (known == world_.knows_config_maps.end() || !known->second) return true;
      // A proxy that runs has read it before.
      if (pod_.runs && !volume.optional) return true;
      stop_at_mount(Mark::broken, "W-712", "kubectl get configmap",
                    fmt::format("ConfigMap {} of the volume over {} is not there", name, file));
      return false;
    }
    const auto key = key_of(file, mount, volume);
    const auto digest = map->digests.find(key);
    if (digest == map->digests.end()) {
      stop_at_mount(
          Mark::broken, "W-713", "kubectl get configmap",
          fmt::format("ConfigMap {} has no key {}, which is mounted as {}", name,
                      key.empty() ? std::string_view("for it") : std::string_view(key), file));
      return false;
    }
    status_.module = digest->second;
    return true;
  }

  void name_mounted_module(const std::string& file) {
    const auto* const mount = pod_.mount_of(file);
    const auto* const volume = mount == nullptr ? nullptr : pod_.volume_of(*mount);
    if (volume == nullptr) return;
    status_.module = volume->image;
    const auto* const map = config_map(volume->config_map);
    if (map == nullptr) return;
    const auto digest = map->digests.find(key_of(file, *mount, *volume));
    if (digest != map->digests.end()) status_.module = digest->second;
  }

  // ---- before it runs ----

  // Whether an event tells why it does not start.
  bool look_at_events() {
    const auto events = world_.events.find(pod_.ns);
    if (events == world_.events.end()) return false;
    std::string text;
    for (const auto& event : events->second) {
      if (event.kind == "Pod" && event.name == pod_.name) text += event.message + "\n";
    }
    auto report = explained("events of pod/" + pod_.name, text);
    if (report.causes.empty()) return false;
    const auto link = link_of(report.causes.front());
    stop(link, Mark::broken, std::move(report.causes.front()));
    set_pushed();
    return true;
  }

  void look_at_start() {
    if (look_at_events()) return;
    const auto link = plugin_.file().empty() ? Link::pushed : Link::fetched;
    const bool is_usual = pod_.waiting.empty() || pod_.waiting.starts_with("ContainerCreating") ||
                          pod_.waiting.starts_with("PodInitializing");
    if (is_usual) {
      stop(link, Mark::waits);
      if (link == Link::fetched) set_pushed();
      return;
    }
    stop(Link::pushed, Mark::broken, "W-710", "kubectl get pod",
         fmt::format("the proxy's container waits: {}", pod_.waiting));
  }

  // ---- what it runs ----

  const std::string& log() const {
    static const std::string kNone;
    return view_.log ? *view_.log : kNone;
  }

  std::string log_name() const { return fmt::format("log of pod/{}", pod_.name); }

  bool is_named(const Explanation& cause) const {
    if (plugin_.kind != PluginKind::extension_policy) {
      return bare_name(cause.plugin) == plugin_.proxy_name();
    }
    return cause.plugin == plugin_.proxy_name() || cause.plugin == plugin_.log_name();
  }

  // Nobody is named by a trap, or by a file that is not there.
  bool may_be_ours(const Explanation& cause) const {
    if (!cause.plugin.empty()) return is_named(cause);
    const auto names_file = [&](const explain::Evidence& line) {
      return !plugin_.url.empty() &&
             (line.text.find(plugin_.url) != std::string::npos ||
              (!plugin_.file().empty() && line.text.find(plugin_.file()) != std::string::npos));
    };
    return std::ranges::any_of(cause.evidence, names_file) || is_alone();
  }

  // No other plugin is in this proxy.
  bool is_alone() const {
    return !view_.filters || std::ranges::count_if(*view_.filters, [](const Filter& filter) {
                               return filter.kind != Filter::Kind::other;
                             }) <= 1;
  }

  std::optional<Explanation> cause_in(std::string_view log, bool (*is_wanted)(Link)) const {
    auto report = explained(log_name(), log);
    const auto found = std::ranges::find_if(report.causes, [&](const Explanation& cause) {
      return may_be_ours(cause) && is_wanted(link_of(cause));
    });
    if (found == report.causes.end()) return std::nullopt;
    return std::move(*found);
  }

  void look_at_log_alone() {
    const auto any = [](Link) { return true; };
    if (auto cause = cause_in(log(), any)) {
      const auto link = link_of(*cause);
      return stop(link, Mark::broken, std::move(*cause));
    }
    stop(Link::pushed, Mark::unseen);
    for (const auto link : {Link::fetched, Link::loaded, Link::configured, Link::serving}) {
      mark_unseen(link);
    }
    // The kubelet starts no proxy before its volumes are there.
    if (!plugin_.file().empty()) {
      status_.marks[static_cast<std::size_t>(Link::fetched)] = Mark::ok;
    }
  }

  void look_at_filter() {
    const auto* const found = find_filter();
    if (found == nullptr) return look_at_absence();
    const auto& filter = *found;
    const auto updated = read_time(filter.updated);
    const auto recent = updated ? log_since(log(), *updated - kBeforeUpdate) : log();
    switch (filter.kind) {
      case Filter::Kind::denies:
      case Filter::Kind::allows:
        return look_at_replacement(filter, recent);
      case Filter::Kind::wasm:
      case Filter::Kind::other:
        return look_at_wasm(filter, recent);
    }
  }

  void look_at_absence() {
    const auto early = [](Link link) { return link != Link::serving; };
    if (auto cause = cause_in(log(), early)) {
      const auto link = link_of(*cause);
      return stop(link, Mark::broken, std::move(*cause));
    }
    const auto is_young = [&](const std::string& time) {
      const auto began = read_time(time);
      return began && world_.now - *began < kPushSeconds;
    };
    const bool is_new = is_young(pod_.started) || is_young(plugin_.created);
    stop(Link::pushed, is_new ? Mark::waits : Mark::broken, "W-705",
         "config dump of pod/" + pod_.name,
         fmt::format("the proxy has no filter of {}", plugin_.proxy_name()));
  }

  void look_at_replacement(const Filter& filter, const std::string& recent) {
    const auto is_fetch = [](Link link) { return link == Link::fetched; };
    if (auto cause = cause_in(recent, is_fetch)) {
      return stop(Link::fetched, Mark::broken, std::move(*cause));
    }
    const bool denies = filter.kind == Filter::Kind::denies;
    stop(Link::fetched, Mark::broken, denies ? "W-137" : "W-138", "config dump of pod/" + pod_.name,
         fmt::format("filter {} is envoy.extensions.filters.http.rbac.v3.RBAC that {} all",
                     filter.resource, denies ? "denies" : "allows"));
  }

  void look_at_wasm(const Filter& filter, const std::string& recent) {
    const auto fetched = filter.served.empty() ? filter.fetched_digest() : filter.served;
    if (!fetched.empty()) status_.module = fetched;
    const auto refused = [](Link link) { return link == Link::loaded || link == Link::configured; };
    if (auto cause = cause_in(recent, refused)) {
      const auto link = link_of(*cause);
      return stop(link, Mark::broken, std::move(*cause));
    }
    if (look_at_age(filter, recent)) return;
    const auto stopped = [](Link link) { return link == Link::serving; };
    if (auto cause = cause_in(recent, stopped)) {
      return stop(Link::serving, Mark::broken, std::move(*cause));
    }
    stop(Link::serving, Mark::ok);
    // That a filter is in the dump says not that Envoy has taken it.
    if (!view_.log) {
      for (const auto link : {Link::loaded, Link::configured, Link::serving}) mark_unseen(link);
    }
  }

  void mark_unseen(Link link) { status_.marks[static_cast<std::size_t>(link)] = Mark::unseen; }

  // Whether the proxy has the plugin as it was before.
  bool look_at_age(const Filter& filter, const std::string& recent) {
    std::string sentence;
    std::string_view code = "W-707";
    const auto digest = filter.fetched_digest();
    if (!digest.empty() && !plugin_.sha256.empty() && digest != plugin_.sha256) {
      sentence = fmt::format("the proxy still runs the module {}, and the plugin names {}",
                             shortened(digest), shortened(plugin_.sha256));
    } else if (const auto* const field = differing_field(filter)) {
      code = "W-706";
      sentence = fmt::format("the proxy still has another {} of {} than the cluster", field,
                             plugin_.proxy_name());
    } else {
      return false;
    }
    const auto is_fetch = [](Link link) { return link == Link::fetched; };
    if (auto cause = cause_in(recent, is_fetch)) {
      stop(Link::fetched, Mark::broken, std::move(*cause));
    } else {
      stop(Link::pushed, Mark::waits, code, "config dump of pod/" + pod_.name, sentence);
    }
    return true;
  }

  const char* differing_field(const Filter& filter) const {
    if (!plugin_.file().empty() && filter.file != plugin_.file()) return "url";
    if (!same_config(filter.config, plugin_.config)) return "pluginConfig";
    if (filter.root_id != plugin_.root_id) return "pluginName";
    if (!filter.policy.empty() && filter.policy != plugin_.policy) return "failStrategy";
    return nullptr;
  }

  const Plugin& plugin_;
  const Pod& pod_;
  const ProxyView& view_;
  const World& world_;
  PodStatus status_;
};

}  // namespace

std::string_view to_string(Link link, const Plugin& plugin) {
  switch (link) {
    case Link::applied:
      return "applied";
    case Link::selected:
      return "selected";
    case Link::pushed:
      return "pushed";
    case Link::fetched:
      return plugin.file().empty() ? "fetched" : "mounted";
    case Link::loaded:
      return "loaded";
    case Link::configured:
      return "configured";
    case Link::serving:
      return "serving";
  }
  return {};
}

std::string_view to_string(Mark mark) {
  switch (mark) {
    case Mark::none:
      return "-";
    case Mark::ok:
      return "ok";
    case Mark::waits:
      return "wait";
    case Mark::unseen:
      return "?";
    case Mark::broken:
      return "FAIL";
  }
  return {};
}

std::optional<Link> PodStatus::stop() const {
  // What is not reached may come before what is broken: a file's mount is looked at first.
  for (const auto mark : {Mark::broken, Mark::waits, Mark::unseen, Mark::none}) {
    const auto* const found = std::ranges::find(marks, mark);
    if (found != marks.end()) return static_cast<Link>(found - marks.begin());
  }
  return std::nullopt;
}

PodStatus judge(const Plugin& plugin, const Pod& pod, const ProxyView& view, const World& world) {
  return Judge(plugin, pod, view, world).run();
}

Explanation explain_sentence(std::string_view code, const std::string& source,
                             std::string sentence) {
  // What others have written into it may look like anything.
  std::ranges::replace(sentence, '\n', ' ');
  auto report = explained(source, sentence + "\n");
  const auto found = std::ranges::find_if(
      report.causes, [&](const Explanation& cause) { return cause.sight->code == code; });
  if (found != report.causes.end()) return std::move(*found);
  Explanation plain;
  plain.sight = explain::find_sight(code);
  plain.cause = sentence;
  plain.remedy = plain.sight->remedy;
  plain.evidence.push_back({source, 1, sentence});
  return plain;
}

}  // namespace wasmctl::cluster
