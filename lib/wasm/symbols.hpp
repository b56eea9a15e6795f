// Names and lines for a module's functions, be they in the module itself or in the side file that
// the build keeps: `NAME.debug.wasm` beside `NAME.wasm`, the module as it was linked, with its
// `name` section and its DWARF. The side file carries the build id of the module that was shipped;
// the module itself need not, since anyone can compute it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/code.hpp"
#include "wasm/inlined_calls.hpp"
#include "wasm/line_table.hpp"
#include "wasm/module.hpp"
#include "wasm/source_map.hpp"

namespace wasmctl::wasm {

inline constexpr std::string_view kBuildIdSection = "build_id";

// SHA-256 over the module without its custom sections, as 64 hex digits: stripping names from a
// module leaves its build id as it is.
std::string build_id(const Module& module);

// The build id that `module` carries in its `build_id` section (tool-conventions, BuildId.md), if
// it is one of ours.
std::optional<std::string> carried_build_id(const Module& module);

std::filesystem::path side_file(std::filesystem::path module);

// The side file of `shipped`: `linked` with that build id.
std::string make_side_file(const Module& shipped, std::string_view linked);

// Where an instruction comes from.
struct Origin {
  std::string function;
  Place place;  // line 0: not known
  bool operator==(const Origin&) const = default;
};

class Symbols {
 public:
  // From the module's own sections. `module` must outlive the object.
  explicit Symbols(const Module& module);

  // From the module's side file as well. Throws Error{Code::bad_input}, `side_name` first, if it is
  // not of `module`.
  Symbols(const Module& module, Module side, std::string_view side_name);

  // Of a module without DWARF.
  void add_source_map(SourceMap map) { map_ = std::move(map); }

  bool has_names() const { return !names_.empty(); }

  // "acme::Context::fall(int)", else the name under which it is exported or imported, else
  // "function 7".
  std::string function(std::uint32_t index) const;

  // The entry of the name section, mangled as it may be.
  std::optional<std::string> written_name(std::uint32_t index) const;

  // Where in the sources the instruction at `offset` in the module's file comes from.
  std::optional<Place> place(std::size_t offset) const;

  struct PlacedInstruction {
    Instruction instruction;
    std::optional<Place> place;
  };
  // All of a body, in order, in one pass.
  std::vector<PlacedInstruction> instructions(std::size_t body) const;

  // The same with what the compiler put in place of calls: first the function that is there (its
  // name is left empty), at its own line, then each function inlined into the one before. Empty
  // without a line.
  std::vector<Origin> origins(std::size_t offset) const;

  // Which functions of the sources the instructions come from: `at` has them by offset in the
  // module's file, where one begins.
  PlacedFunctions functions() const;

 private:
  std::optional<std::size_t> linked_offset(std::size_t offset) const;

  const Module& module_;
  std::map<std::uint32_t, std::string> names_;      // as written in the name section
  std::map<std::uint32_t, std::string> externals_;  // of imports and exports
  std::optional<Module> side_;                      // none: the lines are the module's own
  LineTable lines_;
  InlinedCalls inlined_;
  SourceMap map_;
};

// The function in whose body `offset` lies, as its number among the bodies.
std::optional<std::size_t> body_at(const Module& module, std::size_t offset);

// The instruction at `offset`, which may be its opcode only; none if no instruction begins there.
std::optional<Instruction> instruction_at(const Module& module, std::size_t offset);

}  // namespace wasmctl::wasm
