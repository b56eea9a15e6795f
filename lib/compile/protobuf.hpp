// The messages of a plugin: protoc makes C++ of its .proto files, and of those of its directory
// that they import, for the protobuf among its libraries. protoc is the one on PATH, else
// /usr/bin's; it gets no plugin and no option of the file's.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "compile/builders.hpp"
#include "compile/library_tree.hpp"
#include "compile/state.hpp"

namespace wasmctl::compile {

struct Generated {
  std::vector<fs::path> sources;   // NAME.pb.cc, absolute
  fs::path directory;              // of them, and of the headers that the plugin includes
  std::vector<fs::path> includes;  // in which headers are found by their bare names
};

// What changed is made again, in `paths.objects`, and `state` has it. `search_path` is the value of
// PATH. Throws Error{Code::tool_missing} if there is no protoc, or one whose code does not fit the
// tree; Error{Code::build_failed} with protoc's own words.
Generated generate_messages(const std::vector<fs::path>& protos, const LibraryTree& protobuf,
                            const Paths& paths, const std::string& search_path, State& state);

// "29.0" of the lines in protobuf's headers that give its version, as protoc calls itself; empty if
// there is none.
std::string protobuf_version(std::string_view header);

}  // namespace wasmctl::compile
