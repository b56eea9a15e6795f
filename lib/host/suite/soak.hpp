// Runs one test's stream again and again in one VM, and configures the plugin again and again: does
// the module's memory become flat?
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/allocations.hpp"
#include "host/suite/run.hpp"

namespace wasmctl::host {

struct SoakPlan {
  std::uint64_t streams = 0;                          // at least kFewest
  std::uint64_t reconfigurations = 0;                 // the same, or none
  std::map<std::uint32_t, AllocatorRole> allocators;  // of the module, by function
  static constexpr std::uint64_t kFewest = 8;
};

// One of the two series. It grows if it has more in the middle than after a quarter, and more in
// the end than in the middle: what is kept once, or up to a bound, is no leak.
struct SoakSeries {
  std::string_view of;  // "stream"
  std::uint64_t runs = 0;
  std::uint64_t memory_at_quarter = 0;  // bytes of linear memory
  std::uint64_t memory_at_half = 0;
  std::uint64_t memory_at_end = 0;
  // The callbacks in which memory grew in the second half.
  std::vector<CallbackCost> growing;

  // What is allocated and not freed grows: where, what the second half added most to first.
  struct Leak {
    Allocations::Site site;   // as it was in the end
    std::uint64_t bytes = 0;  // that the second half added
    std::uint64_t count = 0;  // in so many allocations; 0: larger ones took the place of others
    std::uint64_t runs = 0;   // in the second half
  };
  std::vector<Leak> leaks;

  bool memory_grows() const {
    return memory_at_quarter < memory_at_half && memory_at_half < memory_at_end;
  }
  bool is_flat() const { return leaks.empty() && !memory_grows(); }
};

struct SoakResult {
  std::vector<SoakSeries> series;
  std::vector<Failure> failures;  // why it ended early: a trap, a configuration that is refused
  std::optional<Crash> crash;

  bool passed() const;
};

// As run_test. What the test expects is not looked at. `options.limits.instructions` are those of
// one stream.
SoakResult soak_test(const Suite& suite, const Test& test, const RunOptions& options,
                     const SoakPlan& plan);

}  // namespace wasmctl::host
