#include "compile/libraries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "compile/remedies.hpp"

namespace wasmctl::compile {

namespace {

// "absl/base/internal/sysinfo.cc:148:38: error: ..." of all that a compiler wrote.
std::string first_error(std::string_view complaint) {
  const auto at = std::min(complaint.find("error: "), complaint.size());
  const auto begin = complaint.rfind('\n', at) + 1;  // npos + 1 is 0
  return std::string(complaint.substr(begin, complaint.find('\n', at) - begin));
}

Error does_not_compile(const LibraryTree& tree, const fs::path& source,
                       const std::string& complaint) {
  Error error(Code::build_failed,
              fmt::format("the library {} does not compile: {}", tree.name(), source.native()));
  error.with_output(complaint);
  for (auto& hint : remedies(complaint, {})) error.hint(std::move(hint));
  return error;
}

}  // namespace

const LibraryTree* Libraries::find(std::string_view name) const {
  const auto found = std::ranges::find(trees_, name, &LibraryTree::name);
  return found == trees_.end() ? nullptr : &*found;
}

Words Libraries::use_words() const {
  Words words;
  for (const auto& tree : trees_) append(words, tree.use_words(tree.root()));
  return words;
}

bool Libraries::leave_sdk_alone() const {
  return std::ranges::all_of(trees_, [](const LibraryTree& tree) {
    return tree.recipe() != nullptr && tree.recipe()->defines.empty();
  });
}

std::string Libraries::key() const {
  std::string key;
  for (const auto& tree : trees_) {
    key += "\n" + base::to_shell(tree.own_words(tree.root()));
    for (const auto& source : tree.listed()) key += "\n" + source.native();
  }
  return key;
}

Libraries::Part Libraries::part_for(const std::set<fs::path>& used, Reach reach,
                                    LibraryCache& cache) const {
  Part part;
  auto seen = used;
  std::map<const LibraryTree*, std::set<fs::path>> done;
  for (bool more = true; std::exchange(more, false);) {
    for (const auto& tree : trees_) {
      auto sources = tree.sources_of(seen, reach);
      auto& before = done[&tree];
      std::erase_if(sources, [&](const fs::path& source) { return before.contains(source); });
      if (sources.empty()) continue;
      more = true;
      before.insert(sources.begin(), sources.end());
      for (const auto& [source, made] : cache.objects(tree, sources)) {
        seen.insert(made.inputs.begin(), made.inputs.end());
        if (!made.object.empty()) {
          part.objects.push_back(made.object.native());
        } else if (tree.listed().empty()) {
          part.complaints.push_back(first_error(made.complaint));
        } else {
          throw does_not_compile(tree, source, made.complaint);
        }
      }
    }
  }
  const auto in_a_tree = [&](const fs::path& file) {
    return std::ranges::any_of(trees_, [&](const LibraryTree& tree) { return tree.has(file); });
  };
  std::ranges::copy_if(seen, std::back_inserter(part.inputs), in_a_tree);
  return part;
}

std::string Libraries::function_of_one(std::span<const std::string> functions) const {
  for (const auto& function : functions) {
    const auto* const recipe = recipe_of_function(function);
    if (recipe != nullptr && find(recipe->name) != nullptr) return function;
  }
  return {};
}

}  // namespace wasmctl::compile
