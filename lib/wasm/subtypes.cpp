#include "wasm/subtypes.hpp"

#include <fmt/format.h>

#include <string>
#include <unordered_map>

#include "base/error.hpp"

namespace wasmctl::wasm {

namespace {

// V8 allows no longer chain of supertypes (v8:src/wasm/wasm-limits.h, kV8MaxRttSubtypingDepth).
constexpr unsigned kMaxSupertypes = 63;

// A recursive group as text: two groups are the same if their texts are. Types of the group itself
// are counted from its beginning, others stand as their canonical numbers.
class GroupText {
 public:
  GroupText(std::span<const DefinedType> types, std::uint32_t group)
      : types_(types), group_(group) {}

  void add(const DefinedType& type) {
    text_ += static_cast<char>(type.form);
    text_ += type.is_final ? 'f' : 'o';
    put(type.supertype ? number_of(*type.supertype) + 1 : 0);
    list(type.function.parameters);
    list(type.function.results);
    put(type.fields.size());
    for (const auto& field : type.fields) {
      text_ += field.is_mutable ? 'm' : 'c';
      add(field.type);
    }
  }

  std::string take() { return std::move(text_); }

 private:
  void put(std::uint64_t value) {
    for (unsigned shift = 0; shift < 40; shift += 8) text_ += static_cast<char>(value >> shift);
  }

  std::uint64_t number_of(std::uint32_t index) const {
    constexpr std::uint64_t kInside = std::uint64_t{1} << 32U;
    return index >= group_ ? kInside | (index - group_) : types_[index].canonical;
  }

  void add(ValueType type) {
    if (type.is_reference() && is_defined(type.heap())) {
      text_ += type.is_nullable() ? 'n' : 'r';
      put(number_of(index_of(type.heap())));
    } else {
      text_ += 't';
      put(type.bits());
    }
  }

  void list(std::span<const ValueType> list) {
    put(list.size());
    for (const auto type : list) add(type);
  }

