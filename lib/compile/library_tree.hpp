// A library of a plugin, found where the plugin's settings say: its tree, and how its recipe, or
// what the settings say in its place, reads there.
#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "compile/commands.hpp"
#include "compile/recipes.hpp"
#include "plugin/build_settings.hpp"

namespace wasmctl::compile {

namespace fs = std::filesystem;

// Which of a library's sources are compiled, where nothing lists them.
enum class Reach : std::uint8_t {
  headers,  // those that define what a used header declares
  folders,  // all beside a used header: for a tree whose files are called otherwise
};

class LibraryTree {
 public:
  // Throws Error{Code::bad_input} at `library.place` if there is no recipe of that name and no
  // sources or includes are given, if the tree is not what the recipe is for, or if a pattern
  // matches nothing.
  LibraryTree(const plugin::Library& library, const fs::path& plugin_directory);

  const std::string& name() const { return name_; }
  const Recipe* recipe() const { return recipe_; }  // null: all is in the settings
  const fs::path& root() const { return root_; }    // absolute, without `..`

  // The sources that are compiled as they are listed, relative to the root; empty: by the headers.
  const std::vector<fs::path>& listed() const { return sources_; }

  // How a plugin or another library sees it, with `place` for its root; in what is compiled its
  // name stands for that.
  Words use_words(const fs::path& place) const;
  // How its own sources are compiled, without the libraries that it uses.
  Words own_words(const fs::path& place) const;
  // True if its own sources see the headers of `other`.
  bool sees(const LibraryTree& other) const;

  // Of these files, which something was compiled from: the sources that define what those of this
  // tree declare; relative to the root.
  std::set<fs::path> sources_of(const std::set<fs::path>& used, Reach reach) const;

  // Whether a file, absolute and without `..`, is in it, and then where.
  bool has(const fs::path& file) const;
  fs::path relative(const fs::path& file) const;

 private:
  void lay_out(const plugin::Library& library);
  std::vector<fs::path> matches(std::string_view pattern) const;
  void add_sources_of(const fs::path& header, Reach reach, std::set<fs::path>& sources) const;

  std::string name_;
  const Recipe* recipe_ = nullptr;
  fs::path root_;
  Words includes_;         // relative to the root
  Words defines_;          // for all
  Words private_defines_;  // for its own sources
  std::vector<fs::path> sources_;
};

// Those of `libraries`, in their order.
std::vector<LibraryTree> find_trees(std::span<const plugin::Library> libraries,
                                    const fs::path& plugin_directory);

}  // namespace wasmctl::compile
