// What <fstream> and <filesystem> say where libc++ has no files.
#pragma once

#include "proxy_wasm_one_thread.h"

#if defined(_LIBCPP_HAS_FILESYSTEM) && !_LIBCPP_HAS_FILESYSTEM
#define PROXY_WASM_NO_FILES 1
#else
#define PROXY_WASM_NO_FILES 0
#endif

#define PROXY_WASM_NO_FILE \
  PROXY_WASM_UNAVAILABLE(  \
      "a module has no files: read the plugin's configuration, or compile the data in")
