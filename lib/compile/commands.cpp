#include "compile/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "wasm/hostcalls.hpp"

namespace wasmctl::compile {

namespace fs = std::filesystem;

namespace {

// What the driver reads from the environment, and so would be part of a module that nobody sees in
// its sources; and what makes it write files of its own.
// Source: the calls of getenv in clang 22 and lld 22.
constexpr std::string_view kUnset[] = {"CCC_OVERRIDE_OPTIONS",
                                       "CC_LOG_DIAGNOSTICS",
                                       "CC_LOG_DIAGNOSTICS_FILE",
                                       "CC_PRINT_HEADERS",
                                       "CC_PRINT_HEADERS_FILE",
                                       "CC_PRINT_HEADERS_FILTERING",
                                       "CC_PRINT_HEADERS_FORMAT",
                                       "CC_PRINT_INTERNAL_STAT",
                                       "CC_PRINT_INTERNAL_STAT_FILE",
                                       "CC_PRINT_OPTIONS",
                                       "CC_PRINT_OPTIONS_FILE",
                                       "CC_PRINT_PROC_STAT",
                                       "CC_PRINT_PROC_STAT_FILE",
                                       "CLANG_CONFIG_PATH",
                                       "CLANG_MODULE_CACHE_PATH",
                                       "CLANG_NO_DEFAULT_CONFIG",
                                       "COMPILER_PATH",
                                       "CPATH",
                                       "CPLUS_INCLUDE_PATH",
                                       "C_INCLUDE_PATH",
                                       "FORCE_CLANG_DIAGNOSTICS_CRASH",
                                       "FORCE_LLD_DIAGNOSTICS_CRASH",
                                       "GCC_EXEC_PREFIX",
                                       "LIBRARY_PATH",
                                       "LLD_IN_TEST",
                                       "LLD_REPRODUCE",
                                       "LLD_VERSION",
                                       "LLVM_OVERRIDE_PRODUCER",
                                       "QA_OVERRIDE_GCC3_OPTIONS"};

Words compiler(const Toolchain& toolchain) {
  // The directory of the compiler and the user's home may hold a configuration, clang++.cfg. That
  // of a wasi-sdk says where its sysroot is, and no more.
  Words words{toolchain.clang.native(), "--no-default-config", "--target=" + toolchain.triple};
  if (!toolchain.sysroot.empty()) words.push_back("--sysroot=" + toolchain.sysroot.native());
  if (toolchain.triple == "wasm32-wasi") {
    // A spelling that clang calls deprecated: silence that one warning of the driver, and leave the
    // compiler's warnings of the group on.
    append(words, {"-Wno-deprecated", "-Xclang", "-Wdeprecated-declarations"});
  }
  return words;
}

}  // namespace

Words without_lto(Words words) {
  append(words, {"-fno-lto", "-fno-whole-program-vtables", "-fno-virtual-function-elimination"});
  return words;
}

void append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

Language language_of(const fs::path& source) {
  return source.extension() == ".c" ? Language::c : Language::cpp;
}

Words compile_words(const Toolchain& toolchain, const Flags& flags, Language language) {
  Words words = compiler(toolchain);
  append(words, {"-O" + flags.optimize, "-flto", "-fvisibility=hidden"});
  if (language == Language::cpp) {
    append(words, {"-std=c++20", flags.rtti ? "-frtti" : "-fno-rtti",
                   // Calls and tables of virtual functions that nothing needs go:
                   "-fwhole-program-vtables", "-fvirtual-function-elimination",
                   // One thread, never ended: no guards, no destructors of statics.
                   "-fno-threadsafe-statics", "-fno-c++-static-destructors",
                   // See plugins/sdk/exceptions.cc.
                   flags.exceptions ? "-fwasm-exceptions" : "-fno-exceptions"});
  }
  // Lines go to the side file; the code is the same with and without.
  append(words, {flags.debug ? "-g" : "-gline-tables-only", "-fdebug-compilation-dir=."});
  // Where functions are defined, and their whole names: for coverage and profiles by function.
  if (!flags.debug) append(words, {"-fdebug-info-for-profiling"});
  return words;
}

std::string as_path(const std::string& name) {
  return name.starts_with('@') || name.starts_with('-') ? "./" + name : name;
}

Words source_words(const fs::path& source) {
  return {"-x", language_of(source) == Language::c ? "c" : "c++", as_path(source.native())};
}

fs::path Unit::depfile() const {
  return fs::path(object).replace_extension(".d");
}

Words with_output(Words words, const Unit& unit) {
  append(words, {"-c", "-o", unit.object.native(), "-MD", "-MF", unit.depfile().native()});
  append(words, source_words(unit.source));
  return words;
}

void remove_outputs(const Unit& unit) {
  std::error_code ignored;
  fs::remove(unit.object, ignored);
  fs::remove(unit.depfile(), ignored);
}

base::Command compiler_command(Words words, const fs::path& directory) {
  base::Command command{std::move(words), directory, {}};
  command.group = base::Group::own;
  command.unset = kUnset;
  return command;
}

Words link_words(const Toolchain& toolchain, const Flags& flags, const LinkInputs& inputs,
                 const fs::path& output) {
  Words words = compiler(toolchain);
  append(words, {"-flto", "-O" + flags.optimize, "-nostartfiles",
                 // The driver would run a wasm-opt that happens to be installed.
                 "--no-wasm-opt", "-Wl,--no-entry", "-Wl,--gc-sections", "-Wl,--export=malloc",
                 "-Wl,--export=_initialize",
                 // An overflow of the stack traps, instead of running into the data.
                 "-Wl,--stack-first", "-Wl,-z,stack-size=262144",
                 // A function that no source defines becomes an import, so that one check, ours,
                 // judges them all and can name the line.
                 "-Wl,--import-undefined"});
  // What -fwasm-exceptions tells a code generator, for that of the LTO.
  if (flags.exceptions) {
    append(words, {"-Wl,-mllvm,-wasm-enable-eh", "-Wl,-mllvm,-exception-model=wasm"});
  }
  // A plugin on the raw ABI need not mark its callbacks and its ABI's version for export.
  const auto export_if_defined = [&words](std::string_view name) {
    words.push_back(fmt::format("-Wl,--export-if-defined={}", name));
  };
  for (const auto& callback : wasm::callbacks(wasm::Vendor::envoy)) {
    export_if_defined(callback.name);
  }
  for (const auto& abi : wasm::abis()) {
    if (abi.vendor == wasm::Vendor::envoy) export_if_defined(abi.marker);
  }
  append(words, inputs.objects);
  append(words, inputs.flags);
  words.emplace_back("-Wl,--start-lib");
  append(words, inputs.library);
  append(words, {"-Wl,--end-lib", "-o", output.native()});
  return words;
}

std::vector<fs::path> named_libraries(const Words& flags) {
  std::vector<fs::path> directories;
  std::vector<fs::path> files;
  for (const auto& flag : flags) {
    if (flag.starts_with("-L")) directories.emplace_back(flag.substr(2));
  }
  for (const auto& flag : flags) {
    if (!flag.starts_with('-')) files.emplace_back(flag);
    if (!flag.starts_with("-l")) continue;
    for (const auto& directory : directories) {
      files.push_back(directory / ("lib" + flag.substr(2) + ".a"));
    }
  }
  return files;
}

bool begins_with_include(std::string_view source, std::string_view header) {
  while (!source.empty()) {
    source.remove_prefix(std::min(source.find_first_not_of(" \t\r\n"), source.size()));
    const bool block = source.starts_with("/*");
    if (!block && !source.starts_with("//") && !source.starts_with("#include <")) break;
    const auto end = block ? source.find("*/", 2) : source.find('\n');
    if (end == std::string_view::npos) return false;
    // What a backslash continues would need more care than it is worth.
    if (!block && source.substr(0, end).find('\\') != std::string_view::npos) return false;
    source.remove_prefix(end + (block ? 2 : 1));
  }
  return source.starts_with(fmt::format("#include \"{}\"", header));
}

Words undefined_symbols(std::string_view output) {
  constexpr std::string_view kMark = "undefined symbol: ";
  Words symbols;
  for (auto at = output.find(kMark); at != std::string_view::npos; at = output.find(kMark, at)) {
    at += kMark.size();
    std::string symbol(output.substr(at, output.find('\n', at) - at));
    if (std::find(symbols.begin(), symbols.end(), symbol) == symbols.end()) {
      symbols.push_back(std::move(symbol));
    }
  }
  return symbols;
}

}  // namespace wasmctl::compile
