// Will Envoy load this module? Each rule is one row of a table: its name, how grave it is, what it
// demands, and the function that checks it.
// Source of the demands: proxy-wasm-cpp-host, src/wasm.cc, src/bytecode_util.cc, src/v8/v8.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/module.hpp"

namespace wasmctl::wasm {

enum class Severity {
  error,    // the proxy refuses the module, or it cannot work
  warning,  // it loads, but probably not as meant
  note,     // worth knowing, no more
};
std::string_view to_string(Severity severity);

struct Finding {
  std::string_view rule;
  Severity severity = Severity::error;
  std::string message;  // "imports env.proxy_bogus, which Envoy does not offer"
  std::string hint;     // what to do; may be empty
  std::string subject;  // the import or export that it is about; may be empty
};

// Who says so: what `wasmctl lint --rules` and the tests answer for.
enum class Judge {
  envoy,          // a test shows that a real Envoy refuses what the rule calls an error
  specification,  // the host's source or a published limit
};

struct Rule {
  std::string_view name;
  Severity severity;
  Judge judge;
  std::string_view demand;
  void (*check)(const Module& module, const Rule& rule, std::vector<Finding>& findings);
};

std::span<const Rule> rules();

// What is wrong with `module`, errors first, else in the order of the rules.
std::vector<Finding> lint(const Module& module);

// parse_module() and validate().
Module read_module(std::string_view bytes, std::string_view file);

// Reads and validates `bytes` and throws what is wrong: Error{Code::bad_input} if they are no valid
// module, Error{Code::unloadable} if a rule finds an error. `file` begins the messages.
void require_loadable(std::string_view bytes, std::string_view file);

// Throws the findings of severity error as one Error{Code::unloadable}; returns if there is none.
void throw_unloadable(const std::vector<Finding>& findings, std::string_view file);

}  // namespace wasmctl::wasm
