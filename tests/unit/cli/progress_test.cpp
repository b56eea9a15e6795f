#include "cli/output/progress.hpp"

#include <doctest/doctest.h>

#include <sstream>

using wasmctl::cli::Progress;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
const Progress::Clock::time_point kStart{};

}  // namespace

TEST_CASE("progress says bytes, rate and time") {
  CHECK(Progress::line(0, 50 * kMiB, 1s) == "0.0 of 50.0 MiB, 0 %, 0.0 MiB/s");
  CHECK(Progress::line(10 * kMiB, 50 * kMiB, 2s) == "10.0 of 50.0 MiB, 20 %, 5.0 MiB/s, 0:08 left");
  CHECK(Progress::line(kMiB, 200 * kMiB, 1s) == "1.0 of 200.0 MiB, 0 %, 1.0 MiB/s, 3:19 left");
  CHECK(Progress::line(kMiB, 200 * kMiB, 60s) == "1.0 of 200.0 MiB, 0 %, 0.0 MiB/s, 3:19:00 left");
}

TEST_CASE("a bar is as wide as the terminal, less a column") {
  const auto bar = [](std::uint64_t tenths_moved, std::size_t columns) {
    return Progress::bar(tenths_moved * kMiB / 10, 50 * kMiB, 2s, columns);
  };
  CHECK(bar(342, 80) ==
        "[==================>        ]  34.2 of 50.0 MiB   68 %   17.1 MiB/s   0:01 left");
  CHECK(bar(0, 80) ==
        "[>                                      ]   0.0 of 50.0 MiB    0 %    0.0 MiB/s");
  CHECK(bar(2, 80) ==
        "[>                          ]   0.2 of 50.0 MiB    0 %    0.1 MiB/s   8:18 left");
  CHECK(bar(499, 80) ==
        "[==========================>]  49.9 of 50.0 MiB   99 %   24.9 MiB/s   0:00 left");
  CHECK(bar(500, 80) ==
        "[===========================]  50.0 of 50.0 MiB  100 %   25.0 MiB/s   0:00 left");
  CHECK(bar(342, 63) == "[======>   ]  34.2 of 50.0 MiB   68 %   17.1 MiB/s   0:01 left");
}

TEST_CASE("a narrow terminal shows what it has room for, and never a second line") {
  const auto bar = [](std::size_t columns) {
    return Progress::bar(10 * kMiB, 50 * kMiB, 2s, columns);
  };
  CHECK(bar(62) == "10.0 of 50.0 MiB   20 %    5.0 MiB/s   0:08 left");
  CHECK(bar(49) == "10.0 of 50.0 MiB   20 %    5.0 MiB/s   0:08 left");
  CHECK(bar(48) == "10.0 of 50.0 MiB   20 %    5.0 MiB/s");
  CHECK(bar(30) == "10.0 of 50.0 MiB   20 %");
  CHECK(bar(20) == "10.0 of 50.0 MiB");
  CHECK(bar(16).empty());
  CHECK(bar(0).empty());
  for (std::size_t columns = 1; columns < 200; ++columns) CHECK(bar(columns).size() < columns);
}

TEST_CASE("a terminal has one bar, which goes when all is done") {
  std::ostringstream err;
  std::size_t columns = 70;
  Progress progress(err, [&] { return columns; });
  progress.add(4 * kMiB, 0, kStart);
  progress.add(0, kMiB, kStart + 400ms);
  CHECK(err.str().empty());  // too early
  progress.add(0, kMiB, kStart + 1s);
  progress.add(0, kMiB / 2, kStart + 1050ms);  // too soon after that
  columns = 30;
  progress.add(0, kMiB / 2, kStart + 2s);
  const std::string shown =
      "\r\x1b[K[=========>         ]  2.0 of 4.0 MiB   50 %    2.0 MiB/s   0:01 left"
      "\r\x1b[K3.0 of 4.0 MiB   75 %";
  CHECK(err.str() == shown);
  progress.add(0, 2 * kMiB, kStart + 3s);  // more than all: some of it went twice
  CHECK(err.str() == shown + "\r\x1b[K");
}

TEST_CASE("without a terminal there is a line every ten seconds") {
  std::ostringstream err;
  {
    Progress progress(err, nullptr);
    progress.add(4 * kMiB, 0, kStart);
    progress.add(0, kMiB, kStart + 9s);
    progress.add(0, kMiB, kStart + 10s);
    progress.add(0, kMiB, kStart + 11s);
  }
  CHECK(err.str() == "2.0 of 4.0 MiB, 50 %, 0.2 MiB/s, 0:10 left\n");
}
