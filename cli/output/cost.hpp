// What is counted of a callback: one table for the report, its JSON and the budget.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "host/recorder.hpp"

namespace wasmctl::cli {

struct CostKind {
  std::string_view key;    // in JSON and YAML
  std::string_view title;  // of a column
  std::string_view words;  // behind a number
  std::uint64_t host::CallbackCost::* count;
};

inline constexpr std::array<CostKind, 5> kCostKinds{{
    {"instructions", "instructions", "instructions", &host::CallbackCost::instructions},
    {"hostcalls", "hostcalls", "calls of the host", &host::CallbackCost::hostcalls},
    {"bytesToHost", "to host", "bytes to the host", &host::CallbackCost::bytes_to_host},
    {"bytesFromHost", "from host", "bytes from the host", &host::CallbackCost::bytes_from_host},
    {"memoryGrowth", "memory", "bytes of memory growth", &host::CallbackCost::memory_growth},
}};

}  // namespace wasmctl::cli
