// What Debian's libc++ is compiled to check: that nobody wrote beyond an array on the stack. Only
// parts of it that a plugin rarely uses are, such as std::format.
#include <stdint.h>

#include <string_view>

#include "proxy_wasm_externs.h"

extern "C" {

[[gnu::weak]] uintptr_t __stack_chk_guard = 0x57ac4a5e;

[[noreturn, gnu::weak]] void __stack_chk_fail() {
  constexpr std::string_view kText = "an array on the stack was written beyond its end";
  proxy_log(LogLevel::critical, kText.data(), kText.size());
  __builtin_trap();
}

}  // extern "C"
