#include "compile/remedies.hpp"

#include <fmt/format.h>

#include "compile/toolchain.hpp"

namespace wasmctl::compile {

namespace {

struct Remedy {
  std::string_view about;  // what the complaint names
  std::string_view hint;
};

// Names that plugins for the APIs of 2019 and 2020 use, and others that are not where they look.
// They are told by clang's words about a name: "use of undeclared identifier 'NAME'", "unknown type
// name 'NAME'", "no member named 'NAME'".
constexpr Remedy kNames[] = {
    {"BufferType", "it is WasmBufferType, as in WasmBufferType::HttpRequestBody"},
    {"HeaderMapType", "it is WasmHeaderMapType, as in WasmHeaderMapType::RequestHeaders"},
    {"MetadataType",
     "metadata is read as a property: getMessageValue or getValue({\"node\", \"metadata\", ...})"},
    {"requestMetadataStruct",
     "metadata is read as a property: getMessageValue({\"metadata\", \"filter_metadata\"}, ...)"},
    {"nodeMetadataValue",
     "metadata is read as a property: getValue({\"node\", \"metadata\", NAME}, ...)"},
    {"GrpcService", "name the cluster in its place: the first argument is a string"},
    {"EMSCRIPTEN_KEEPALIVE",
     "no Emscripten is needed: WASM_EXPORT(int, twice, (int n)) defines an exported function"},
    {"getRequestBodyBufferBytes",
     "it is getBufferBytes(WasmBufferType::HttpRequestBody, start, length)"},
    {"getResponseBodyBufferBytes",
     "it is getBufferBytes(WasmBufferType::HttpResponseBody, start, length)"},
    {"proxy_get_configuration",
     "it is getBufferBytes(WasmBufferType::PluginConfiguration, 0, size), in onConfigure(size)"},
    {"setTickPeriodMilliseconds", "it is proxy_set_tick_period_milliseconds(milliseconds)"},
    {"proxy_clear_route_cache", "it is callForeignFunction(\"clear_route_cache\", \"\")"},
    {"httpCall", "calls are the root context's: root()->httpCall(...)"},
    {"grpcSimpleCall", "calls are the root context's: root()->grpcSimpleCall(...)"},
    {"socket", "a module has no sockets: root()->httpCall and grpcSimpleCall ask other services"},
    {"connect", "a module has no sockets: root()->httpCall and grpcSimpleCall ask other services"},
    {"getaddrinfo",
     "a module has no sockets: root()->httpCall and grpcSimpleCall ask other services"},
};

// Callbacks whose parameters have become more since ABI 0.1.0.
constexpr Remedy kCallbacks[] = {
    {"onRequestHeaders", "(uint32_t headers, bool end_of_stream)"},
    {"onResponseHeaders", "(uint32_t headers, bool end_of_stream)"},
    {"onRequestBody", "(size_t body_buffer_length, bool end_of_stream)"},
    {"onResponseBody", "(size_t body_buffer_length, bool end_of_stream)"},
    {"onRequestTrailers", "(uint32_t trailers)"},
    {"onResponseTrailers", "(uint32_t trailers)"},
    {"onRequestMetadata", "(uint32_t elements)"},
    {"onResponseMetadata", "(uint32_t elements)"},
    {"onConfigure", "(size_t configuration_size)"},
    {"onStart", "(size_t vm_configuration_size)"},
    {"validateConfiguration", "(size_t configuration_size)"},
    {"onDownstreamData", "(size_t size, bool end_of_stream)"},
    {"onUpstreamData", "(size_t size, bool end_of_stream)"},
};

// Functions whose library was not linked, though its headers were found: by their namespace.
constexpr Remedy kLibraries[] = {
    {"re2::",
     "RE2 is not linked: add its sources to `sources`, with `RE2_NO_THREADS` in `defines`; or use "
     "<regex>"},
    {"absl::", "Abseil is not linked: build it for Wasm and name its libraries in `ldflags`"},
    {"google::protobuf::",
     "protobuf is not linked: build it for Wasm and name its library in `ldflags`; or read and "
     "write the messages with proxy_wasm_protobuf.h"},
};

// Headers that plugins for other builds of the Proxy-Wasm SDK include, and what serves here.
constexpr Remedy kHeaders[] = {
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
    {"openssl/",
     "OpenSSL is not in the SDK: build it for Wasm and name it with --include and --ldflag; or "
     "bring "
     "the one function that is needed, such as a SHA-256, as a source"},
    {"emscripten",
     "leave it out: no Emscripten is needed, and WASM_EXPORT defines what is exported"},
    {"proxy_wasm_intrinsics_lite.pb.h", "include proxy_wasm_intrinsics_lite.h, which the SDK has"},
    {"netdb.h", "a module has no sockets: root()->httpCall and grpcSimpleCall ask other services"},
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

bool names(std::string_view output, std::string_view name) {
  for (const std::string_view complaint :
       {"undeclared identifier '", "unknown type name '", "no member named '", "no type named '",
        "no template named '"}) {
    if (output.find(fmt::format("{}{}'", complaint, name)) != std::string_view::npos) return true;
  }
  return false;
}

// The hint about a callback that does not override the SDK's.
std::string callback_remedy(std::string_view output) {
  constexpr std::string_view kHidden = "hidden overloaded virtual function '";
  for (const auto& [callback, parameters] : kCallbacks) {
    for (const std::string_view context : {"Context", "RootContext", "ContextBase"}) {
      if (output.find(fmt::format("{}{}::{}'", kHidden, context, callback)) !=
          std::string_view::npos) {
        return fmt::format("since ABI 0.2.0 it is {}{}", callback, parameters);
      }
    }
  }
  return {};
}

// Of the toolchain's own: the standard library's have no extension, libc's are called so.
bool is_standard(std::string_view header) {
  return header.find('.') == std::string_view::npos || header.starts_with("std");
}

}  // namespace

std::string remedy(std::string_view compiler_output) {
  const auto header = missing_header(compiler_output);
  for (const auto& [begin, hint] : kHeaders) {
    if (header.starts_with(begin)) return std::string(hint);
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
  for (const auto& [name, hint] : kNames) {
    if (names(compiler_output, name)) return std::string(hint);
  }
  return callback_remedy(compiler_output);
}

std::string remedy_for_undefined(std::string_view function) {
  for (const auto& [scope, hint] : kLibraries) {
    if (function.starts_with(scope)) return std::string(hint);
  }
  return "define it, add the source that does to `sources`, or do without it";
}

}  // namespace wasmctl::compile
