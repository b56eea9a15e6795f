#include <doctest/doctest.h>

#include <algorithm>

#include "base/error.hpp"
#include "host/abi.hpp"
#include "host/envoy.hpp"
#include "host/header_map.hpp"
#include "host/hostcalls.hpp"
#include "host/mask.hpp"
#include "host/protobuf.hpp"
#include "host/shared_state.hpp"
#include "host/suite/run.hpp"
#include "host/tester.hpp"
#include "host/trace.hpp"
#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

TEST_CASE("every host call that Envoy offers has its function, and no other") {
  std::vector<std::string_view> offered;
  for (const auto& row : wasm::host_functions(wasm::Vendor::envoy)) offered.push_back(row.name);
  std::vector<std::string_view> implemented;
  for (const auto& row : host::proxy_hostcalls()) implemented.push_back(row.name);
  for (const auto& row : host::wasi_hostcalls()) implemented.push_back(row.name);
  std::ranges::sort(offered);
  std::ranges::sort(implemented);
  CHECK(implemented == offered);
}

TEST_CASE("a trace shows every argument of every call of Proxy-Wasm") {
  for (const auto& row : wasm::host_functions(wasm::Vendor::envoy)) {
    if (!row.name.starts_with("proxy_")) continue;
    CAPTURE(row.name);
    const auto forms = host::proxy_hostcalls();
    const auto found = std::ranges::find(forms, row.name, &host::HostcallRow::name);
    REQUIRE(found != forms.end());
    CHECK(found->form.size() == row.signature.find(':'));
  }
}

TEST_CASE("pairs cross the ABI") {
  const host::Pairs cases[] = {{}, {{"a", "b"}}, {{"", ""}, {"x", ""}, {"x", "y"s + '\0'}}};
  for (const auto& pairs : cases) CHECK(host::read_pairs(host::write_pairs(pairs)) == pairs);
  CHECK(host::write_pairs({{"a", "bc"}}) == "\1\0\0\0\1\0\0\0\2\0\0\0a\0bc\0"s);
  const std::string none[] = {"",
                              "\1\0\0"s,
                              "\1\0\0\0"s,
                              "\xff\xff\xff\xff"s,
                              "\1\0\0\0\1\0\0\0\2\0\0\0a\0bc"s,
                              "\1\0\0\0\xff\xff\xff\xff\2\0\0\0a\0bc\0"s};
  for (const auto& bytes : none) CHECK(host::read_pairs(bytes).empty());
}

TEST_CASE("a trace hides credentials") {
  host::Mask mask({host::Masking::on, {"X-Mine"}});
  const std::pair<std::string_view, bool> names[] = {
      {"authorization", true},
      {"Set-Cookie", true},
      {"x-mine", true},
      {"request.headers.authorization", true},
      {std::string_view("request\0headers\0cookie", 22), true},
      {"x-authorization", false},
      {"", false},
      {"user-agent", false}};
  for (const auto& [name, hidden] : names) {
    CAPTURE(name);
    CHECK(mask.hides(name) == hidden);
  }
  CHECK(mask.hide("Bearer s3cr3t-1") == "*** (15 bytes)");
  CHECK(mask.hide("on") == "*** (2 bytes)");  // too short to be looked for
  CHECK(mask.masked("it is s3cr3t-1, s3cr3t-1; on") == "it is ***, ***; on");
  mask.hide("session=topsecret1; theme=dark-and-quiet");
  CHECK(mask.masked("Cookie: session=topsecret1; theme=dark-and-quiet") == "Cookie: ***");
  CHECK(mask.masked("session topsecret1, theme dark-and-quiet") == "session ***, theme ***");
  mask.hide("Bearer 0123456789");
  CHECK(mask.masked("the token is 0123456789") == "the token is ***");
  CHECK(!host::Mask({host::Masking::off, {"x-mine"}}).hides("x-mine"));
}

