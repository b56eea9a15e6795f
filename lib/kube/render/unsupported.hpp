// Settings that a kind of resource has no field for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kube/render/settings.hpp"

namespace wasmctl::kube {

// What is lost where a setting is left out.
enum class Loss : std::uint8_t {
  meaning,  // the plugin would do something else: refused
  order,    // its place, which the reader of the list decides: a default of wasmctl.yaml, which is
            // for all kinds, is passed over, a flag is refused
};

struct Unsupported {
  std::string_view key;
  std::string_view neutral;  // values that say nothing, as JSON, with | between them
  std::string_view hint;
  Loss loss = Loss::meaning;
};

// Throws for the first of `list` that is set to something; of what is passed over it returns what
// to say to the user. `kind` with its article.
std::vector<std::string> refuse_unsupported(const Settings& settings, std::string_view kind,
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
