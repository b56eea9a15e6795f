// Finds a clang++ that compiles C++ to Wasm (rust.hpp and go.hpp are about cargo and Go). Nothing
// is run: a candidate is judged by what stands beside it, so that finding one costs microseconds.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace wasmctl::compile {

namespace fs = std::filesystem;

struct ToolchainSearch {
  std::optional<std::string> clang;            // --clang: taken as it is, a path or a name on PATH
  std::optional<std::string> wasi_sdk;         // $WASI_SDK_PATH: bin/clang++ in it
  std::string path;                            // $PATH: clang++-N, the newest first, then clang++
  std::optional<std::string> rustc = {};       // $RUSTC, which cargo takes in place of `rustc`
  std::optional<std::string> cargo_home = {};  // $CARGO_HOME, or ~/.cargo: where crates are
};

// The oldest clang that the tests cover; what is older is refused, where its version can be seen.
// Clang 19, the other one of Debian 12, takes the SDK, but its driver knows no `--no-wasm-opt` and
// ends without a word and without a module; the text that PROXY_WASM_DESCRIBE computes needs 21.
inline constexpr int kOldestClang = 22;

struct Toolchain {
  fs::path clang;      // absolute
  std::string triple;  // what it calls Wasm: `wasm32-wasip1`, or Debian's spelling `wasm32-wasi`
  fs::path sysroot;    // of a wasi-sdk; empty: the compiler knows

  // Which compiler and libraries these are, for telling whether what was made with them is up to
  // date: changes with their files.
  std::string identity() const;
};

// The packages of Debian that make up a toolchain, for hints.
inline constexpr char kDebianPackages[] =
    "clang-22 lld-22 libc++-22-dev-wasm32 libc++abi-22-dev-wasm32 libclang-rt-22-dev-wasm32 "
    "wasi-libc";

// The same for Rust: that of Debian 12 is older than what crates.io serves.
inline constexpr char kRustPackages[] =
    "`apt-get install cargo libstd-rust-dev-wasm32 lld` (Debian 13, Ubuntu 24.04 or later), "
    "`dnf install cargo rust-std-static-wasm32-unknown-unknown lld` (Fedora)";

// Throws Error{Code::tool_missing} that lists what was looked at and what each candidate lacks, or
// how old it is.
Toolchain find_toolchain(const ToolchainSearch& search);

}  // namespace wasmctl::compile
