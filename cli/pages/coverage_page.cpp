#include "cli/pages/coverage_page.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/files.hpp"
#include "cli/pages/page.hpp"

namespace wasmctl::cli {

std::string_view coverage_html();  // written by cmake/embed_texts.cmake

namespace {

constexpr std::uint64_t kMaxSourceBytes = 16U << 20U;

nlohmann::json to_json(const std::string& name, const wasm::FileCoverage& file) {
  nlohmann::json value{{"name", name},
                       {"source", base::read_file(name, kMaxSourceBytes)},
                       {"lines", nlohmann::json::array()},
                       {"functions", nlohmann::json::array()}};
  for (const auto& [line, has_run] : file.lines) value["lines"].push_back({line, has_run});
  for (const auto& [function, has_run] : file.functions)
    value["functions"].push_back({function.first, function.second, has_run});
  return value;
}

}  // namespace

std::string to_html(const CoveragePage& page) {
  nlohmann::json data{
      {"title", page.title}, {"facts", page.facts}, {"files", nlohmann::json::array()}};
  for (const auto& [name, file] : page.coverage) data["files"].push_back(to_json(name, file));
  return make_page(coverage_html(), data);
}

}  // namespace wasmctl::cli
