// <stdio.h>: a module has no files. What goes to stdout and stderr is in the proxy's log.
#pragma once

#include_next <stdio.h>

#include "proxy_wasm_libc.h"

PROXY_WASM_BEGIN_C
PROXY_WASM_NO_FILES_HERE(FILE* fopen(const char* __restrict, const char* __restrict));
PROXY_WASM_NO_FILES_HERE(
    FILE* freopen(const char* __restrict, const char* __restrict, FILE* __restrict));
PROXY_WASM_NO_FILES_HERE(int remove(const char*));
PROXY_WASM_NO_FILES_HERE(int rename(const char*, const char*));
PROXY_WASM_END_C
