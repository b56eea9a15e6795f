// The command lines of the compiler and the linker, and why each flag is there. What a plugin's own
// settings add stands in clang_build.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "compile/toolchain.hpp"

namespace wasmctl::compile {

using Words = std::vector<std::string>;

inline constexpr std::uint64_t kMaxSourceBytes = 64ULL << 20U;  // as far as we read one ourselves

void append(Words& words, const Words& more);

enum class Language : std::uint8_t { c, cpp };
Language language_of(const std::filesystem::path& source);  // by its name: *.c, or all else

struct Flags {
  std::string optimize;  // as in -Oz
  bool debug = false;
  bool rtti = false;
  bool exceptions = false;  // WebAssembly's, which Envoy's V8 knows
};

// What the SDK and a plugin are both compiled with, without source and output.
Words compile_words(const Toolchain& toolchain, const Flags& flags,
                    Language language = Language::cpp);

// The same, to an object file that is final.
Words without_lto(Words compile_words);

// A relative path by words that the compiler cannot take for anything else: `@a/b.cc` would be a
// file of words, `-a.cc` an option.
std::string as_path(const std::string& name);

// The source, as what it is, whatever its name ends with.
Words source_words(const std::filesystem::path& source);

// A source and what becomes of it.
struct Unit {
  std::filesystem::path source;           // relative to the directory that the compiler runs in
  std::filesystem::path object;           // absolute
  std::filesystem::path depfile() const;  // OBJECT.d: what it was made from
};

// `words` for one unit. `remove_outputs` first: the compiler would follow a link.
Words with_output(Words words, const Unit& unit);
void remove_outputs(const Unit& unit);

// The compiler or linker in `directory`. It sees nothing of the environment that would change what
// it makes, and ends when wasmctl does.
base::Command compiler_command(Words words, const std::filesystem::path& directory);

struct LinkInputs {
  Words objects;
  Words flags;    // the user's
  Words library;  // objects of which those that are asked for are taken
};

Words link_words(const Toolchain& toolchain, const Flags& flags, const LinkInputs& inputs,
                 const std::filesystem::path& output);

// Of the user's `flags`, the files that the linker reads: those named, and -lNAME in one of -LDIR.
// Relative to the directory that it runs in; those that do not exist are among them.
std::vector<std::filesystem::path> named_libraries(const Words& flags);

// True if the first thing in `source` but comments and `#include <...>` is `#include "header"`:
// then a precompiled form of it can stand for it.
bool begins_with_include(std::string_view source, std::string_view header);

// The names of the symbols that the linker says it did not find, each once.
Words undefined_symbols(std::string_view linker_output);

}  // namespace wasmctl::compile
