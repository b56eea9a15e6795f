#include "wasm/coverage.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace wasmctl::wasm {

namespace {

// unreachable, nop, block, loop, else, end
constexpr std::uint32_t kStructure[] = {0x00, 0x01, 0x02, 0x03, 0x05, 0x0b};

bool is_structure(const Instruction& instruction) {
  return std::ranges::find(kStructure, instruction.opcode) != std::end(kStructure);
}

using Placed = Symbols::PlacedInstruction;

// Where all calls of a function were replaced by its code, a copy may stay that nobody calls. What
// only that has is the line on which the function begins.
void leave_out_opening(Coverage& coverage, const Symbols& symbols, const Placed& first,
                       const Placed& last) {
  auto& lines = coverage[first.place->file];
  const auto opening = lines.find(first.place->line);
  const auto closing = lines.find(last.place->line);
  const bool is_inlined = first.place->file == last.place->file && opening != lines.end() &&
                          closing != lines.end() && !opening->second && closing->second;
  if (!is_inlined) return;
  // Both are lines of the function's own, not of others that were put into it.
  for (const auto* placed : {&first, &last}) {
    if (symbols.origins(placed->instruction.offset).size() != 1) return;
  }
  lines.erase(opening);
}

}  // namespace

Coverage covered_lines(const Module& module, const Symbols& symbols,
                       std::span<const std::uint8_t> executed) {
  Coverage coverage;
  std::vector<std::pair<Placed, Placed>> never_ran;  // the first and the last of a body
  for (std::size_t body = 0; body < module.bodies.size(); ++body) {
    std::optional<Placed> first;
    std::optional<Placed> last;
    bool has_run = false;
    for (const auto& placed : symbols.instructions(body)) {
      const auto& [instruction, place] = placed;
      if (!place || place->line == 0 || is_structure(instruction)) continue;
      const bool runs = executed[instruction.offset] != 0;
      auto& line = coverage[place->file][place->line];
      line = line || runs;
      has_run = has_run || runs;
      if (!first) first = placed;
      last = placed;
    }
    if (first && !has_run) never_ran.emplace_back(*first, *last);
  }
  for (const auto& [first, last] : never_ran) leave_out_opening(coverage, symbols, first, last);
  return coverage;
}

}  // namespace wasmctl::wasm
