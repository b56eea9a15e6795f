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

std::size_t count(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

}  // namespace wasmctl
