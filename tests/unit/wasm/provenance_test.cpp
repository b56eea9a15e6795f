#include "wasm/provenance.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)

namespace {

// An active segment at address 0.
std::string data_section(const std::string& text) {
  return section(11, vec({std::string("\0\x41\0\x0b", 4) + name(text)}));
}

wasm::Provenance provenance(const std::string& bytes) {
  const auto module = wasm::read_module(bytes, "m.wasm");
  return wasm::provenance(module, wasm::Symbols(module));
}

}  // namespace

TEST_CASE("the SDK of a module, by what its language leaves in it") {
  struct Case {
    const char* what;
    std::string data;
    std::string function;  // a name in the name section
    std::string sdk;
    bool for_higress = false;
  };
  const std::string registry = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";
  const Case cases[] = {
      {"nothing", "hello", "f", ""},
      {"Rust, by a panic's path", registry + "/proxy-wasm-0.2.2/src/dispatcher.rs", "",
       "proxy-wasm-rust-sdk 0.2.2"},
      {"a version with a suffix", registry + "/proxy-wasm-0.3.0-rc.1+x/src/a.rs", "",
       "proxy-wasm-rust-sdk 0.3.0-rc.1+x"},
      {"another crate of such a name", registry + "/proxy-wasm-experimental-0.1.0/src/lib.rs", "",
       ""},
      {"both", registry + "/proxy-wasm-derive-1/a.rs" + registry + "/proxy-wasm-0.2.1/src/a.rs", "",
       "proxy-wasm-rust-sdk 0.2.1"},
      {"Rust, by its names", "", "_ZN10proxy_wasm10dispatcher10Dispatcher3new17h0123456789abcdefE",
       "proxy-wasm-rust-sdk"},
      {"Go, by its build information",
       "dep\tgithub.com/proxy-wasm/proxy-wasm-go-sdk\tv0.1.0\th1:x\n", "",
       "github.com/proxy-wasm/proxy-wasm-go-sdk v0.1.0"},
      {"Go without a version", "github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm", "",
       "github.com/tetratelabs/proxy-wasm-go-sdk"},
      {"TinyGo, by its names", "",
       "github.com_tetratelabs_proxy-wasm-go-sdk_proxywasm.SetVMContext",
       "github.com/tetratelabs/proxy-wasm-go-sdk"},
      {"Higress' SDK, above the one that it builds on",
       "dep\tgithub.com/higress-group/proxy-wasm-go-sdk\tv1.0.0\t\ndep\tgithub.com/higress-group/"
       "wasm-go\tv1.0.2\t\n",
       "", "github.com/higress-group/wasm-go v1.0.2", true},
      {"AssemblyScript", "", "~lib/@solo-io/proxy-runtime/runtime/log",
       "proxy-runtime (AssemblyScript)"},
      {"the C++ SDK", "", "_ZN11ContextBase9onConfigureEj", ""},
      {"the C++ SDK, by names that are not mangled", "", "ContextBase::onConfigure(unsigned int)",
       "proxy-wasm-cpp-sdk"},
      {"our own", "", "proxy_wasm::json::parse()", "wasmctl's own (C++)"},
      {"a cut line of build information", "dep\tgithub.com/proxy-wasm/proxy-wasm-go-sdk\t", "",
       "github.com/proxy-wasm/proxy-wasm-go-sdk"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    auto bytes = plugin_module() + data_section(c.data);
    if (!c.function.empty()) {
      bytes += custom("name", "\1" + name(vec({leb(0) + name(c.function)})));
    }
    const auto found = provenance(bytes);
    CHECK(found.sdk == c.sdk);
    CHECK(found.for_higress == c.for_higress);
  }
}

TEST_CASE("imports that Higress alone offers say for whom a module is") {
  CHECK(provenance(plugin_module({{"env", "proxy_redis_call", "iiiii:i"}})).for_higress);
  CHECK(!provenance(plugin_module({{"mine", "proxy_redis_call", "iiiii:i"}})).for_higress);
  CHECK(!provenance(plugin_module({{"env", "proxy_log", "iii:i"}})).for_higress);
}
