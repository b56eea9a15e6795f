#include "compile/toolchain.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "base/process.hpp"

namespace wasmctl::compile {

namespace {

// Versions whose names are tried: 8 was the first clang with a stable Wasm target.
constexpr int kNewestClang = 40;
constexpr int kOldestClang = 8;

bool present(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// What a compiler at `clang` lacks to make Wasm modules from C++, or empty. Two layouts are known:
// Debian's (LLVM's folder with lib/wasm32-wasi) and wasi-sdk's (share/wasi-sysroot).
std::string missing_part(const fs::path& clang) {
  std::error_code ignored;
  const auto bin = fs::canonical(clang, ignored).parent_path();
  if (!present(bin / "wasm-ld")) return "no wasm-ld beside it";
  const auto root = bin.parent_path();
  if (present(root / "share/wasi-sysroot")) return {};
  if (!present(root / "lib/wasm32-wasi/libc++.a")) return "no libc++ for Wasm";
  if (!present("/usr/lib/wasm32-wasi/libc.a")) return "no wasi-libc";
  return {};
}

Toolchain toolchain_at(const fs::path& clang) {
  std::error_code ignored;
  const auto root = fs::canonical(clang, ignored).parent_path().parent_path();
  return {clang, !present(root / "share/wasi-sysroot/lib/wasm32-wasip1")};
}

}  // namespace

std::string Toolchain::identity() const {
  struct stat status = {};
  if (::stat(clang.c_str(), &status) != 0) return clang;
  return fmt::format("{} {} {}.{}", clang.native(), status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

Toolchain find_toolchain(const ToolchainSearch& search) {
  if (search.clang) {
    if (const auto found = base::find_program(*search.clang, search.path)) {
      return toolchain_at(*found);
    }
    throw Error(Code::tool_missing, fmt::format("no compiler `{}`", *search.clang))
        .hint("name a clang++ by path, or leave it out to have one found");
  }

  std::vector<std::string> candidates;
  if (search.wasi_sdk) candidates.push_back((fs::path(*search.wasi_sdk) / "bin/clang++").native());
  for (int version = kNewestClang; version >= kOldestClang; --version) {
    candidates.push_back(fmt::format("clang++-{}", version));
  }
  candidates.emplace_back("clang++");

  Error error(Code::tool_missing, "no clang++ that can make Wasm modules was found");
  for (const auto& candidate : candidates) {
    const auto found = base::find_program(candidate, search.path);
    if (!found) continue;
    const auto missing = missing_part(*found);
    if (missing.empty()) return toolchain_at(*found);
    error.because(fmt::format("{}: {}", found->native(), missing));
  }
  if (search.wasi_sdk && !present(candidates.front())) {
    error.because(fmt::format("WASI_SDK_PATH: no `{}`", candidates.front()));
  }
  if (error.causes().empty()) error.because("no clang++ on PATH");
  throw error.hint(fmt::format("on Debian: `apt-get install {}`", kDebianPackages))
      .hint("elsewhere: unpack a wasi-sdk and set WASI_SDK_PATH to it");
}

}  // namespace wasmctl::compile
