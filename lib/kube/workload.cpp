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

constexpr WorkloadKind kWorkloadKinds[] = {
    {"Deployment", "apps/v1", "deployment", kDeployment, kTemplate, Rollout::rolls},
    {"StatefulSet", "apps/v1", "statefulset", kStatefulSet, kTemplate, Rollout::rolls},
    {"DaemonSet", "apps/v1", "daemonset", kDaemonSet, kTemplate, Rollout::rolls},
    {"Job", "batch/v1", "job", kJob, kTemplate, Rollout::frozen},
    {"CronJob", "batch/v1", "cronjob", kCronJob, kCronTemplate, Rollout::next_run},
    {"Pod", "v1", "pod", kPod, {}, Rollout::frozen},
};

const WorkloadKind& parse_kind(std::string_view text) {
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

}  // namespace

std::span<const WorkloadKind> workload_kinds() {
  return kWorkloadKinds;
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
