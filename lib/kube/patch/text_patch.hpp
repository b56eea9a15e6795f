// The volume and the mount of a plugin, written into a manifest that somebody keeps: lines are
// added, and no other byte changes. Comments, order, quotes, indentation and line ends stay.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/mount.hpp"
#include "kube/patch/edits.hpp"
#include "kube/workload.hpp"

namespace wasmctl::kube {

// Which workloads of a file: those that fit all that is said.
struct Target {
  std::optional<Workload> workload;
  std::optional<std::string> ns;                // an object without a namespace fits any
  std::map<std::string, std::string> selector;  // labels of the pods
};

struct Patched {
  std::string workload;  // "deployment/web"
  std::string ns;        // as written; empty: none is
};

struct Skipped {
  std::string workload;
  std::string why;  // "the pods of deployment/web get no proxy (hostNetwork is true), so ..."
};

struct TextPatch {
  std::vector<Edit> edits;         // in the order of the text, none overlapping
  std::vector<Patched> workloads;  // patched already or now
  std::vector<Skipped> skipped;    // that a selector fits, and where the module could not run
};

// What is to be changed in `text`. Nothing, where it is done already; a ConfigMap of another name
// (another module) is replaced. Undoing takes out what adding put in, to the byte, in whatever
// style it was mounted. Workloads may be documents, or items of a List; in block style, which grows
// by lines, or in brackets (JSON). Pods that get no proxy are given none of its files, and a
// gateway's no annotations: `image: auto` would stay as it is, and no such image can be pulled.
// What a selector fits is passed over then; what is named, or all that fits, is refused. `file` is
// for messages. Throws Error{Code::bad_input} for that, for what is no plain YAML (a Helm
// template), or written in a way that nothing can be added to (aliases), Error{Code::not_found} if
// no workload fits, with those there are.
TextPatch patch_text(std::string_view text, const std::string& file, const Target& target,
                     const Mount& mount, Direction direction);

// The workloads of a file that fit, as kubectl reads them.
std::vector<nlohmann::json> find_workloads(std::string_view text, const std::string& file,
                                           const Target& target);

}  // namespace wasmctl::kube
