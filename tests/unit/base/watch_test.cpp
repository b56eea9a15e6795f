#include "base/watch.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "base/stop_signals.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

void put(const fs::path& path, std::string_view text = "x") {
  std::ofstream(path, std::ios::binary) << text;
}

// What wait() tells, each path as seen from `top`.
std::string changed(base::Watch& watch, const fs::path& top) {
  const auto paths = watch.wait();
  REQUIRE(paths);
  std::string text;
  for (const auto& path : *paths) text += path.lexically_relative(top).native() + ' ';
  return text;
}

}  // namespace

TEST_CASE("a watched directory tells what changes in it, however it is written") {
  const base::TemporaryDirectory temporary;
  const auto& top = temporary.path();
  fs::create_directories(top / "src/deep");
  fs::create_directories(top / "build");
  fs::create_directories(top / ".git");
  put(top / "a.cc");
  base::Watch watch({{top}, {top / "build", top / "out.wasm"}});
  struct Case {
    const char* name;
    std::function<void()> change;
    std::string want;  // without the mark
  };
  // Behind each something is written that counts: so what must stay quiet is seen to do so.
  const auto mark = [&] { put(top / "zz"); };
  const Case cases[] = {
      {"written in place", [&] { put(top / "a.cc", "y"); }, "a.cc "},
      {"renamed into its place",
       [&] {
         put(top / ".a.cc.swp");
         fs::rename(top / ".a.cc.swp", top / "a.cc");
       },
       "a.cc "},
      {"below", [&] { put(top / "src/deep/b.h"); }, "src/deep/b.h "},
      {"removed", [&] { fs::remove(top / "src/deep/b.h"); }, "src/deep/b.h "},
      {"a new directory", [&] { fs::create_directory(top / "new"); }, "new "},
      {"in the new directory", [&] { put(top / "new/c.cc"); }, "new/c.cc "},
      {"moved in with what it holds", [&] { fs::rename(top / "new", top / "src/moved"); },
       "new src/moved "},
      {"in what was moved", [&] { put(top / "src/moved/c.cc"); }, "src/moved/c.cc "},
      {"output, hidden files and backups do not count",
       [&] {
         put(top / "build/a.o");
         put(top / "out.wasm");
         put(top / ".git/index");
         put(top / "a.cc~");
         fs::create_directory(top / ".cache");
       },
       ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    c.change();
    mark();
    CHECK(changed(watch, top) == c.want + "zz ");
  }
}

TEST_CASE("a watched file is found again, whatever becomes of its directory") {
  const base::TemporaryDirectory temporary;
  const auto& top = temporary.path();
  const auto file = top / "conf/config.yaml";
  base::Watch watch({{file, top / "late"}, {}});
  fs::create_directory(top / "conf");
  put(file);
  CHECK(changed(watch, top) == "conf/config.yaml ");
  put(top / "conf/other.yaml");
  put(file, "y");
  CHECK(changed(watch, top) == "conf/config.yaml ");
  fs::create_directory(top / "late");
  CHECK(changed(watch, top) == "late ");
  put(top / "late/a");
  CHECK(changed(watch, top) == "late/a ");
  fs::remove_all(top / "late");
  CHECK(changed(watch, top) == "late late/a ");
  fs::create_directory(top / "late");
  CHECK(changed(watch, top) == "late ");
}

TEST_CASE("a link that is named is followed") {
  const base::TemporaryDirectory temporary;
  const auto top = fs::canonical(temporary.path());
  fs::create_directory(top / "real");
  put(top / "real/config.yaml");
  fs::create_symlink(top / "real/config.yaml", top / "config.yaml");
  base::Watch watch({{top / "config.yaml"}, {}});
  put(top / "real/config.yaml", "y");
  CHECK(changed(watch, top) == "real/config.yaml ");
}

TEST_CASE("another set of paths takes the place of the first") {
  const base::TemporaryDirectory temporary;
  const auto& top = temporary.path();
  fs::create_directory(top / "a");
  fs::create_directory(top / "b");
  base::Watch watch({{top / "a"}, {}});
  watch.watch({{top / "b"}, {}});
  put(top / "a/x");
  put(top / "b/x");
  CHECK(changed(watch, top) == "b/x ");
}

TEST_CASE("a signal ends the waiting, and what runs, but not the process") {
  const base::TemporaryDirectory temporary;
  base::Watch watch({{temporary.path()}, {}});
  const base::StopSignals stop;
  CHECK_FALSE(stop.came());
  stop.check();
  CHECK(base::run({{"sh", "-c", fmt::format("kill -TERM {}; sleep 60", ::getpid())}, {}, {}})
            .status == 143);
  CHECK(stop.came());
  CHECK_FALSE(watch.wait(std::vector{stop.descriptor()}));
  CHECK_THROWS_WITH_AS(stop.check(), "stopped by a signal", Error);
}
