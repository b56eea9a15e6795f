// A plugin's directory and its wasmctl.yaml: the one file that carries what build, push and render
// all need. The file is optional; without it every *.cc, *.cpp, *.cxx and *.c of the directory is
// compiled, and the directory's name is the plugin's. A directory with a Cargo.toml or go.mod is
// built by cargo or Go, by what is written there.
//
//     name: header-logger
//     version: 0.1.0
//     sources: [header_logger.cc]          # default: *.cc, *.cpp, *.cxx, *.c
//     defines: ['STAGE="prod"', FAST]      # as -D; down to ldflags for C and C++ alone:
//                                          # build_settings.hpp
//     includes: [include, ../shared]       # directories of headers, relative to this one
//     optimize: s                          # 0, 1, 2, 3, s, z; default: z
//     std: c++23                           # default: c++20
//     cxxflags: [-Wextra, -fno-inline]
//     ldflags: [-Llib, -lgeohash]
//     libraries:                           # compiled for Wasm once for all plugins
//       abseil: third_party/abseil-cpp     # one that wasmctl has a recipe for
//       geohash: {path: ../geohash, sources: ["src/*.c"], includes: [include], defines: [FAST]}
//     hosts: {istio: ">=1.28", envoy: "*"} # the proxies that it is meant for, which lint judges by
//     image: ghcr.io/acme/header-logger    # default target of push, default url of render
//     annotations:                         # of the image that push makes
//       org.opencontainers.image.licenses: Apache-2.0
//     plugin:
//       phase: AUTHZ
//       config: {log_level: info}
//       configSchema: config.schema.json
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/build_settings.hpp"
#include "plugin/builder.hpp"
#include "wasm/host_range.hpp"

namespace wasmctl::plugin {

namespace fs = std::filesystem;

inline constexpr char kFileName[] = "wasmctl.yaml";

// One key under `plugin:`. lib/kube knows the keys and judges them, so that flags of render and the
// file are judged by the same code.
struct Setting {
  std::string key;
  std::shared_ptr<const nlohmann::json> value;
  std::string place;  // "plugins/a/wasmctl.yaml:7:3", where the key stands, for messages
};

struct Plugin {
  fs::path directory;  // as the user named it
  Builder builder = Builder::clang;
  std::string name;  // an RFC 1123 label, at most 63 characters
  std::optional<std::string> version;
  // Of clang's, at least one: relative to `directory`, sorted, none twice.
  std::vector<fs::path> sources;
  // *.proto, likewise, of `sources` or of the directory: for protobuf, if it is a library.
  std::vector<fs::path> protos;
  BuildSettings build;
  fs::path build_directory;            // for what is made of it; `load` says DIR/build
  std::vector<wasm::HostRange> hosts;  // none: any
  std::optional<std::string> image;    // as written; oci::parse_reference judges it
  std::map<std::string, std::string> annotations;
  std::vector<Setting> settings;  // in the order of the file
};

// Reads `directory`, whose name goes through base::label_from(). Throws Error{Code::not_found} if
// the directory does not exist or has no source, Error{Code::bad_input} with
// `wasmctl.yaml:LINE:COLUMN: ` before what is wrong: YAML syntax, an unknown key (with the nearest
// known one), a value of the wrong type, a source that is missing or outside the directory, a flag
// that a stranger's file may not hand over.
Plugin load(const fs::path& directory);

// The JSON Schema (draft 2020-12) of the file, for editors, out of the table that `load` reads by:
// what it refuses is refused, but for what only the directory or another key can tell.
// `plugin_schema` is that of what stands under `plugin`.
nlohmann::json file_schema(const nlohmann::json& plugin_schema);

// What the build makes: DIR/build/NAME.wasm, and the schema that the sources describe, if they do.
fs::path module_path(const Plugin& plugin);
fs::path schema_path(const Plugin& plugin);

}  // namespace wasmctl::plugin
