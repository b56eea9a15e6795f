#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "plugins/sdk/proxy_wasm_heap.h"

namespace {

// Memory in one piece, of which `limit` bytes are given out; a gap before each piece if `apart`.
struct Arena {
  static constexpr std::size_t kSize = 16 << 20;
  static inline std::unique_ptr<char[]> bytes;
  static inline std::size_t used = 0;
  static inline std::size_t limit = kSize;
  static inline bool apart = false;

  static void reset(std::size_t most = kSize, bool with_gaps = false) {
    bytes = std::make_unique<char[]>(kSize + 16);
    used = 0;
    limit = most;
    apart = with_gaps;
  }
  static char* grow(std::size_t least, std::size_t* got) {
    if (apart) used += 64;
    *got = (least + 4095) / 4096 * 4096;
    if (used + *got > limit) return nullptr;
    char* const start = bytes.get();
    const auto skew = (16 - reinterpret_cast<std::uintptr_t>(start) % 16) % 16;
    char* const piece = start + skew + used;
    used += *got;
    return piece;
  }
};
using Heap = proxy_wasm::Heap<Arena>;

struct Allocation {
  unsigned char* pointer;
  std::size_t size;
  unsigned char mark;
};

void fill(Allocation& a) {
  std::memset(a.pointer, a.mark, a.size);
}

bool intact(const Allocation& a) {
  for (std::size_t i = 0; i < a.size; ++i) {
    if (a.pointer[i] != a.mark) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("heap: blocks are aligned, distinct and keep what is written") {
  for (const bool apart : {false, true}) {
    CAPTURE(apart);
    Arena::reset(Arena::kSize, apart);
    Heap heap;
    std::mt19937 random(7);
    std::vector<Allocation> live;
    for (int step = 0; step < 20000; ++step) {
      if (live.size() > 200 || (!live.empty() && random() % 3 == 0)) {
        const auto victim = random() % live.size();
        REQUIRE(intact(live[victim]));
        if (random() % 4 == 0) {
          const std::size_t size = random() % 3000;
          auto* moved = static_cast<unsigned char*>(heap.resize(live[victim].pointer, size));
          REQUIRE(moved != nullptr);
          live[victim].pointer = moved;
          live[victim].size = std::min(live[victim].size, size);
          REQUIRE(intact(live[victim]));
          continue;
        }
        heap.release(live[victim].pointer);
        live[victim] = live.back();
        live.pop_back();
        continue;
      }
      const std::size_t alignment = std::size_t{1} << (random() % 9);
      Allocation a{nullptr, random() % (random() % 10 == 0 ? 20000 : 200),
                   static_cast<unsigned char>(random())};
      a.pointer = static_cast<unsigned char*>(heap.allocate_aligned(alignment, a.size));
      REQUIRE(a.pointer != nullptr);
      REQUIRE(reinterpret_cast<std::uintptr_t>(a.pointer) % std::max<std::size_t>(16, alignment) ==
              0);
      REQUIRE(Heap::room(a.pointer) >= a.size);
      fill(a);
      live.push_back(a);
    }
    for (const auto& a : live) CHECK(intact(a));
  }
}

TEST_CASE("heap: what was freed is used again") {
  Arena::reset();
  Heap heap;
  void* first = heap.allocate(1000);
  heap.release(first);
  CHECK(heap.allocate(900) == first);
  for (int i = 0; i < 100000; ++i) heap.release(heap.allocate(5000));
  CHECK(Arena::used <= 64 * 1024);
}

TEST_CASE("heap: no memory is null, and the heap goes on") {
  Arena::reset(64 * 1024);
  Heap heap;
  CHECK(heap.allocate(1 << 20) == nullptr);
  CHECK(heap.allocate(SIZE_MAX) == nullptr);
  CHECK(heap.allocate(SIZE_MAX - 8) == nullptr);
  CHECK(heap.allocate_aligned(std::size_t{1} << 40, 8) == nullptr);
  void* small = heap.allocate(100);
  REQUIRE(small != nullptr);
  std::memset(small, 'x', 100);
  CHECK(heap.resize(small, 1 << 20) == nullptr);
  CHECK(static_cast<char*>(small)[99] == 'x');
  heap.release(nullptr);
  CHECK(heap.resize(nullptr, 10) != nullptr);
}