  std::span<const DefinedType> types_;
  std::uint32_t group_;
  std::string text_;
};

bool is_abstract_supertype(HeapType sub, HeapType super) {
  const auto is_under_eq = [](HeapType type) {
    return type == HeapType::i31 || type == HeapType::structure || type == HeapType::array;
  };
  switch (super) {
    case HeapType::any:
      return sub == HeapType::eq || sub == HeapType::none || is_under_eq(sub);
    case HeapType::eq:
      return sub == HeapType::none || is_under_eq(sub);
    case HeapType::i31:
    case HeapType::structure:
    case HeapType::array:
      return sub == HeapType::none;
    case HeapType::function:
      return sub == HeapType::no_function;
    case HeapType::external:
      return sub == HeapType::no_external;
    case HeapType::exn:
      return sub == HeapType::no_exn;
    default:
      return false;
  }
}

HeapType abstract_of(TypeForm form) {
  switch (form) {
    case TypeForm::structure:
      return HeapType::structure;
    case TypeForm::array:
      return HeapType::array;
    case TypeForm::function:
      break;
  }
  return HeapType::function;
}

bool is_supertype(std::span<const DefinedType> types, std::uint32_t sub, std::uint32_t super) {
  const auto wanted = types[super].canonical;
  while (types[sub].canonical != wanted) {
    if (!types[sub].supertype) return false;
    sub = *types[sub].supertype;
  }
  return true;
}

bool matches(std::span<const DefinedType> types, std::span<const ValueType> sub,
             std::span<const ValueType> super) {
  if (sub.size() != super.size()) return false;
  for (std::size_t i = 0; i < sub.size(); ++i) {
    if (!matches(types, sub[i], super[i])) return false;
  }
  return true;
}

// A mutable field is read and written: its type must be the same in both.
bool matches(std::span<const DefinedType> types, const Field& sub, const Field& super) {
  if (sub.is_mutable != super.is_mutable) return false;
  if (!matches(types, sub.type, super.type)) return false;
  return !sub.is_mutable || matches(types, super.type, sub.type);
}

// Whether `sub` has all that `super` has: fields first to last, or parameters and results.
bool fits(std::span<const DefinedType> types, const DefinedType& sub, const DefinedType& super) {
  if (sub.form != super.form || sub.fields.size() < super.fields.size()) return false;
  for (std::size_t i = 0; i < super.fields.size(); ++i) {
    if (!matches(types, sub.fields[i], super.fields[i])) return false;
  }
  return matches(types, super.function.parameters, sub.function.parameters) &&
         matches(types, sub.function.results, super.function.results);
}

}  // namespace

std::string group_key(std::span<const DefinedType> types, std::uint32_t group) {
  GroupText text(types, group);
  for (const auto& type : types.subspan(group)) text.add(type);
  return text.take();
}

void number_types(std::vector<DefinedType>& types) {
  std::unordered_map<std::string, std::uint32_t> known;
  for (std::uint32_t begin = 0; begin < types.size();) {
    auto end = begin;
    while (end < types.size() && types[end].group == begin) ++end;
    const auto key = group_key(std::span(types).first(end), begin);
    const auto first = known.emplace(key, begin).first->second;
    for (auto i = begin; i < end; ++i) types[i].canonical = first + (i - begin);
    begin = end;
  }
}

// Chains end and are short before anything walks along them.
void check_supertypes(std::span<const DefinedType> types) {
  const auto fail = [](std::uint32_t index, const DefinedType& type, std::string_view why) {
    throw Error(Code::bad_input,
                fmt::format("type {} cannot have the supertype {}: {} (offset {:#x})", index,
                            *type.supertype, why, type.offset));
  };
  std::vector<std::uint8_t> depths(types.size());
  for (std::uint32_t i = 0; i < types.size(); ++i) {
    const auto& type = types[i];
    if (!type.supertype) continue;
    if (*type.supertype >= i) fail(i, type, "it does not come before it");
    if (types[*type.supertype].is_final) fail(i, type, "that is final");
    depths[i] = static_cast<std::uint8_t>(depths[*type.supertype] + 1);
    if (depths[i] > kMaxSupertypes) {
      fail(i, type, fmt::format("the chain is longer than {}", kMaxSupertypes));
    }
  }
  for (std::uint32_t i = 0; i < types.size(); ++i) {
    const auto& type = types[i];
    if (!type.supertype || fits(types, type, types[*type.supertype])) continue;
    fail(i, type, "it does not have what that has");
  }
}

bool matches(std::span<const DefinedType> types, HeapType sub, HeapType super) {
  if (sub == super || sub == HeapType::bottom) return true;
  if (is_defined(sub) && is_defined(super)) {
    return is_supertype(types, index_of(sub), index_of(super));
  }
  if (is_defined(sub)) {
    const auto abstract = abstract_of(types[index_of(sub)].form);
    return abstract == super || is_abstract_supertype(abstract, super);
  }
  if (is_defined(super)) {
    const auto form = types[index_of(super)].form;
    return sub == (form == TypeForm::function ? HeapType::no_function : HeapType::none);
  }
  return is_abstract_supertype(sub, super);
}

bool matches(std::span<const DefinedType> types, ValueType sub, ValueType super) {
  if (sub == super || sub.is_unknown()) return true;
  if (!sub.is_reference() || !super.is_reference()) return false;
  if (sub.is_nullable() && !super.is_nullable()) return false;
  return matches(types, sub.heap(), super.heap());
}

HeapType top_of(std::span<const DefinedType> types, HeapType type) {
  for (const auto top : {HeapType::function, HeapType::external, HeapType::exn}) {
    if (type != HeapType::bottom && matches(types, type, top)) return top;
  }
  return HeapType::any;
}

}  // namespace wasmctl::wasm
