// Will Envoy load this module? Each rule is one row of a table: its name, how grave it is, what it
// demands and why, who says so, and the function that checks it. `wasmctl lint --rules`, the page
// docs/lint-rules.md and the tests walk that table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/finding.hpp"
#include "wasm/hosts.hpp"
#include "wasm/module.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

// Who says so: what the table and the tests answer for.
enum class Judge : std::uint8_t {
  envoy,       // tests/e2e/envoy/test_lint_rules.py: a real Envoy refuses what breaks the rule, or
               // crashes, and loads the same module mended
  kubernetes,  // measured on a real API server
  specification,  // the host's source, the specification of Wasm, a published limit
};
std::string_view to_string(Judge judge);  // "tested against Envoy"

// What came of a trial of the module in a host, where somebody made one: it failed when the context
// of the first stream was made, after a start without fault.
struct StreamFailure {
  std::string reason;             // "unreachable"
  std::vector<std::string> said;  // by the plugin meanwhile: what it logged and wrote
};

// What a rule looks at.
struct Subject {
  const Module& module;  // from read_module()
  const Symbols& symbols;
  const Host* host = nullptr;              // that it is meant for; null: any
  std::string file = {};                   // for the findings' places
  const StreamFailure* failure = nullptr;  // of a trial; null: none was made, or all was well
};

// A row of one of the tables of this folder, beside the function that checks it.
struct LintRule : Rule {
  Judge judge;
  std::string_view why;
  void (*check)(const Subject& subject, const Rule& rule, std::vector<Finding>& findings);
};

// The rule about functions that nobody offers, which the build explains by its sources.
inline constexpr std::string_view kUnknownImport = "unknown-import";
// The rule about calls at the start that some branch may avoid: a warning of lint, since a module
// of others may avoid them; an error of the build, whose author can move them.
inline constexpr std::string_view kStartBranch = "start-branch";

// Errors first, then warnings, then notes.
std::vector<LintRule> rules();

// What is wrong, errors first, else in the order of the rules.
std::vector<Finding> lint(const Subject& subject);

// The same of a module alone, with its own names.
std::vector<Finding> lint(const Module& module, std::string_view file);

// Reads and validates `bytes` and throws what is wrong: Error{Code::bad_input} if they are no valid
// module, Error{Code::unloadable} if a rule finds an error. `file` begins the messages.
void require_loadable(base::Content bytes, std::string_view file);

// Throws the findings of severity error as one Error{Code::unloadable}; returns if there is none.
void throw_unloadable(const std::vector<Finding>& findings, std::string_view file);

}  // namespace wasmctl::wasm
