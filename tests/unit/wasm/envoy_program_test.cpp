#include "wasm/envoy_program.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"

using wasmctl::wasm::EnvoyProgram;
using wasmctl::wasm::functions_of_envoy;

namespace {

std::string restricted(const std::string& kind, const std::string& name) {
  return "Attempted call to restricted " + kind + " capability: " + name;
}

}  // namespace

TEST_CASE("an Envoy's list of host calls is read out of its bytes") {
  std::string program(100, '\x7f');
  program += restricted("proxy-wasm", "proxy_log") + '\0';
  program += "junk" + restricted("WASI", "fd_write") + '\0';
  program += restricted("proxy-wasm", "proxy_log") + '\0';
  const auto found = functions_of_envoy(program);
  CHECK(found.contains("proxy_log"));
  CHECK(found.contains("fd_write"));
  CHECK(found.contains("envoy_resolve_dns"));  // which it always offers
  CHECK(!found.contains("proxy_done"));
}

TEST_CASE("any bytes will do for an Envoy's program") {
  const auto text = restricted("proxy-wasm", "proxy_log");
  for (std::size_t size = 0; size <= text.size(); ++size) {
    CHECK(functions_of_envoy(std::string_view(text).substr(0, size)).empty());
  }
  CHECK(functions_of_envoy(restricted("WASI", std::string(65, 'a')) + '\0').empty());
  CHECK(functions_of_envoy(restricted("WASI", "Fd-write") + '\0').empty());
  CHECK(functions_of_envoy(restricted("other", "fd_write") + '\0').empty());
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += restricted("WASI", "f" + std::to_string(i)) + '\0';
  CHECK(functions_of_envoy(many).size() == 4096 + 3);
}

TEST_CASE("a program without the list is no Envoy with Wasm") {
  const wasmctl::base::TemporaryDirectory directory;
  const auto file = directory.path() / "envoy";
  std::ofstream(file) << "#!/bin/sh\n";
  CHECK_THROWS_WITH_AS(
      EnvoyProgram{file},
      (file.native() + ": no list of host calls in it: no Envoy with Wasm").c_str(),
      wasmctl::Error);
  CHECK_THROWS_AS(EnvoyProgram{directory.path() / "none"}, wasmctl::Error);
}
