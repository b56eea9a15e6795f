// Functions of libc that are larger there than a plugin needs them. Weak: who defines one himself,
// on the raw ABI, gets his own.
#include <stddef.h>
#include <time.h>

extern "C" {

// A module is never asked to leave: its static objects are not destroyed.
[[gnu::weak]] void __wasm_call_dtors() {}

// The host's log gets a backtrace; the stream is answered with 503, or what the plugin's fail
// policy says.
[[noreturn, gnu::weak]] void abort() {
  __builtin_trap();
}

// libc has none for Wasm: no host says how much processor time a module has had. The time that has
// passed serves those who measure how long something takes.
[[gnu::weak]] clock_t clock() {
  timespec now{};
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return -1;
  return now.tv_sec * clock_t{CLOCKS_PER_SEC} + now.tv_nsec / (1'000'000'000 / CLOCKS_PER_SEC);
}

// These two are unrolled in libc, for speed on long strings, to several times their size. Plugins
// compare and measure short ones.
[[gnu::weak]] __attribute__((no_builtin("memcmp"))) int memcmp(const void* left, const void* right,
                                                               size_t size) {
  auto* a = static_cast<const unsigned char*>(left);
  auto* b = static_cast<const unsigned char*>(right);
  for (; size != 0; --size) {
    if (*a != *b) return *a - *b;
    ++a;
    ++b;
  }
  return 0;
}

[[gnu::weak]] __attribute__((no_builtin("strlen"))) size_t strlen(const char* text) {
  size_t size = 0;
  while (text[size] != '\0') ++size;
  return size;
}

}  // extern "C"
