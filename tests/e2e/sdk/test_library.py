"""The standard library in a plugin: what works on a real Envoy, and what the compiler says of what cannot."""

import re

import pytest

from envoy import Envoy, Filter


@pytest.fixture(scope="module")
def module(built):
    return built("library.cc")


@pytest.fixture(scope="module")
def envoy(module, tmp_path_factory):
    with Envoy([Filter("library", module)], tmp_path_factory.mktemp("envoy") / "log") as running:
        yield running


@pytest.mark.parametrize("test, answer", [
    ("locks", "held free in vain shared 1 once"),
    ("table", "right"),
    ("format", "   42|0xff|text"),
    ("path", ".txt"),
    ("thread_local", "1"),
    ("clock", "goes on"),
])
def test_what_works(envoy, test, answer):
    assert envoy.get("/", {"x-test": test})[:2] == (200, answer)


@pytest.mark.parametrize("test, message", [
    ("lock twice", "a mutex is locked twice, and a module has no other thread to go on: it would wait for ever"),
    ("wait", "a condition variable waits, and a module has no other thread to go on: it would wait for ever"),
    ("assert", 'assertion failed: result == "held", in onRequestHeaders at library.cc:99'),
])
def test_what_stops_says_why(module, tmp_path, test, message):
    with Envoy([Filter("library", module)], tmp_path / "log") as envoy:
        assert envoy.get("/", {"x-test": test})[0] == 503
        assert envoy.wait_for_log(message).endswith(message)


ONE_THREAD = "a module has one thread, the host's: do the work in steps, from onTick"
NO_FILES = "a module has no files: read the plugin's configuration, or compile the data in"


@pytest.mark.parametrize("include, use, message", [
    ("thread", "std::thread t([] {}); t.join();",
     f"'thread' is unavailable: {ONE_THREAD} (proxy_set_tick_period_milliseconds)"),
    ("thread", "std::this_thread::sleep_for(1);",
     "'sleep_for<int>' is unavailable: a sleep would stop all requests of this worker thread:"
     " answer StopIteration, and go on from onTick"),
    ("future", "std::async(1);",
     "'async<int>' is unavailable: a module has one thread, the host's: pass a callback on, as httpCall and"
     " grpcSimpleCall take one"),
    ("fstream", 'std::ifstream f("/etc/passwd"); f.close();', f"'basic_ifstream<char>' is unavailable: {NO_FILES}"),
    ("filesystem", "std::filesystem::exists(1);", f"'exists<int>' is unavailable: {NO_FILES}"),
    ("pthread.h", "pthread_create(nullptr, nullptr, nullptr, nullptr);",
     f"'pthread_create' is unavailable: {ONE_THREAD}"),
    ("csetjmp", "", '"a module cannot jump out of a function with longjmp: return what went wrong"'),
    ("csignal", "", '"a module gets no signals: leave <signal.h> out, or write `#ifndef __wasm__` around it"'),
])
def test_what_cannot_work_is_refused_with_the_reason(wasmctl, tmp_path, include, use, message):
    (tmp_path / "plugin.cc").write_text(f"#include <{include}>\nvoid f() {{ {use} }}\n")
    errors = wasmctl("build", tmp_path, status=5).stderr
    assert re.search(r"error: (.*)", errors.split("\n", 1)[1]).group(1) == message


@pytest.mark.parametrize("header, hint", [
    ("absl/strings/str_cat.h",
     "`libraries: {abseil: DIR}` in wasmctl.yaml compiles Abseil for Wasm, DIR being a tree of"
     " https://github.com/abseil/abseil-cpp; or without it: the standard library has string_view, optional,"
     " unordered_map and from_chars"),
    ("my/own.h", "`includes` in wasmctl.yaml, or --include, names the directory that it is in; a library is compiled"
     " for Wasm with the plugin"),
])
def test_a_header_that_is_missing(wasmctl, tmp_path, header, hint):
    (tmp_path / "plugin.cc").write_text(f'#include "{header}"\n')
    assert wasmctl("build", tmp_path, status=5).stderr.endswith(f"\nhint: {hint}\n")
