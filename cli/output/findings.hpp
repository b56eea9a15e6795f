// How findings are shown, whatever they are about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/finding.hpp"
#include "cli/command.hpp"

namespace wasmctl::cli {

enum class FindingsFormat : std::uint8_t { text, json, sarif, github };

// The flags of every command that shows findings.
struct FindingsOptions {
  std::optional<FindingsFormat> format;  // none: not given
};

void add_findings_options(CLI::App& app, FindingsOptions& options);

// On stdout, as
//   text    "FILE:LINE:COLUMN: error: MESSAGE [RULE]", then the trail and the hint
//   json    a list of objects that all have the same keys; docs/json.md
//   sarif   Static Analysis Results Interchange Format 2.1.0: what code hosts show beside a change.
//           `rules` are all that were asked, also those that found nothing
//   github  workflow commands of GitHub Actions, which shows them beside a change, too
// Without a flag it is text, and github where GITHUB_ACTIONS is `true`.
void print_findings(Context& context, const FindingsOptions& options,
                    const std::vector<Rule>& rules, const std::vector<Finding>& findings);

// The same as parts of another answer.
void print_findings_text(Output out, const std::vector<Finding>& findings);
nlohmann::json findings_json(const std::vector<Finding>& findings);

// "1 error", "2 errors".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace wasmctl::cli
