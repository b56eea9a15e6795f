#include "cli/flags/identity.hpp"

#include <fmt/format.h>

namespace wasmctl::cli {

std::string identity_of(const oci::Reference& reference) {
  if (reference.is_layout()) return "";
  // Docker Hub by the name that its index has.
  const auto registry =
      oci::is_docker_hub(reference.registry) ? "index.docker.io" : reference.registry;
  return fmt::format("{}/{}", registry, reference.repository);
}

}  // namespace wasmctl::cli
