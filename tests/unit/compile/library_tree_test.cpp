#include "compile/library_tree.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "compile/recipes.hpp"

using namespace wasmctl;
using compile::LibraryTree;
using compile::Reach;
namespace fs = std::filesystem;
using Files = std::set<fs::path>;

namespace {

class Trees {
 public:
  Trees() {
    for (const char* file :
         {"abseil/absl/strings/str_cat.h", "abseil/absl/strings/str_cat.cc",
          "abseil/absl/strings/str_cat_test.cc", "abseil/absl/strings/numbers.cc",
          "abseil/absl/time/time.h", "abseil/absl/time/time.cc", "abseil/absl/time/format.cc",
          "own/src/a.c", "own/src/b.c", "own/src/b.h", "own/include/own.h",
          "json/include/nlohmann/json.hpp", "re2/re2/re2.h", "re2/re2/re2.cc", "re2/re2/dfa.cc",
          "re2/util/rune.cc"}) {
      base::make_directories((top() / file).parent_path());
      base::write_file(top() / file, "");
    }
  }

  const fs::path& top() const { return temporary_.path(); }

  LibraryTree tree(const plugin::Library& library) const { return LibraryTree(library, top()); }

  std::string refusal(const plugin::Library& library) const {
    try {
      (void)tree(library);
      return {};
    } catch (const Error& error) {
      return format_error(error);
    }
  }

  Files sources(const plugin::Library& library, const Files& used, Reach reach) const {
    Files files;
    for (const auto& file : used) files.insert(top() / file);
    return tree(library).sources_of(files, reach);
  }

 private:
  base::TemporaryDirectory temporary_;
};

const Place kPlace{"p/wasmctl.yaml", 2, 3};

}  // namespace

TEST_CASE("of a library with a recipe is compiled what the used headers declare") {
  const Trees trees;
  const plugin::Library abseil{"abseil", "abseil/"};
  const Files used = {"abseil/absl/strings/str_cat.h", "other/absl/time/time.h",
                      "abseil-more/absl/time/time.h"};
  CHECK(trees.sources(abseil, used, Reach::headers) == Files{"absl/strings/str_cat.cc"});
  CHECK(trees.sources(abseil, used, Reach::folders) ==
        Files{"absl/strings/str_cat.cc", "absl/strings/numbers.cc"});
  CHECK(trees.sources(abseil, {"abseil/absl/time/time.h"}, Reach::headers) ==
        Files{"absl/time/time.cc", "absl/time/format.cc"});
  CHECK(trees.sources(abseil, {}, Reach::headers).empty());
}

TEST_CASE("of a library that lists its sources all are compiled") {
  const Trees trees;
  const plugin::Library own{"own", "own", {"src/*.c"}, {"include"}};
  CHECK(trees.sources(own, {}, Reach::headers) == Files{"src/a.c", "src/b.c"});
  const plugin::Library re2{"re2", "re2"};
  CHECK(trees.sources(re2, {}, Reach::headers).empty());
  CHECK(trees.sources(re2, {"re2/re2/re2.h"}, Reach::headers) ==
        Files{"re2/re2.cc", "re2/dfa.cc", "util/rune.cc"});
  CHECK(trees.sources({"nlohmann-json", "json"}, {"json/include/nlohmann/json.hpp"}, Reach::headers)
            .empty());
}

TEST_CASE("a library's place is in no word but those that find it") {
  const Trees trees;
  const auto own = trees.tree({"own", "own", {"src/a.c"}, {"include", "."}, {"FAST"}});
  CHECK(own.use_words("/x/own") == compile::Words{"-isystem", "/x/own/include", "-isystem",
                                                  "/x/own", "-DFAST",
                                                  "-ffile-prefix-map=/x/own=<own>"});
  const auto abseil = trees.tree({"abseil", "abseil"});
  CHECK(own.sees(abseil));
  CHECK_FALSE(abseil.sees(own));
  CHECK(trees.tree({"re2", "re2"}).sees(abseil));
}

TEST_CASE("what is not the library, or not there, is told with its place") {
  const Trees trees;
  const auto top = trees.top().native();
  CHECK(trees.refusal({"abseil", "own", {}, {}, {}, kPlace}) ==
        "error: p/wasmctl.yaml:2:3: `own` is not a tree of Abseil: it has no "
        "absl/strings/str_cat.cc\n"
        "hint: such a tree comes from https://github.com/abseil/abseil-cpp\n");
  CHECK(trees.refusal({"abseil", "abseil/absl", {}, {}, {}, kPlace}) ==
        "error: p/wasmctl.yaml:2:3: `abseil/absl` is not a tree of Abseil: it has no "
        "absl/strings/str_cat.cc\nhint: `abseil` is one\n");
  CHECK(
      trees.refusal({"abseil", ".", {}, {}, {}, kPlace}) ==
      "error: p/wasmctl.yaml:2:3: `.` is not a tree of Abseil: it has no absl/strings/str_cat.cc\n"
      "hint: `abseil` is one\n");
  CHECK(trees.refusal({"own", "own", {"src/*.cc"}, {}, {}, kPlace}) ==
        "error: p/wasmctl.yaml:2:3: `own` has no source `src/*.cc`\n");
  CHECK(trees.refusal({"own", "own", {"src/*.c"}, {"inc"}, {}, kPlace}) ==
        "error: p/wasmctl.yaml:2:3: `own` has no directory `inc`\n");
  CHECK(trees.refusal({"own", "no", {"src/*.c"}, {}, {}, {"--library own=no", 0, 0}}) ==
        "error: --library own=no: `no` is not a directory\n");
  CHECK(trees.refusal({"own", "own", {}, {}, {}, kPlace})
            .starts_with("error: p/wasmctl.yaml:2:3: `own` is not a library that wasmctl knows\n"
                         "  caused by: known are abseil, re2, protobuf, "));
}

TEST_CASE("recipes are found by their names, headers and functions") {
  for (const auto& recipe : compile::recipes()) {
    CAPTURE(recipe.name);
    CHECK(compile::find_recipe(recipe.name) == &recipe);
    CHECK(compile::recipe_of_header(std::string(recipe.headers) + "x.h") == &recipe);
    CHECK(plugin::is_library_name(recipe.name));
    CHECK_FALSE(recipe.layouts.empty());
    for (const auto need : recipe.needs) CHECK(compile::find_recipe(need) != nullptr);
  }
  CHECK(compile::recipe_of_function("absl::lts_20240722::StrCat()")->name == "abseil");
  CHECK(compile::recipe_of_function("abslx::f()") == nullptr);
  CHECK(compile::find_recipe("openssl") == nullptr);
}
