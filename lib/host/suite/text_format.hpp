// Protobuf's text format, as a tree: the same that YAML gives, so that one table reads both.
// Source: protobuf.dev/reference/protobuf/textformat-spec.
#pragma once

#include <string>
#include <string_view>

#include "yaml/node.hpp"

namespace wasmctl::host {

// A mapping, in which a key stands as often as in the text; lists are sequences. What was quoted is
// a double-quoted scalar, what was not a plain one. Throws Error{Code::bad_input} with the place;
// at most yaml::kMaxDepth levels.
yaml::Node read_text_format(std::string_view text, const std::string& name);

}  // namespace wasmctl::host
