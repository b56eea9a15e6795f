#include "compile/library_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.hpp"

namespace wasmctl::compile {

namespace {

// More is no library's own folder.
constexpr std::size_t kMostEntries = 20'000;

constexpr std::string_view kExtensions[] = {".cc", ".cpp", ".cxx", ".c"};

bool is_library_source(const fs::path& file) {
  return std::ranges::find(kExtensions, file.extension().native()) != std::end(kExtensions);
}

// Beside the sources of a library lie those of its tests.
bool is_test(const fs::path& source) {
  constexpr std::string_view kSigns[] = {"test", "benchmark", "mock", "fuzz"};
  const auto name = source.filename().native();
  return std::ranges::any_of(
      kSigns, [&](std::string_view sign) { return name.find(sign) != std::string::npos; });
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// `*` in `pattern` stands for any characters. Each one takes as few as it can: what an earlier one
// took need not be tried again.
bool matches_name(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t in_name = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  while (in_name < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      taken = in_name;
    } else if (at < pattern.size() && pattern[at] == name[in_name]) {
      ++at;
      ++in_name;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in_name = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

std::vector<fs::path> entries(const fs::path& directory) {
  std::vector<fs::path> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (names.size() == kMostEntries) {
      throw Error(Code::bad_input,
                  fmt::format("{} has more than {} entries", directory.native(), kMostEntries));
    }
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

// The place that a known library's tree is at, near one where it is not; empty if none is.
fs::path nearby(const fs::path& root, const Recipe& recipe) {
  const auto fits = [&](const fs::path& place) {
    return std::ranges::any_of(recipe.layouts,
                               [&](const Layout& layout) { return is_file(place / layout.mark); });
  };
  if (fits(root.parent_path())) return "..";
  for (const auto& name : entries(root)) {
    if (fits(root / name)) return name;
  }
  return {};
}

Error refuse(const plugin::Library& library, std::string_view why) {
  return {Code::bad_input, library.place, why};
}

Error not_the_library(const plugin::Library& library, const fs::path& root, const Recipe& recipe) {
  std::string marks;
  for (const auto& layout : recipe.layouts) {
    marks += fmt::format("{}{}", marks.empty() ? "" : " or ", layout.mark);
  }
  auto error = refuse(library, fmt::format("`{}` is not a tree of {}: it has no {}",
                                           library.tree.native(), recipe.title, marks));
  if (const auto place = nearby(root, recipe); !place.empty()) {
    auto near = (library.tree / place).lexically_normal();
    if (!near.has_filename()) near = near.parent_path();  // a slash at the end
    return error.hint(fmt::format("`{}` is one", near.native()));
  }
  return error.hint(fmt::format("such a tree comes from {}", recipe.address));
}

Error no_recipe(const plugin::Library& library) {
  std::string names;
  for (const auto& recipe : recipes()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", recipe.name);
  }
  return refuse(library, fmt::format("`{}` is not a library that wasmctl knows", library.name))
      .because("known are " + names)
      .hint(fmt::format(
          "say how it is built: `{}: {{path: {}, sources: [\"src/*.c\"], includes: [include]}}`",
          library.name, library.tree.native()));
}

}  // namespace

LibraryTree::LibraryTree(const plugin::Library& library, const fs::path& plugin_directory)
    : name_(library.name),
      recipe_(library.sources.empty() && library.includes.empty() ? find_recipe(library.name)
                                                                  : nullptr),
      root_((plugin_directory / library.tree).lexically_normal()) {
  if (!root_.has_filename()) root_ = root_.parent_path();  // a slash at the end
  std::error_code ignored;
  if (!fs::is_directory(root_, ignored)) {
    throw refuse(library, fmt::format("`{}` is not a directory", library.tree.native()));
  }
  defines_ = library.defines;
  lay_out(library);
}

void LibraryTree::lay_out(const plugin::Library& library) {
  std::vector<std::string> patterns = library.sources;
  if (recipe_ != nullptr) {
    const auto layout = std::ranges::find_if(
        recipe_->layouts, [&](const Layout& row) { return is_file(root_ / row.mark); });
    if (layout == recipe_->layouts.end()) throw not_the_library(library, root_, *recipe_);
    includes_.assign(layout->includes.begin(), layout->includes.end());
    defines_.insert(defines_.begin(), recipe_->defines.begin(), recipe_->defines.end());
    private_defines_.assign(recipe_->private_defines.begin(), recipe_->private_defines.end());
    patterns.assign(recipe_->sources.begin(), recipe_->sources.end());
  } else {
    if (library.sources.empty() && library.includes.empty()) throw no_recipe(library);
    includes_ = library.includes;
    std::error_code ignored;
    for (const auto& include : includes_) {
      if (fs::is_directory(root_ / include, ignored)) continue;
      throw refuse(library,
                   fmt::format("`{}` has no directory `{}`", library.tree.native(), include));
    }
  }
  for (const auto& pattern : patterns) {
    auto found = matches(pattern);
    if (found.empty() && recipe_ == nullptr) {
      throw refuse(library, fmt::format("`{}` has no source `{}`", library.tree.native(), pattern));
    }
    sources_.insert(sources_.end(), found.begin(), found.end());
  }
}

std::vector<fs::path> LibraryTree::matches(std::string_view pattern) const {
  std::vector<fs::path> found = {""};
  for (const auto& part : fs::path(pattern).lexically_normal()) {
    std::vector<fs::path> next;
    for (const auto& folder : found) {
      for (const auto& name : entries(root_ / folder)) {
        if (matches_name(part.native(), name.native())) next.push_back(folder / name);
      }
    }
    found = std::move(next);
  }
  std::erase_if(found, [&](const fs::path& file) {
    return !is_library_source(file) || !is_file(root_ / file);
  });
  return found;
}

Words LibraryTree::use_words(const fs::path& place) const {
  Words words;
  for (const auto& include : includes_) {
    std::error_code ignored;
    if (!fs::is_directory(root_ / include, ignored)) continue;
    // Not -I: what could be warned of in their headers is their authors' matter.
    const auto directory = (place / include).lexically_normal().native();
    append(words, {"-isystem", include == "." ? place.native() : directory});
  }
  for (const auto& define : defines_) words.push_back("-D" + define);
  words.push_back("-ffile-prefix-map=" + place.native() + "=<" + name_ + ">");
  return words;
}

Words LibraryTree::own_words(const fs::path& place) const {
  auto words = use_words(place);
  for (const auto& define : private_defines_) words.push_back("-D" + define);
  return words;
}

bool LibraryTree::sees(const LibraryTree& other) const {
  if (&other == this || other.recipe_ == nullptr) return false;
  if (recipe_ == nullptr) return true;
  return std::ranges::find(recipe_->needs, other.recipe_->name) != recipe_->needs.end();
}

bool LibraryTree::has(const fs::path& file) const {
  const auto& path = file.native();
  return path.size() > root_.native().size() && path.starts_with(root_.native()) &&
         path[root_.native().size()] == '/';
}

fs::path LibraryTree::relative(const fs::path& file) const {
  return file.native().substr(root_.native().size() + 1);
}

void LibraryTree::add_sources_of(const fs::path& header, Reach reach,
                                 std::set<fs::path>& sources) const {
  const auto add = [&](const fs::path& source) {
    if (is_file(root_ / source)) sources.insert(source);
  };
  if (is_library_source(header)) return;
  for (const auto extension : kExtensions) add(fs::path(header).replace_extension(extension));
  for (const auto& [of, more] : recipe_->companions) {
    if (of != header.native()) continue;
    for (const auto source : more) add(source);
  }
  if (reach == Reach::headers) return;
  const auto folder = header.parent_path();
  for (const auto& name : entries(root_ / folder)) {
    if (is_library_source(name) && !is_test(name)) add(folder / name);
  }
}

std::set<fs::path> LibraryTree::sources_of(const std::set<fs::path>& used, Reach reach) const {
  if (recipe_ == nullptr) return {sources_.begin(), sources_.end()};
  const bool headers_alone = recipe_->scope.empty() && sources_.empty();
  std::set<fs::path> sources;
  for (const auto& file : used) {
    if (headers_alone || !has(file)) continue;
    if (!sources_.empty()) return {sources_.begin(), sources_.end()};
    add_sources_of(relative(file), reach, sources);
  }
  return sources;
}

std::vector<LibraryTree> find_trees(std::span<const plugin::Library> libraries,
                                    const fs::path& plugin_directory) {
  std::vector<LibraryTree> trees;
  trees.reserve(libraries.size());
  for (const auto& library : libraries) trees.emplace_back(library, plugin_directory);
  return trees;
}

}  // namespace wasmctl::compile
