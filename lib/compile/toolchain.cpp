#include "compile/toolchain.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/process.hpp"

namespace wasmctl::compile {

namespace {

// Versions whose names are tried. That one is too old is worth saying.
constexpr int kNewestName = 40;
constexpr int kOldestName = 8;

constexpr char kWasiLibc[] = "/usr/lib/wasm32-wasi/libc.a";  // of Debian

bool present(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Where the compiler lies, whatever links lead there: `ROOT/bin/clang++`.
fs::path root_of(const fs::path& clang) {
  std::error_code ignored;
  return fs::canonical(clang, ignored).parent_path().parent_path();
}

// The major version, from the name of its folder of headers, `ROOT/lib/clang/19`; 0 where there is
// none, as beside a script that stands for a compiler.
int version_of(const fs::path& root) {
  int newest = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root / "lib/clang", ignored)) {
    const auto name = entry.path().filename().native();
    int version = 0;
    std::from_chars(name.data(), name.data() + name.size(), version);
    newest = std::max(newest, version);
  }
  return newest;
}

// Why a compiler is too old, or empty.
std::string refuse_version(const fs::path& clang) {
  const auto version = version_of(root_of(clang));
  if (version == 0 || version >= kOldestClang) return {};
  return fmt::format("clang {} is too old: {} or later", version, kOldestClang);
}

// What a compiler at `clang` lacks to make Wasm modules from C++, or empty. Two layouts are known:
// Debian's (LLVM's folder with lib/wasm32-wasi) and wasi-sdk's (share/wasi-sysroot).
std::string missing_part(const fs::path& clang) {
  const auto root = root_of(clang);
  if (!present(root / "bin/wasm-ld")) return "no wasm-ld beside it";
  if (auto old = refuse_version(clang); !old.empty()) return old;
  if (present(root / "share/wasi-sysroot")) return {};
  if (!present(root / "lib/wasm32-wasi/libc++.a")) return "no libc++ for Wasm";
  if (!present(kWasiLibc)) return "no wasi-libc";
  return {};
}

Toolchain toolchain_at(const fs::path& clang) {
  const auto absolute = fs::absolute(clang);  // it runs in the plugin's directory
  const auto sysroot = root_of(absolute) / "share/wasi-sysroot";
  if (!present(sysroot)) return {absolute, "wasm32-wasi", {}};
  return {absolute, present(sysroot / "lib/wasm32-wasip1") ? "wasm32-wasip1" : "wasm32-wasi",
          sysroot};
}

// Size and time of a file; empty if there is none.
std::string stamp(const fs::path& file) {
  struct stat status = {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return fmt::format(" {} {}.{}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace

std::string Toolchain::identity() const {
  auto text = clang.native() + stamp(clang);
  const auto libraries =
      sysroot.empty() ? root_of(clang) / "lib/wasm32-wasi" : sysroot / "lib" / triple;
  for (const char* library : {"libc++.a", "libc++abi.a", "libc.a"}) {
    text += stamp(libraries / library);
  }
  return sysroot.empty() ? text + stamp(kWasiLibc) : text;
}

namespace {

Error install_hints(Error error) {
  return error.hint(fmt::format("on Debian: `apt-get install {}`", kDebianPackages))
      .hint("elsewhere: unpack a wasi-sdk and set WASI_SDK_PATH to it");
}

}  // namespace

Toolchain find_toolchain(const ToolchainSearch& search) {
  if (search.clang) {
    if (const auto found = base::find_program(*search.clang, search.path)) {
      const auto old = refuse_version(*found);
      if (old.empty()) return toolchain_at(*found);
      throw install_hints(Error(Code::tool_missing, fmt::format("{}: {}", *search.clang, old)));
    }
    throw Error(Code::tool_missing, fmt::format("no compiler `{}`", *search.clang))
        .hint("name a clang++ by path, or leave it out to have one found");
  }

  std::vector<std::string> candidates;
  if (search.wasi_sdk) candidates.push_back((fs::path(*search.wasi_sdk) / "bin/clang++").native());
  for (int version = kNewestName; version >= kOldestName; --version) {
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
  throw install_hints(std::move(error));
}

}  // namespace wasmctl::compile
