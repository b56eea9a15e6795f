#include "kube/workload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "base/text.hpp"
#include "kube/names.hpp"

namespace wasmctl::kube {

namespace {

constexpr std::string_view kTemplate[] = {"spec", "template"};
constexpr std::string_view kCronTemplate[] = {"spec", "jobTemplate", "spec", "template"};

constexpr std::string_view kDeployment[] = {"deployment", "deployments", "deploy"};
constexpr std::string_view kStatefulSet[] = {"statefulset", "statefulsets", "sts"};
constexpr std::string_view kDaemonSet[] = {"daemonset", "daemonsets", "ds"};
constexpr std::string_view kJob[] = {"job", "jobs"};
constexpr std::string_view kCronJob[] = {"cronjob", "cronjobs", "cj"};
constexpr std::string_view kPod[] = {"pod", "pods", "po"};
constexpr std::string_view kReplicaSet[] = {"replicaset", "replicasets", "rs"};
// Kinds of others that have the same template (their custom resource definitions).
constexpr std::string_view kRollout[] = {"rollout", "rollouts", "ro"};
constexpr std::string_view kDeploymentConfig[] = {"deploymentconfig", "deploymentconfigs", "dc"};
constexpr std::string_view kKnativeService[] = {"ksvc", "kservice"};
constexpr std::string_view kCloneSet[] = {"cloneset", "clonesets", "clone"};
constexpr std::string_view kAdvancedStatefulSet[] = {"asts"};
constexpr std::string_view kAdvancedDaemonSet[] = {"daemon"};

constexpr WorkloadKind kWorkloadKinds[] = {
    {"Deployment", "apps/v1", "deployment", kDeployment, kTemplate, Rollout::rolls},
    {"StatefulSet", "apps/v1", "statefulset", kStatefulSet, kTemplate, Rollout::rolls},
    {"DaemonSet", "apps/v1", "daemonset", kDaemonSet, kTemplate, Rollout::rolls},
    {"Job", "batch/v1", "job", kJob, kTemplate, Rollout::frozen},
    {"CronJob", "batch/v1", "cronjob", kCronJob, kCronTemplate, Rollout::next_run},
    {"Pod", "v1", "pod", kPod, {}, Rollout::frozen},
    {"ReplicaSet", "apps/v1", "replicaset", kReplicaSet, kTemplate, Rollout::next_run},
    {"Rollout", "argoproj.io/v1alpha1", "rollout", kRollout, kTemplate, Rollout::watched,
     Patching::json},
    {"DeploymentConfig", "apps.openshift.io/v1", "deploymentconfig", kDeploymentConfig, kTemplate,
     Rollout::watched, Patching::json},
    {"Service", "serving.knative.dev/v1", "ksvc", kKnativeService, kTemplate, Rollout::watched,
     Patching::json},
    {"CloneSet", "apps.kruise.io/v1alpha1", "cloneset", kCloneSet, kTemplate, Rollout::watched,
     Patching::json},
    {"StatefulSet", "apps.kruise.io/v1beta1", "asts", kAdvancedStatefulSet, kTemplate,
     Rollout::watched, Patching::json},
    {"DaemonSet", "apps.kruise.io/v1alpha1", "daemon", kAdvancedDaemonSet, kTemplate,
     Rollout::watched, Patching::json},
};

const WorkloadKind& find_kind(std::string_view text) {
  const auto word = base::lower(text);
  const auto* const found = std::ranges::find_if(kWorkloadKinds, [&](const WorkloadKind& kind) {
    return std::ranges::find(kind.aliases, word) != kind.aliases.end();
  });
  if (found != std::end(kWorkloadKinds)) return *found;
  std::vector<std::string_view> known;
  for (const auto& kind : kWorkloadKinds) known.push_back(kind.command);
  throw Error(Code::usage, fmt::format("--workload: unknown kind `{}`", text))
      .hint(base::suggest(word, known));
}

// "apps" of "apps/v1"; of "v1" nothing.
std::string_view group_of(const WorkloadKind& kind) {
  const auto slash = kind.api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : kind.api_version.substr(0, slash);
}

// KIND, or as kubectl prints and takes it KIND.GROUP and KIND.VERSION.GROUP.
const WorkloadKind& parse_kind(std::string_view text) {
  const auto dot = std::min(text.find('.'), text.size());
  const auto word = base::lower(text.substr(0, dot));
  if (dot == text.size()) return find_kind(word);
  const auto group = base::lower(text.substr(dot + 1));
  const auto* const found = std::ranges::find_if(kWorkloadKinds, [&](const WorkloadKind& kind) {
    const auto slash = kind.api_version.find('/');
    const auto version = kind.api_version.substr(slash + 1);
    const bool named = std::ranges::find(kind.aliases, word) != kind.aliases.end() ||
                       word == base::lower(kind.kind);
    return named && slash != std::string_view::npos &&
           (group == group_of(kind) || group == fmt::format("{}.{}", version, group_of(kind)));
  });
  if (found != std::end(kWorkloadKinds)) return *found;
  const auto& kind = find_kind(word);
  throw Error(Code::usage,
              fmt::format("--workload: the group of {} is {}, not `{}`", kind.command,
                          group_of(kind).empty() ? "Kubernetes' own" : group_of(kind), group));
}

}  // namespace

const WorkloadKind* workload_kind(const yaml::Node& object) {
  const auto api_version = yaml::text_at(&object, {"apiVersion"});
  const auto kind = yaml::text_at(&object, {"kind"});
  const auto* const found = std::ranges::find_if(kWorkloadKinds, [&](const WorkloadKind& row) {
    return row.kind == kind && row.api_version == api_version;
  });
  return found == std::end(kWorkloadKinds) ? nullptr : found;
}

const yaml::Node* find_pod_template(const yaml::Node& object, const WorkloadKind& kind) {
  return yaml::at(&object, kind.pod_path);
}

std::vector<const yaml::Node*> objects_of(const yaml::Node& document) {
  const auto* const items = yaml::find(document, "items");
  if (yaml::text_at(&document, {"kind"}) != "List" || items == nullptr) return {&document};
  std::vector<const yaml::Node*> objects;
  objects.reserve(items->items.size());
  for (const auto& item : items->items) objects.push_back(&item);
  return objects;
}

Workload parse_workload(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    throw Error(Code::usage, fmt::format("--workload: expected KIND/NAME, not `{}`", text))
        .hint(fmt::format("for example `deployment/{}`", text));
  }
  Workload workload{&parse_kind(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  if (const auto why = refuse_subdomain(workload.name)) {
    throw Error(Code::usage, fmt::format("--workload: the name {}", *why));
  }
  return workload;
}

std::string to_string(const Workload& workload) {
  return fmt::format("{}/{}", workload.kind->command, workload.name);
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMaxShown = 20;
  const std::span shown(names.data(), std::min(names.size(), kMaxShown));
  const auto rest = names.size() - shown.size();
  return fmt::format("{}{}", fmt::join(shown, ", "),
                     rest > 0 ? fmt::format(" and {} more", rest) : "");
}

}  // namespace wasmctl::kube
