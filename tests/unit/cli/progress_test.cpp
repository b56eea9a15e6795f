#include "cli/progress.hpp"

#include <doctest/doctest.h>

#include <sstream>

using wasmctl::cli::Progress;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
const Progress::Clock::time_point kStart{};

}  // namespace

TEST_CASE("progress says bytes, rate and time") {
  CHECK(Progress::describe(0, 50 * kMiB, 1s) == "0.0 MiB of 50.0 MiB, 0 %, 0.0 MiB/s");
  CHECK(Progress::describe(10 * kMiB, 50 * kMiB, 2s) ==
        "10.0 MiB of 50.0 MiB, 20 %, 5.0 MiB/s, 0:08 left");
  CHECK(Progress::describe(kMiB, 200 * kMiB, 1s) ==
        "1.0 MiB of 200.0 MiB, 0 %, 1.0 MiB/s, 3:19 left");
}

TEST_CASE("a terminal has one line, which goes when all is done") {
  std::ostringstream err;
  Progress progress(err, true);
  progress.add(4 * kMiB, 0, kStart);
  progress.add(0, kMiB, kStart + 400ms);
  CHECK(err.str().empty());  // too early
  progress.add(0, kMiB, kStart + 1s);
  progress.add(0, kMiB / 2, kStart + 1050ms);  // too soon after that
  progress.add(0, kMiB / 2, kStart + 2s);
  const std::string shown =
      "\r\x1b[K2.0 MiB of 4.0 MiB, 50 %, 2.0 MiB/s, 0:01 left"
      "\r\x1b[K3.0 MiB of 4.0 MiB, 75 %, 1.5 MiB/s, 0:01 left";
  CHECK(err.str() == shown);
  progress.add(0, 2 * kMiB, kStart + 3s);  // more than all: some of it went twice
  CHECK(err.str() == shown + "\r\x1b[K");
}

TEST_CASE("without a terminal there is a line every ten seconds") {
  std::ostringstream err;
  {
    Progress progress(err, false);
    progress.add(4 * kMiB, 0, kStart);
    progress.add(0, kMiB, kStart + 9s);
    progress.add(0, kMiB, kStart + 10s);
    progress.add(0, kMiB, kStart + 11s);
  }
  CHECK(err.str() == "2.0 MiB of 4.0 MiB, 50 %, 0.2 MiB/s, 0:10 left\n");
}
