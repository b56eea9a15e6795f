// <sys/stat.h>: a module has no files.
#pragma once

#include_next <sys/stat.h>

#include "proxy_wasm_libc.h"

PROXY_WASM_BEGIN_C
PROXY_WASM_NO_FILES_HERE(int stat(const char* __restrict, struct stat* __restrict));
PROXY_WASM_NO_FILES_HERE(int lstat(const char* __restrict, struct stat* __restrict));
PROXY_WASM_NO_FILES_HERE(int mkdir(const char*, mode_t));
PROXY_WASM_END_C
