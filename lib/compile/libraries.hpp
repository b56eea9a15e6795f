// The libraries of one plugin together: what of them is compiled and linked, since the plugin uses
// it. A header that was used says which sources define what it declares; those use headers, too.
#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "compile/library_cache.hpp"
#include "compile/library_tree.hpp"

namespace wasmctl::compile {

class Libraries {
 public:
  // Throws as LibraryTree does.
  Libraries(std::span<const plugin::Library> libraries, const fs::path& plugin_directory)
      : trees_(find_trees(libraries, plugin_directory)) {}

  const std::vector<LibraryTree>& trees() const { return trees_; }
  const LibraryTree* find(std::string_view name) const;  // null: not one of them

  // How the plugin sees them.
  Words use_words() const;
  // True if they cannot change what the SDK's own header means.
  bool leave_sdk_alone() const;
  // All that determines what is linked of them, but for the contents of files.
  std::string key() const;

  struct Part {
    Words objects;                 // from which the linker takes what is asked for
    std::vector<fs::path> inputs;  // the files of the trees that they were made from
    Words complaints;              // the first error of each source that does not compile
  };
  // What `used`, the files that the plugin was compiled from, asks for. Throws
  // Error{Code::build_failed} if a listed source does not compile.
  Part part_for(const std::set<fs::path>& used, Reach reach, LibraryCache& cache) const;

  // Of the functions, by readable names, one that such a library defines which is compiled by its
  // headers; empty: none.
  std::string function_of_one(std::span<const std::string> functions) const;

 private:
  std::vector<LibraryTree> trees_;
};

}  // namespace wasmctl::compile
