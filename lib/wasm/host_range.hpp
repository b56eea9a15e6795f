// The versions of a proxy that a plugin is meant for, as `hosts` of wasmctl.yaml has them:
//     {istio: ">=1.24", envoy: ">=1.32 <1.40", envoy-gateway: "1.8", higress: "*"}
// A later version of a proxy offers what an earlier one did, so the oldest one decides.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm/hosts.hpp"

namespace wasmctl::wasm {

using Version = std::pair<unsigned, unsigned>;  // {1, 28} for 1.28: a patch changes no interface

struct HostRange {
  std::string product;           // "istio"
  std::string text;              // as written
  std::optional<Version> first;  // none: from the oldest on
  std::optional<Version> last;   // this one, too; none: all later ones
};

// "envoy", "istio", ...: what a range can be of, in the order of hosts().
std::vector<std::string_view> products();

// Of one of products(). Throws Error{Code::bad_input}, without a place, for what is no range, or
// one that no version is in.
HostRange parse_host_range(std::string_view product, std::string_view text);

bool admits(const HostRange& range, Version version);

// "1.28" of "1.28", "1.28.3", "1.29.0-dev"; none of other text.
std::optional<Version> parse_version(std::string_view text);

// The oldest host of the range that is known: what a plugin for it has to do with. Of a range that
// begins before all that are known the first one, of a later one the last.
const Host& oldest_host(const HostRange& range);

// Of the oldest ones the one that offers least; null of no range.
const Host* strictest_host(std::span<const HostRange> ranges);

// Whether one of the ranges admits a proxy that runs this Envoy, or there is no range.
bool admit_envoy(std::span<const HostRange> ranges, Version envoy);

// "istio >=1.24, envoy >=1.32".
std::string to_string(std::span<const HostRange> ranges);

}  // namespace wasmctl::wasm
