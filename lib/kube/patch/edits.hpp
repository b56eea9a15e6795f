// Changes to a text, by place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::kube {

// A part of the text, to be replaced.
struct Edit {
  std::size_t begin = 0;  // bytes
  std::size_t end = 0;
  std::string replacement;
};

// `edits`: in the order of the text, none overlapping.
std::string apply_edits(std::string_view text, const std::vector<Edit>& edits);

// The change as `diff -u` shows it, for `patch -p1` and `git apply`; empty if there is none.
// `file`: a relative path.
std::string unified_diff(std::string_view text, const std::vector<Edit>& edits,
                         const std::string& file);

}  // namespace wasmctl::kube
