// The variables of the environment that are heeded: this table is what `wasmctl --help` and
// wasmctl(1) print. A test compares it with what the sources read.
#pragma once

#include <string_view>

namespace wasmctl::cli {

struct Variable {
  std::string_view name;
  std::string_view meaning;
};

inline constexpr Variable kVariables[] = {
    {"WASMCTL_CLANG", "the compiler, as with --clang"},
    {"WASI_SDK_PATH", "a wasi-sdk, whose compiler is taken"},
    {"RUSTC, CARGO_HOME", "Rust's compiler and crates, as cargo takes them"},
    {"ENVOY_PATH", "the Envoy that `run` and `test --in envoy` start"},
    {"DOCKER_CONFIG", "the directory of docker's config.json, with logins of registries"},
    {"DOCKER_AUTH_CONFIG", "such a config itself; its `auths` count"},
    {"REGISTRY_AUTH_FILE", "a file of such logins, as podman has it"},
    {"HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "the way to registries, as Go's programs read them"},
    {"SSL_CERT_FILE, SSL_CERT_DIR", "the certificate authorities, in place of the system's"},
    {"COSIGN_PASSWORD", "the password of an encrypted private key"},
    {"SOURCE_DATE_EPOCH", "the time that an image says it was made at; else it says none"},
    {"XDG_CACHE_HOME", "where what can be made again is kept: the SDK, uploads"},
    {"XDG_CONFIG_HOME, XDG_RUNTIME_DIR", "where podman's logins and certificates are looked for"},
    {"HOME", "likewise, of the directories that have no variable of their own"},
    {"TMPDIR", "where large blobs are kept while they are worked on"},
    {"PATH", "where programs are looked for"},
    {"NO_COLOR", "no colours, if it is set and not empty; nor if TERM is `dumb`"},
    {"GITHUB_ACTIONS", "if `true`, findings and failed tests are annotations as well"},
};

// Of these: what no program that is started needs to know.
inline constexpr std::string_view kSecretVariables[] = {"COSIGN_PASSWORD", "DOCKER_AUTH_CONFIG"};

}  // namespace wasmctl::cli
