// How findings of lint and check are shown, whatever they are about.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/output.hpp"

namespace wasmctl::cli {

struct SarifRule {
  std::string_view id;
  std::string_view demand;
};

struct SarifResult {
  std::string_view rule;
  std::string_view level;  // error, warning, note
  std::string message;
  std::string hint;  // may be empty
  std::string file;
  std::size_t line = 0;  // from 1; 0: the file as a whole
  std::size_t column = 0;
  std::vector<std::string> trail = {};  // how one gets there; a line each
};

// For people: "FILE:LINE:COLUMN: error: MESSAGE [RULE]", then the trail and the hint.
void print_text(Output out, const std::vector<SarifResult>& results);

// Static Analysis Results Interchange Format 2.1.0, sections 3.13 to 3.58: what code hosts show
// beside a change.
nlohmann::json to_sarif(const std::vector<SarifRule>& rules,
                        const std::vector<SarifResult>& results);

// "1 error", "2 errors".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace wasmctl::cli
