// What a plugin's module is made of, for those who have to say so: bills of materials, provenance.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "compile/build.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::compile {

// A part that was not written for this plugin: a crate, a module of Go's, a library, the SDK.
struct Part {
  std::string name;     // "proxy-wasm", "github.com/proxy-wasm/proxy-wasm-go-sdk"
  std::string version;  // may be empty
  std::string purl;     // a package URL, "pkg:cargo/proxy-wasm@0.2.2"; empty: it has none
  // 64 hex digits: of what was fetched, where the build checked it; of a library of what the module
  // was compiled from. Or empty.
  std::string sha256;
};

struct Materials {
  // Relative to the plugin's directory, in `/`, sorted: of C and C++ those that the compiler read,
  // but for the toolchain's, the SDK's and libraries'; of cargo and Go all that is there.
  std::vector<std::string> sources;
  std::vector<Part> parts;  // sorted by name
  Part compiler;            // "clang", "22.1.8", as it says itself
};

// Of a plugin that was built just now with these options.
Materials materials_of(const plugin::Plugin& plugin, const ToolchainSearch& search,
                       const Options& options);

// Of the first line of what a compiler prints when it is asked for its version.
Part compiler_of(std::string_view line);

// What Cargo.lock pins, but for the plugin's own crates; and what go.mod requires. Lines that
// cannot be read are passed over: cargo and Go have judged them.
std::vector<Part> parts_of_cargo_lock(std::string_view text);
std::vector<Part> parts_of_go_mod(std::string_view text);

}  // namespace wasmctl::compile
