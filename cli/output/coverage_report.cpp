#include "cli/output/coverage_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "cli/output/own_source.hpp"

namespace wasmctl::cli {

namespace {

namespace fs = std::filesystem;

Share share(const auto& parts) {
  const auto ran = std::ranges::count_if(parts, [](const auto& part) { return part.second; });
  return {static_cast<std::size_t>(ran), parts.size()};
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
  for (const auto& [file, covered] : coverage) {
    if (const auto source = own_source(file, directory)) own[source->native()] = covered;
  }
  return own;
}

double Share::percentage() const {
  return all == 0 ? 100 : 100 * static_cast<double>(ran) / static_cast<double>(all);
}

Share lines_of(const wasm::FileCoverage& file) {
  return share(file.lines);
}

Share functions_of(const wasm::FileCoverage& file) {
  return share(file.functions);
}

Share lines_of(const wasm::Coverage& coverage) {
  Share sum;
  for (const auto& [name, file] : coverage) {
    sum.ran += lines_of(file).ran;
    sum.all += lines_of(file).all;
  }
  return sum;
}

void print_coverage(Context& context, const wasm::Coverage& coverage) {
  context.out.print("\n{:>8} {:>13} {:>12}  file\n", "lines", "ran", "functions");
  for (const auto& [name, file] : coverage) {
    const auto lines = lines_of(file);
    const auto functions = functions_of(file);
    const auto rest = missing(file.lines);
    context.out.print("{:>7.1f}% {:>6} of {:>3} {:>5} of {:>3}  {}{}{}\n", lines.percentage(),
                      lines.ran, lines.all, functions.ran, functions.all, name,
                      rest.empty() ? "" : ": not ", rest);
    for (const auto& [function, has_run] : file.functions) {
      if (!has_run)
        context.out.print("{:>37}not called: {} ({}:{})\n", "", function.second, name,
                          function.first);
    }
  }
  if (coverage.empty()) {
    context.out.print(
        "no line of the sources is known: has the module DWARF, or NAME.debug.wasm?\n");
  }
}

std::string to_lcov(const wasm::Coverage& coverage) {
  std::string text = "TN:\n";
  for (const auto& [name, file] : coverage) {
    const auto lines = lines_of(file);
    const auto functions = functions_of(file);
    text += fmt::format("SF:{}\n", name);
    for (const auto& [function, has_run] : file.functions) {
      const auto& [line, words] = function;
      text += fmt::format("FN:{},{}\nFNDA:{},{}\n", line, words, has_run ? 1 : 0, words);
    }
    text += fmt::format("FNF:{}\nFNH:{}\n", functions.all, functions.ran);
    for (const auto& [line, has_run] : file.lines)
      text += fmt::format("DA:{},{}\n", line, has_run ? 1 : 0);
    text += fmt::format("LF:{}\nLH:{}\nend_of_record\n", lines.all, lines.ran);
  }
  return text;
}

}  // namespace wasmctl::cli
