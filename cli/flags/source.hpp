// SOURCE, the argument of most commands: a plugin directory (which is built first), a .wasm file,
// an IMAGE, or `-` for standard input.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "base/content.hpp"
#include "cli/command.hpp"
#include "cli/flags/registry_flags.hpp"
#include "oci/pulled_image.hpp"
#include "oci/reference.hpp"
#include "plugin/plugin.hpp"
#include "registry/options.hpp"

namespace wasmctl::cli {

struct Directory {
  std::string path;
};
struct File {
  std::string path;
};
struct Stdin {};
using Source = std::variant<Directory, File, Stdin, oci::Reference>;

// `-` is standard input, what begins with `oci:` an image, and so is what is no directory or file
// but reads like one (oci::parse_reference). Throws Error{Code::not_found} for what looks like a
// path, and otherwise what is wrong with it as an image.
Source parse_source(const std::string& text);

// A plugin's name as SOURCE has it: the last part of its path or repository, as far as that can be
// a name in Kubernetes. Of a directory wasmctl.yaml's may be another.
std::string plugin_name(const Source& source);

// Where `wasmctl push` puts a plugin, and `render` looks for it: wasmctl.yaml's image, with its
// version as the tag; null if it names none.
std::optional<oci::Reference> default_reference(const plugin::Plugin& plugin);

// The images that one command opens, each once.
class Images {
 public:
  // Both must outlive it.
  Images(Context& context, const RegistryOptions& options);

  oci::PulledImage& open(const oci::Reference& reference);

 private:
  Context& context_;
  const RegistryOptions& flags_;
  std::optional<registry::Options> options_;  // since the first image
  std::map<std::string, oci::PulledImage> images_;
};

struct LocalModule {
  base::Content bytes;
  std::string path;                      // of the .wasm file, or the image's name; for messages
  std::optional<plugin::Plugin> plugin;  // when SOURCE was a plugin directory
};

// Whether a module that the proxy would refuse is refused.
enum class Lint : std::uint8_t { refuse, skip };

// --no-lint.
void add_lint_option(CLI::App& command, Lint& lint);

// The module of a directory (built), a file, an image or standard input as it is, for the commands
// that judge it.
LocalModule read_module(Context& context, const Source& source, Images& images);

// The same of an image.
LocalModule module_of(oci::PulledImage& image);

// Says so where another module than this may be meant.
void warn_of_choice(const oci::PulledImage& image, const oci::PulledImage::Module& module);

// What goes to a proxy: of a directory or file only, and what the proxy would refuse is refused.
// Throws Error{Code::not_found} for what is neither.
LocalModule load_module(Context& context, const Source& source, Lint lint = Lint::refuse);

}  // namespace wasmctl::cli
