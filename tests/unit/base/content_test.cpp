#include "base/content.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "base/error.hpp"
#include "base/files.hpp"

using wasmctl::Error;
using wasmctl::base::Content;
namespace base = wasmctl::base;

namespace {

constexpr std::uint64_t kMax = 1 << 26;

std::string sample(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2654435761U >> 13U);
  return bytes;
}

std::string read(const Content& content) {
  std::string bytes;
  content.read([&](std::string_view piece) { bytes += piece; });
  return bytes;
}

}  // namespace

TEST_CASE("content is the same in memory, in a file and from a spool") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  // About the limits from which a file is mapped, and a spool is a file.
  for (const std::size_t size : {0U, 1U, 262144U, 262145U, 1048576U, 1048577U, 3000000U}) {
    CAPTURE(size);
    const auto bytes = sample(size);
    base::write_file(file, bytes);
    base::Spool spool;
    for (std::size_t at = 0; at < size; at += 100000) spool.write(bytes.substr(at, 100000));
    for (const auto& content : {Content(bytes), Content::of_file(file, kMax), spool.finish()}) {
      REQUIRE(content.size() == size);
      CHECK((content.view() == bytes));
      CHECK((read(content) == bytes));
      const auto part = content.part(size / 2, size - size / 2);
      CHECK((read(part) == bytes.substr(size / 2)));
      CHECK((part.view() == bytes.substr(size / 2)));
    }
  }
}

TEST_CASE("content outlives its file's name") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  base::write_file(file, sample(500000));
  const auto content = Content::of_file(file, kMax);
  std::filesystem::remove(file);
  CHECK((read(content) == sample(500000)));
}

TEST_CASE("a file that became shorter is an error that names it") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  base::write_file(file, sample(500000));
  const auto content = Content::of_file(file, kMax);
  std::filesystem::resize_file(file, 1000);
  CHECK_THROWS_WITH_AS(read(content),
                       ("`" + file.native() + "` became shorter while it was read").c_str(), Error);
}

TEST_CASE("content has a bound, whatever it is read from") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "f";
  base::write_file(file, sample(500000));
  const auto want = [](const std::string& path, int max) {
    return "`" + path + "` has more than " + std::to_string(max) + " bytes, the most that is read";
  };
  CHECK_THROWS_WITH_AS(Content::of_file(file, 499999), want(file.native(), 499999).c_str(), Error);
  CHECK_THROWS_WITH_AS(Content::of_file("/dev/zero", 1000), want("/dev/zero", 1000).c_str(), Error);
  CHECK_THROWS_WITH_AS(
      Content::of_file(directory.path() / "none", 1),
      ("cannot read `" + (directory.path() / "none").native() + "`: No such file or directory")
          .c_str(),
      Error);
}
