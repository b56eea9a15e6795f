#include "compile/remedies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <system_error>

#include "base/place.hpp"
#include "compile/complaints.hpp"
#include "compile/recipes.hpp"
#include "compile/sdk.hpp"
#include "compile/toolchain.hpp"
#include "wasm/hostcalls.hpp"

namespace wasmctl::compile {

namespace fs = std::filesystem;

namespace {

// Which SDK the source was written for.
enum class Api : std::uint8_t { current, former };

struct Remedy {
  std::string_view about;  // what the complaint names
  std::string_view hint;
  Api api = Api::current;
};

constexpr std::string_view kCalls =
    "a module has no sockets: root()->httpCall and grpcSimpleCall ask other services";
constexpr std::string_view kProcesses = "a module cannot start a process, or wait for one";
constexpr std::string_view kConfiguration =
    "it is getBufferBytes(WasmBufferType::PluginConfiguration, 0, size), in onConfigure(size)";
constexpr std::string_view kMetadata =
    "metadata is read as a property: getValue({\"node\", \"metadata\", NAME}, &value), or "
    "getMessageValue";
constexpr std::string_view kMessages =
    "messages of protobuf need `libraries: {protobuf: DIR}` in wasmctl.yaml, and their .proto or "
    ".pb.cc beside the source; or payloads are bytes, which proxy_wasm_protobuf.h reads and writes";
constexpr std::string_view kNoOpenssl =
    "OpenSSL is not in the SDK: Envoy verifies signatures for a plugin, "
    "callForeignFunction(\"verify_signature\", ...); or bring the one function that is needed, "
    "such "
    "as a SHA-256, as a source; or build OpenSSL for Wasm and name it with --include and --ldflag";
constexpr std::string_view kNoZlib =
    "zlib is not linked: Envoy does it for a plugin, callForeignFunction(\"compress\", bytes) and "
    "\"uncompress\"; or add zlib's sources to `sources`";
constexpr std::string_view kNoChecksum = "zlib is not linked: add its sources to `sources`";
constexpr std::string_view kJson =
    "proxy_wasm_config.h and proxy_wasm_json.h read JSON in a few hundred bytes; or "
    "`libraries: {nlohmann-json: DIR}` in wasmctl.yaml, and #include <nlohmann/json.hpp>";
constexpr std::string_view kEnvoys =
    "it is of Envoy's own sources, for filters that are linked into Envoy: a plugin has "
    "proxy_wasm_intrinsics.h, and #ifdef NULL_PLUGIN around what is not for it";

// Names that plugins for the APIs of 2019 and 2020 use, and others that are not where they look.
// They are told by clang's words about a name: "use of undeclared identifier 'NAME'", "unknown type
// name 'NAME'", "no member named 'NAME'".
constexpr Remedy kNames[] = {
    {"BufferType", "it is WasmBufferType, as in WasmBufferType::HttpRequestBody", Api::former},
    {"HeaderMapType", "it is WasmHeaderMapType, as in WasmHeaderMapType::RequestHeaders",
     Api::former},
    {"MetadataType", kMetadata, Api::former},
    {"requestMetadataStruct", kMetadata, Api::former},
    {"requestMetadataValue", kMetadata, Api::former},
    {"responseMetadataStruct", kMetadata, Api::former},
    {"responseMetadataValue", kMetadata, Api::former},
    {"nodeMetadataStruct", kMetadata, Api::former},
    {"nodeMetadataValue", kMetadata, Api::former},
    {"getMetadataStruct", kMetadata, Api::former},
    {"getMetadataValue", kMetadata, Api::former},
    {"getRequestMetadataValue", kMetadata, Api::former},
    {"getRequestMetadataStruct", kMetadata, Api::former},
    {"getResponseMetadataValue", kMetadata, Api::former},
    {"getResponseMetadataStruct", kMetadata, Api::former},
    {"getNodeMetadataValue", kMetadata, Api::former},
    {"setMetadataStruct", "metadata cannot be set: setFilterState(key, value) is seen by others",
     Api::former},
    {"setMetadataValue", "metadata cannot be set: setFilterState(key, value) is seen by others",
     Api::former},
    {"GrpcService", "name the cluster in its place: the first argument is a string", Api::former},
    {"EMSCRIPTEN_KEEPALIVE",
     "no Emscripten is needed: it is PROXY_WASM_KEEPALIVE; and what the host calls are methods of "
     "RootContext and Context, or as functions `proxy_on_vm_start(context_id, size)` and the like",
     Api::former},
    {"getRequestBodyBufferBytes",
     "it is getBufferBytes(WasmBufferType::HttpRequestBody, start, length)", Api::former},
    {"getResponseBodyBufferBytes",
     "it is getBufferBytes(WasmBufferType::HttpResponseBody, start, length)", Api::former},
    {"getConfiguration", kConfiguration, Api::former},
    {"proxy_get_configuration", kConfiguration, Api::former},
    {"setTickPeriodMilliseconds", "it is proxy_set_tick_period_milliseconds(milliseconds)"},
    {"proxy_clear_route_cache", "it is callForeignFunction(\"clear_route_cache\", \"\")"},
    {"httpCall", "calls are the root context's: root()->httpCall(...)"},
    {"grpcSimpleCall", "calls are the root context's: root()->grpcSimpleCall(...)"},
    {"grpcCallHandler", "calls are the root context's: root()->grpcCallHandler(...)"},
    {"google", kMessages},
    {"socket", kCalls},
    {"connect", kCalls},
    {"getaddrinfo", kCalls},
    {"gethostbyname", kCalls},
    {"curl_easy_init", kCalls},
    {"fork", kProcesses},
    {"execv", kProcesses},
    {"execl", kProcesses},
    {"execvp", kProcesses},
    {"waitpid", kProcesses},
    {"popen", kProcesses},
};

// Callbacks, and what they are now; the API says which of them were different once.
constexpr Remedy kCallbacks[] = {
    {"onRequestHeaders",
     "FilterHeadersStatus onRequestHeaders(uint32_t headers, bool end_of_stream)", Api::former},
    {"onResponseHeaders",
     "FilterHeadersStatus onResponseHeaders(uint32_t headers, bool end_of_stream)", Api::former},
    {"onRequestBody",
     "FilterDataStatus onRequestBody(size_t body_buffer_length, bool end_of_stream)"},
    {"onResponseBody",
     "FilterDataStatus onResponseBody(size_t body_buffer_length, bool end_of_stream)"},
    {"onRequestTrailers", "FilterTrailersStatus onRequestTrailers(uint32_t trailers)", Api::former},
    {"onResponseTrailers", "FilterTrailersStatus onResponseTrailers(uint32_t trailers)",
     Api::former},
    {"onRequestMetadata", "FilterMetadataStatus onRequestMetadata(uint32_t elements)", Api::former},
    {"onResponseMetadata", "FilterMetadataStatus onResponseMetadata(uint32_t elements)",
     Api::former},
    {"onConfigure", "bool onConfigure(size_t configuration_size)", Api::former},
    {"onStart", "bool onStart(size_t vm_configuration_size)", Api::former},
    {"validateConfiguration", "bool validateConfiguration(size_t configuration_size)", Api::former},
    {"onDownstreamData", "FilterStatus onDownstreamData(size_t size, bool end_of_stream)"},
    {"onUpstreamData", "FilterStatus onUpstreamData(size_t size, bool end_of_stream)"},
    {"onNewConnection", "FilterStatus onNewConnection()"},
    {"onHttpCallResponse",
     "void onHttpCallResponse(uint32_t token, uint32_t headers, size_t body_size, uint32_t "
     "trailers)"},
    {"onLog", "void onLog()"},
    {"onDone", "void onDone() of a Context, and bool onDone() of a RootContext"},
    {"onSuccess",
     "void onSuccess(size_t body_size); its bytes are "
     "getBufferBytes(WasmBufferType::GrpcReceiveBuffer, 0, body_size)",
     Api::former},
    {"onFailure", "void onFailure(GrpcStatus status); the message is getStatus().second",
     Api::former},
    {"onReceive",
     "void onReceive(size_t body_size); its bytes are "
     "getBufferBytes(WasmBufferType::GrpcReceiveBuffer, 0, body_size)",
     Api::former},
};

// What a complaint says that is about no name of its own: words of the message, and others anywhere
// in it, its notes and its lines of source.
struct Phrase {
  std::string_view message;
  std::string_view text;
  std::string_view hint;
  Api api = Api::current;
};

constexpr Phrase kPhrases[] = {
    {"for call to 'httpCall'", "HttpCallCallback",
     "the callback is [...](uint32_t headers, size_t body_size, uint32_t trailers) { ... }: the "
     "body is getBufferBytes(WasmBufferType::HttpCallResponseBody, 0, body_size)",
     Api::former},
    {"for call to 'grpcCallHandler'", "requires 7 arguments",
     "the request's metadata is the fourth argument: {} for none", Api::former},
    {"for call to 'grpcSimpleCall'", "requires 7 arguments",
     "the request's metadata is the fourth argument: {} for none", Api::former},
    {"for call to 'defineMetric'", "requires 3 arguments",
     "it is defineMetric(type, name, &id), which returns a WasmResult", Api::former},
    {"for call to 'getMetric'", "requires 2 arguments",
     "it is getMetric(id, &value), which returns a WasmResult", Api::former},
    {"no matching constructor for initialization of 'Context'", "",
     "a context knows its root context: Context(uint32_t id, RootContext* root)", Api::former},
    {"out-of-line definition of 'New'", "",
     "contexts are made by `static RegisterContextFactory name(CONTEXT_FACTORY(MyContext), "
     "ROOT_FACTORY(MyRootContext));`",
     Api::former},
    {"marked 'override'", "onCreateInitialMetadata",
     "there is no such callback: the request's metadata is an argument of the call", Api::former},
    {"", "#error", "if it asks for a macro: `defines: [NAME=VALUE]` in wasmctl.yaml, or -D"},
};

// What is not linked, though its headers were found: by the scope or the beginning that its
// functions' names have in common, which ends in a colon or an underscore, or by a function of C.
constexpr Remedy kLibraries[] = {
    {"fmt::", "fmt is not linked: `defines: [FMT_HEADER_ONLY]` in wasmctl.yaml needs no library"},
    {"deflateInit_", kNoZlib},
    {"deflateInit2_", kNoZlib},
    {"deflate", kNoZlib},
    {"inflateInit_", kNoZlib},
    {"inflateInit2_", kNoZlib},
    {"inflate", kNoZlib},
    {"compress", kNoZlib},
    {"compress2", kNoZlib},
    {"uncompress", kNoZlib},
    {"crc32", kNoChecksum},
    {"adler32", kNoChecksum},
    {"EVP_", kNoOpenssl},
    {"HMAC_", kNoOpenssl},
    {"RSA_", kNoOpenssl},
    {"BIO_", kNoOpenssl},
    {"HMAC", kNoOpenssl},
    {"MD5", kNoOpenssl},
    {"SHA1", kNoOpenssl},
    {"SHA256", kNoOpenssl},
    {"SHA512", kNoOpenssl},
    {"curl_", kCalls},
    {"popen", kProcesses},
    {"system", kProcesses},
};

// Headers that plugins for other builds of the Proxy-Wasm SDK include, and what serves here: by how
// their names begin.
constexpr Remedy kHeaders[] = {
    {"json.hpp", kJson},
    {"openssl/", kNoOpenssl},
    {"emscripten",
     "leave it out: no Emscripten is needed, and WASM_EXPORT defines what is exported"},
    {"proxy_wasm_intrinsics.pb.h", "leave it out: proxy_wasm_intrinsics.h has what is needed"},
    {"proxy_wasm_intrinsics_lite.pb.h", "include proxy_wasm_intrinsics_lite.h, which the SDK has"},
    {"envoy/", kEnvoys},
    {"source/", kEnvoys},
    {"extensions/common/wasm/null", kEnvoys},
    {"include/proxy-wasm/", kEnvoys},
    {"curl/", kCalls},
    {"netdb.h", kCalls},
    {"ifaddrs.h", kCalls},
    {"net/", kCalls},
    {"sys/epoll.h", kCalls},
    {"sys/wait.h", kProcesses},
    {"spawn.h", kProcesses},
    {"sys/ipc.h", kProcesses},
    {"sys/shm.h", kProcesses},
    {"dlfcn.h", "a module is linked whole: add the sources of what it would load"},
    // What headers of this machine's libc include, which clang searches behind Wasm's.
    {"bits/", "Wasm's libc has no such header, and this machine's does not serve a module"},
};

// The header that was not found; empty if that is not what the complaint is about.
std::string_view missing_header(const Complaint& complaint) {
  constexpr std::string_view kNotFound = "' file not found";
  const std::string_view message = complaint.message;
  if (!complaint.fatal || !message.starts_with('\'')) return {};
  const auto end = message.find(kNotFound);
  return end == std::string_view::npos ? std::string_view() : message.substr(1, end - 1);
}

// The name that is not known, or empty.
std::string_view unknown_name(std::string_view message) {
  for (const std::string_view complaint :
       {"undeclared identifier '", "unknown type name '", "no member named '", "no type named '",
        "no template named '"}) {
    const auto begin = message.find(complaint);
    if (begin == std::string_view::npos) continue;
    const auto rest = message.substr(begin + complaint.size());
    return rest.substr(0, rest.find('\''));
  }
  return {};
}

struct Advice {
  std::string hint;
  Api api = Api::current;
};

// proxy_setTickPeriodMilliseconds, as ABI 0.1.0's first drafts called it, is
// proxy_set_tick_period_milliseconds.
std::optional<Advice> about_host_call(std::string_view name) {
  if (!name.starts_with("proxy_")) return std::nullopt;
  std::string snake;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isupper(byte) != 0 && !snake.ends_with('_')) snake += '_';
    snake += static_cast<char>(std::tolower(byte));
  }
  if (snake == name || wasm::find_host_function("env", snake) == nullptr) return std::nullopt;
  return Advice{fmt::format("it is {}", snake), Api::former};
}

