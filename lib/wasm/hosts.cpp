#include "wasm/hosts.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace wasmctl::wasm {

namespace {

constexpr Host kHosts[] = {
    {"envoy-1.36", "Envoy 1.36", 36},
    {"envoy-1.37", "Envoy 1.37", 37},
    {"envoy-1.38", "Envoy 1.38", 38},
    {"envoy-1.39", "Envoy 1.39", 39},
    {"envoy-1.40", "Envoy 1.40", 40},
    {"istio-1.28", "Istio 1.28 (Envoy 1.36)", 36},
    {"istio-1.29", "Istio 1.29 (Envoy 1.37)", 37},
    {"istio-1.30", "Istio 1.30 (Envoy 1.38)", 38},
    {"istio-1.31", "Istio 1.31 (Envoy 1.39)", 39},
    {"envoy-gateway-1.6", "Envoy Gateway 1.6 (Envoy 1.36)", 36},
    {"envoy-gateway-1.7", "Envoy Gateway 1.7 (Envoy 1.37)", 37},
    {"envoy-gateway-1.8", "Envoy Gateway 1.8 (Envoy 1.38)", 38},
    {"envoy-gateway-1.9", "Envoy Gateway 1.9 (Envoy 1.39)", 39},
    {"higress", "Higress", 40, Vendor::higress},
};

// "istio-1.28.3" is of the family "istio-", of version {1, 28}.
struct Name {
  std::string_view family;
  std::pair<unsigned, unsigned> version;
};

std::optional<Name> parse(std::string_view name) {
  const auto dash = name.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  Name parsed{name.substr(0, dash + 1), {}};
  const auto* at = name.data() + dash + 1;
  const auto* const end = name.data() + name.size();
  const auto number = [&](unsigned& value) {
    const auto [next, failed] = std::from_chars(at, end, value);
    at = next;
    return failed == std::errc();
  };
  const auto dot = [&] {
    if (at == end || *at != '.') return false;
    ++at;
    return true;
  };
  unsigned patch = 0;
  if (!number(parsed.version.first) || !dot() || !number(parsed.version.second)) {
    return std::nullopt;
  }
  if (at != end && (!dot() || !number(patch) || at != end)) return std::nullopt;
  return parsed;
}

// The host of the same family and version, or the latest of the family that is earlier.
const Host* nearest_host(const Name& wanted) {
  const Host* latest = nullptr;
  for (const auto& host : kHosts) {
    const auto known = parse(host.name);
    if (!known || known->family != wanted.family) continue;
    if (known->version <= wanted.version) latest = &host;
  }
  return latest;
}

}  // namespace

std::span<const Host> hosts() {
  return kHosts;
}

std::string_view product_of(const Host& host) {
  const auto parsed = parse(host.name);
  return parsed ? parsed->family.substr(0, parsed->family.size() - 1) : host.name;
}

std::optional<std::pair<unsigned, unsigned>> version_of(const Host& host) {
  const auto parsed = parse(host.name);
  return parsed ? std::optional(parsed->version) : std::nullopt;
}

std::optional<FoundHost> find_host(std::string_view name) {
  const auto* const named = std::ranges::find(kHosts, name, &Host::name);
  if (named != std::end(kHosts)) return FoundHost{*named};
  const auto wanted = parse(name);
  const auto* const host = wanted ? nearest_host(*wanted) : nullptr;
  if (host == nullptr) return std::nullopt;
  return FoundHost{*host, parse(host->name)->version != wanted->version};
}

}  // namespace wasmctl::wasm
