#include "wasm/lint/lint.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/error.hpp"
#include "tests/unit/wasm/assemble.hpp"
#include "wasm/hostcalls.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)

namespace {

// "rule: message | hint" of each finding, but of the rule that small modules break: no-callbacks.
std::vector<std::string> findings(const std::string& bytes) {
  std::vector<std::string> lines;
  for (const auto& finding : wasm::lint(wasm::read_module(bytes, "m.wasm"), "m.wasm")) {
    if (finding.rule == "no-callbacks") continue;
    lines.push_back(fmt::format("{}: {} | {}", finding.rule, finding.message, finding.hint));
  }
  return lines;
}

const TestFunction kMarker{"proxy_abi_version_0_2_1", ":"};
const TestFunction kMalloc{"malloc", "i:i"};

}  // namespace

TEST_CASE("a plugin that Envoy loads has no finding") {
  CHECK(findings(plugin_module()).empty());
  CHECK(findings(assemble({}, {kMarker, {"proxy_on_memory_allocate", "i:i"}})).empty());
  CHECK(findings(plugin_module({{"env", "proxy_get_log_level", "i:i"},
                                {"wasi_snapshot_preview1", "fd_write", "iiii:i"},
                                {"wasi_unstable", "clock_time_get", "iIi:i"}},
                               {{"proxy_on_request_headers", "iii:i"}}))
            .empty());
}

TEST_CASE("the maximum of a 64-bit memory is V8's") {
  const auto with_memory = [](const std::string& memory) {
    const std::string plain("\5\3\1\0\1", 5);
    auto bytes = plugin_module();
    return bytes.replace(bytes.find(plain), plain.size(), section(5, leb(1) + memory));
  };
  const auto lines = [&](const std::string& memory) {
    auto found = findings(with_memory(memory));
    std::erase_if(found, [](const std::string& line) { return !line.starts_with("memory-limit"); });
    return found;
  };
  CHECK(lines("\5\1" + leb(262145)) ==
        std::vector<std::string>{
            "memory-limit: has a 64-bit memory of at most 262145 pages; Envoy's V8 "
            "takes 262144 (16 GiB) | lower the maximum, or say none"});
  CHECK(lines("\5\1" + leb(262144)).empty());
  CHECK(lines("\4\1").empty());
  CHECK(lines("\1\1" + leb(65536)).empty());  // of 32 bits
}

