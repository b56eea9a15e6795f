// What is read of the words of cargo and Go; the tools themselves are run by tests/e2e/build.
#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "compile/go.hpp"
#include "compile/rust.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

// A message of cargo's about one crate, which the manifest names.
std::string artifact(const fs::path& manifest, const std::string& type, const std::string& file) {
  return R"({"reason":"compiler-artifact","manifest_path":")" + manifest.native() +
         R"(","target":{"kind":[")" + type + R"("],"crate_types":[")" + type +
         R"("]},"filenames":["/t/)" + file + "\"]}\n";
}

std::string module_in(const std::string& messages, const fs::path& directory) {
  try {
    return compile::built_module(messages, directory);
  } catch (const Error& error) {
    return format_error(error);
  }
}

}  // namespace

TEST_CASE("built_module takes the crate's own module, or the only one") {
  const base::TemporaryDirectory directory;
  const auto& here = directory.path();
  base::write_file(here / "Cargo.toml", "");
  const auto library = artifact("/registry/log/Cargo.toml", "lib", "liblog.rlib");
  const auto own = artifact(here / "Cargo.toml", "cdylib", "own.wasm");
  const auto a = artifact("/w/a/Cargo.toml", "cdylib", "a.wasm");
  const auto b = artifact("/w/b/Cargo.toml", "cdylib", "b.wasm");
  CHECK(module_in(library + own + "{\"reason\":\"build-finished\",\"success\":true}\n", here) ==
        "/t/own.wasm");
  CHECK(module_in(a + own, here) == "/t/own.wasm");
  CHECK(module_in(library + a, here) == "/t/a.wasm");
  CHECK(module_in("Compiling\n[1]\n{}\n{\"reason\":3}\n" + a, here) == "/t/a.wasm");
  CHECK(module_in(a + b, here) ==
        "error: the workspace makes several modules: a.wasm, b.wasm\n"
        "hint: name the directory of one of its crates\n");
  // A program's start would run main and end the process.
  const auto program = artifact(here / "Cargo.toml", "bin", "own.wasm");
  CHECK(module_in(library + program, here) ==
        "error: cargo built no Wasm library\n"
        "hint: in Cargo.toml: `[lib]` with `crate-type = [\"cdylib\"]`\n");
}

TEST_CASE("what go.mod and the version say of the compiler") {
  CHECK(compile::kind_of_go("module a\ngo 1.24\n") == compile::GoKind::any);
  CHECK(compile::kind_of_go("require github.com/proxy-wasm/proxy-wasm-go-sdk v0.0.0\n") ==
        compile::GoKind::any);
  CHECK(compile::kind_of_go("require github.com/tetratelabs/proxy-wasm-go-sdk v0.24.0\n") ==
        compile::GoKind::tiny);
  CHECK(compile::kind_of_go("require (\n\tgithub.com/tetratelabs/proxy-wasm-go-sdk v0.24.0\n)\n") ==
        compile::GoKind::tiny);
  CHECK(compile::kind_of_go("// github.com/tetratelabs/proxy-wasm-go-sdk v0.24.0 is old\n"
                            "require github.com/tetratelabs/proxy-wasm-go-sdk-not v1.0.0\n"
                            "module github.com/tetratelabs/proxy-wasm-go-sdk\n") ==
        compile::GoKind::any);
  for (const char* version : {"go1.24", "go1.24rc1", "go1.27.3", "devel go1.28-abc"}) {
    CHECK(compile::is_new_enough(version));
  }
  for (const char* version : {"go1.23.9", "go1.9", "", "1.27", "go1.x"}) {
    CHECK_FALSE(compile::is_new_enough(version));
  }
}
