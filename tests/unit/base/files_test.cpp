#include "base/files.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"
#include "base/parallel.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

mode_t mode_of(const fs::path& file) {
  struct stat status = {};
  ::stat(file.c_str(), &status);
  return status.st_mode & 07777U;
}

template <typename Action>
std::string failure(Action action) {
  try {
    action();
    return "nothing thrown";
  } catch (const Error& error) {
    return error.message();
  }
}

}  // namespace

TEST_CASE("write_file and read_file give back the bytes") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  const std::string bytes("a\0b\xff", 4);
  base::write_file(file, bytes);
  CHECK(base::read_file(file, 4) == bytes);
  CHECK(failure([&] { base::read_file(file, 3); }) ==
        "`" + file.native() + "` has more than 3 bytes, the most that is read");
  CHECK(entries(directory.path()) == 1);
  CHECK_FALSE(base::write_file_if_changed(file, bytes));
  CHECK(base::write_file_if_changed(file, "new"));
}

TEST_CASE("a new file has the mode that the umask gives, from whatever thread") {
  const base::TemporaryDirectory directory;
  ::close(::open((directory.path() / "plain").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
  const auto usual = mode_of(directory.path() / "plain");
  base::for_each_at_once(
      400, 8, [&](std::size_t i) { base::write_file(directory.path() / std::to_string(i), "x"); });
  for (const auto& entry : fs::directory_iterator(directory.path())) {
    CHECK(mode_of(entry.path()) == usual);
  }
  const auto umask_now = ::umask(0);
  ::umask(umask_now);
  CHECK((0666U & ~umask_now) == usual);
}

TEST_CASE("write_secret_file leaves a file to its owner alone") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  const auto link = directory.path() / "link";
  fs::create_symlink("f", link);
  for (const mode_t before : {0U, 0600U, 0644U, 0640U, 0666U}) {  // 0: no file
    CAPTURE(before);
    if (before != 0) ::chmod(file.c_str(), before);
    base::write_secret_file(link, "secret");
    CHECK(fs::is_symlink(link));
    CHECK(base::read_file(file, 10) == "secret");
    CHECK(mode_of(file) == 0600);
  }
}

TEST_CASE("write_file keeps the mode and writes through a link") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  const auto link = directory.path() / "link";
  base::write_file(file, "old");
  ::chmod(file.c_str(), 0640);
  fs::create_symlink("f", link);
  base::write_file(link, "new");
  CHECK(fs::is_symlink(link));
  CHECK(base::read_file(file, 10) == "new");
  CHECK(mode_of(file) == 0640);
}

TEST_CASE("what lies in a directory of ours is replaced, whatever it is") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  base::write_file(file, "mine");
  for (const char* target : {"f", "absent", "/dev/full"}) {
    const auto link = directory.path() / "link";
    fs::remove(link);
    fs::create_symlink(target, link);
    CHECK(base::write_file_if_changed(link, "mine", base::Links::replace));
    CHECK_FALSE(fs::is_symlink(link));
    CHECK_FALSE(base::write_file_if_changed(link, "mine", base::Links::replace));
  }
  CHECK(base::read_file(file, 10) == "mine");
  CHECK(entries(directory.path()) == 2);
  const auto pipe = directory.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  base::replace_file(pipe, "new");
  CHECK(base::read_file(pipe, 10) == "new");
}

TEST_CASE("make_directories_below follows no link below the top") {
  const base::TemporaryDirectory directory;
  const auto top = directory.path() / "top";
  base::make_directories_below(top, "a/b");
  CHECK(fs::is_directory(top / "a/b"));
  base::make_directories_below(top, "a/b");
  fs::create_directory_symlink(directory.path(), top / "out");
  CHECK(failure([&] { base::make_directories_below(top, "out/b"); }) ==
        "cannot write below `" + (top / "out").native() + "`: it is a link");
  base::make_directories_below(top / "out", "c");  // the top may be one
  CHECK(fs::is_directory(directory.path() / "c"));
}

