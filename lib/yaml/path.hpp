// The way from a value to one that is in it, by keys and by indexes: the same in a JSON value as in
// the tree that it was read from, so that what is said of the value finds its place in the text.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "yaml/node.hpp"

namespace wasmctl::yaml {

using Step = std::variant<std::string, std::size_t>;  // a key of a mapping, an index of a list
using Path = std::vector<Step>;

// "headers[0].name"; of an empty path nothing.
std::string to_string(const Path& path);

// The node at the end of the path; if the tree has none (it was merged in by `<<`, or is missing),
// the last one on the way.
const Node& node_at(const Node& root, const Path& path);

}  // namespace wasmctl::yaml
