// Any bytes as a module, and as its side file: read, validated, linted, described, stripped,
// mended, or refused with an Error.
#include "base/error.hpp"
#include "wasm/backtrace.hpp"
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
void describe_all(const wasm::Module& module, std::string_view bytes,
                  const wasm::Symbols& symbols) {
  constexpr std::size_t kMost = 200;
  std::size_t count = 0;
  for (std::size_t body = 0; body < module.bodies.size() && count < kMost; ++body) {
    wasm::Instructions instructions(wasm::instructions_of(module, bytes, body));
    wasm::Instruction instruction;
    while (instructions.next(instruction) && ++count < kMost) {
      const wasm::TraceFrame frame{0, instruction.offset, std::nullopt, 0, 0};
      if (!wasm::fits({&frame, 1}, module, bytes)) __builtin_trap();
      if (wasm::describe(frame, module, symbols).empty()) __builtin_trap();
    }
  }
}

// Whatever way the code takes, it stays inside of the body and of the table.
void check_tables(const wasm::Module& module, std::string_view bytes) {
  std::vector<wasm::ControlTable> tables;
  wasm::validate(module, bytes, &tables);
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

void use(const wasm::Module& module, std::string_view bytes) {
  check_tables(module, bytes);
  const wasm::Symbols own(module, bytes);
  wasm::summarize(module, bytes, own);
  if (wasm::size_tree(module, bytes, own).bytes != bytes.size()) __builtin_trap();
  for (const auto& host : wasm::hosts()) wasm::lint({module, bytes, own, &host});
  read_valid(wasm::fixed(module, bytes));
  read_valid(wasm::without_zero_data(module, bytes));
  const auto shipped = wasm::shipped(bytes, "m");
  const auto shipped_module = read_valid(shipped);
  auto side = wasm::make_side_file(shipped_module, shipped, bytes);
  const wasm::Symbols symbols(shipped_module, shipped, std::move(side), "m");
  describe_all(shipped_module, shipped, symbols);
  read_valid(wasm::with_names_of(bytes, shipped, "m"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  wasm::parse_frame(bytes);
  try {
    const auto module = wasm::parse_module(bytes, "m");
    // What a module that is not valid may have all the same.
    wasm::function_names(module, bytes);
    wasm::LineTable(module, bytes).find(size / 2);
    const auto same = wasm::without_custom_sections(module, bytes, [](auto) { return false; });
    if (same != bytes) __builtin_trap();
    use(wasm::read_module(bytes, "m"), bytes);
  } catch (const Error&) {
  }
  return 0;
}
