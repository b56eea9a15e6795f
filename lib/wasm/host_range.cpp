#include "wasm/host_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "base/error.hpp"

namespace wasmctl::wasm {

namespace {

constexpr std::string_view kAny = "*";

enum class Bound : std::uint8_t { first, after, last, before, only };

struct Comparison {
  std::string_view sign;
  Bound bound;
};

// The longer signs first.
constexpr Comparison kComparisons[] = {
    {">=", Bound::first}, {"<=", Bound::last}, {">", Bound::after},
    {"<", Bound::before}, {"=", Bound::only},  {"", Bound::only},
};

constexpr unsigned kMostMinor = 1'000'000;

Error refuse_range(std::string_view text) {
  return Error(Code::bad_input, fmt::format("is not a range of versions: `{}`", text))
      .hint("\">=1.24\", \">=1.28 <1.31\", \"1.30\" and \"*\" are");
}

// The last version before.
Version before(Version version, std::string_view text) {
  if (version.second != 0) return {version.first, version.second - 1};
  if (version.first == 0) throw refuse_range(text);
  return {version.first - 1, kMostMinor};
}

void narrow(HostRange& range, Bound bound, std::string_view word) {
  const auto version = parse_version(word);
  if (!version) throw refuse_range(range.text);
  const auto from = [&](Version first) {
    range.first = range.first ? std::max(*range.first, first) : first;
  };
  const auto to = [&](Version last) {
    range.last = range.last ? std::min(*range.last, last) : last;
  };
  switch (bound) {
    case Bound::first:
      return from(*version);
    case Bound::after:
      return from({version->first, version->second + 1});
    case Bound::last:
      return to(*version);
    case Bound::before:
      return to(before(*version, range.text));
    case Bound::only:
      from(*version);
      return to(*version);
  }
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  const auto* const end = text.data() + text.size();
  Version version;
  const auto [dot, bad_major] = std::from_chars(text.data(), end, version.first);
  if (bad_major != std::errc() || dot == end || *dot != '.') return std::nullopt;
  const auto [rest, bad_minor] = std::from_chars(dot + 1, end, version.second);
  if (bad_minor != std::errc() || version.second > kMostMinor) return std::nullopt;
  if (rest != end && *rest != '.' && *rest != '-') return std::nullopt;
  return version;
}

std::vector<std::string_view> products() {
  std::vector<std::string_view> names;
  for (const auto& host : hosts()) {
    if (const auto name = product_of(host); names.empty() || names.back() != name) {
      names.push_back(name);
    }
  }
  return names;
}

HostRange parse_host_range(std::string_view product, std::string_view text) {
  HostRange range{std::string(product), std::string(text), {}, {}};
  if (text == kAny) return range;
  bool any = false;
  for (auto rest = text; !rest.empty();) {
    const auto begin = rest.find_first_not_of(" ,");
    if (begin == std::string_view::npos) break;
    rest.remove_prefix(begin);
    const auto* const comparison = std::ranges::find_if(
        kComparisons, [&](const Comparison& row) { return rest.starts_with(row.sign); });
    rest.remove_prefix(comparison->sign.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const auto word = rest.substr(0, rest.find_first_of(" ,"));
    narrow(range, comparison->bound, word);
    any = true;
    rest.remove_prefix(word.size());
  }
  if (!any) throw refuse_range(text);
  if (range.first && range.last && *range.first > *range.last) {
    throw Error(Code::bad_input, fmt::format("has no version in it: `{}`", text));
  }
  return range;
}

bool admits(const HostRange& range, Version version) {
  return (!range.first || *range.first <= version) && (!range.last || version <= *range.last);
}

const Host& oldest_host(const HostRange& range) {
  const Host* last = nullptr;
  for (const auto& host : hosts()) {
    if (product_of(host) != range.product) continue;
    last = &host;
    const auto version = version_of(host);
    if (!version || !range.first || *range.first <= *version) return host;
  }
  return *last;
}

const Host* strictest_host(std::span<const HostRange> ranges) {
  const Host* strictest = nullptr;
  const auto offers_less = [](const Host& a, const Host& b) {
    return std::pair(a.vendor != Vendor::envoy, a.envoy) <
           std::pair(b.vendor != Vendor::envoy, b.envoy);
  };
  for (const auto& range : ranges) {
    const auto& host = oldest_host(range);
    if (strictest == nullptr || offers_less(host, *strictest)) strictest = &host;
  }
  return strictest;
}

bool admit_envoy(std::span<const HostRange> ranges, Version envoy) {
  const auto admitted = [&](const HostRange& range) {
    if (range.product == "envoy") return admits(range, envoy);
    const Host* newest = nullptr;
    for (const auto& host : hosts()) {
      if (product_of(host) != range.product) continue;
      newest = &host;
      const auto version = version_of(host);
      if (host.envoy == envoy.second && (!version || admits(range, *version))) return true;
    }
    return newest != nullptr && envoy.second > newest->envoy && !range.last;
  };
  return ranges.empty() || std::ranges::any_of(ranges, admitted);
}

std::string to_string(std::span<const HostRange> ranges) {
  std::string text;
  for (const auto& range : ranges) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", range.product, range.text);
  }
  return text;
}

}  // namespace wasmctl::wasm