std::optional<Advice> about_name(const Complaint& complaint) {
  const auto name = unknown_name(complaint.message);
  if (name.empty()) return std::nullopt;
  for (const auto& [about, hint, api] : kNames) {
    if (name == about) return Advice{std::string(hint), api};
  }
  return about_host_call(name);
}

// A callback that does not override the SDK's, or answers with another type.
std::optional<Advice> about_callback(const Complaint& complaint) {
  const bool hides = complaint.message.find("hides virtual member function") != std::string::npos;
  for (const auto& [callback, now, api] : kCallbacks) {
    for (const std::string_view context : {"Context", "RootContext", "ContextBase",
                                           "GrpcCallHandlerBase", "GrpcStreamHandlerBase"}) {
      if (hides && complaint.text.find(fmt::format("hidden overloaded virtual function '{}::{}'",
                                                   context, callback)) != std::string::npos) {
        return Advice{fmt::format("it is {}", now), api};
      }
    }
    if (complaint.message.starts_with(
            fmt::format("virtual function '{}' has a different return type", callback))) {
      return Advice{fmt::format("it is {}", now)};
    }
  }
  return std::nullopt;
}

std::optional<Advice> about_phrase(const Complaint& complaint) {
  for (const auto& [message, text, hint, api] : kPhrases) {
    if (complaint.message.find(message) != std::string::npos &&
        complaint.text.find(text) != std::string::npos) {
      return Advice{std::string(hint), api};
    }
  }
  return std::nullopt;
}

