#include "wasm/envoy_program.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "base/content.hpp"
#include "base/error.hpp"

namespace wasmctl::wasm {

namespace {

constexpr std::string_view kBegin = "Attempted call to restricted ";
constexpr std::string_view kKinds[] = {"proxy-wasm capability: ", "WASI capability: "};
// What it offers without asking whether the plugin may: src/wasm.cc, registerCallbacks().
constexpr std::string_view kUnrestricted[] = {"emscripten_notify_memory_growth",
                                              "envoy_resolve_dns", "pthread_equal"};
constexpr std::size_t kMostNames = 4096;
constexpr std::size_t kLongestName = 64;
constexpr std::uint64_t kMaxProgramBytes = 4ULL << 30U;

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// The name that `text` begins with, up to the string's end; empty for anything else.
std::string_view name_at(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && size <= kLongestName && is_name_byte(text[size])) ++size;
  const bool ends = size < text.size() && text[size] == '\0';
  return ends && size <= kLongestName ? text.substr(0, size) : std::string_view();
}

}  // namespace

OfferedFunctions functions_of_envoy(std::string_view program) {
  OfferedFunctions found;
  std::size_t looked_at = 0;
  for (auto at = program.find(kBegin); at != std::string_view::npos && looked_at < kMostNames;
       at = program.find(kBegin, at + kBegin.size()), ++looked_at) {
    const auto text = program.substr(at + kBegin.size());
    for (const auto kind : kKinds) {
      if (!text.starts_with(kind)) continue;
      if (const auto name = name_at(text.substr(kind.size())); !name.empty()) found.emplace(name);
    }
  }
  if (!found.empty()) found.insert(std::begin(kUnrestricted), std::end(kUnrestricted));
  return found;
}

EnvoyProgram::EnvoyProgram(const std::filesystem::path& file)
    : name_(file.native()),
      functions_(functions_of_envoy(base::Content::of_regular_file(file, kMaxProgramBytes).view())),
      host_{name_, name_, 0, Vendor::envoy, &functions_} {
  if (!functions_.empty()) return;
  throw Error(Code::bad_input,
              fmt::format("{}: no list of host calls in it: no Envoy with Wasm", file.native()))
      .hint("name the program itself, not a script that starts it");
}

}  // namespace wasmctl::wasm
