// The page of `wasmctl test --profile`: a flame graph of instructions by function.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/output/flame_tree.hpp"

namespace wasmctl::cli {

struct ProfilePage {
  std::string file;                // the module
  std::vector<std::string> facts;  // a few words each, shown under the title
  const FlameTree& tree;
  std::filesystem::path directory;  // of the plugin's own sources
};

// What is too narrow to be seen counts for its caller.
std::string to_html(const ProfilePage& page);

}  // namespace wasmctl::cli
