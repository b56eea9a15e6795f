// What to do about a compiler's complaints: one table for each kind, by what a complaint names.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace wasmctl::compile {

// The remedies for what a compiler wrote on standard error, in the order of its complaints, each
// once, with the lines that it is about: "plugin.cc:11, 23: it is ...". A plugin for an SDK of long
// ago is told so, and what its lines are now, before the others. Empty if none is known. A header
// that was not found is looked for around the plugin's `directory`.
std::vector<std::string> remedies(std::string_view compiler_output,
                                  const std::filesystem::path& directory);

// What to do about a function, "re2::RE2::RE2(char const*)", that no source defines.
std::string remedy_for_undefined(std::string_view function);

}  // namespace wasmctl::compile
