// What a failed build means in the plugin's own sources: the words of compiler, linker and lint,
// with the places that they are about and what to do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/finding.hpp"
#include "compile/callers.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::compile {

// "NAME does not compile", with `output` and the remedies for it.
Error build_error(const plugin::Plugin& plugin, std::string_view what, const std::string& output);

// The symbols that the linker did not find, which are data: a missing function becomes an import.
Error undefined_error(std::string_view plugin, const std::vector<std::string>& symbols,
                      const std::vector<Caller>& callers);

// The names of the imports that lint does not know.
std::vector<std::string> unknown_imports(const std::vector<Finding>& findings);

// Says of those findings where the sources use the function.
void add_places(std::vector<Finding>& findings, const std::vector<Caller>& callers);

}  // namespace wasmctl::compile
