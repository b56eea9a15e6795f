// What a suite gives a plugin, as the bytes and headers that it gets.
#pragma once

#include <string>
#include <vector>

#include "host/abi.hpp"
#include "host/suite/http1.hpp"
#include "host/suite/suite.hpp"

namespace wasmctl::host {

Pairs pairs_of(const std::vector<Header>& headers);

// The headers of `input`: its list, or what its HTTP/1 text says. All that follow throw
// Error{Code::bad_input}, or Error{Code::not_found} for a file that is not there.
Pairs input_headers(const Suite& suite, const Input& input, MessageKind kind);

std::string input_body(const Suite& suite, const Input& input);

// `body` in the pieces that the test asks for; of nothing one empty piece.
std::vector<std::string> pieces_of(const Test& test, const std::string& body);

}  // namespace wasmctl::host
