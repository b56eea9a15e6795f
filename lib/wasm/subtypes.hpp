// Which type may be used in the place of which, and whether the type section's own claims hold.
// Source: WebAssembly Core Specification 3.0, 3.1 (rolling, closure) and 3.3 (subtyping).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "wasm/types.hpp"

namespace wasmctl::wasm {

// Gives each type its canonical number. `types` is the whole index space, in which every index
// exists and every group refers to itself and to what comes before it.
void number_types(std::vector<DefinedType>& types);

// What tells the recursive group of the types from `group` on, in an index space that ends with it:
// equal groups have equal keys. What is before the group has its canonical numbers.
std::string group_key(std::span<const DefinedType> types, std::uint32_t group);

// Throws Error{Code::bad_input} where a supertype is final, of another form, comes later, or does
// not fit. After number_types().
void check_supertypes(std::span<const DefinedType> types);

// Whether a value of `sub` may stand where `super` is wanted.
bool matches(std::span<const DefinedType> types, HeapType sub, HeapType super);
bool matches(std::span<const DefinedType> types, ValueType sub, ValueType super);

// The top of the hierarchy that `type` belongs to: any, func, extern or exn.
HeapType top_of(std::span<const DefinedType> types, HeapType type);

}  // namespace wasmctl::wasm
