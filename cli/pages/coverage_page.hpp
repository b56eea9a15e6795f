// The page of `wasmctl test --coverage-html`: the sources, with the lines coloured that ran.
#pragma once

#include <string>
#include <vector>

#include "wasm/coverage.hpp"

namespace wasmctl::cli {

struct CoveragePage {
  std::string title;               // what was tested
  std::vector<std::string> facts;  // a few words each, shown under the title
  const wasm::Coverage& coverage;  // by files that can be read
};

std::string to_html(const CoveragePage& page);

}  // namespace wasmctl::cli
