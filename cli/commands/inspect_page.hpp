// The page of `wasmctl inspect --html`: inspect.html beside it, embedded at build time, with the
// module's sizes in the place of @DATA@.
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
