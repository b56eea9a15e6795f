"""What authors of plugins for the C++ SDK write, and that must work in Envoy as it does there."""

import pytest

from envoy import Envoy, Filter

HEADER = """
#include <cstdlib>
#include <string>
#include "proxy_wasm_intrinsics.h"
"""

# Answers each request with `answer()`.
ANSWERS = """
class Answers : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    sendLocalResponse(200, "", answer(), {});
    return FilterHeadersStatus::StopIteration;
  }
};
"""
FACTORY = "static RegisterContextFactory registered(CONTEXT_FACTORY(Answers));\n"

PLUGINS = {
    "an operator new of its own": ("""
static unsigned made = 0;
void *operator new(size_t size) { ++made; return malloc(size); }
void operator delete(void *at) noexcept { free(at); }
void operator delete(void *at, size_t) noexcept { free(at); }
static std::string answer() { return made > 0 ? "counted" : "not counted"; }
""" + ANSWERS + FACTORY, "counted"),
    "a lock of POSIX threads": ("""
#include <pthread.h>
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static std::string answer() {
  const int locked = pthread_mutex_lock(&guard);
  const int busy = pthread_mutex_trylock(&guard);
  return std::to_string(locked) + (busy != 0 ? " busy " : " free ") + std::to_string(pthread_mutex_unlock(&guard));
}
""" + ANSWERS + FACTORY, "0 busy 0"),
    "a factory that is a lambda": ("""
static std::string answer() { return "by lambda"; }
""" + ANSWERS + """
static RegisterContextFactory registered(
    [](uint32_t id, RootContext *root) { return std::make_unique<Answers>(id, root); });
""", "by lambda"),
    "no factory of root contexts": ("""
static std::string answer() { return "of a stream"; }
""" + ANSWERS + "static RegisterContextFactory registered(CONTEXT_FACTORY(Answers), {});\n", "of a stream"),
    "members of the handlers": ("""
class Feed : public GrpcStreamHandlerBase {
 public:
  void onReceive(size_t) override { LOG_INFO(std::to_string(token_) + std::string(context_->root_id())); }
  void onRemoteClose(GrpcStatus) override {}
};
static std::string answer() { return std::make_unique<Feed>() ? "made" : ""; }
""" + ANSWERS + FACTORY, "made"),
}


@pytest.mark.parametrize("habit", PLUGINS)
def test_it_serves(wasmctl, tmp_path, habit):
    source, answer = PLUGINS[habit]
    (tmp_path / "plugin.cc").write_text(HEADER + source)
    wasmctl("build", tmp_path, "-o", tmp_path / "plugin.wasm")
    with Envoy([Filter("t", tmp_path / "plugin.wasm")], tmp_path / "log") as envoy:
        status, body = envoy.get("/")[:2]
        assert (status, body) == (200, answer)


def test_a_root_id_that_is_made_at_run_time(wasmctl, tmp_path):
    (tmp_path / "plugin.cc").write_text(HEADER + """
class Side : public RootContext {
 public:
  using RootContext::RootContext;
  bool onConfigure(size_t) override { LOG_INFO("serves " + std::string(root_id())); return true; }
};
static std::string side(const char *name) { return std::string("a_name_that_is_long_enough_") + name; }
static RegisterContextFactory in(nullptr, ROOT_FACTORY(Side), side("in"));
static RegisterContextFactory out(nullptr, ROOT_FACTORY(Side), side("out"));
""")
    wasmctl("build", tmp_path, "-o", tmp_path / "plugin.wasm")
    name = "a_name_that_is_long_enough_out"
    with Envoy([Filter("t", tmp_path / "plugin.wasm", root_id=name)], tmp_path / "log") as envoy:
        assert envoy.wait_for_log(f"serves {name}")


def test_sources_in_c_are_c(wasmctl, tmp_path):
    (tmp_path / "sum.c").write_text(
        "#include <stdlib.h>\nint sum(const char *text) { int *new = malloc(sizeof *new); *new = *text; return *new; }\n")
    (tmp_path / "plugin.cc").write_text(HEADER + 'extern "C" int sum(const char *);\n'
                                        + "static std::string answer() { return std::to_string(sum(\"A\")); }\n"
                                        + ANSWERS + FACTORY)
    wasmctl("build", tmp_path, "-o", tmp_path / "plugin.wasm")
    with Envoy([Filter("t", tmp_path / "plugin.wasm")], tmp_path / "log") as envoy:
        assert envoy.get("/")[0] == 200


