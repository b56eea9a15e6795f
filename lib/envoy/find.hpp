// Where on this machine an Envoy is.
#pragma once

#include <filesystem>
#include <string>

namespace wasmctl::envoy {

namespace fs = std::filesystem;

struct Search {
  std::string named;        // by --envoy: a path, or a name on PATH; empty: look for one
  std::string environment;  // $ENVOY_PATH, the same
  std::string path;         // $PATH
  // `.venv/bin/envoy` of this one or of one above it, where none but the caller and root may write.
  fs::path directory;
};

// Named, else $ENVOY_PATH, else `envoy` on PATH, else .venv. Throws Error{Code::tool_missing}, with
// how to get one if none was named.
fs::path find_envoy(const Search& search);

// "1.40.0", as the program says of itself. Throws Error{Code::tool_missing} for what is no Envoy.
std::string version_of(const fs::path& envoy);

}  // namespace wasmctl::envoy