TEST_CASE("each rule finds its mistake") {
  struct Case {
    std::string bytes;
    std::vector<std::string> want;
  };
  const Case cases[] = {
      {assemble({}, {kMalloc}),
       {"abi-version: exports no function `proxy_abi_version_X_Y_Z`, so Envoy cannot tell its ABI "
        "version | a Proxy-Wasm SDK exports `proxy_abi_version_0_2_1`; is the plugin linked with "
        "one?"}},
      {assemble({}, {kMalloc, {"proxy_abi_version_0_9_9", ":"}}),
       {"abi-version: speaks an ABI version that Envoy does not know: `proxy_abi_version_0_9_9` | "
        "a Proxy-Wasm SDK exports `proxy_abi_version_0_2_1`; is the plugin linked with one?"}},
      {assemble({}, {kMalloc}, "proxy_abi_version_0_2_0"),
       {"abi-version: exports `proxy_abi_version_0_2_0` as a memory, which does not count: it must "
        "be a function | "}},
      {assemble({}, {kMarker}),
       {"allocator: exports neither `malloc` nor `proxy_on_memory_allocate`, so Envoy has nowhere "
        "to put what the plugin asks for | export `proxy_on_memory_allocate`, or `malloc` with "
        "`-Wl,--export=malloc`"}},
      {assemble({}, {kMarker, kMalloc}, ""),
       {"memory: exports no memory: the first call that hands data over crashes the proxy | export "
        "its "
        "memory as `memory`"}},
      {plugin_module({{"env", "proxy_logg", "iii:i"}}),
       {"unknown-import: imports `env.proxy_logg`, which Envoy does not offer | `proxy_logg`: did "
        "you mean `proxy_log`?"}},
      {plugin_module({{"mine", "proxy_log", "iii:i"}}),
       {"unknown-import: imports `mine.proxy_log`, which Envoy does not offer | Envoy offers "
        "`proxy_log` in the module `env`"}},
      {plugin_module({{"env", "proxy_continue_request", ":i"}}),
       {"unknown-import: imports `env.proxy_continue_request`, which Envoy does not offer to a "
        "module of ABI 0.2.1 | it belongs to ABI 0.1.0"}},
      {plugin_module({{"env", "proxy_log", "ii:i"}}),
       {"import-signature: imports `env.proxy_log` as (i32, i32) -> i32, but Envoy offers (i32, "
        "i32, i32) -> i32 | correct its declaration"}},
      {plugin_module({}, {{"proxy_on_request_headers", "ii:i"}}),
       {"callback-signature: exports `proxy_on_request_headers` as (i32, i32) -> i32, but ABI "
        "0.2.1 calls (i32, i32, i32) -> i32 | correct its signature"}},
      {plugin_module({}, {{"proxy_abi_version_0_1_0", ":"}}),
       {"abi-versions: exports the markers of ABI 0.1.0 and 0.2.1; Envoy takes 0.1.0, the first "
        "one | link one SDK only"}},
      {plugin_module({}, {{"proxy_on_request_header", "iii:i"}}),
       {"callback-name: exports `proxy_on_request_header`, which Envoy never calls | "
        "`proxy_on_request_header`: did you mean `proxy_on_request_headers`?"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.want.front());
    CHECK(findings(c.bytes) == c.want);
  }
}

TEST_CASE("the old signature is right for the old ABI") {
  CHECK(findings(
            assemble(
                {{"env", "proxy_continue_request", ":i"}},
                {{"proxy_abi_version_0_1_0", ":"}, kMalloc, {"proxy_on_request_headers", "ii:i"}}))
            .empty());
}

TEST_CASE("require_loadable makes one error of what is wrong") {
  const auto thrown = [](const std::string& bytes) {
    try {
      wasm::require_loadable(bytes, "m.wasm");
      return std::string("accepted");
    } catch (const Error& error) {
      return format_error(error);
    }
  };
  CHECK(thrown(plugin_module()) == "accepted");
  CHECK(thrown(assemble({}, {kMarker, kMalloc}, "")) ==
        "error: m.wasm: exports no memory: the first call that hands data over crashes the proxy "
        "[memory]\n"
        "hint: export its memory as `memory`\n");
  CHECK(thrown(plugin_module({{"env", "proxy_logg", "i:"}, {"env", "proxy_log", "i:"}})) ==
        "error: m.wasm: Envoy would refuse it for 2 reasons\n"
        "  caused by: imports `env.proxy_logg`, which Envoy does not offer [unknown-import]\n"
        "  caused by: imports `env.proxy_log` as (i32) -> (), but Envoy offers (i32, i32, i32) -> "
        "i32 [import-signature]\n"
        "hint: `proxy_logg`: did you mean `proxy_log`?\n"
        "hint: correct its declaration\n");
  // A body that leaves nothing where a result is due: only validation sees it.
  auto invalid = plugin_module();
  const auto body = invalid.rfind(std::string("\0\0\x0b", 3));
  invalid[body + 1] = '\x01';  // unreachable -> nop
  CHECK(
      thrown(invalid) ==
      "error: m.wasm: invalid Wasm: function 1: end: expected i32, found nothing (offset 0x59)\n");
}

TEST_CASE("a long chain of calls is cut in the middle") {
  // Function 0 is the import; 1 calls it, 2 calls 1, ..., 30 calls 29 and is exported.
  std::vector<std::string> types;
  std::vector<std::string> bodies;
  for (std::uint32_t i = 0; i < 30; ++i) {
    types.push_back(leb(0));
    bodies.push_back(name(std::string(1, '\0') + "\x10" + leb(i) + "\x0b"));
  }
  const auto bytes = header() + section(1, vec({func_type(":")})) +
                     section(2, vec({name("env") + name("lost") + '\0' + leb(0)})) +
                     section(3, vec(types)) + section(7, vec({name("end") + '\0' + leb(30)})) +
                     section(10, vec(bodies));
  for (const auto& finding : wasm::lint(wasm::read_module(bytes, "m"), "m")) {
    if (finding.rule != "unknown-import") continue;
    REQUIRE(finding.about.at(0).trail.size() == 22);
    CHECK(to_string(finding.about.at(0).trail[0]) == "`function 1`");
    CHECK(to_string(finding.about.at(0).trail[20]) == "9 more functions");
    CHECK(to_string(finding.about.at(0).trail[21]) == "`end`");
  }
}

TEST_CASE("the tables name nothing twice") {
  std::vector<std::string> names;
  for (const auto& row : wasm::host_functions(wasm::Vendor::higress)) {
    names.push_back(fmt::format("{}.{}", row.module, row.name));
    const auto* const found =
        wasm::find_host_function(row.module == "wasi" ? "wasi_unstable" : row.module, row.name);
    REQUIRE(found != nullptr);
    CHECK(found->signature == row.signature);
  }
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(wasm::find_host_function("wasi", "fd_write") != nullptr);
}
