// Which certificates a connection to a registry takes, as docker and podman keep them:
//
//     certs.d/HOST[:PORT]/*.crt    authorities, besides the system's
//     certs.d/HOST[:PORT]/*.cert   a client's certificate, with the key in *.key
//
// The system's authorities are a file and a directory of many; in their place is what SSL_CERT_FILE
// and SSL_CERT_DIR name, as for Go's programs, which all peers are.
// Sources: Docker's "Verify repository client with certificates"; containers-certs.d(5); Go
// crypto/x509, root_unix.go.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "http/http.hpp"
#include "registry/credentials.hpp"

namespace wasmctl::registry {

// `given`, and what it leaves out: of the directories ~/.config/containers/certs.d,
// ~/.config/docker/certs.d, /etc/containers/certs.d and /etc/docker/certs.d the first that has one
// for `registry`, and what these variables name. Whether that can be used is seen when a
// certificate is judged by it. Throws Error{Code::not_found} for a certificate without its key,
// {io} for what cannot be read.
http::TlsOptions with_certificates(http::TlsOptions given, const std::string& registry,
                                   const Environment& env);

// The file of the system's authorities, or what SSL_CERT_FILE names in its place. Throws
// Error{Code::not_found} if there is none.
std::filesystem::path authorities_file(const Environment& env);

// How many certificates a PEM text has.
std::size_t count_certificates(std::string_view pem);

}  // namespace wasmctl::registry
