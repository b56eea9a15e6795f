#include "host/allocations.hpp"

#include <doctest/doctest.h>

using namespace wasmctl;  // NOLINT(google-build-using-namespace)

namespace {

wasm::FunctionType type_of_i32(std::size_t parameters, std::size_t results) {
  return {std::vector(parameters, wasm::ValueType::i32),
          std::vector(results, wasm::ValueType::i32)};
}

}  // namespace

TEST_CASE("an allocator's functions are known by name and type") {
  using Role = host::AllocatorRole;
  struct Case {
    const char* name;
    std::size_t parameters;
    std::size_t results;
    std::optional<Role> want;
  };
  const Case cases[] = {
      {"malloc", 1, 1, Role{0, -1, -1}},
      {"malloc", 2, 1, std::nullopt},
      {"malloc", 1, 0, std::nullopt},
      {"mallocator", 1, 1, std::nullopt},
      {"calloc", 2, 1, Role{0, 1, -1}},
      {"realloc", 2, 1, Role{1, -1, 0}},
      {"free", 1, 0, Role{-1, -1, 0}},
      {"operator new(unsigned long)", 1, 1, Role{0, -1, -1}},
      {"operator new(unsigned long, std::align_val_t)", 2, 1, Role{0, -1, -1}},
      {"operator delete(void*, unsigned long)", 2, 0, Role{-1, -1, 0}},
      {"operator delete(void*)", 0, 0, std::nullopt},
      {"proxy_wasm::Heap<(anonymous namespace)::LinearMemory>::allocate(unsigned long)", 1, 1,
       Role{0, -1, -1}},
      {"__rust_realloc", 4, 1, Role{3, -1, 0}},
      {"__rust_realloc", 2, 1, Role{1, -1, 0}},
      {"__rustc::__rust_dealloc", 3, 0, Role{-1, -1, 0}},
      {"dlmalloc::dlmalloc::Dlmalloc<A>::malloc", 2, 1, Role{1, -1, -1}},
      {"dlmalloc::dlmalloc::Dlmalloc<A>::free", 1, 0, Role{-1, -1, 0}},
      {"acme::Pool::malloc", 1, 1, std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(host::allocator_role(c.name, type_of_i32(c.parameters, c.results)) == c.want);
  }
}
