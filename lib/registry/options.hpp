// How registries are spoken to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "http/http.hpp"
#include "http/network.hpp"
#include "registry/credentials.hpp"

namespace wasmctl::registry {

// What a user may say of one registry.
struct Transport {
  bool plain_http = false;  // HTTP without TLS; on loopback it is found out
  // Certificates that are not named are those that docker and podman keep.
  http::TlsOptions tls;
  // Blobs are sent in chunks of this many bytes; 0: in one request, or in chunks if a registry
  // finds that too large.
  std::uint64_t chunk_bytes = 0;
};

struct Options : Transport {
  // Environment variables that name credentials, certificates and proxies: DOCKER_CONFIG, HOME,
  // REGISTRY_AUTH_FILE, HTTPS_PROXY, ...
  Environment env;
  // In place of those that docker and podman keep.
  std::optional<Credentials> credentials;
  // A directory in which uploads are remembered, so that one that was killed is resumed; empty:
  // none.
  std::filesystem::path uploads;
  // Told of the bytes of blobs that are to go over the network, and that went; from several
  // threads. May be empty.
  std::function<void(std::uint64_t expected, std::uint64_t moved)> progress;
  // What the user should know although it is no error: a registry's Warning header, a broken
  // docker config. One line, lower case, without secrets.
  Warn warn;
  // Tests have networks of their own.
  std::function<http::Network(http::Options)> network = &http::real_network;
};

}  // namespace wasmctl::registry
