// The volume and the mount of a plugin, written into a manifest that somebody keeps: lines are
// added, and no other byte changes. Comments, order, quotes, indentation and line ends stay.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/edits.hpp"
#include "kube/mount.hpp"
#include "kube/workload.hpp"

namespace wasmctl::kube {

// Which workloads of a file: those that fit all that is said.
struct Target {
  std::optional<Workload> workload;
  std::optional<std::string> ns;                // an object without a namespace fits any
  std::map<std::string, std::string> selector;  // labels of the pods
};

struct TextPatch {
  std::vector<Edit> edits;             // in the order of the text, none overlapping
  std::vector<std::string> workloads;  // "deployment/web", patched already or now
};

// What is to be changed in `text`. Nothing, where it is done already; a ConfigMap of another name
// (another module) is replaced. Undoing takes out what adding put in, to the byte. What was added
// around others' parts (a container, a list) is known by the comment kAddedMark.
// `file` is for messages. Throws Error{Code::bad_input} for what is no plain YAML (a Helm
// template), or written in a way that lines cannot be added to (aliases, flow style),
// Error{Code::not_found} if no workload fits, with those there are. Only MountStyle::container.
TextPatch patch_text(std::string_view text, const std::string& file, const Target& target,
                     const Mount& mount, Direction direction);

inline constexpr char kAddedMark[] = "# added by wasmctl";

}  // namespace wasmctl::kube
