// What a module does, so far as its imports and exports tell, for the rules of check.
#pragma once

#include "kube/check/inventory.hpp"
#include "wasm/module.hpp"

namespace wasmctl::kube {

// Without the plugin's name, which the module does not know.
ModuleFacts facts_of(const wasm::Module& module);

}  // namespace wasmctl::kube
