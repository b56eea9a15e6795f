// <dirent.h>: a module has no files.
#pragma once

#include_next <dirent.h>

#include "proxy_wasm_libc.h"

PROXY_WASM_BEGIN_C
PROXY_WASM_NO_FILES_HERE(DIR* opendir(const char*));
PROXY_WASM_END_C
