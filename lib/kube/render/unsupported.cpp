#include "kube/render/unsupported.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/suggest.hpp"

namespace wasmctl::kube {

namespace {

// Whether `word` is one of `words`, which are separated by |.
bool is_one_of(std::string_view word, std::string_view words) {
  while (!words.empty()) {
    const auto end = std::min(words.find('|'), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace

void refuse_unsupported(const Settings& settings, std::string_view kind,
                        std::span<const Unsupported> list) {
  for (const auto& unsupported : list) {
    const auto* const value = settings.find(unsupported.key);
    if (value == nullptr || is_one_of(value->dump(), unsupported.neutral)) continue;
    throw settings.refuse(unsupported.key, fmt::format("cannot be said in {}", kind))
        .hint(std::string(unsupported.hint));
  }
}

void check_target_kinds(const Settings& settings, std::string_view kind,
                        std::span<const std::string_view> kinds) {
  const auto* const targets = settings.find("targetRefs");
  if (targets == nullptr) return;
  for (const auto& target : *targets) {
    const auto word = target.at("kind").get<std::string>();
    if (std::ranges::find(kinds, std::string_view(word)) != kinds.end()) continue;
    throw settings
        .refuse("targetRefs", fmt::format("names a {}, to which {} does not go", word, kind))
        .hint(base::suggest(word, kinds));
  }
}

Environment environment(const Settings& settings) {
  Environment environment;
  const auto* const vm = settings.find("vmConfig");
  if (vm == nullptr || !vm->contains("env")) return environment;
  for (const auto& variable : vm->at("env")) {
    auto name = variable.at("name").get<std::string>();
    if (variable.value("valueFrom", "INLINE") == "HOST") {
      environment.from_host.push_back(std::move(name));
    } else {
      environment.with_value.emplace_back(std::move(name), variable.value("value", ""));
    }
  }
  return environment;
}

}  // namespace wasmctl::kube
