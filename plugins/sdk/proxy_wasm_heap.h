// The heap of a module: malloc in a few hundred bytes of code, where libc's takes 6 KB.
//
// Chunks lie side by side in regions of linear memory. Free chunks hang in lists by the power of
// two of their size: of each list that may fit, at most kSearch chunks are looked at. Freeing a
// chunk joins it with its free neighbours. Nothing here knows WebAssembly: memory comes from a
// source, so that tests run it natively.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace proxy_wasm {

// `Source` has a function
//     static void* grow(size_t least, size_t* got)
// that returns the address of `*got` >= `least` fresh bytes, aligned to kAlignment, or null if there
// are none left. The bytes may or may not follow those of the last call: somebody else may grow the
// same memory.
template <class Source>
class Heap {
 public:
  static constexpr size_t kAlignment = 16;  // of whatever is allocated: alignof(max_align_t)

  // Null if `size` bytes cannot be had.
  void* allocate(size_t size) {
    if (size > kMaxSize) return nullptr;
    const size_t need = chunk_size(size);
    Chunk* chunk = find(need);
    if (chunk == nullptr) chunk = extend(need);
    if (chunk == nullptr) return nullptr;
    unlink(chunk);
    return use(chunk, need);
  }

  void release(void* pointer) {
    if (pointer == nullptr) return;
    Chunk* chunk = chunk_of(pointer);
    if (!chunk->used()) __builtin_trap();  // freed twice, or never allocated
    give(chunk, chunk->size());
  }

  // As realloc: the old block stays as it is if null is returned.
  void* resize(void* pointer, size_t size) {
    if (pointer == nullptr) return allocate(size);
    const size_t room = chunk_of(pointer)->size() - kHeader;
    if (size <= room) return pointer;
    void* moved = allocate(size);
    if (moved == nullptr) return nullptr;
    __builtin_memcpy(moved, pointer, room);
    release(pointer);
    return moved;
  }

  // `alignment` is a power of two.
  void* allocate_aligned(size_t alignment, size_t size) {
    if (alignment <= kAlignment) return allocate(size);
    if (alignment > kMaxSize || size > kMaxSize) return nullptr;
    auto* pointer = static_cast<char*>(allocate(size + alignment + kSmallest));
    if (pointer == nullptr) return nullptr;
    size_t skip = -reinterpret_cast<uintptr_t>(pointer) & (alignment - 1);
    if (skip == 0) return pointer;
    if (skip < kSmallest) skip += alignment;  // what is given back must be a chunk
    return split_front(pointer, skip);
  }

 private:
  static constexpr int kBins = 8 * sizeof(size_t);
  static_assert(sizeof(size_t) == sizeof(unsigned long), "for __builtin_clzl");
  static constexpr int kSearch = 8;
  static constexpr size_t kUsed = 1;  // sizes are multiples of kAlignment, their low bits are free
  static constexpr size_t kMaxSize = SIZE_MAX / 4;  // so that no sum of two wraps around

  struct Chunk {
    size_t before;         // size of the chunk that ends where this one begins; 0: none
    size_t size_and_used;  // of this one, header included
    Chunk* next;           // these two only while it is free: they lie in the caller's bytes
    Chunk** link;          // what points to it: its list, or the `next` of another

    size_t size() const { return size_and_used & ~kUsed; }
    bool used() const { return (size_and_used & kUsed) != 0; }
    Chunk* after() { return at(this, size()); }
  };
  static constexpr size_t kHeader = offsetof(Chunk, next);
  static constexpr size_t kSmallest = (sizeof(Chunk) + kAlignment - 1) & ~(kAlignment - 1);

  static Chunk* at(void* from, size_t bytes) {
    return reinterpret_cast<Chunk*>(static_cast<char*>(from) + bytes);
  }
  static Chunk* chunk_of(void* pointer) {
    return reinterpret_cast<Chunk*>(static_cast<char*>(pointer) - kHeader);
  }
  static size_t chunk_size(size_t size) {
    const size_t need = (size + kHeader + kAlignment - 1) & ~(kAlignment - 1);
    return need < kSmallest ? kSmallest : need;
  }
  static int bin_of(size_t size) { return kBins - 1 - __builtin_clzl(size); }

