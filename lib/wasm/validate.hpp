// Full validation: every function body type-checks, every index exists. libwabt stays behind this
// header.
#pragma once

#include <string_view>

namespace wasmctl::wasm {

enum class FunctionBodies { check, skip };

// Throws Error{Code::bad_input}, `file` first, with what is wrong and where. `bytes` must be what
// parse_module() accepted. Bodies are skipped for a module with exception tags: libwabt 1.0.32
// knows an earlier form of that proposal only, and would refuse what proxies load.
void validate(std::string_view bytes, std::string_view file, FunctionBodies bodies);

}  // namespace wasmctl::wasm
