// Which lines and functions of a plugin's sources its tests ran: as a table, and as lcov's file.
#pragma once

#include <filesystem>
#include <string>

#include "cli/command.hpp"
#include "wasm/coverage.hpp"

namespace wasmctl::cli {

// The files of `coverage` that are below `directory`, which names them: neither the SDK's nor a
// system's.
wasm::Coverage own_files(const wasm::Coverage& coverage, const std::filesystem::path& directory);

// How many of the lines or functions there are, and ran.
struct Share {
  std::size_t ran = 0;
  std::size_t all = 0;

  // From 0 to 100; of nothing 100.
  double percentage() const;
};
Share lines_of(const wasm::FileCoverage& file);
Share functions_of(const wasm::FileCoverage& file);
// Of the lines of all files.
Share lines_of(const wasm::Coverage& coverage);

void print_coverage(Context& context, const wasm::Coverage& coverage);

// Source: lcov's geninfo(1), the tracefile format.
std::string to_lcov(const wasm::Coverage& coverage);

}  // namespace wasmctl::cli
