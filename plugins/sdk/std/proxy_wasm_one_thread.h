// What the headers of this directory have in common.
//
// A module runs on one thread, and has no files. libc++ for Wasm therefore leaves out std::mutex,
// std::thread, std::ifstream and their like, and a source that says them fails with "no member
// named". The headers here stand before libc++'s and add: what can work on one thread, works;
// what cannot is declared, so that the compiler says why, and what to use instead.
#pragma once

#include <version>

// Where libc++ has threads, it needs no help. (Before version 19 the macro is not defined.)
#if defined(_LIBCPP_HAS_THREADS) && !_LIBCPP_HAS_THREADS
#define PROXY_WASM_ONE_THREAD 1
#else
#define PROXY_WASM_ONE_THREAD 0
#endif

// A library has code for other machines, too: that must compile, and is left out when nothing calls
// it. What is called and not there, the linker does not find.
#ifdef PROXY_WASM_LIBRARY
#define PROXY_WASM_UNAVAILABLE(text)
#else
#define PROXY_WASM_UNAVAILABLE(text) __attribute__((unavailable(text)))
#endif

namespace proxy_wasm {

// The only thread waits for something that only another one could do. Logs that, and traps.
[[noreturn]] void wait_forever(const char* what);

}  // namespace proxy_wasm