// As the kernel, where fs.protected_symlinks is 1.
TEST_CASE("a link of another user in a directory where all may write is not followed") {
  if (::geteuid() != 0) return;  // only root can make one
  constexpr uid_t kNobody = 65534;
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "file";
  const auto shared = directory.path() / "shared";
  base::write_file(file, "mine");
  base::make_directories(shared);
  ::chmod(shared.c_str(), 01777);
  struct Case {
    const char* target;
    uid_t link;
    uid_t of_directory;
    mode_t mode;
    bool refused;
  };
  const Case cases[] = {
      {"../file", kNobody, 0, 01777, true},
      {"../absent", kNobody, 0, 01777, true},
      {"../file", 0, 0, 01777, false},              // the caller's own
      {"../file", kNobody, kNobody, 01777, false},  // the directory's owner's
      {"../file", kNobody, 0, 0755, false},         // nobody else could have put it there
      {"../file", kNobody, 0, 0777, false},         // no rule of the kernel's either
  };
  for (const auto& c : cases) {
    CAPTURE(c.target);
    CAPTURE(c.link);
    CAPTURE(c.of_directory);
    CAPTURE(c.mode);
    const auto link = shared / "link";
    fs::remove(link);
    base::write_file(file, "mine");
    fs::create_symlink(c.target, link);
    ::lchown(link.c_str(), c.link, c.link);
    ::chown(shared.c_str(), c.of_directory, c.of_directory);
    ::chmod(shared.c_str(), c.mode);
    const auto said = failure([&] { base::write_file(link, "new"); });
    CHECK(said == (c.refused ? "cannot write `" + link.native() + "`: Permission denied"
                             : "nothing thrown"));
    CHECK(base::read_file(file, 10) == (c.refused ? "mine" : "new"));
    CHECK_FALSE(fs::exists(directory.path() / "absent"));
  }
  ::chmod(shared.c_str(), 01777);
  ::chown(shared.c_str(), 0, 0);
  const auto planted = shared / "planted";
  base::write_file(planted, "theirs");
  ::chown(planted.c_str(), kNobody, kNobody);
  CHECK(failure([&] { base::write_file(planted, "new"); }) ==
        "cannot write `" + planted.native() + "`: Permission denied");
}

TEST_CASE("an AtomicFile that is not committed leaves the old file and nothing else") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  base::write_file(file, "old");
  {
    base::AtomicFile half(file);
    half.write("half of the new");
  }
  CHECK(base::read_file(file, 10) == "old");
  CHECK(entries(directory.path()) == 1);
}

TEST_CASE("an AtomicFile in the making has no name") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  base::AtomicFile half(file);
  half.write("half");
  CHECK(entries(directory.path()) == 0);
  half.commit();
  CHECK(entries(directory.path()) == 1);
}

TEST_CASE("a full device is an error with a hint, and no file") {
  CHECK(failure([] { base::write_file("/dev/full", "x"); }) ==
        "cannot write `/dev/full`: No space left on device");
  base::write_file("/dev/null", "x");  // devices are written to, not replaced
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("messages name the path and the reason") {
  const base::TemporaryDirectory directory;
  const auto& path = directory.path().native();
  CHECK(failure([&] { base::read_file(path + "/none", 1); }) ==
        "cannot read `" + path + "/none`: No such file or directory");
  CHECK(failure([&] { base::read_file(path, 1); }) == "cannot read `" + path + "`: Is a directory");
  CHECK(failure([&] { base::write_file(path, "x"); }) ==
        "cannot write `" + path + "`: Is a directory");
  CHECK(failure([&] { base::write_file(path + "/a/b", "x"); }) ==
        "cannot write `" + path + "/a/b`: No such file or directory");
  base::write_file(path + "/file", "x");
  CHECK(failure([&] { base::make_directories(path + "/file/b"); }) ==
        "cannot create directory `" + path + "/file/b`: Not a directory");
}
