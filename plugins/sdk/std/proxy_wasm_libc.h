// What the headers of libc say here of functions that compile and link and yet do nothing: a module
// has no files, and cannot wait. It is a warning, since a library that is compiled for Wasm may have
// them in places that are never reached.
#pragma once

#define PROXY_WASM_NO_WAIT(declaration)                                                           \
  declaration __attribute__((diagnose_if(                                                         \
      1,                                                                                          \
      "a module cannot wait, and this returns at once: answer StopIteration, and go on from onTick", \
      "warning")))
#define PROXY_WASM_NO_FILES_HERE(declaration)                                                      \
  declaration __attribute__((diagnose_if(                                                          \
      1,                                                                                           \
      "a module has no files, and this fails: read the plugin's configuration, or compile the data in", \
      "warning")))

#ifdef __cplusplus
#define PROXY_WASM_BEGIN_C extern "C" {
#define PROXY_WASM_END_C }
#else
#define PROXY_WASM_BEGIN_C
#define PROXY_WASM_END_C
#endif
