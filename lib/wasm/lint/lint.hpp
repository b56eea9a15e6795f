// Will Envoy load this module? Each rule is one row of a table: its name, how grave it is, what it
// demands and why, who says so, and the function that checks it. `wasmctl lint --rules`, the page
// docs/lint-rules.md and the tests walk that table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/module.hpp"
#include "wasm/proxies.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

enum class Severity : std::uint8_t {
  error,    // the proxy refuses the module, or it cannot work
  warning,  // it loads, but probably not as meant
  note,     // worth knowing, no more
};
std::string_view to_string(Severity severity);

// One function on the way to what a finding is about.
struct Frame {
  std::string function;
  std::string place;        // "filter.cc:31", of the call in it; empty without line information
  bool by_pointer = false;  // nobody calls it directly and it is not exported
  std::size_t skipped = 0;  // not 0: stands for so many functions that are not listed
};

struct Finding {
  std::string_view rule;
  Severity severity = Severity::error;
  std::string message;  // "imports env.proxy_bogus, which Envoy does not offer"
  std::string hint;     // what to do; may be empty
  std::string subject;  // the import or export that it is about; may be empty
  // Who calls it, the nearest first, up to what the host calls; may be empty.
  std::vector<Frame> chain;
};

// Who says so: what the table and the tests answer for.
enum class Judge : std::uint8_t {
  envoy,          // tests/e2e/test_lint_rules.py: a real Envoy refuses what breaks the rule, or
                  // crashes, and loads the same module mended
  kubernetes,     // measured on a real API server
  specification,  // the host's source, the specification of Wasm, a published limit
};
std::string_view to_string(Judge judge);  // "tested against Envoy"

// What a rule looks at.
struct Subject {
  const Module& module;  // from read_module()
  std::string_view bytes;
  const Symbols& symbols;
  const Host* host = nullptr;  // that it is meant for; null: any
};

struct Rule {
  std::string_view name;
  Severity severity;
  Judge judge;
  std::string_view demand;
  std::string_view why;
  void (*check)(const Subject& subject, const Rule& rule, std::vector<Finding>& findings);
};

// The rule about functions that nobody offers, which the build explains by its sources.
inline constexpr std::string_view kUnknownImport = "unknown-import";

std::span<const Rule> rules();

// What is wrong, errors first, else in the order of the rules.
std::vector<Finding> lint(const Subject& subject);

// The same of a module alone, with its own names.
std::vector<Finding> lint(const Module& module, std::string_view bytes);

// Reads and validates `bytes` and throws what is wrong: Error{Code::bad_input} if they are no valid
// module, Error{Code::unloadable} if a rule finds an error. `file` begins the messages.
void require_loadable(std::string_view bytes, std::string_view file);

// Throws the findings of severity error as one Error{Code::unloadable}; returns if there is none.
void throw_unloadable(const std::vector<Finding>& findings, std::string_view file);

// "`a` at filter.cc:31", for a chain's line.
std::string to_string(const Frame& frame);

}  // namespace wasmctl::wasm