std::string whole_toolchain() {
  return fmt::format("is the Wasm toolchain whole? On Debian: `apt-get install {}`",
                     kDebianPackages);
}

// Of the toolchain's own: the standard library's have no extension, libc's are called so.
bool is_standard(std::string_view header) {
  return header.find('.') == std::string_view::npos || header.starts_with("std");
}

// The directory, relative to the plugin's, that `header` is named from: one above it, up to the
// root of its repository, or `include` or `src` in one. Empty if none has it.
std::string find_around(const fs::path& directory, std::string_view header) {
  constexpr int kMostSteps = 8;
  std::error_code ignored;
  fs::path above = ".";
  for (int step = 0; step < kMostSteps; ++step) {
    for (const auto& candidate : {above, above / "include", above / "src"}) {
      if (fs::is_regular_file(directory / candidate / header, ignored)) {
        return candidate.lexically_normal().native();
      }
    }
    if (fs::exists(directory / above / ".git", ignored)) break;
    above /= "..";
  }
  return {};
}

// "proxy_wasm_intrinsics.h" of "api/wasm/cpp/proxy_wasm_intrinsics.h", if the SDK has it.
std::string_view in_sdk(std::string_view header) {
  const auto slash = header.rfind('/');
  if (slash == std::string_view::npos) return {};
  const auto name = header.substr(slash + 1);
  const auto files = sdk_files();
  const bool is_sdks = std::ranges::any_of(
      files, [&](const SdkFile& file) { return file.name == name && name.starts_with("proxy_"); });
  return is_sdks ? name : std::string_view();
}

