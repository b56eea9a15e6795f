// Trees to JSON values, as sigs.k8s.io/yaml converts a manifest before Kubernetes decodes it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "yaml/node.hpp"

namespace wasmctl::yaml {

enum class Keys {
  as_kubectl,  // resolved like values: `1: x` is {"1": x}, but `on: x` and `y: x` are {"true": x}
  as_written,  // for files of our own, where that surprise serves nobody
};

// `<<` merges. Throws Error{Code::bad_input} with `NAME:LINE:COLUMN: ` for what JSON cannot hold:
// .inf, .nan, a key that is null, two keys that become the same.
nlohmann::json to_json(const Node& node, const std::string& name, Keys keys = Keys::as_kubectl);

// JSON text, as strictly as YAML is read: one value, no key twice, at most kMaxDepth levels. (The
// YAML reader takes nearly all JSON, but not its surrogate pairs.) Throws Error{Code::bad_input}
// with `NAME:LINE:COLUMN: `.
nlohmann::json read_json(std::string_view text, const std::string& name);

// The same, with the keys of objects in the order of the text.
nlohmann::ordered_json read_ordered_json(std::string_view text, const std::string& name);

}  // namespace wasmctl::yaml
