// What `throw` does: it tells the host's log the exception's type, and traps.
//
// A module has no way to unwind its stack: Debian's libc++abi for wasm32 is built without it, and
// the hosts differ in what they know of WebAssembly's exceptions. So a plugin is compiled with
// -fno-exceptions, or, if its sources say `throw` or `try`, with -fignore-exceptions: a try block
// then is a block, its handlers are never entered, and a throw comes here. That is also what the
// upstream SDK's toolchain does.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <typeinfo>

#include "proxy_wasm_externs.h"

extern "C" {

void* __cxa_allocate_exception(size_t size) noexcept {
  void* const exception = malloc(size);
  if (exception == nullptr) __builtin_trap();
  return exception;
}

void __cxa_free_exception(void* exception) noexcept {
  free(exception);
}

[[noreturn]] void __cxa_throw(void*, std::type_info* type, void (*)(void*)) {
  // The name is mangled: to read it back would cost more than the plugin.
  char line[256] = "uncaught exception of type ";
  const size_t before = strlen(line);
  const size_t size = strnlen(type->name(), sizeof line - before);
  memcpy(line + before, type->name(), size);
  proxy_log(LogLevel::critical, line, before + size);
  __builtin_trap();
}

[[noreturn]] void __cxa_rethrow() {
  __builtin_trap();
}

// Handlers are compiled, though never entered.
void* __cxa_begin_catch(void* exception) noexcept {
  return exception;
}
void __cxa_end_catch() {}

}  // extern "C"
