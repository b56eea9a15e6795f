// What a module does, so far as it matters to the rules about manifests.
#pragma once

#include "kube/check/inventory.hpp"
#include "wasm/module.hpp"

namespace wasmctl::cli {

kube::ModuleFacts facts_of(const wasm::Module& module);

}  // namespace wasmctl::cli
