// References: where an image is, as the user writes it.
//
//     REGISTRY/REPOSITORY[:TAG][@DIGEST]     ghcr.io/acme/header-logger:v1
//     oci:DIR[:TAG][@DIGEST]                 oci:build/layout:v1, an image layout on disk
//     oci:DIR:NAME[@DIGEST]                  oci:build/layout:localhost/acme/f:v1 (if DIR exists)
//
// A subset of what docker, Istio and crane read, with the same meaning: the registry must be
// written, so that a mistyped path is never taken for an image of Docker Hub.
// Sources: OCI Distribution Specification v1.1, "Pulling manifests" (the grammar of names and
// tags); go-containerregistry pkg/name, which is Istio's parser (docker.io and its `library/`, at
// least two characters in a repository).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "oci/digest.hpp"

namespace wasmctl::oci {

// What a store is asked for: the digest if there is one, else the tag, else `latest`.
struct Selector {
  std::optional<std::string> tag;  // in a layout any name that another tool has given
  std::optional<Digest> digest;
  bool operator==(const Selector&) const = default;
};

struct Reference : Selector {
  std::string registry;             // "ghcr.io", "localhost:5000", "[::1]:5000"; empty: a layout
  std::string repository;           // "acme/header-logger"; empty for a layout
  std::filesystem::path directory;  // of a layout

  bool is_layout() const { return registry.empty(); }
  bool operator==(const Reference&) const = default;
};

// Throws Error{Code::usage} naming the part that is wrong and its form. `index.docker.io` and
// `registry-1.docker.io` become `docker.io`; its repositories of one word get `library/`.
Reference parse_reference(std::string_view text);

// The same as docker, Istio and Envoy Gateway read it: what names no registry is an image of Docker
// Hub. Never a layout.
Reference parse_image_name(std::string_view text);

// Whether the first word of a name is a registry, by docker's rule, and not a part of the
// repository.
bool is_registry_name(std::string_view word);

// Docker Hub, by the name that its references have, and by its servers' own names.
inline constexpr std::string_view kDockerHub = "docker.io";
bool is_docker_hub(std::string_view registry);

// The host that is asked for a registry's images.
std::string api_host(const std::string& registry);

// The key by which docker's config.json knows a registry: Docker Hub's is older than it.
std::string docker_config_key(const std::string& registry);

// A registry alone: "ghcr.io", "localhost:5000". Throws Error{Code::usage}.
std::string parse_registry(std::string_view text);

// Parses back to the same reference.
std::string to_string(const Reference& reference);

// The image itself and no later one: the same name and tag, and the digest of its manifest.
Reference pinned(Reference reference, const Digest& digest);
Selector pinned(Selector selector, const Digest& digest);

// What no tag of its own names.
Selector by_digest(const Digest& digest);

// As a registry is asked.
std::string tag_or_digest(const Selector& selector);

// The tag that a push sets: none for what is named by its digest alone.
std::optional<std::string> tag_to_set(const Selector& selector);

// [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}
bool is_tag(std::string_view text);

}  // namespace wasmctl::oci
