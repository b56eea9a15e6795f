// Keys as `--key` names them: a file of PEM, or `env://NAME` for one that stands in a variable, as
// cosign has it.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "sign/key.hpp"

namespace wasmctl::cli {

// The help of a flag that takes one.
inline constexpr char kPublicKeyHelp[] = "The public key, in PEM: a FILE, or env://VARIABLE";

sign::PublicKey read_public_key(Context& context, const std::string& name);

// The password of an encrypted one is $COSIGN_PASSWORD, which may be empty, or else asked for on
// the terminal; without a terminal it is the empty one.
sign::PrivateKey read_private_key(Context& context, const std::string& name);

// For a new key, typed twice. Throws Error{Code::usage} where nobody can be asked.
std::string new_password(Context& context);

}  // namespace wasmctl::cli
