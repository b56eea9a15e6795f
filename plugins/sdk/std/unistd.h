// <unistd.h>: a module cannot wait, and has no files.
#pragma once

#include_next <unistd.h>

#include "proxy_wasm_libc.h"

PROXY_WASM_BEGIN_C
PROXY_WASM_NO_WAIT(unsigned sleep(unsigned));
#if defined(_GNU_SOURCE) || defined(_BSD_SOURCE)
PROXY_WASM_NO_WAIT(int usleep(unsigned));
#endif
PROXY_WASM_NO_FILES_HERE(int access(const char*, int));
PROXY_WASM_NO_FILES_HERE(int unlink(const char*));
PROXY_WASM_NO_FILES_HERE(int rmdir(const char*));
PROXY_WASM_NO_FILES_HERE(int chdir(const char*));
PROXY_WASM_END_C
