#include "kube/render/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/printable.hpp"
#include "kube/render/plugin_config.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;

struct PhasePlace {
  std::string_view phase;
  std::string_view where;
};

constexpr PhasePlace kPlaces[] = {
    {"AUTHN", "before Istio's authentication"},
    {"AUTHZ", "after Istio's authentication, before its authorization"},
    {"STATS", "after Istio's authorization, before its statistics"},
    {"UNSPECIFIED_PHASE", "after all plugins that name a phase, just before the router"},
};

// Where the filter stands.
std::string chain(const Settings& settings, const ResourceKind& kind) {
  if (kind.fetcher != oci::Consumer::istio) return "where it stands in the list";
  const auto phase = settings.text("phase", "UNSPECIFIED_PHASE");
  const auto* const place = std::ranges::find(kPlaces, phase, &PhasePlace::phase);
  const bool network = settings.text("type", "HTTP") == "NETWORK";
  const auto where = network && phase == "UNSPECIFIED_PHASE"
                         ? "after all plugins that name a phase, just before the TCP proxy"
                         : place->where;
  const auto* const priority = settings.find("priority");
  return fmt::format("{}; priority {}, higher ones first", where,
                     priority == nullptr ? "0" : priority->dump());
}

}  // namespace

std::string explain(const Settings& settings, const ResourceKind& kind) {
  const auto* const config = settings.find("config");
  const auto bytes = config == nullptr ? std::string() : delivered_config(*config);
  const auto root_id = settings.text("pluginName", "");
  return fmt::format(
      "config    {}\n"
      "root ID   {}\n"
      "chain     {}\n"
      "failure   {}\n",
      bytes.empty() ? "none" : fmt::format("{} ({} bytes)", base::printable(bytes), bytes.size()),
      root_id.empty() ? "empty" : base::printable(root_id), chain(settings, kind),
      base::printable(settings.text("failStrategy", "FAIL_CLOSE")));
}

}  // namespace wasmctl::kube
