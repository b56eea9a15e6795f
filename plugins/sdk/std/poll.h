// <poll.h>: a module cannot wait.
#pragma once

#include_next <poll.h>

#include "proxy_wasm_libc.h"

PROXY_WASM_BEGIN_C
PROXY_WASM_NO_WAIT(int poll(struct pollfd*, nfds_t, int));
PROXY_WASM_END_C