std::string about_header(std::string_view header, const fs::path& directory) {
  if (const auto around = directory.empty() ? std::string() : find_around(directory, header);
      !around.empty()) {
    return fmt::format("it is in `{}`: `includes: [{}]` in wasmctl.yaml, or --include", around,
                       around);
  }
  if (const auto name = in_sdk(header); !name.empty()) {
    return fmt::format("include \"{}\": the SDK's headers need no path", name);
  }
  for (const auto& [begin, hint, api] : kHeaders) {
    if (header.starts_with(begin)) return std::string(hint);
  }
  if (const auto* const recipe = recipe_of_header(header)) return how_to_have(*recipe);
  if (header.ends_with(".pb.h")) {
    return fmt::format("protoc makes {} of its .proto beside the sources, and {}", header,
                       how_to_have(*find_recipe("protobuf")));
  }
  if (is_standard(header)) return whole_toolchain();
  return "`includes` in wasmctl.yaml, or --include, names the directory that it is in; a library "
         "is compiled for Wasm with the plugin";
}

std::optional<Advice> advice(const Complaint& complaint, const fs::path& directory) {
  if (const auto header = missing_header(complaint); !header.empty()) {
    return Advice{about_header(header, directory)};
  }
  if (complaint.message.starts_with("unable to find library")) return Advice{whole_toolchain()};
  if (auto found = about_name(complaint)) return found;
  if (auto found = about_callback(complaint)) return found;
  return about_phrase(complaint);
}

