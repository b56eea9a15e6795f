// The header-logger without an SDK, as small as it gets by hand: no configuration, `User-Agent` at info.
// What the bench measures the SDK's header-logger beside.
#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

extern "C" {
IMPORT(proxy_log) uint32_t proxy_log(uint32_t level, const char* message, size_t size);
IMPORT(proxy_get_log_level) uint32_t proxy_get_log_level(uint32_t* level);
IMPORT(proxy_get_header_map_pairs)
uint32_t proxy_get_header_map_pairs(uint32_t type, const char** data, size_t* size);

static char arena[65536] __attribute__((aligned(16)));
static size_t used;

// All memory is of one request, and one request is served at a time.
EXPORT(malloc) void* malloc(size_t size) {
  if (size > sizeof arena - used) return nullptr;
  void* at = arena + used;
  used += (size + 15) & ~size_t{15};
  return at;
}
EXPORT(_initialize) void _initialize() {}
EXPORT(proxy_abi_version_0_2_1) void proxy_abi_version_0_2_1() {}
EXPORT(proxy_on_context_create) void proxy_on_context_create(uint32_t, uint32_t) {}

static uint32_t number(const char* at) { return *reinterpret_cast<const uint32_t*>(at); }

EXPORT(proxy_on_request_headers) uint32_t proxy_on_request_headers(uint32_t, uint32_t, uint32_t) {
  uint32_t level = 0;
  proxy_get_log_level(&level);
  if (level > 2) return 0;
  used = 0;
  const char* pairs = nullptr;
  size_t size = 0;
  if (proxy_get_header_map_pairs(0, &pairs, &size) != 0 || size < 4) return 0;
  const uint32_t count = number(pairs);
  const char* name = pairs + 4 + 8 * count;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t name_size = number(pairs + 4 + 8 * i);
    const uint32_t value_size = number(pairs + 8 + 8 * i);
    if (name_size == 10 && __builtin_memcmp(name, "user-agent", 10) == 0) {
      char* line = static_cast<char*>(malloc(12 + value_size));
      __builtin_memcpy(line, "User-Agent: ", 12);
      __builtin_memcpy(line + 12, name + 11, value_size);
      proxy_log(2, line, 12 + value_size);
    }
    name += name_size + value_size + 2;
  }
  return 0;
}
}  // extern "C"

extern "C" int memcmp(const void* a, const void* b, size_t n) {
  auto* x = static_cast<const char*>(a);
  auto* y = static_cast<const char*>(b);
  for (size_t i = 0; i < n; ++i) {
    if (x[i] != y[i]) return x[i] - y[i];
  }
  return 0;
}
