#include "base/files.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
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
  struct stat status = {};
  ::stat(file.c_str(), &status);
  CHECK((status.st_mode & 07777U) == 0640);
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
