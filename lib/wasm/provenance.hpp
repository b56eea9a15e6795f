// Who made a module: the Proxy-Wasm SDK in it, with its version where the module says so, and
// whether it is made for Higress, whose hosts offer more than Envoy.
#pragma once

#include <string>

#include "wasm/module.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::wasm {

struct Provenance {
  std::string sdk;  // "proxy-wasm-rust-sdk 0.2.2"; empty: not recognized
  bool for_higress = false;
};

// By what a stripped module keeps, too: paths of sources in panic messages (Rust), the list of
// dependencies (Go), imports; else by the names of functions.
Provenance provenance(const Module& module, const Symbols& symbols);

}  // namespace wasmctl::wasm
