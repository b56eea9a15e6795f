// malloc, free and their family, for a module of its own linear memory.
//
// libc's malloc is 6 KB of a module, and brings abort and stdio with it. The host calls `malloc`,
// too: what it returns lies in memory that it asked the module for.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy_wasm_heap.h"

namespace {

struct LinearMemory {
  static char* grow(size_t least, size_t* got) {
    constexpr size_t kPage = 65536;
    const size_t pages = (least + kPage - 1) / kPage;
    const size_t end = __builtin_wasm_memory_grow(0, pages);  // in pages, before it grew
    if (end == SIZE_MAX) return nullptr;
    *got = pages * kPage;
    return reinterpret_cast<char*>(end * kPage);
  }
};

constinit proxy_wasm::Heap<LinearMemory> heap;

void* allocate_or_trap(size_t size, size_t alignment = 0) {
  void* pointer = heap.allocate_aligned(alignment, size);
  if (pointer == nullptr) __builtin_trap();  // there is nobody to catch std::bad_alloc
  return pointer;
}

}  // namespace

// Weak: a plugin on the raw ABI may bring its own. (The linker takes this file in any case: calloc
// is one of the functions that the compiler may make a call of.)
extern "C" {

[[gnu::weak]] void* malloc(size_t size) {
  return heap.allocate(size);
}
[[gnu::weak]] void free(void* pointer) {
  heap.release(pointer);
}
[[gnu::weak]] void* realloc(void* pointer, size_t size) {
  return heap.resize(pointer, size);
}

[[gnu::weak]] void* calloc(size_t count, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
  void* pointer = heap.allocate(bytes);
  return pointer == nullptr ? nullptr : memset(pointer, 0, bytes);
}

[[gnu::weak]] void* aligned_alloc(size_t alignment, size_t size) {
  return heap.allocate_aligned(alignment, size);
}

[[gnu::weak]] int posix_memalign(void** pointer, size_t alignment, size_t size) {
  *pointer = heap.allocate_aligned(alignment, size);
  return *pointer == nullptr ? ENOMEM : 0;
}

// How much of a block may be used.
[[gnu::weak]] size_t malloc_usable_size(void* pointer) {
  return heap.room(pointer);
}

// The names by which wasi-libc calls itself. All names of its malloc must be ours, or it comes too.
void* __libc_malloc(size_t size) {
  return heap.allocate(size);
}
void __libc_free(void* pointer) {
  heap.release(pointer);
}
void* __libc_calloc(size_t count, size_t size) {
  return calloc(count, size);
}

}  // extern "C"

namespace std {
struct nothrow_t;
enum class align_val_t : size_t;
}  // namespace std

// A program may replace any of these ([replacement.functions] of C++), and then the others go
// through it: they are weak, and each but the first of a kind calls that.
extern "C" void* proxy_wasm_new(size_t size) {
  return allocate_or_trap(size);
}
[[gnu::weak, gnu::alias("proxy_wasm_new")]] void* operator new(size_t size);
[[gnu::weak]] void* operator new(size_t size, std::align_val_t alignment) {
  return allocate_or_trap(size, static_cast<size_t>(alignment));
}
[[gnu::weak]] void* operator new[](size_t size) {
  return operator new(size);
}
[[gnu::weak]] void* operator new[](size_t size, std::align_val_t alignment) {
  return operator new(size, alignment);
}
[[gnu::weak]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  void* (*const plain)(size_t) = operator new;
  return plain == proxy_wasm_new ? heap.allocate(size) : plain(size);
}
[[gnu::weak]] void* operator new[](size_t size, const std::nothrow_t& nothrow) noexcept {
  return operator new(size, nothrow);
}

[[gnu::weak]] void operator delete(void* pointer) noexcept {
  heap.release(pointer);
}
[[gnu::weak]] void operator delete(void* pointer, std::align_val_t) noexcept {
  heap.release(pointer);
}
[[gnu::weak]] void operator delete[](void* pointer) noexcept {
  operator delete(pointer);
}
[[gnu::weak]] void operator delete(void* pointer, size_t) noexcept {
  operator delete(pointer);
}
[[gnu::weak]] void operator delete[](void* pointer, size_t) noexcept {
  operator delete[](pointer);
}
[[gnu::weak]] void operator delete[](void* pointer, std::align_val_t alignment) noexcept {
  operator delete(pointer, alignment);
}
[[gnu::weak]] void operator delete(void* pointer, size_t, std::align_val_t alignment) noexcept {
  operator delete(pointer, alignment);
}
[[gnu::weak]] void operator delete[](void* pointer, size_t, std::align_val_t alignment) noexcept {
  operator delete[](pointer, alignment);
}
[[gnu::weak]] void operator delete(void* pointer, const std::nothrow_t&) noexcept {
  operator delete(pointer);
}
[[gnu::weak]] void operator delete[](void* pointer, const std::nothrow_t&) noexcept {
  operator delete[](pointer);
}