// One hint, and the lines that it is about.
struct Note {
  Advice advice;
  std::vector<Place> places;
};

// "a.cc:3, 17, b.cc:4".
std::string lines_of(const std::vector<Place>& places) {
  std::string text;
  const Place* before = nullptr;
  for (const auto& place : places) {
    if (before != nullptr && before->file == place.file) {
      if (before->line != place.line) text += fmt::format(", {}", place.line);
    } else {
      text += fmt::format("{}{}:{}", text.empty() ? "" : ", ", place.file, place.line);
    }
    before = &place;
  }
  return text;
}

}  // namespace

std::vector<std::string> remedies(std::string_view compiler_output, const fs::path& directory) {
  std::vector<Note> notes;
  std::size_t former = 0;
  for (const auto& complaint : complaints(compiler_output)) {
    auto found = advice(complaint, directory);
    if (!found) continue;
    if (found->api == Api::former) ++former;
    auto note = std::ranges::find(notes, found->hint,
                                  [](const Note& one) -> auto& { return one.advice.hint; });
    if (note == notes.end()) note = notes.insert(notes.end(), {std::move(*found), {}});
    if (complaint.place.line != 0 && !complaint.fatal) note->places.push_back(complaint.place);
  }
  std::vector<std::string> hints;
  if (former > 1) {
    hints.emplace_back(
        "the plugin is for an SDK of 2019 or 2020; since ABI 0.2.0 these lines, and the functions "
        "that they declare, are different:");
  }
  for (const bool is_former : {true, false}) {
    for (const auto& [about, places] : notes) {
      if ((about.api == Api::former) != is_former) continue;
      hints.push_back(places.empty() ? about.hint
                                     : fmt::format("{}: {}", lines_of(places), about.hint));
    }
  }
  return hints;
}

std::string remedy_for_undefined(std::string_view function) {
  if (const auto* const recipe = recipe_of_function(function)) {
    return fmt::format("{} is not linked: {}", recipe->title, how_to_have(*recipe));
  }
  for (const auto& [about, hint, api] : kLibraries) {
    const bool begins = about.ends_with(':') || about.ends_with('_');
    if (begins ? function.starts_with(about) : function == about) return std::string(hint);
  }
  return "define it, add the source that does to `sources`, or do without it";
}

}  // namespace wasmctl::compile
