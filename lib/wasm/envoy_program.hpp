// What an Envoy offers modules, read out of the program itself: it carries, for each function, what
// it says of a plugin that may not call it.
// Source: proxy-wasm-cpp-host, include/proxy-wasm/exports.h ("Attempted call to restricted ...").
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "wasm/hosts.hpp"

namespace wasmctl::wasm {

// "proxy_log", "fd_write": of `env` and of WASI. Empty for what is no Envoy with Wasm. Any bytes
// will do: no more than 4096 names are looked at, none longer than 64 characters.
OfferedFunctions functions_of_envoy(std::string_view program);

// An Envoy by its program, as a host that modules are judged for.
class EnvoyProgram {
 public:
  // Maps the file; runs nothing of it. Throws Error{Code::not_found} if there is none, and
  // Error{Code::bad_input} for what is no Envoy with Wasm.
  explicit EnvoyProgram(const std::filesystem::path& file);
  EnvoyProgram(const EnvoyProgram&) = delete;
  EnvoyProgram& operator=(const EnvoyProgram&) = delete;

  // Valid as long as this is there.
  const Host& host() const { return host_; }

 private:
  std::string name_;
  OfferedFunctions functions_;
  Host host_;
};

}  // namespace wasmctl::wasm
