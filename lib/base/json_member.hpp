// Members of JSON objects that come from outside, and may be missing or of any type.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace wasmctl::base {

// The string `key` of an object; empty if there is none, or it is not a string.
std::string text_member(const nlohmann::json& object, const char* key);

}  // namespace wasmctl::base
