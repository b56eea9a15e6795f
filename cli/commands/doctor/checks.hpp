// What `wasmctl doctor` looks for, one row of a table each. A check asks the finder that the
// commands ask, so that doctor finds what they find, and says what they would.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/commands/doctor/system.hpp"
#include "compile/toolchain.hpp"

namespace wasmctl::cli {

// Whether the main job, from a plugin's directory to a module in a proxy, can be done without it.
enum class Need : std::uint8_t { needed, useful };

enum class Health : std::uint8_t {
  ok,
  missing,  // there is none
  broken,   // there is one, which does not do
};

struct Examined {
  std::string name;     // "cargo"
  std::string purpose;  // "compiles plugins in Rust"
  Need need = Need::useful;
  Health health = Health::ok;
  std::string version;               // empty: it has none, or does not say
  std::string path;                  // where it is; empty: not found
  std::string remark;                // more of what was found
  std::vector<std::string> reasons;  // what is wrong, the nearest first
  std::vector<std::string> advice;
};

struct Examination {
  Context& context;
  compile::ToolchainSearch search;
  std::filesystem::path directory;  // the plugin's, or where there might be one
  System system;
};

inline constexpr char kEnvoy[] = "envoy";

// All rows, in the order of the table. Programs that are asked for their versions are asked at
// once, and none for longer than 20 seconds.
std::vector<Examined> examine(const Examination& examination);

// The version in what a program says of itself: "1.32.4" in "Client Version: v1.32.4".
std::string version_in(std::string_view said);

}  // namespace wasmctl::cli
