// A plugin's mount, written into one pod template of a manifest that somebody keeps.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "kube/mount.hpp"
#include "kube/patch/edits.hpp"
#include "kube/patch/manifest_text.hpp"
#include "yaml/node.hpp"

namespace wasmctl::kube {

// The edits that mount, in the style that `mount` asks for, or that take the plugin out in either
// style; in the order of the text. `pod_template`: what has the pods' metadata and spec. Throws
// Error{Code::bad_input} for what cannot be edited, or is used otherwise.
std::vector<Edit> edit_template(const ManifestText& text, const yaml::Node& pod_template,
                                const Mount& mount, Direction direction);

// Takes the plugin's parts out of a template's value, and what is empty without them: two templates
// that are the same thereafter differ in the plugin alone.
void strip_template(nlohmann::json& pod_template, const Mount& mount);

}  // namespace wasmctl::kube
