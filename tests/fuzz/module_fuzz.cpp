// Any bytes as a module, and as its side file: read, validated, linted, described, stripped,
// mended, or refused with an Error.
#include <fmt/format.h>

#include "base/error.hpp"
#include "wasm/backtrace.hpp"
#include "wasm/coverage.hpp"
#include "wasm/lint/fix.hpp"
#include "wasm/lint/lint.hpp"
#include "wasm/module.hpp"
#include "wasm/names.hpp"
#include "wasm/pack.hpp"
#include "wasm/size_tree.hpp"
#include "wasm/summary.hpp"
#include "wasm/symbols.hpp"
#include "wasm/validate/validate.hpp"

namespace {

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

// What was valid stays so.
wasm::Module read_valid(const std::string& bytes) {
  try {
    return wasm::read_module(bytes, "m");
  } catch (const Error&) {
    __builtin_trap();
  }
}

// Each instruction of the first functions has a description, and fits as a trace of one frame.
void describe_all(const wasm::Module& module, const wasm::Symbols& symbols) {
  constexpr std::size_t kMost = 200;
  std::size_t count = 0;
  for (std::size_t body = 0; body < module.bodies.size() && count < kMost; ++body) {
    wasm::Instructions instructions(wasm::instructions_of(module, body));
    wasm::Instruction instruction;
    while (instructions.next(instruction) && ++count < kMost) {
      auto frame = wasm::parse_frame(
          fmt::format("  0:  {:#x} - unknown(function index:{})", instruction.offset,
                      module.imported_functions.size() + body),
          0);
      if (!wasm::describe({&*frame, 1}, module, symbols)) __builtin_trap();
    }
  }
}

// Whatever way the code takes, it stays inside of the body and of the table.
void check_tables(const wasm::Module& module) {
  std::vector<wasm::ControlTable> tables;
  wasm::validate(module, &tables);
  if (tables.size() != module.bodies.size()) __builtin_trap();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto end = module.bodies[i].offset + module.bodies[i].size;
    for (const auto& branch : tables[i].branches) {
      if (branch.target >= end || branch.entry > tables[i].branches.size()) __builtin_trap();
    }
    for (const auto& handler : tables[i].handlers) {
      if (handler.begin > handler.end || handler.end >= end) __builtin_trap();
    }
  }
}

void use(const wasm::Module& module) {
  check_tables(module);
  const wasm::Symbols own(module);
  wasm::summarize(module, own);
  if (wasm::size_tree(module, own).bytes != module.bytes.size()) __builtin_trap();
  for (const auto& host : wasm::hosts()) wasm::lint({module, own, &host});
  read_valid(wasm::fixed(module));
  const auto shipped = read_valid(wasm::shipped(module, wasm::Names::none));
  auto side = wasm::make_side_file(shipped, module.bytes);
  const wasm::Symbols symbols(shipped, wasm::parse_module(std::move(side), "m"), "m");
  describe_all(shipped, symbols);
  wasm::covered(shipped, symbols, std::vector<std::uint8_t>(shipped.bytes.size()));
  read_valid(wasm::shipped(module, wasm::Names::kept));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  wasm::parse_frame(bytes, 1);
  try {
    const auto module = wasm::parse_module(bytes, "m");
    // What a module that is not valid may have all the same.
    wasm::function_names(module);
    wasm::LineTable(module).find(size / 2);
    const auto same = wasm::without_custom_sections(module, [](auto) { return false; });
    if (same != bytes) __builtin_trap();
    use(wasm::read_module(bytes, "m"));
  } catch (const Error&) {
  }
  return 0;
}
