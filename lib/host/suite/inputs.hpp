// What a test gives a plugin, without what it expects: as a suite in JSON, which is YAML, too.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/suite/suite.hpp"

namespace wasmctl::host {

// Puts `bytes` under `name`; if they are not UTF-8, in base64 under `name` + "_base64".
void put_bytes(nlohmann::ordered_json& value, const std::string& name, const std::string& bytes);

// A suite of that one test. Contents of files are in it; it is in the words of the suite's schema.
// Throws Error{Code::bad_input} or Error{Code::not_found} for a file that cannot be read, or holds
// what is not UTF-8.
nlohmann::ordered_json inputs_of(const Suite& suite, const Test& test);

}  // namespace wasmctl::host
