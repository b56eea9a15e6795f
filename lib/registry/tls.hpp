// Which certificates a connection to a registry takes, as docker and podman keep them:
//
//     certs.d/HOST[:PORT]/*.crt    authorities, besides the system's
//     certs.d/HOST[:PORT]/*.cert   a client's certificate, with the key in *.key
//
// Sources: Docker's "Verify repository client with certificates"; containers-certs.d(5).
#pragma once

#include <filesystem>
#include <string>

#include "registry/credentials.hpp"
#include "registry/http.hpp"

namespace wasmctl::registry {

// Of the directories ~/.config/containers/certs.d, ~/.config/docker/certs.d,
// /etc/containers/certs.d and /etc/docker/certs.d the first that has one for `registry`; nothing is
// set if none has. Throws Error{Code::not_found} for a certificate without its key, {io} for what
// cannot be read.
TlsOptions find_certificates(const std::string& registry, const Environment& env);

}  // namespace wasmctl::registry
