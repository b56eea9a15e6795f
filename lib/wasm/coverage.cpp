#include "wasm/coverage.hpp"

#include <algorithm>
#include <vector>

namespace wasmctl::wasm {

namespace {

// unreachable, nop, block, loop, else, end
constexpr std::uint32_t kStructure[] = {0x00, 0x01, 0x02, 0x03, 0x05, 0x0b};

// The functions of the sources, some of whose instructions were seen and some ran.
class FunctionsSeen {
 public:
  explicit FunctionsSeen(PlacedFunctions placed)
      : placed_(std::move(placed)),
        seen_(placed_.functions.size()),
        ran_(placed_.functions.size()) {}

  void add(std::size_t offset, bool has_run) {
    const auto function = placed_.at[offset];
    if (function == PlacedFunction::kNone) return;
    seen_[function] = 1;
    if (has_run) ran_[function] = 1;
  }

  void tell(Coverage& coverage) {
    // What is in a function comes after it.
    for (auto i = placed_.functions.size(); i-- > 0;) {
      const auto& [outer, name] = placed_.functions[i];
      if (outer != PlacedFunction::kNone) {
        seen_[outer] |= seen_[i];
        ran_[outer] |= ran_[i];
      }
      if (seen_[i] == 0 || name.defined.line == 0 || name.function.empty()) continue;
      auto& file = coverage[name.defined.file];
      auto& function = file.functions[{name.defined.line, name.function}];
      function = function || ran_[i] != 0;
    }
  }

 private:
  PlacedFunctions placed_;
  std::vector<std::uint8_t> seen_;
  std::vector<std::uint8_t> ran_;
};

}  // namespace

Coverage covered(const Module& module, const Symbols& symbols,
                 std::span<const std::uint8_t> executed) {
  Coverage coverage;
  FunctionsSeen functions(symbols.functions());
  for (std::size_t body = 0; body < module.bodies.size(); ++body) {
    for (const auto& [instruction, place] : symbols.instructions(body)) {
      if (std::ranges::find(kStructure, instruction.opcode) != std::end(kStructure)) continue;
      const bool has_run = executed[instruction.offset] != 0;
      functions.add(instruction.offset, has_run);
      if (!place || place->line == 0) continue;
      auto& line = coverage[place->file].lines[place->line];
      line = line || has_run;
    }
  }
  functions.tell(coverage);
  // The line where a function begins may have code only where it is not called from: of two
  // functions that the compiler merged, each keeps a way in.
  for (auto& [name, file] : coverage) {
    for (const auto& [function, has_run] : file.functions) {
      const auto line = file.lines.find(function.first);
      if (line != file.lines.end() && has_run) line->second = true;
    }
  }
  return coverage;
}

}  // namespace wasmctl::wasm
