// What was compiled of libraries' sources, once for all plugins: in the cache directory,
// `library-NAME-KEY` holds objects of the library NAME, KEY standing for compiler and flags. An
// object is found again by the contents of all that it was made from, wherever the tree lies now;
// of the toolchain's own headers size and time count. So a tree that changes has compiled again
// what it changes, and no more. Beside the object of `a/b.cc` stands `a/b.cc.json`, which says what
// it was made from; both appear whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "compile/commands.hpp"
#include "compile/library_tree.hpp"
#include "compile/state.hpp"

namespace wasmctl::compile {

// How far the compiling of a library is: so many of so many sources.
using LibraryProgress =
    std::function<void(const std::string& library, std::size_t done, std::size_t all)>;

class LibraryCache {
 public:
  struct Settings {
    const Toolchain& toolchain;
    Flags flags;
    Words sdk_words;       // where the SDK's headers are
    fs::path sdk_place;    // where the SDK is
    std::string sdk;       // what they are
    std::string standard;  // of C++; empty: not said
    fs::path cache;
    fs::path otherwise;  // where `cache` is empty or cannot be written
    unsigned jobs = 1;
    LibraryProgress progress;  // may be null
  };
  // `trees` must outlive it.
  LibraryCache(const std::vector<LibraryTree>& trees, Settings settings);

  struct Compiled {
    fs::path object;            // empty: it does not compile for Wasm
    std::string complaint;      // then, what the compiler said
    std::set<fs::path> inputs;  // of this machine: what it was made from
  };
  // Of each of `sources`, relative to the root of `tree`; what is not there yet is compiled. Throws
  // Error{Code::io} where there is no place to put it.
  std::map<fs::path, Compiled> objects(const LibraryTree& tree, const std::set<fs::path>& sources);

 private:
  // One making of an object: what it was made from, with what tells the content.
  struct Making {
    std::map<std::string, std::string> inputs;  // NAME/PATH of a tree, or an absolute path
    std::string object;                         // its file's name
    std::string digest;                         // of the object
  };

  // Whether words name trees by where they are, or by what they are called.
  enum class Naming : std::uint8_t { places, names };

  Words words_for(const LibraryTree& tree, Language language, Naming naming) const;
  fs::path directory_of(const LibraryTree& tree) const;
  std::string name_of(const fs::path& file) const;
  fs::path place_of(const std::string& name) const;
  const std::string& stamp_of(const fs::path& file);
  // Those that a record names: not the SDK's, which the key stands for.
  bool counts(const fs::path& file) const;

  // What its recipe has a source compiled after.
  Words with_stand_in(const LibraryTree& tree, const fs::path& source) const;
  // Most of what a source of a library is compiled for is the standard library's headers. Of the
  // libraries of recipes, which are known not to mind, they come precompiled.
  Words with_standard_headers(const LibraryTree& tree, const fs::path& source);

  static std::vector<Making> read_makings(const fs::path& record);
  fs::path precompile_standard_headers(const LibraryTree& tree);
  bool fits(const Making& making, const fs::path& folder);
  Compiled compiled(const Making& making, const fs::path& folder) const;
  // Adds to `found` what is there; the others.
  std::vector<fs::path> find(const std::set<fs::path>& sources, const fs::path& directory,
                             std::map<fs::path, Compiled>& found);
  void compile(const LibraryTree& tree, const std::vector<fs::path>& sources,
               const fs::path& directory, std::map<fs::path, Compiled>& found);
  Making take(const LibraryTree& tree, const Unit& unit);
  // Then the compiler may have read what was there before.
  bool changed_since(const Making& making, FileClock time) const;
  static void add_making(const fs::path& record, const Making& making);

  const std::vector<LibraryTree>& trees_;
  Settings settings_;
  std::map<fs::path, std::string> stamps_;
  std::map<std::string, fs::path> headers_;  // precompiled, by the tree
};

}  // namespace wasmctl::compile
