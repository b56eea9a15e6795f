#include "cli/output/coverage_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

std::size_t ran(const wasm::LineCoverage& lines) {
  return static_cast<std::size_t>(
      std::ranges::count_if(lines, [](const auto& line) { return line.second; }));
}

double percentage(std::size_t part, std::size_t whole) {
  return whole == 0 ? 100 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

// "3, 7-9": runs of lines that have code, with none between that ran.
std::string missing(const wasm::LineCoverage& lines) {
  std::vector<std::string> runs;
  for (auto line = lines.begin(); line != lines.end(); ++line) {
    if (line->second) continue;
    const auto first = line->first;
    auto last = line;
    while (std::next(last) != lines.end() && !std::next(last)->second) ++last;
    runs.push_back(first == last->first ? std::to_string(first)
                                        : fmt::format("{}-{}", first, last->first));
    line = last;
  }
  return fmt::format("{}", fmt::join(runs, ", "));
}

}  // namespace

wasm::Coverage own_files(const wasm::Coverage& coverage, const fs::path& directory) {
  wasm::Coverage own;
  for (const auto& [file, lines] : coverage) {
    const fs::path path(file);
    if (path.is_absolute() || std::ranges::find(path, "..") != path.end()) continue;
    std::error_code ignored;
    if (fs::is_regular_file(directory / path, ignored))
      own[(directory / path).lexically_normal().native()] = lines;
  }
  return own;
}

double percentage(const wasm::Coverage& coverage) {
  std::size_t part = 0;
  std::size_t whole = 0;
  for (const auto& [file, lines] : coverage) {
    part += ran(lines);
    whole += lines.size();
  }
  return percentage(part, whole);
}

void print_coverage(Context& context, const wasm::Coverage& coverage) {
  context.out.print("\n{:>8} {:>13}  file\n", "lines", "ran");
  for (const auto& [file, lines] : coverage) {
    const auto rest = missing(lines);
    context.out.print("{:>7.1f}% {:>6} of {:>3}  {}{}{}\n", percentage(ran(lines), lines.size()),
                      ran(lines), lines.size(), file, rest.empty() ? "" : ": not ", rest);
  }
  if (coverage.empty()) {
    context.out.print(
        "no line of the sources is known: has the module DWARF, or NAME.debug.wasm?\n");
  }
}

std::string to_lcov(const wasm::Coverage& coverage) {
  std::string text = "TN:\n";
  for (const auto& [file, lines] : coverage) {
    text += fmt::format("SF:{}\n", file);
    for (const auto& [line, has_run] : lines)
      text += fmt::format("DA:{},{}\n", line, has_run ? 1 : 0);
    text += fmt::format("LF:{}\nLH:{}\nend_of_record\n", lines.size(), ran(lines));
  }
  return text;
}

}  // namespace wasmctl::cli
