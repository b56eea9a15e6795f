// SOURCE, the argument of most commands: a plugin directory (which is built first), a .wasm file,
// or an IMAGE.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/content.hpp"
#include "cli/command.hpp"
#include "cli/flags/build_flags.hpp"
#include "cli/flags/registry_flags.hpp"
#include "oci/consumers.hpp"
#include "plugin/plugin.hpp"

namespace wasmctl::cli {

struct LocalModule {
  base::Content bytes;                   // checked: what the proxy would refuse has been refused
  std::string path;                      // of the .wasm file, for messages
  std::optional<plugin::Plugin> plugin;  // when SOURCE was a plugin directory
};

struct ImageName {
  std::string text;  // not yet parsed: oci::parse_reference judges it
};

// Whether a module that the proxy would refuse is refused.
enum class Lint : std::uint8_t { refuse, skip };

// --no-lint.
void add_lint_option(CLI::App& command, Lint& lint);

// A plugin's directory and a path to an existing file are local; `oci:DIR` and
// all else is an image's name. Builds the plugin when it is a directory. Throws
// Error{Code::not_found} for what looks like a path (./x, /x, x/, x.wasm) but does not exist.
std::variant<LocalModule, ImageName> resolve_source(Context& context, const std::string& source,
                                                    const BuildFlags& build,
                                                    Lint lint = Lint::refuse);

// The bytes of a directory's module (built), of a file, of an image or of `-` (standard input), as
// they are: for the commands that judge them.
LocalModule read_unchecked(Context& context, const std::string& source, const BuildFlags& build,
                           const RegistryOptions& options);

// The package that `source` names, if it is an image: what read_unchecked() takes the module from.
std::optional<oci::ImageTree> read_image(Context& context, const std::string& source,
                                         const RegistryOptions& options);

// As resolve_source, where only a directory or file makes sense.
LocalModule load_module(Context& context, const std::string& source, const BuildFlags& build,
                        Lint lint = Lint::refuse);

}  // namespace wasmctl::cli
