// What every rendered object is called, and where.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace wasmctl::kube {

struct Identity {
  std::string name;
  std::optional<std::string> ns;  // none: the namespace of whoever applies it
};

// metadata of any object: name, and namespace if there is one.
nlohmann::ordered_json metadata(const Identity& identity);

}  // namespace wasmctl::kube