  // A free chunk of at least `need` bytes, still in its list. Only the first list holds any that are
  // too small.
  Chunk* find(size_t need) {
    for (int bin = bin_of(need); bin < kBins; ++bin) {
      Chunk* chunk = bins_[bin];
      for (int left = kSearch; chunk != nullptr && left != 0; --left) {
        if (chunk->size() >= need) return chunk;
        chunk = chunk->next;
      }
    }
    return nullptr;
  }

  // A free chunk of at least `need` bytes of fresh memory.
  Chunk* extend(size_t need) {
    // What a chunk hands out is aligned, so its header is not; and a used chunk without bytes ends
    // each region, so that every other has a neighbour behind it.
    constexpr size_t kFront = (kAlignment - kHeader % kAlignment) % kAlignment;
    size_t got = 0;
    void* fresh = Source::grow(need + kFront + kHeader, &got);
    if (fresh == nullptr) return nullptr;
    Chunk* chunk = at(fresh, kFront);
    if (fence_ != nullptr && at(fence_, kHeader) == fresh) {
      chunk = fence_;  // memory grew where the last region ends: one region again
    } else {
      chunk->before = 0;
    }
    char* end = static_cast<char*>(fresh) + (got & ~(kAlignment - 1));
    fence_ = chunk_of(end);
    fence_->size_and_used = kHeader | kUsed;
    return give(chunk, static_cast<size_t>(reinterpret_cast<char*>(fence_) -
                                           reinterpret_cast<char*>(chunk)));
  }

  // Makes a free chunk of `size` bytes, joined with its free neighbours, and hangs it up.
  Chunk* give(Chunk* chunk, size_t size) {
    Chunk* after = at(chunk, size);
    if (!after->used()) {
      unlink(after);
      size += after->size();
    }
    if (chunk->before != 0) {
      Chunk* before = chunk_before(chunk);
      if (!before->used()) {
        unlink(before);
        size += before->size();
        chunk = before;
      }
    }
    chunk->size_and_used = size;
    chunk->after()->before = size;
    return hang(chunk);
  }

  static Chunk* chunk_before(Chunk* chunk) {
    return reinterpret_cast<Chunk*>(reinterpret_cast<char*>(chunk) - chunk->before);
  }

  // Takes `need` bytes of an unlinked chunk into use and gives back the rest.
  void* use(Chunk* chunk, size_t need) {
    const size_t rest = chunk->size() - need;
    chunk->size_and_used |= kUsed;
    if (rest >= kSmallest) {
      chunk->size_and_used = need | kUsed;
      chunk->after()->before = need;
      give(chunk->after(), rest);
    }
    return at(chunk, kHeader);
  }

  // Gives back the `skip` bytes before an aligned address inside a used chunk.
  void* split_front(char* pointer, size_t skip) {
    Chunk* front = chunk_of(pointer);
    const size_t whole = front->size();
    Chunk* aligned = at(front, skip);
    aligned->before = skip;
    aligned->size_and_used = (whole - skip) | kUsed;
    aligned->after()->before = whole - skip;
    give(front, skip);
    return pointer + skip;
  }

  Chunk* hang(Chunk* chunk) {
    chunk->link = &bins_[bin_of(chunk->size())];
    chunk->next = *chunk->link;
    *chunk->link = chunk;
    if (chunk->next != nullptr) chunk->next->link = &chunk->next;
    return chunk;
  }

  static void unlink(Chunk* chunk) {
    *chunk->link = chunk->next;
    if (chunk->next != nullptr) chunk->next->link = chunk->link;
  }

  Chunk* bins_[kBins] = {};
  Chunk* fence_ = nullptr;
};

}  // namespace proxy_wasm
