// Upstream, this header brings messages of protobuf along. Here a payload is its bytes, and
// proxy_wasm_protobuf.h reads and writes them; for messages, link a protobuf library of your own.
#pragma once

#include "proxy_wasm_intrinsics.h"
