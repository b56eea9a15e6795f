#include "compile/remedies.hpp"

#include <fmt/format.h>

#include "compile/toolchain.hpp"

namespace wasmctl::compile {

namespace {

struct Remedy {
  std::string_view header;  // its name begins with this
  std::string_view hint;
};

// Headers that plugins for other builds of the Proxy-Wasm SDK include, and what serves here.
constexpr Remedy kRemedies[] = {
    {"absl/",
     "Abseil is not in the SDK: the standard library has string_view, optional, unordered_map "
     "and from_chars; or build Abseil for Wasm and name it with --include and --ldflag"},
    {"google/protobuf/",
     "the SDK needs no protobuf: payloads are bytes, which proxy_wasm_protobuf.h reads and "
     "writes; or build protobuf for Wasm and name it with --include and --ldflag"},
    {"nlohmann/",
     "proxy_wasm_config.h and proxy_wasm_json.h read JSON in a few hundred bytes; or "
     "`apt-get install nlohmann-json3-dev`, or name its directory with --include"},
    {"re2/", "use <regex>, or build RE2 for Wasm and name it with --include and --ldflag"},
    {"boost/",
     "Boost's headers are not in the SDK: name their directory with --include, or use the "
     "standard library"},
    // What headers of this machine's libc include, which clang searches behind Wasm's.
    {"bits/", "Wasm's libc has no such header, and this machine's does not serve a module"},
};

constexpr std::string_view kNotFound = "' file not found";

// The header that was not found first; empty if all were.
std::string_view missing_header(std::string_view output) {
  constexpr std::string_view kFatal = "fatal error: '";
  const auto end = output.find(kNotFound);
  if (end == std::string_view::npos) return {};
  const auto begin = output.rfind(kFatal, end);
  if (begin == std::string_view::npos) return {};
  return output.substr(begin + kFatal.size(), end - begin - kFatal.size());
}

// Of the toolchain's own: the standard library's have no extension, libc's are called so.
bool is_standard(std::string_view header) {
  return header.find('.') == std::string_view::npos || header.starts_with("std");
}

}  // namespace

std::string remedy(std::string_view compiler_output) {
  const auto header = missing_header(compiler_output);
  for (const auto& remedy : kRemedies) {
    if (header.starts_with(remedy.header)) return std::string(remedy.hint);
  }
  if (header.ends_with(".pb.h")) {
    return fmt::format(
        "generate {} with protoc and build protobuf for Wasm; or read and write the messages as "
        "bytes with proxy_wasm_protobuf.h",
        header);
  }
  const bool incomplete = (!header.empty() && is_standard(header)) ||
                          compiler_output.find("unable to find library") != std::string_view::npos;
  if (incomplete) {
    return fmt::format("is the Wasm toolchain whole? On Debian: `apt-get install {}`",
                       kDebianPackages);
  }
  if (!header.empty()) return "name the directory that it is in with --include";
  return {};
}

}  // namespace wasmctl::compile
