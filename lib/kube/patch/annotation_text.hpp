// JSON inside a scalar of a manifest: a member is put in or taken out, in the scalar's own quotes,
// and every other character stays as it was written.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "kube/patch/manifest_text.hpp"

namespace wasmctl::kube {

// Whether JSON in an annotation has the plugin's part; false of what is no JSON.
bool has_member(const yaml::Node& scalar, const std::string& key);

// The edit that makes the object in `scalar` hold `value` under `key` (of a list: an item with that
// `name`), or nothing if it does already. Throws Error{Code::bad_input} where there is no JSON
// object or list, or where the member is written in a way that is not this tool's.
std::optional<Edit> put_member(const ManifestText& text, const yaml::Node& scalar,
                               const std::string& key, const nlohmann::ordered_json& value);

struct Removal {
  Edit edit;
  bool leaves_nothing = false;  // it was the only member
};

// Nothing if there is no such member.
std::optional<Removal> take_member(const ManifestText& text, const yaml::Node& scalar,
                                   const std::string& key);

}  // namespace wasmctl::kube
