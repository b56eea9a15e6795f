// Programs that keep logins for docker and podman: docker-credential-NAME get, store or erase, with
// the rest on standard input.
// Source: docker-credential-helpers' protocol.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "registry/credentials.hpp"

namespace wasmctl::registry {

// As a config names it.
struct CredentialHelper {
  std::string name;              // "desktop" of docker-credential-desktop
  std::string key;               // where it is named: "credsStore" or "credHelpers"
  std::filesystem::path config;  // in which file

  std::string program() const;
};

// Those that the files of find_credentials() name, for whatever registry, each program once. A file
// that cannot be read is a warning.
std::vector<CredentialHelper> named_helpers(const Environment& env, const Warn& warn);

// Each throws Error{Code::tool_missing} where the helper is not installed, {bad_input} where its
// name or answer cannot be one, {io} where it fails or takes too long. No message holds a secret.

// Null if it knows no login to the registry.
std::optional<Credentials> ask_helper(const CredentialHelper& helper, const std::string& registry);

void store_in_helper(const CredentialHelper& helper, const std::string& registry,
                     const Credentials& credentials);

// True if there was something to erase.
bool erase_from_helper(const CredentialHelper& helper, const std::string& registry);

}  // namespace wasmctl::registry
