// From an offset in a module to file and line by a source map, which AssemblyScript, Binaryen and
// Emscripten's -gsource-map write in place of DWARF.
// Sources: https://tc39.es/ecma426/ (source maps); tool-conventions, Debugging.md: a generated
// column is an offset in the module's file, and there is one generated line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/line_table.hpp"
#include "wasm/module.hpp"

namespace wasmctl::wasm {

// The content of the custom section sourceMappingURL: relative to the module, of a server, or
// `data:` with the map in it.
std::optional<std::string> source_mapping_url(const Module& module);

// The path that a URL without a scheme stands for, percent-encoding decoded; empty for another URL.
std::string path_of_url(std::string_view url);

// The map that a `data:` URL holds; null for another URL.
std::optional<std::string> data_of_url(std::string_view url);

class SourceMap {
 public:
  SourceMap() = default;

  // A broken map has no places, or those before the fault, and is no error: hosts do not read it.
  explicit SourceMap(std::string_view json);

  // Of the last mapping at or before `offset` in the module's file, and not before `begin`, where
  // its function begins.
  std::optional<Place> find(std::size_t offset, std::size_t begin) const;

 private:
  struct Mapping {
    std::uint64_t offset;
    std::uint32_t source;  // in sources_; kNoSource: code of no source
    std::uint32_t line;    // from 1
  };
  static constexpr std::uint32_t kNoSource = UINT32_MAX;

  void read_mappings(std::string_view text);

  std::vector<std::string> sources_;
  std::vector<Mapping> mappings_;  // by offset
};

}  // namespace wasmctl::wasm
