#include "compile/commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wasm/hostcalls.hpp"

namespace wasmctl::compile {

namespace {

Words compiler(const Toolchain& toolchain) {
  Words words{toolchain.clang.native()};
  if (toolchain.needs_debian_triple) {
    // Debian keeps its headers under wasm32-wasi, a spelling that clang calls deprecated: silence
    // that one warning of the driver, and leave the compiler's warnings of the group on.
    append(words,
           {"--target=wasm32-wasi", "-Wno-deprecated", "-Xclang", "-Wdeprecated-declarations"});
  } else {
    words.emplace_back("--target=wasm32-wasip1");
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

Words compile_words(const Toolchain& toolchain, const Flags& flags) {
  Words words = compiler(toolchain);
  append(words, {"-std=c++20", "-O" + flags.optimize, "-flto", flags.rtti ? "-frtti" : "-fno-rtti",
                 "-fvisibility=hidden",
                 // Calls and tables of virtual functions that nothing needs go:
                 "-fwhole-program-vtables", "-fvirtual-function-elimination",
                 // One thread, never ended: no guards, no destructors of statics.
                 "-fno-threadsafe-statics", "-fno-c++-static-destructors"});
  // See plugins/sdk/exceptions.cc.
  words.emplace_back(flags.exceptions ? "-fwasm-exceptions" : "-fno-exceptions");
  // Lines go to the side file; the code is the same with and without.
  append(words, {flags.debug ? "-g" : "-gline-tables-only", "-fdebug-compilation-dir=."});
  return words;
}

Words link_words(const Toolchain& toolchain, const Flags& flags, const Words& objects,
                 const Words& user_flags, const Words& library,
                 const std::filesystem::path& output) {
  Words words = compiler(toolchain);
  append(words, {"-flto", "-O" + flags.optimize, "-nostartfiles", "-Wl,--no-entry",
                 "-Wl,--gc-sections", "-Wl,--export=malloc", "-Wl,--export=_initialize",
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
  append(words, objects);
  append(words, user_flags);
  words.emplace_back("-Wl,--start-lib");
  append(words, library);
  append(words, {"-Wl,--end-lib", "-o", output.native()});
  return words;
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
