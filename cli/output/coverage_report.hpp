// Which lines of a plugin's sources its tests ran: as a table, and as lcov's file.
#pragma once

#include <filesystem>
#include <string>

#include "cli/command.hpp"
#include "wasm/coverage.hpp"

namespace wasmctl::cli {

// The files of `coverage` that are below `directory`, which names them: neither the SDK's nor a
// system's.
wasm::Coverage own_files(const wasm::Coverage& coverage, const std::filesystem::path& directory);

// How much of the lines ran, from 0 to 100; of no line 100.
double percentage(const wasm::Coverage& coverage);

void print_coverage(Context& context, const wasm::Coverage& coverage);

// Source: lcov's geninfo(1), the tracefile format.
std::string to_lcov(const wasm::Coverage& coverage);

}  // namespace wasmctl::cli
