// The page of `wasmctl inspect --html`: a module's sizes as areas.
#pragma once

#include <string>
#include <vector>

#include "wasm/savings.hpp"
#include "wasm/size_tree.hpp"

namespace wasmctl::cli {

struct InspectPage {
  std::string file;
  const wasm::SizeNode& tree;
  std::vector<std::string> facts;  // a few words each, shown under the title
  const std::vector<wasm::Saving>& savings;
};

std::string to_html(const InspectPage& page);

}  // namespace wasmctl::cli
