// What a plugin's sources say of its configuration: PROXY_WASM_DESCRIBE (proxy_wasm_schema.h of the
// SDK) leaves three custom sections in the linked module, which become files beside it:
//     NAME.schema.json   the JSON Schema
//     NAME.example.json  all keys at their initial values
//     NAME.config.md     the table of the keys, for a README
#pragma once

#include <filesystem>
#include <string_view>

#include "wasm/module.hpp"

namespace wasmctl::compile {

// True for the name of one of those sections.
bool is_description(std::string_view section);

// Writes the files beside `module_file` (NAME.wasm), where they differ, and removes those that
// `module`, read from `bytes`, has no section for. Throws Error{Code::build_failed} if a section is
// not what one PROXY_WASM_DESCRIBE writes.
void write_descriptions(const wasm::Module& module, const std::filesystem::path& module_file);

}  // namespace wasmctl::compile
