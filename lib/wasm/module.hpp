// A core WebAssembly module as its sections describe it: what goes in and out, and where the bytes
// are. Function bodies are located here, and read by read_calls().
// Source: WebAssembly Core Specification 3.0, 5.5 (modules).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/content.hpp"
#include "base/limits.hpp"
#include "wasm/code.hpp"
#include "wasm/features.hpp"
#include "wasm/reader.hpp"

namespace wasmctl::wasm {

using base::kMaxModuleBytes;  // larger modules are not read

// The magic number and the version, before the first section.
inline constexpr std::size_t kHeaderBytes = 8;

enum class ValueType : std::uint8_t {
  i32 = 0x7f,
  i64 = 0x7e,
  f32 = 0x7d,
  f64 = 0x7c,
  v128 = 0x7b,
  funcref = 0x70,
  externref = 0x6f,
  exnref = 0x69,
  other_reference = 0x64,  // of garbage-collected or typed references: which one is not kept
};

struct FunctionType {
  std::vector<ValueType> parameters;
  std::vector<ValueType> results;
  bool operator==(const FunctionType&) const = default;
};

// "(i32, i64) -> i32"; nothing returned is "-> ()".
std::string to_string(const FunctionType& type);

enum class ExternalKind : std::uint8_t { function = 0, table = 1, memory = 2, global = 3, tag = 4 };
std::string_view to_string(ExternalKind kind);

struct Limits {
  std::uint64_t minimum = 0;  // a memory's unit is the page of 65,536 bytes
  std::optional<std::uint64_t> maximum;
  bool shared = false;
  bool is_64 = false;
};

struct Import {
  std::string module;
  std::string name;
  ExternalKind kind = ExternalKind::function;
  std::uint32_t type_index = 0;  // of a function or tag, else 0
  std::size_t offset = 0;        // in the file
};

struct Export {
  std::string name;
  ExternalKind kind = ExternalKind::function;
  std::uint32_t index = 0;  // in the index space of its kind, imports first
  std::size_t offset = 0;
};

enum class SectionId : std::uint8_t {
  custom = 0,
  type = 1,
  import = 2,
  function = 3,
  table = 4,
  memory = 5,
  global = 6,
  exports = 7,
  start = 8,
  element = 9,
  code = 10,
  data = 11,
  data_count = 12,
  tag = 13,
};
std::string_view to_string(SectionId id);

struct Section {
  SectionId id = SectionId::custom;
  std::string name;         // of a custom section
  std::size_t begin = 0;    // offset of the section's id byte
  std::size_t payload = 0;  // offset of its content; after the name, for a custom section
  std::size_t end = 0;
  std::string_view bytes;  // all of it, from begin to end; valid as long as the module's are

  std::string_view content() const { return bytes.substr(payload - begin); }
  Reader reader() const { return Reader(content(), payload); }
};

struct Body {
  std::size_t offset = 0;  // of the first byte behind the size
  std::size_t size = 0;
};

struct Module {
  base::Content bytes;
  std::vector<Section> sections;
  std::vector<FunctionType> types;  // of a struct or array: empty
  std::vector<Import> imports;
  std::vector<std::uint32_t> imported_functions;  // type index of each imported function
  std::vector<std::uint32_t> functions;           // type index of each defined function
  std::vector<Limits> memories;                   // imported ones first
  std::vector<Limits> tables;                     // the same
  std::vector<Export> exports;
  std::vector<Body> bodies;  // of the defined functions, in order
  std::optional<std::uint32_t> start;
  FeatureSet features;  // of the sections but the bodies; read_module() adds those
  CallGraph calls;      // read_module() fills it in

  // The type of function `index` (imports first), or null if there is none.
  const FunctionType* function_type(std::uint32_t index) const;
  const Export* find_export(std::string_view name) const;
  // The first of its kind, or null.
  const Section* find_section(SectionId id) const;
  const Section* find_custom_section(std::string_view name) const;
};

// Reads past a value type.
ValueType skip_value_type(Reader& reader);

// Reads `bytes`, which stay with the module. Throws Error{Code::bad_input}; `file` begins the
// message:
//     plugin.wasm: section 5 (memory) claims 812 bytes, but 96 remain (offset 0x1a4)
// Bytes that are something else entirely are told by what they are (gzip, ELF, a component, ...).
Module parse_module(base::Content bytes, std::string_view file);

// The same with the function bodies read and, where libwabt knows all that the module uses,
// validated: Module::calls and Module::features are whole. The same errors.
Module read_module(base::Content bytes, std::string_view file);

// DWARF.
bool is_debug_section(std::string_view name);

// The module without the custom sections whose name `drop` accepts; all other bytes as they are.
std::string without_custom_sections(const Module& module, bool (*drop)(std::string_view name));

}  // namespace wasmctl::wasm