def test_what_does_nothing_is_warned_of(wasmctl, tmp_path):
    (tmp_path / "plugin.cc").write_text(HEADER + "#include <unistd.h>\n#include <cstdio>\n"
                                        'static std::string answer() { sleep(1); return fopen("a", "r") ? "a" : "b"; }\n'
                                        + ANSWERS + FACTORY)
    warnings = wasmctl("build", tmp_path).stderr
    assert "warning: a module cannot wait, and this returns at once: answer StopIteration, and go on from onTick" in warnings
    assert "warning: a module has no files, and this fails: read the plugin's configuration, or compile the data in" in warnings


STATICS = {
    "behind a branch": ("static std::string zone = [] { std::string text; getValue({\"node\", \"id\"}, &text); return text; }();",
                        "zone", "`_initialize` leads to `env.proxy_get_property`", "start-branch"),
    "without fail": ("static const uint64_t begun = getCurrentTimeNanoseconds();", "std::to_string(begun)",
                     "`_initialize` calls `env.proxy_get_current_time_nanoseconds`", "start-call"),
}


@pytest.mark.parametrize("kind", STATICS)
def test_a_static_object_that_calls_the_host_is_refused(wasmctl, tmp_path, kind):
    declared, used, said, rule = STATICS[kind]
    (tmp_path / "plugin.cc").write_text(
        f"{HEADER}{declared}\nstatic std::string answer() {{ return {used}; }}\n{ANSWERS}{FACTORY}")
    (tmp_path / "wasmctl.yaml").write_text("name: early\n")
    error, caller = wasmctl("build", tmp_path, status=6).stderr.splitlines()[:2]
    assert error == f"error: early: {said}, which Envoy forbids before `proxy_on_vm_start` [{rule}]"
    line = HEADER.count("\n") + 1
    assert caller == f"  caused by: `_GLOBAL__sub_I_plugin.cc` at plugin.cc:{line}"


def test_a_static_object_that_logs_is_not(wasmctl, tmp_path):
    (tmp_path / "plugin.cc").write_text(
        f'{HEADER}static const auto said = logInfo(std::string("loaded ") + __TIME__[0]);\n'
        f"static std::string answer() {{ return std::to_string(static_cast<int>(said)); }}\n{ANSWERS}{FACTORY}")
    wasmctl("build", tmp_path)


def test_names_of_a_plugins_own_that_are_none_of_the_c_plus_plus_sdk(wasmctl, tmp_path):
    (tmp_path / "plugin.cc").write_text(HEADER + """
enum class PeerType { inside, outside };
struct Optional { bool set = false; };
struct StringView { const char *text; };
static const int kMetricTagType = 1;
static WasmResult setProperty(std::string_view key, std::string_view value) {
  return proxy_set_property(key.data(), key.size(), value.data(), value.size());
}
inline WasmResult prependBuffer(WasmBufferType type, std::string_view data) { return setBuffer(type, 0, 0, data); }
static WasmResult appendBuffer(WasmBufferType type, std::string_view data) { return setBuffer(type, 9, 0, data); }
static int callForeignFunction(std::string_view name) { return static_cast<int>(name.size()); }
static std::string answer() {
  setProperty("tenant", StringView{"acme"}.text);
  prependBuffer(WasmBufferType::HttpRequestBody, "{");
  appendBuffer(WasmBufferType::HttpRequestBody, "}");
  return std::to_string(callForeignFunction("f") + kMetricTagType + static_cast<int>(PeerType::outside) + Optional{}.set);
}
""" + ANSWERS + FACTORY)
    wasmctl("build", tmp_path)


def test_a_header_beside_the_source_is_the_one_that_is_included(wasmctl, tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    (source / "proxy_wasm_intrinsics.h").write_text('extern "C" int say(const char *, int);\nstruct Context {};\n')
    (source / "plugin.cc").write_text('#include "proxy_wasm_intrinsics.h"\n'
                                      'extern "C" void proxy_abi_version_0_2_1() {}\n'
                                      "static_assert(sizeof(Context) == 1);\n")
    (tmp_path / "wasmctl.yaml").write_text("name: own\nsources: [src/plugin.cc]\n")
    for more in [], ["-D", "ANY=1"]:
        wasmctl("build", tmp_path, *more)
    (source / "plugin.cc").write_text('#include "proxy_wasm_intrinsics.h"\nint n = kNone;\n')
    assert wasmctl("build", tmp_path, status=5).stderr.splitlines()[-1] == (
        "hint: the proxy_wasm_intrinsics.h beside src/plugin.cc stands in for the SDK's")
