// Full validation: every function body type-checks, every index exists. libwabt stays behind this
// header.
#pragma once

#include <string_view>

namespace wasmctl::wasm {

// Throws Error{Code::bad_input}, `file` first, with what is wrong and where. `bytes` must be what
// parse_module() accepted, of no proposal that libwabt 1.0.32 does not know: it would refuse what
// proxies load.
void validate(std::string_view bytes, std::string_view file);

}  // namespace wasmctl::wasm
