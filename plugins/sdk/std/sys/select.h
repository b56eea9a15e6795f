// <sys/select.h>: a module cannot wait.
#pragma once

#include_next <sys/select.h>

#include "proxy_wasm_libc.h"

PROXY_WASM_BEGIN_C
PROXY_WASM_NO_WAIT(int select(int, fd_set* __restrict, fd_set* __restrict, fd_set* __restrict,
                       struct timeval* __restrict));
PROXY_WASM_END_C
