// What `render` can make for those who load modules: Istio, Envoy Gateway, Envoy itself. A row
// each, in the file of its own that makes it; what a kind cannot say is refused, never left out.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kube/render/identity.hpp"
#include "kube/render/settings.hpp"
#include "oci/consumers.hpp"

namespace wasmctl::kube {

// Where the proxy gets the module.
struct Location {
  std::string url;  // oci://, http(s)://, file:///
  // 64 hex digits; what they are of depends on the scheme. oci: the manifest's digest; http: the
  // module, unpacked; file: never checked, so never set.
  std::optional<std::string> sha256;
};

struct ResourceKind {
  std::string_view name;  // as in --kind
  // Of the image that it names; none: the resource is Envoy's own, which fetches no images.
  std::optional<oci::Consumer> fetcher;
  std::span<const std::string_view> schemes;  // of the urls that it can load from
  // Throws, with the setting's place, for what this kind cannot say, or cannot do without. Returns
  // what it leaves out, as warnings: defaults of a plugin that are about its order alone.
  std::vector<std::string> (*check)(const Settings& settings);
  // Of checked settings, and of a location with one of the schemes.
  nlohmann::ordered_json (*render)(const Identity&, const Location&, const Settings&);
};

// The default first.
std::span<const ResourceKind* const> resource_kinds();

}  // namespace wasmctl::kube
