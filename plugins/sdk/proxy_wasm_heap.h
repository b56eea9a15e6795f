// The heap of a module: malloc in 200 bytes of code, where libc's takes 6 KB.
//
// Blocks have 2^n bytes, their header included, and each size has its list of free ones. A block
// keeps its size for ever: allocating and freeing is a push and a pop, whatever the plugin did
// before, and nothing breaks up over the months that a proxy runs. The price: memory that one size
// once needed does not serve another, and sizes are rounded up. (A buddy allocator and boundary
// tags were tried; they take 500 bytes more.) Nothing here knows WebAssembly: memory comes from a
// source, so that tests run it natively.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace proxy_wasm {

// `Source` has a function
//     static char* grow(size_t least, size_t* got)
// that returns the address of `*got` >= `least` fresh bytes, aligned to kAlignment, or null if
// there are none left. They need not follow those of the last call: others may grow the same
// memory.
template <class Source>
class Heap {
 public:
  static constexpr size_t kAlignment = 16;  // of whatever is allocated: alignof(max_align_t)
  static constexpr size_t kMaxSize = size_t{1} << 30;

  // Null if `size` bytes cannot be had.
  void* allocate(size_t size) {
    if (size > kMaxSize) return nullptr;
    const unsigned order = order_of(size);
    Block* block = free_[order];
    if (block != nullptr) {
      free_[order] = block->next;
    } else {
      block = fresh(size_t{1} << order);
      if (block == nullptr) return nullptr;
    }
    block->order = order;
    return block->bytes();
  }

  void release(void* pointer) {
    if (pointer == nullptr) return;
    Block* const block = block_of(pointer);
    const unsigned order = block->order;
    if (order >= kOrders) __builtin_trap();  // freed twice, or its header was overwritten
    block->order = kFree;
    block->next = free_[order];
    free_[order] = block;
  }

  // As realloc: the old block stays as it is if null is returned.
  void* resize(void* pointer, size_t size) {
    if (pointer == nullptr) return allocate(size);
    const size_t usable = room(pointer);
    if (size <= usable) return pointer;
    void* const moved = allocate(size);
    if (moved == nullptr) return nullptr;
    __builtin_memcpy(moved, pointer, usable);
    release(pointer);
    return moved;
  }

  // How many bytes may be used from that address on; 0 for null.
  static size_t room(void* pointer) {
    if (pointer == nullptr) return 0;
    Block* const block = block_of(pointer);
    const auto before = static_cast<size_t>(static_cast<char*>(pointer) - block->start());
    return (size_t{1} << block->order) - before;
  }

  // `alignment` is a power of two.
  void* allocate_aligned(size_t alignment, size_t size) {
    if (alignment <= kAlignment) return allocate(size);
    if (alignment > kMaxSize || size > kMaxSize) return nullptr;
    auto* const pointer = static_cast<char*>(allocate(size + alignment));
    if (pointer == nullptr) return nullptr;
    const size_t skip = -reinterpret_cast<uintptr_t>(pointer) & (alignment - 1);
    if (skip == 0) return pointer;
    Block* const sign = header_of(pointer + skip);
    sign->order = kSignpost;
    sign->distance = static_cast<uint32_t>(skip);
    any_signpost_ = true;
    return pointer + skip;
  }

 private:
  static constexpr unsigned kOrders = 32;   // blocks of up to 2^31 bytes
  static constexpr unsigned kSmallest = 4;  // 16 bytes: the header and a pointer
  static constexpr uint32_t kFree = 0xFFFF;
  static constexpr uint32_t kSignpost = 0xFFFE;  // stands before an address inside of a block

  struct Block {
    uint32_t order;     // of its size, or one of the two above
    uint32_t distance;  // of a signpost: how many bytes before it the block begins
    Block* next;        // only while it is free: it lies in the caller's bytes

    char* start() { return reinterpret_cast<char*>(this); }
    char* bytes() { return start() + kHeader; }
  };
  static constexpr size_t kHeader = offsetof(Block, next);

  static unsigned order_of(size_t size) {
    // The smallest n with 2^n >= size + kHeader.
    const unsigned order = static_cast<unsigned>(8 * sizeof(unsigned long)) -
                           static_cast<unsigned>(__builtin_clzl(size + kHeader - 1));
    return order < kSmallest ? kSmallest : order;
  }

  static Block* header_of(void* pointer) {
    return reinterpret_cast<Block*>(static_cast<char*>(pointer) - kHeader);
  }
  static Block* block_of(void* pointer) {
    Block* const header = header_of(pointer);
    // A program without larger alignments never sets this, and does without the rest.
    if (!any_signpost_ || header->order != kSignpost) return header;
    return reinterpret_cast<Block*>(header->start() - header->distance);
  }

  // `size` bytes that never were a block. A block begins kHeader below a multiple of kAlignment, so
  // that what it hands out is one.
  Block* fresh(size_t size) {
    if (static_cast<size_t>(end_ - top_) < size) {
      size_t got = 0;
      char* const begin = Source::grow(size + kAlignment, &got);
      if (begin == nullptr) return nullptr;
      if (begin != end_) top_ = begin;
      end_ = begin + got;
      top_ += -(reinterpret_cast<uintptr_t>(top_) + kHeader) & (kAlignment - 1);
    }
    char* const block = top_;
    top_ += size;
    return reinterpret_cast<Block*>(block);
  }

  Block* free_[kOrders] = {};
  char* top_ = nullptr;  // fresh memory: from here
  char* end_ = nullptr;  // to here

  // Not a member of the object: the compiler must see that nobody sets it.
  static inline bool any_signpost_ = false;
};

}  // namespace proxy_wasm