TEST_CASE("protobuf messages") {
  const auto message = "\x0a\x02hi\x10\x96\x01\x19\1\2\3\4\5\6\7\x08\x0a\1x\x25\1\2\3\4"s;
  const auto fields = host::read_protobuf(message);
  REQUIRE(fields);
  REQUIRE(fields->size() == 5);
  CHECK((*fields)[0].bytes == "hi");
  CHECK((*fields)[1].number == 2);
  CHECK((*fields)[1].value == 150);
  CHECK(host::bytes_of(*fields, 1) == "x");  // the last one
  CHECK(host::bytes_of(*fields, 9).empty());
  CHECK(host::read_protobuf("")->empty());
  const std::string none[] = {
      "grpc",      "\x0a\x03hi"s, "\x10"s,     "\x10\x80"s,
      "\x00\x00"s, "\x19\1"s,     "\x0b\x0c"s, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"s};
  for (const auto& bytes : none) CHECK(!host::read_protobuf(bytes));
}

TEST_CASE("a map of headers") {
  using host::HeaderForm;
  struct Case {
    HeaderForm form;
    host::Pairs given;
    void (*change)(host::HeaderMap& map);
    host::Pairs want;
  };
  const Case cases[] = {
      {HeaderForm::joined,
       {{"b", "1"}, {"A", "2"}, {"a", "3"}},
       [](auto&) {},
       {{"A", "2, 3"}, {"b", "1"}}},
      {HeaderForm::joined, {{"B", "1"}}, [](auto& map) { map.replace("b", "2"); }, {{"B", "2"}}},
      {HeaderForm::joined, {{"B", "1"}}, [](auto& map) { map.remove("b"); }, {}},
      {HeaderForm::listed,
       {{"B", "1"}, {"a", "2"}, {"b", "3"}},
       [](auto&) {},
       {{"b", "1"}, {"a", "2"}, {"b", "3"}}},
      {HeaderForm::listed,
       {{"a", "1"}},
       [](auto& map) { map.add(":path", "/"); },
       {{":path", "/"}, {"a", "1"}}},
      {HeaderForm::listed,
       {{"b", "1"}, {"a", "2"}, {"b", "3"}},
       [](auto& map) { map.replace("B", "4"); },
       {{"a", "2"}, {"b", "4"}}},
      {HeaderForm::listed,
       {{"via", "1"}},
       [](auto& map) { map.add("Via", "2"); },
       {{"via", "1,2"}}},
  };
  for (const auto& c : cases) {
    host::HeaderMap map(c.form, c.given);
    c.change(map);
    CHECK(map.pairs() == c.want);
  }
}

TEST_CASE("shared data and queues") {
  host::SharedState state;
  CHECK(std::get<host::Status>(state.get("a")) == host::Status::not_found);
  CHECK(state.set("a", "1", 7) == host::Status::ok);  // new: nothing to compare with
  const auto first = std::get<host::SharedValue>(state.get("a"));
  CHECK(state.set("a", "2", first.cas) == host::Status::ok);
  CHECK(state.set("a", "3", first.cas) == host::Status::cas_mismatch);
  CHECK(std::get<host::SharedValue>(state.get("a")).bytes == "2");
  CHECK(state.register_queue(1, "q") == 1);
  CHECK(state.register_queue(1, "r") == 2);
  CHECK(state.register_queue(1, "q") == 1);
  CHECK(std::get<std::uint32_t>(state.resolve_queue("r")) == 2);
  CHECK(std::get<host::Status>(state.resolve_queue("s")) == host::Status::not_found);
  CHECK(std::get<host::Status>(state.dequeue(1)) == host::Status::empty);
  CHECK(state.enqueue(1, "x") == host::Status::ok);
  CHECK(std::get<std::string>(state.dequeue(1)) == "x");
  CHECK(state.enqueue(3, "x") == host::Status::not_found);
}

namespace {

// A module with `malloc`, which answers 1024, and a callback with this code and signature.
std::string plugin(std::string_view callback, std::string_view signature, const std::string& code,
                   std::string_view import = "proxy_done",
                   std::string_view import_signature = ":i") {
  const auto body = [](const std::string& instructions) {
    return wasmctl::test::name("\0"s + instructions + "\x0b");
  };
  const auto function = [](std::string_view exported, int index) {
    return wasmctl::test::name(exported) + '\0' + leb(static_cast<std::uint32_t>(index));
  };
  return header() +
         section(1, vec({func_type(":"), func_type("i:i"), func_type(signature),
                         func_type(import_signature)})) +
         section(2,
                 vec({wasmctl::test::name("env") + wasmctl::test::name(import) + '\0' + leb(3)})) +
         section(3, vec({leb(0), leb(1), leb(2)})) + section(5, vec({"\0\1"s})) +
         section(7, vec({wasmctl::test::name("memory") + "\2\0"s,
                         function("proxy_abi_version_0_2_1", 1), function("malloc", 2),
                         function(callback, 3)})) +
         section(10, vec({body(""), body("\x41\x80\x08"), body(code)}));
}

host::TestResult run(const std::string& bytes, std::uint64_t instructions = 1000) {
  const engine::Program program(wasm::parse_module(bytes, "m"), "m");
  host::SharedState shared;
  host::RunOptions options;
  options.program = &program;
  options.limits.instructions = instructions;
  return host::run_test({}, {}, options, shared);
}

}  // namespace

TEST_CASE("a VM that fails says where") {
  struct Case {
    const char* callback;
    const char* signature;
    std::string code;
    const char* what;
  };
  const Case cases[] = {
      {"proxy_on_log", "i:", "\x00"s, "the VM failed in proxy_on_log: unreachable"},
      {"proxy_on_vm_start", "ii:i", "\x03\x40\x0c\x00\x0b\x00"s,
       "the VM failed in proxy_on_vm_start: the limit of instructions is used up"},
      {"proxy_on_configure", "ii:i", "\x41\x00"s, "the plugin refused to start"},
      {"_initialize", ":", "\x10\x00\x1a"s,
       "the VM failed in _initialize: a host function failed: `proxy_done` may not be called "
       "before `proxy_on_vm_start`"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.callback);
    const auto result = run(plugin(c.callback, c.signature, c.code));
    REQUIRE(result.failures.size() == 1);
    CHECK(result.failures[0].what.starts_with(c.what));
  }
  CHECK(run(plugin("proxy_on_log", "i:", "")).passed());
}

TEST_CASE("a plugin that fills the host's memory fails") {
  // log(trace, 0, 65536), for ever
  const auto code = "\x03\x40\x41\x00\x41\x00\x41\x80\x80\x04\x10\x00\x1a\x0c\x00\x0b"s;
  const auto result = run(plugin("proxy_on_log", "i:", code, "proxy_log", "iii:i"), 1'000'000);
  REQUIRE(result.failures.size() == 1);
  CHECK(result.failures[0].what ==
        "the VM failed in proxy_on_log: a host function failed: it has handed the host more than "
        "268435456 bytes");
}

TEST_CASE("each stream begins anew") {
  // It answers 403.
  const auto bytes =
      plugin("proxy_on_request_headers", "iii:i",
             "\x41\x93\x03" + std::string("\x41\0\x41\0\x41\0\x41\0\x41\0\x41\0\x41\0", 14) +
                 "\x10\x00\x1a\x41\x01"s,
             "proxy_send_local_response", "iiiiiiii:i");
  const engine::Program program(wasm::parse_module(bytes, "m"), "m");
  host::SharedState shared;
  const auto answers_twice = [&](host::LocalProxy& proxy) {
    host::Vm vm(program, proxy, {});
    vm.start();
    REQUIRE(proxy.start_plugin(vm));
    for (int i = 0; i < 2; ++i) {
      proxy.start_stream(vm);
      const auto result =
          proxy.send_headers(vm, host::Phase::request_headers, {{"a", "b"}}, host::EndOfStream::no);
      CHECK(result.local.status == 403);
      const auto body =
          proxy.send_body(vm, host::Phase::request_body, "abc", host::EndOfStream::yes);
      CHECK(body.body.empty());
      proxy.end_stream(vm);
    }
  };
  host::EnvoyProxy envoy({}, {}, shared);
  answers_twice(envoy);
  host::TesterProxy tester({}, shared);
  answers_twice(tester);
}

TEST_CASE("what callbacks cost is exact") {
  const auto result = run(plugin("proxy_on_log", "i:", "\x10\x00\x1a\x10\x00\x1a"s));
  REQUIRE(result.costs.size() == 1);
  CHECK(result.costs[0].name == "proxy_on_log");
  CHECK(result.costs[0].calls == 1);
  CHECK(result.costs[0].instructions == 2);
  CHECK(result.costs[0].hostcalls == 2);
}

TEST_CASE("a module that no VM takes") {
  const std::pair<std::string, const char*> cases[] = {
      {header(), "exports no ABI version that Envoy knows"},
      {plugin("x", "i:", "", "proxy_x"), "imports `env.proxy_x`, which Envoy does not offer"},
      {plugin("x", "i:", "", "proxy_done", "i:i"),
       "imports `env.proxy_done` as (i32) -> i32, but Envoy offers () -> i32"},
      {plugin("x", "i:", "", "proxy_continue_request"),
       "imports `env.proxy_continue_request`, which Envoy does not offer to ABI 0.2.1"},
      {plugin("proxy_on_log", "I:", ""),
       "exports `proxy_on_log` as (i64) -> (), but Envoy calls (i32) -> ()"},
      {plugin("proxy_on_request_headers", "ii:i", "\x41\x00"s),
       "exports `proxy_on_request_headers` as (i32, i32) -> i32, but Envoy calls (i32, i32, i32) "
       "-> i32"},
      {plugin("_initialize", "i:", ""),
       "exports `_initialize` as (i32) -> (), but Envoy calls () -> ()"},
  };
  for (const auto& [bytes, message] : cases) CHECK_THROWS_WITH_AS(run(bytes), message, Error);
}
