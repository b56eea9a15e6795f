// What wasmctl knows of libraries that plugins use: where their headers and sources are in a tree
// as their projects publish it, and what they are compiled with for one thread and without files.
// One table; what a plugin's wasmctl.yaml says of a library comes after it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wasmctl::compile {

// One form of the tree. The paths are relative to it; an include of "." is the tree itself.
struct Layout {
  std::string_view mark;  // a file that tells it: where the library has sources, one of these
  std::span<const std::string_view> includes;
};

// Sources that define what a header declares, beside the one of the header's own name.
struct Companion {
  std::string_view header;
  std::span<const std::string_view> sources;
};

// What a source lacks for one thread: a file of the SDK's that is included before it.
struct StandIn {
  std::string_view source;
  std::string_view file;
};

struct Recipe {
  std::string_view name;     // under `libraries:`
  std::string_view title;    // as its project writes it
  std::string_view address;  // where a tree comes from
  std::string_view instead;  // what does without it, small; empty: nothing is
  std::string_view headers;  // what its headers' names begin with: "absl/"
  std::string_view scope;    // its namespace: "absl::"; empty: none, or headers alone
  std::span<const Layout> layouts;
  std::span<const std::string_view> defines = {};  // for the library and for who uses it
  std::span<const std::string_view> private_defines = {};
  std::span<const std::string_view> needs = {};  // recipes whose headers its own may include
  // Compiled whenever one of its headers is used: patterns. Of all other libraries only what the
  // used headers declare is compiled, and what that uses in turn.
  std::span<const std::string_view> sources = {};
  std::span<const Companion> companions = {};
  std::span<const StandIn> stand_ins = {};
};

std::span<const Recipe> recipes();

const Recipe* find_recipe(std::string_view name);                  // null: none
const Recipe* recipe_of_header(std::string_view header);           // "absl/strings/ascii.h"
const Recipe* recipe_of_function(std::string_view readable_name);  // "absl::StrCat(...)"

// What to write to have it, where its tree comes from, and what does without it, for a hint.
std::string how_to_have(const Recipe& recipe);

}  // namespace wasmctl::compile
