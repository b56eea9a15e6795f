// A core WebAssembly module as its sections describe it: what goes in and out, and where the bytes
// are. Function bodies and constant expressions are located here; validate() reads them.
// Source: WebAssembly Core Specification 3.0, 5.5 (modules).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/content.hpp"
#include "base/limits.hpp"
#include "wasm/features.hpp"
#include "wasm/reader.hpp"
#include "wasm/types.hpp"

namespace wasmctl::wasm {

using base::kMaxModuleBytes;  // larger modules are not read

// The magic number and the version, before the first section.
inline constexpr std::size_t kHeaderBytes = 8;

enum class ExternalKind : std::uint8_t { function = 0, table = 1, memory = 2, global = 3, tag = 4 };
std::string_view to_string(ExternalKind kind);

struct Limits {
  std::uint64_t minimum = 0;  // a memory's unit is the page of 65,536 bytes
  std::optional<std::uint64_t> maximum;
  bool shared = false;
  bool is_64 = false;
  std::uint32_t page_log2 = 16;  // of a memory: 2^16 bytes, or what custom-page-sizes says
  std::size_t offset = 0;        // in the file
};

struct Table {
  ValueType type;  // of its elements
  Limits limits;
  std::optional<std::size_t> initializer;  // offset of a constant expression for all elements
};

struct Global {
  ValueType type;
  bool is_mutable = false;
  std::optional<std::size_t> initializer;  // offset of its constant expression; none: imported
};

enum class SegmentMode : std::uint8_t { active, passive, declarative };

struct ElementSegment {
  SegmentMode mode = SegmentMode::active;
  std::uint32_t table = 0;  // of an active one
  std::size_t address = 0;  // of an active one: offset of the constant expression
  ValueType type;
  bool has_expressions = false;  // its items are constant expressions; else function indices
  std::uint32_t count = 0;
  std::size_t items = 0;   // offset of the first
  std::size_t offset = 0;  // of the segment
};

struct DataSegment {
  SegmentMode mode = SegmentMode::active;  // declarative ones do not exist
  std::uint32_t memory = 0;                // of an active one
  std::size_t address = 0;                 // of an active one: offset of the constant expression
  std::size_t begin = 0;                   // offset of its bytes
  std::size_t size = 0;
  std::size_t offset = 0;  // of the segment
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
  std::vector<DefinedType> types;
  std::vector<Import> imports;
  std::vector<std::uint32_t> imported_functions;  // type index of each imported function
  std::vector<std::uint32_t> functions;           // type index of each defined function
  std::vector<Limits> memories;                   // imported ones first
  std::vector<Table> tables;                      // the same
  std::vector<Global> globals;                    // the same
  std::vector<std::uint32_t> tags;                // type index of each, imported ones first
  std::vector<Export> exports;
  std::vector<Body> bodies;  // of the defined functions, in order
  std::optional<std::uint32_t> start;
  std::vector<ElementSegment> elements;
  std::vector<DataSegment> data;
  std::optional<std::uint32_t> data_count;  // as the section says
  FeatureSet features;  // of the sections; read_module() adds those of the bodies

  std::size_t function_count() const { return imported_functions.size() + functions.size(); }
  // The index of the type of function `index` (imports first), which must exist.
  std::uint32_t type_index(std::uint32_t function) const;
  // The type of function `index`, or null if there is none.
  const FunctionType* function_type(std::uint32_t index) const;
  const Export* find_export(std::string_view name) const;
  // The first of its kind, or null.
  const Section* find_section(SectionId id) const;
  const Section* find_custom_section(std::string_view name) const;
};

// Reads `bytes`, which stay with the module. Throws Error{Code::bad_input}; `file` begins the
// message:
//     plugin.wasm: section 5 (memory) claims 812 bytes, but 96 remain (offset 0x1a4)
// Bytes that are something else entirely are told by what they are (gzip, ELF, a component, ...).
Module parse_module(base::Content bytes, std::string_view file);

// The same, and validated as the specification says; Module::features is whole. The same errors.
Module read_module(base::Content bytes, std::string_view file);

// DWARF.
bool is_debug_section(std::string_view name);

// The module without the custom sections whose name `drop` accepts; all other bytes as they are.
std::string without_custom_sections(const Module& module, bool (*drop)(std::string_view name));

}  // namespace wasmctl::wasm
