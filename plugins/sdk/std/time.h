// <time.h>: a module cannot wait. Clocks work.
#pragma once

#include_next <time.h>

#include "proxy_wasm_libc.h"

PROXY_WASM_BEGIN_C
PROXY_WASM_NO_WAIT(int nanosleep(const struct timespec*, struct timespec*));
PROXY_WASM_NO_WAIT(int clock_nanosleep(clockid_t, int, const struct timespec*, struct timespec*));
PROXY_WASM_END_C
