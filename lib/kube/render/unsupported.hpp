// Settings that a kind of resource has no field for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kube/render/settings.hpp"

namespace wasmctl::kube {

struct Unsupported {
  std::string_view key;
  std::string_view neutral;  // values that say nothing, as JSON, with | between them
  std::string_view hint;
};

// Throws for the first of `list` that is set to something. `kind` with its article.
void refuse_unsupported(const Settings& settings, std::string_view kind,
                        std::span<const Unsupported> list);

// Throws for a target of a kind that is none of `kinds`.
void check_target_kinds(const Settings& settings, std::string_view kind,
                        std::span<const std::string_view> kinds);

// The variables of vmConfig.env.
struct Environment {
  std::vector<std::string> from_host;                           // names
  std::vector<std::pair<std::string, std::string>> with_value;  // name, value
};
Environment environment(const Settings& settings);

}  // namespace wasmctl::kube
