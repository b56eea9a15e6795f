// The types of all modules of a store: equal types have one number, so that functions, tables and
// objects of different modules can be compared.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/program.hpp"
#include "wasm/types.hpp"

namespace wasmctl::engine {

// How an object of a struct or array type lies in memory, little-endian as in linear memory.
struct Layout {
  struct Place {
    wasm::ValueType type;
    std::uint32_t offset = 0;
  };
  std::vector<Place> fields;    // of an array: one
  std::uint32_t size = 0;       // bytes of a struct; of one element
  bool has_references = false;  // to other objects
};

class Types {
 public:
  // The number of each type of the program. The same program gives the same vector.
  const std::vector<std::uint32_t>& add(const Program& program);
  std::uint32_t add(const wasm::FunctionType& type);

  // As it is called in the store: what it refers to has the store's number.
  static wasm::ValueType translated(wasm::ValueType type, const std::vector<std::uint32_t>& ids);
  static wasm::HeapType translated(wasm::HeapType type, const std::vector<std::uint32_t>& ids);

  bool matches(wasm::ValueType sub, wasm::ValueType super) const;
  bool is_subtype(std::uint32_t sub, std::uint32_t super) const;
  const wasm::DefinedType& operator[](std::uint32_t id) const { return types_[id]; }
  // Stays where it is.
  const wasm::FunctionType& function(std::uint32_t id) const { return functions_[id]; }
  // Whether a struct or array may hold an exception.
  bool hold_exceptions() const { return hold_exceptions_; }
  const Layout& layout(std::uint32_t id) const { return layouts_[id]; }

 private:
  // The types from `group` on are a group: gives the number of the first, which may be older.
  std::uint32_t add_group(std::uint32_t group);

  std::vector<wasm::DefinedType> types_;
  std::deque<wasm::FunctionType> functions_;
  std::vector<Layout> layouts_;
  bool hold_exceptions_ = false;
  std::unordered_map<std::string, std::uint32_t> known_;
  std::map<const Program*, std::vector<std::uint32_t>> programs_;
};

// The bytes that a value takes in an object.
std::uint32_t stored_bytes(wasm::ValueType type);

}  // namespace wasmctl::engine
