// The flags that say which workload's pods a module is mounted into, and how.
#pragma once

#include <optional>
#include <string>

#include "cli/command.hpp"
#include "kube/mount.hpp"
#include "kube/workload.hpp"

namespace wasmctl::cli {

// --workload KIND/NAME
void add_workload_option(CLI::App& app, std::optional<kube::Workload>& workload,
                         const std::string& help);

// --mount
void add_mount_option(CLI::App& app, kube::MountStyle& style);

}  // namespace wasmctl::cli
