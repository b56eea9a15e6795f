// Who the user is to a registry, as docker and podman keep it: config files and credential helpers.
// Sources: docker/cli config file documentation, docker-credential-helpers' protocol,
// containers-auth.json(5).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace wasmctl::registry {

struct Credentials {
  std::string username;
  std::string password;
  std::string identity_token;  // an OAuth2 refresh token; then username and password are empty
  std::string registry_token;  // a bearer token to be sent as it is
  std::string source;          // for messages: the file, or the helper's name

  // "user `me` (from ~/.docker/config.json)"; never a secret.
  std::string describe() const;
};

using Environment = std::function<std::optional<std::string>(const std::string&)>;
using Warn = std::function<void(const std::string&)>;

// Looks for `registry` ("ghcr.io", "localhost:5000") and, more precisely, for `registry/repository`
// or a part of it. Places, first found wins: the file of $REGISTRY_AUTH_FILE; the text of
// $DOCKER_AUTH_CONFIG, of which only `auths` counts; $DOCKER_CONFIG/config.json or
// ~/.docker/config.json; podman's $XDG_RUNTIME_DIR/containers/auth.json and
// $XDG_CONFIG_HOME/containers/auth.json or ~/.config/containers/auth.json. In each: credHelpers,
// then credsStore, then auths. A file or helper that is broken is a warning, for anonymous access
// may do; so is what REGISTRY_AUTH_FILE or DOCKER_CONFIG names and does not exist.
std::optional<Credentials> find_credentials(const std::string& registry,
                                            const std::string& repository, const Environment& env,
                                            const Warn& warn);

// Keeps them in the first of those files: with the helper that it names for the registry, else in
// the file itself, which only its owner may read afterwards. Of logins at once none is lost.
// Returns the place, for a message. Throws Error{Code::io}, {tool_missing} for a helper that is not
// there or, for a config that cannot be read, {bad_input}.
std::string store_credentials(const std::string& registry, const Credentials& credentials,
                              const Environment& env);

struct Erased {
  std::vector<std::string> places;  // where there were any
  std::optional<Error> failure;     // the first: there may be some left
};

// Removes them from every place, whatever fails at another. A file that cannot be read is a
// warning.
Erased erase_credentials(const std::string& registry, const Environment& env, const Warn& warn);

}  // namespace wasmctl::registry
