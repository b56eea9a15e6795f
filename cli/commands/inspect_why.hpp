// `wasmctl inspect --why NAME`: who pulls a function or an import in, and what would go with it.
// `--calls`: who calls the host, and who allocates.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/output/output.hpp"
#include "wasm/module.hpp"
#include "wasm/symbols.hpp"

namespace wasmctl::cli {

// `name` is an import (`fd_write`, `env.proxy_log`), an export, or a function's readable name,
// whole or a part that no other has. Throws Error{Code::not_found} or {usage}.
void print_why(Output out, const wasm::Module& module, const wasm::Symbols& symbols,
               const std::string& name);
nlohmann::json why_json(const wasm::Module& module, const wasm::Symbols& symbols,
                        const std::string& name);

void print_calls(Output out, const wasm::Module& module, const wasm::Symbols& symbols);
// {"proxy_log": ["acme::f()", ...], ...}, of each imported function.
nlohmann::json callers_json(const wasm::Module& module, const wasm::Symbols& symbols);

}  // namespace wasmctl::cli
