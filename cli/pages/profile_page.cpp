#include "cli/pages/profile_page.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/output/own_source.hpp"
#include "cli/pages/page.hpp"

namespace wasmctl::cli {

std::string_view profile_html();  // written by cmake/embed_texts.cmake

namespace {

// Deeper calls are part of their callers, too.
constexpr int kDeepest = 300;

// Of all instructions, below which a call is part of its caller: a tenth of a pixel.
constexpr std::uint64_t kNarrowest = 20'000;

class FlameJson {
 public:
  explicit FlameJson(const FlameTree& tree)
      : tree_(tree), totals_(totals(tree)), least_(totals_[0] / kNarrowest) {}

  // [function, its own instructions, what it calls]
  nlohmann::json node(std::uint32_t at, int depth) const {
    const auto& [function, self, children] = tree_.nodes[at];
    auto own = self;
    auto calls = nlohmann::json::array();
    for (const auto child : children) {
      if (totals_[child] > least_ && depth < kDeepest) {
        calls.push_back(node(child, depth + 1));
      } else {
        own += totals_[child];
      }
    }
    auto value = nlohmann::json::array({function, own});
    if (!calls.empty()) value.push_back(std::move(calls));
    return value;
  }

 private:
  const FlameTree& tree_;
  std::vector<std::uint64_t> totals_;
  std::uint64_t least_;
};

std::string_view kind_of(const FlameFunction& function, const std::filesystem::path& directory) {
  if (function.defined.line == 0) return "unknown";
  if (own_source(function.defined.file, directory)) return "own";
  // The SDK's sources are in no folder where it is compiled once for all plugins.
  const auto folder = std::filesystem::path(function.defined.file).parent_path();
  return folder.empty() || folder == "sdk" ? "sdk" : "library";
}

}  // namespace

std::string to_html(const ProfilePage& page) {
  nlohmann::json data{{"file", page.file},
                      {"facts", page.facts},
                      {"functions", nlohmann::json::array()},
                      {"tree", FlameJson(page.tree).node(0, 0)}};
  for (const auto& function : page.tree.functions) {
    const auto place = function.defined.line == 0 ? "" : to_string(function.defined);
    data["functions"].push_back({function.name, place, kind_of(function, page.directory)});
  }
  return make_page(profile_html(), data);
}

}  // namespace wasmctl::cli
