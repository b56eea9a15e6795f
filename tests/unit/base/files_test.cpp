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
