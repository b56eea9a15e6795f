#include "cli/flags/watched.hpp"

#include <doctest/doctest.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/files.hpp"
#include "envoy/loopback.hpp"

using namespace wasmctl;  // NOLINT(google-build-using-namespace)
namespace fs = std::filesystem;

namespace {

using Paths = std::vector<fs::path>;

// What counts; nothing if that takes longer than it could.
Paths wait_for_changes(cli::Changes& changes) {
  const envoy::Socket timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec time{};
  time.it_value.tv_nsec = 150'000'000;
  ::timerfd_settime(timer.descriptor(), 0, &time, nullptr);
  const std::vector<int> others = {timer.descriptor()};
  return changes.wait(others).value_or(Paths());
}

}  // namespace

TEST_CASE("what a build writes each time does not cause the next one for ever") {
  const base::TemporaryDirectory temporary;
  const auto generated = temporary.path() / "generated.rs";
  cli::Changes changes({{temporary.path()}, {}});
  const auto build = [&](const char* text) {
    base::write_file(generated, text);
    const auto changed = wait_for_changes(changes);
    return std::ranges::find(changed, generated) != changed.end();
  };
  CHECK(build("a"));
  CHECK_FALSE(build("a"));
  CHECK(build("b"));        // another: by whomever
  CHECK_FALSE(build("c"));  // as a time stamp would be
  CHECK_FALSE(build("d"));
}
