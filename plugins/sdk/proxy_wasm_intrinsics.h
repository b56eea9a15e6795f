// Everything that a Proxy-Wasm plugin needs: #include this one.
//
// The names and their meaning are those of the Proxy-Wasm C++ SDK
// (github.com/proxy-wasm/proxy-wasm-cpp-sdk), so that a plugin written for it compiles unchanged;
// the code is wasmctl's own. What goes beyond that is in headers of its own: README.md lists them.
#pragma once

// A function that must stay in the module although nothing in it calls it.
#ifndef PROXY_WASM_KEEPALIVE
#define PROXY_WASM_KEEPALIVE __attribute__((used)) __attribute__((visibility("default")))
#endif

// Defines a function that the host calls: WASM_EXPORT(void, name, (uint32_t id)) { ... }
#ifdef __wasm__
#define WASM_EXPORT(return_type, name, parameters) \
  extern "C" __attribute__((used, export_name(#name))) return_type name parameters
#else
#define WASM_EXPORT(return_type, name, parameters) \
  extern "C" PROXY_WASM_KEEPALIVE return_type name parameters
#endif

// For plugins that can also be linked into the host; in a module of its own they mean nothing.
#define START_WASM_PLUGIN(name)
#define END_WASM_PLUGIN

#include "proxy_wasm_api.h"
