#include "base/finding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wasmctl {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "?";
}

std::string to_string(const Frame& frame) {
  if (frame.skipped > 0) return fmt::format("{} more functions", frame.skipped);
  return fmt::format("`{}`{}{}{}", frame.function, frame.place.file.empty() ? "" : " at ",
                     to_string(frame.place),
                     frame.by_pointer ? ", reached through a function pointer" : "");
}

std::vector<std::string> trail_lines(const Finding& finding) {
  std::vector<std::string> lines;
  const bool one = finding.about.size() == 1;
  for (const auto& [name, trail] : finding.about) {
    std::string line;
    for (const auto& frame : trail) {
      if (one) {
        lines.push_back("called by " + to_string(frame));
      } else {
        line += line.empty() ? fmt::format("`{}`: called by ", name) : ", by ";
        line += to_string(frame);
      }
    }
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::size_t count(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

}  // namespace wasmctl
