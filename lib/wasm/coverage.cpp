#include "wasm/coverage.hpp"

#include <algorithm>

namespace wasmctl::wasm {

namespace {

// unreachable, nop, block, loop, else, end
constexpr std::uint32_t kStructure[] = {0x00, 0x01, 0x02, 0x03, 0x05, 0x0b};

}  // namespace

Coverage covered_lines(const Module& module, const Symbols& symbols,
                       std::span<const std::uint8_t> executed) {
  Coverage coverage;
  for (std::size_t body = 0; body < module.bodies.size(); ++body) {
    for (const auto& [instruction, place] : symbols.instructions(body)) {
      if (!place || place->line == 0) continue;
      if (std::ranges::find(kStructure, instruction.opcode) != std::end(kStructure)) continue;
      auto& line = coverage[place->file][place->line];
      line = line || executed[instruction.offset] != 0;
    }
  }
  return coverage;
}

}  // namespace wasmctl::wasm
