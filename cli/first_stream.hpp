// A trial of a module in the embedded host, up to the first request: some mistakes are not in the
// bytes, and Envoy would say nothing of them before a request comes.
#pragma once

#include <optional>
#include <string>

#include "base/content.hpp"
#include "plugin/plugin.hpp"
#include "wasm/lint/lint.hpp"

namespace wasmctl::cli {

// What the plugin gets by its wasmctl.yaml; empty if that says nothing.
std::string own_configuration(const plugin::Plugin& plugin);

// None where all is well, or where nothing can be said: the start fails, as without a
// configuration, the embedded host does not run the module, or that is larger than 8 MiB.
std::optional<wasm::StreamFailure> try_first_stream(const base::Content& module,
                                                    const std::string& configuration);

}  // namespace wasmctl::cli
