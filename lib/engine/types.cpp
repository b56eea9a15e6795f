#include "engine/types.hpp"

#include <algorithm>

#include "wasm/subtypes.hpp"

namespace wasmctl::engine {

namespace {

using wasm::HeapType;
using wasm::ValueType;

Layout layout_of(const wasm::DefinedType& type) {
  Layout layout;
  for (const auto& field : type.fields) {
    const auto bytes = stored_bytes(field.type);
    layout.size = (layout.size + bytes - 1) / bytes * bytes;
    layout.fields.push_back({field.type, layout.size});
    layout.size += bytes;
    layout.has_references = layout.has_references || field.type.is_reference();
  }
  return layout;
}

}  // namespace

std::uint32_t stored_bytes(ValueType type) {
  if (type == ValueType::i8) return 1;
  if (type == ValueType::i16) return 2;
  if (type == ValueType::i32 || type == ValueType::f32) return 4;
  return type == ValueType::v128 ? 16 : 8;
}

HeapType Types::translated(HeapType type, const std::vector<std::uint32_t>& ids) {
  return wasm::is_defined(type) ? wasm::defined_type(ids[wasm::index_of(type)]) : type;
}

ValueType Types::translated(ValueType type, const std::vector<std::uint32_t>& ids) {
  if (!type.is_reference()) return type;
  const auto heap = translated(type.heap(), ids);
  return type.is_nullable() ? ValueType::ref_null(heap) : ValueType::ref(heap);
}

const std::vector<std::uint32_t>& Types::add(const Program& program) {
  const auto found = programs_.find(&program);
  if (found != programs_.end()) return found->second;
  const auto& own = program.module().types;
  std::vector<std::uint32_t> ids;
  for (std::uint32_t begin = 0; begin < own.size();) {
    const auto group = static_cast<std::uint32_t>(types_.size());
    auto end = begin;
    for (; end < own.size() && own[end].group == begin; ++end) ids.push_back(group + end - begin);
    for (auto i = begin; i < end; ++i) {
      auto& type = types_.emplace_back(own[i]);
      type.group = group;
      if (type.supertype) type.supertype = ids[*type.supertype];
      for (auto& item : type.function.parameters) item = translated(item, ids);
      for (auto& item : type.function.results) item = translated(item, ids);
      for (auto& field : type.fields) field.type = translated(field.type, ids);
    }
    const auto first = add_group(group);
    for (auto i = begin; i < end; ++i) ids[i] = first + (i - begin);
    begin = end;
  }
  return programs_[&program] = std::move(ids);
}

std::uint32_t Types::add(const wasm::FunctionType& type) {
  const auto group = static_cast<std::uint32_t>(types_.size());
  auto& added = types_.emplace_back();
  added.function = type;
  added.group = group;
  return add_group(group);
}

std::uint32_t Types::add_group(std::uint32_t group) {
  const auto [found, is_new] = known_.emplace(wasm::group_key(types_, group), group);
  if (!is_new) {
    types_.resize(group);
    return found->second;
  }
  for (auto i = group; i < types_.size(); ++i) {
    types_[i].canonical = i;
    functions_.push_back(types_[i].function);
    layouts_.push_back(layout_of(types_[i]));
    for (const auto& field : types_[i].fields) {
      hold_exceptions_ =
          hold_exceptions_ || (field.type.is_reference() && field.type.heap() == HeapType::exn);
    }
  }
  return group;
}

bool Types::matches(ValueType sub, ValueType super) const {
  return wasm::matches(types_, sub, super);
}

bool Types::is_subtype(std::uint32_t sub, std::uint32_t super) const {
  return wasm::matches(types_, wasm::defined_type(sub), wasm::defined_type(super));
}

}  // namespace wasmctl::engine
