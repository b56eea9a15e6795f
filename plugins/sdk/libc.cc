// Functions of libc that are unrolled there, for speed on long strings, to several times their
// size. Plugins compare and measure short ones.
#include <stddef.h>

extern "C" {

__attribute__((no_builtin("memcmp"))) int memcmp(const void* left, const void* right, size_t size) {
  auto* a = static_cast<const unsigned char*>(left);
  auto* b = static_cast<const unsigned char*>(right);
  for (; size != 0; --size) {
    if (*a != *b) return *a - *b;
    ++a;
    ++b;
  }
  return 0;
}

__attribute__((no_builtin("strlen"))) size_t strlen(const char* text) {
  size_t size = 0;
  while (text[size] != '\0') ++size;
  return size;
}

}  // extern "C"
