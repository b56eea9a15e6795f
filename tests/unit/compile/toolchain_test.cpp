#include "compile/toolchain.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/files.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

// An executable that is never run: toolchains are judged by what stands where.
void install(const fs::path& file) {
  base::make_directories(file.parent_path());
  base::write_file(file, "");
  fs::permissions(file, fs::perms::owner_all);
}

std::string found(const compile::ToolchainSearch& search) {
  try {
    return compile::find_toolchain(search).clang;
  } catch (const Error& error) {
    return format_error(error);
  }
}

}  // namespace

TEST_CASE("find_toolchain takes a whole wasi-sdk, the newest clang on PATH, or what is named") {
  const base::TemporaryDirectory directory;
  const auto sdk = directory.path() / "wasi-sdk";
  install(sdk / "bin/clang++");
  install(sdk / "bin/wasm-ld");
  base::make_directories(sdk / "share/wasi-sysroot/lib/wasm32-wasip1");
  CHECK(found({{}, sdk.native(), ""}) == (sdk / "bin/clang++").native());
  CHECK(compile::find_toolchain({{}, sdk.native(), ""}).triple == "wasm32-wasip1");
  CHECK(compile::find_toolchain({{}, sdk.native(), ""}).sysroot == sdk / "share/wasi-sysroot");

  const auto bin = directory.path() / "bin";
  for (const char* version : {"9", "30", "31"}) {
    const auto root = directory.path() / ("llvm-" + std::string(version));
    install(root / "bin/clang++");
    base::make_directories(root / "share/wasi-sysroot");
    if (std::string(version) != "31") install(root / "bin/wasm-ld");
    base::make_directories(bin);
    fs::create_symlink(root / "bin/clang++", bin / ("clang++-" + std::string(version)));
  }
  // 31 is newer, but has no linker.
  CHECK(found({{}, {}, bin.native()}) == (bin / "clang++-30").native());
  CHECK(found({"clang++-9", {}, bin.native()}) == (bin / "clang++-9").native());
}

TEST_CASE("find_toolchain refuses a compiler that is known to be too old") {
  const base::TemporaryDirectory directory;
  const auto& root = directory.path();
  install(root / "bin/clang++-16");
  install(root / "bin/wasm-ld");
  base::make_directories(root / "share/wasi-sysroot");
  const auto path = (root / "bin").native();
  CHECK(found({{}, {}, path}) == path + "/clang++-16");  // nothing says how old it is
  base::make_directories(root / "lib/clang/16");
  CHECK(found({{}, {}, path})
            .starts_with("error: no clang++ that can make Wasm modules was found\n"
                         "  caused by: " +
                         path + "/clang++-16: clang 16 is too old: 22 or later\n"));
  CHECK(found({"clang++-16", {}, path})
            .starts_with("error: clang++-16: clang 16 is too old: 22 or later\nhint: on Debian: "));
  base::make_directories(root / "lib/clang/22.1.8");
  CHECK(found({"clang++-16", {}, path}) == path + "/clang++-16");
}

TEST_CASE("a compiler that is named by a relative path is found from anywhere") {
  const auto here = fs::current_path();
  const base::TemporaryDirectory directory;
  fs::current_path(directory.path());
  install("clang++");
  const auto got = found({"./clang++", {}, ""});
  fs::current_path(here);
  CHECK(fs::path(got).lexically_normal() == directory.path() / "clang++");
}

TEST_CASE("find_toolchain says what each compiler lacks, and what to install") {
  const base::TemporaryDirectory directory;
  const std::string hints =
      "hint: on Debian: `apt-get install clang-22 lld-22 libc++-22-dev-wasm32 "
      "libc++abi-22-dev-wasm32 libclang-rt-22-dev-wasm32 wasi-libc`\n"
      "hint: elsewhere: unpack a wasi-sdk and set WASI_SDK_PATH to it\n";
  const auto& path = directory.path().native();
  CHECK(found({{}, {}, path}) ==
        "error: no clang++ that can make Wasm modules was found\n"
        "  caused by: no clang++ on PATH\n" +
            hints);
  install(directory.path() / "clang++-14");
  CHECK(found({{}, path + "/sdk", path}) ==
        "error: no clang++ that can make Wasm modules was found\n"
        "  caused by: " +
            path +
            "/clang++-14: no wasm-ld beside it\n"
            "  caused by: WASI_SDK_PATH: no `" +
            path + "/sdk/bin/clang++`\n" + hints);
  CHECK(found({"clang++-99", {}, path}) ==
        "error: no compiler `clang++-99`\n"
        "hint: name a clang++ by path, or leave it out to have one found\n");
}
