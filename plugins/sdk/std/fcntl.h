// <fcntl.h>: a module has no files.
#pragma once

#include_next <fcntl.h>

#include "proxy_wasm_libc.h"

PROXY_WASM_BEGIN_C
PROXY_WASM_NO_FILES_HERE(int open(const char*, int, ...));
PROXY_WASM_NO_FILES_HERE(int openat(int, const char*, int, ...));
PROXY_WASM_NO_FILES_HERE(int creat(const char*, mode_t));
PROXY_WASM_END_C
