// The command lines of the compiler and the linker: every flag that a module is made with, and why,
// in one place.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compile/toolchain.hpp"

namespace wasmctl::compile {

using Words = std::vector<std::string>;

void append(Words& words, const Words& more);

struct Flags {
  std::string optimize;  // as in -Oz
  bool debug = false;
  bool rtti = false;
  bool exceptions = false;  // WebAssembly's, which Envoy's V8 knows
};

// What the SDK and a plugin are both compiled with, without source and output.
Words compile_words(const Toolchain& toolchain, const Flags& flags);

// The same, to an object file that is final.
Words without_lto(Words compile_words);

// Links `objects`, and of `library` those that are asked for, to `output`.
Words link_words(const Toolchain& toolchain, const Flags& flags, const Words& objects,
                 const Words& user_flags, const Words& library,
                 const std::filesystem::path& output);

// True if the first thing in `source` but comments and `#include <...>` is `#include "header"`:
// then a precompiled form of it can stand for it.
bool begins_with_include(std::string_view source, std::string_view header);

// The names of the symbols that the linker says it did not find, each once.
Words undefined_symbols(std::string_view linker_output);

}  // namespace wasmctl::compile
