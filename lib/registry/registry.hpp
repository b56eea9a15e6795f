// Registries, and the door to images of both kinds.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "oci/reference.hpp"
#include "oci/store.hpp"
#include "registry/options.hpp"

namespace wasmctl::registry {

// Said as soon as it is known that `reference` will be opened: what takes time is begun beside what
// else the program does. The result is kept until the program ends or fails. Never throws.
[[nodiscard]] std::jthread preconnect(const oci::Reference& reference);

// An image layout, or a repository of a registry.
std::unique_ptr<oci::Store> open_store(const oci::Reference& reference, const Options& options);

// All repositories of a registry, sorted, where it offers the list.
std::vector<std::string> repositories(const std::string& registry, const Options& options);

enum class LoginCheck { accepted, not_asked_for };

// Asks the registry whether it takes options.credentials, which it does not see unless it asks for
// a login itself. Throws Error{Code::denied} if it takes them not.
LoginCheck check_login(const std::string& registry, const Options& options);

}  // namespace wasmctl::registry
