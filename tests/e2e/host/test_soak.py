"""What `wasmctl test --soak` finds in a plugin that leaks what it is told to, and in one that does not."""

import json
import re
import shutil

import pytest


@pytest.fixture(scope="module")
def leaky(root, tmp_path_factory):
    directory = tmp_path_factory.mktemp("leaky", numbered=False)
    (directory / "tests").mkdir()
    shutil.copy(root / "tests/data/plugins/leaky.cc", directory)
    shutil.copy(root / "tests/data/suites/leaky.yaml", directory / "tests")
    (directory / "wasmctl.yaml").write_text("name: leaky\n")
    return directory


def test_each_leak_is_found_by_its_size_and_place(leaky, wasmctl):
    done = wasmctl("-q", "test", leaky, "--soak", 400, status=1)
    said = re.sub(r"\.cc:\d+", ".cc:N", re.sub(r", \d+ bytes of memory", "", done.stdout))
    assert said == """\
  FAIL  a stream (400 streams, 40 reconfigurations)
        16 bytes a stream are never freed: 200 allocations in 200 streams, in proxy_on_log
          at (anonymous namespace)::keep(unsigned long) (leaky.cc:N)
          at (anonymous namespace)::Stream::onLog() (leaky.cc:N)
  FAIL  a chunk (400 streams, 40 reconfigurations)
        80 bytes a stream are never freed: 400 allocations in 200 streams, in proxy_on_request_body
          at (anonymous namespace)::keep(unsigned long) (leaky.cc:N)
          at (anonymous namespace)::Stream::onRequestBody(unsigned long, bool) (.llvm.merged) (leaky.cc:N)
  FAIL  a configuration (400 streams, 40 reconfigurations)
        100 bytes a reconfiguration are never freed: 20 allocations in 20 reconfigurations, in proxy_on_configure
          at (anonymous namespace)::keep(unsigned long) (leaky.cc:N)
          at (anonymous namespace)::Root::onConfigure(unsigned long) (leaky.cc:N)
  FAIL  a list that grows (400 streams, 40 reconfigurations)
        20.48 bytes a stream are never freed: an allocation that becomes larger, in proxy_on_request_headers
          at (anonymous namespace)::Stream::onRequestHeaders(unsigned int, bool) (.llvm.merged) (leaky.cc:N)

FAILED: 2 passed, 4 failed
"""
    again = wasmctl("-q", "test", leaky, "--soak", 400, status=1)
    assert again.stdout == done.stdout


def test_without_names_the_callback_is_known_by_memory(leaky, wasmctl, tmp_path):
    module = shutil.copy(leaky / "build/leaky.wasm", tmp_path)
    done = wasmctl("test", module, "--suite", leaky / "tests/leaky.yaml", "--filter", "a chunk", "--soak", 4000, "--json", status=1)
    [test] = json.loads(done.stdout)["tests"]
    streams, configurations = test["series"]
    assert [streams["flat"], configurations["flat"]] == [False, True]
    quarter, half, end = streams["memoryBytes"]
    assert quarter < half < end and streams["growingIn"] == ["proxy_on_request_body"]


def test_an_endless_stream_ends_the_soak(leaky, wasmctl, tmp_path):
    suite = tmp_path / "endless.yaml"
    suite.write_text("test: [{name: endless, request_headers: {input: {header: [{key: a, value: b}]}}}]\n")
    config = tmp_path / "config"
    config.write_text("endless")
    done = wasmctl("-q", "test", leaky, "--suite", suite, "--config", config, "--soak", 8, "--max-instructions", 1000, status=1)
    assert done.stdout.startswith(
        "  FAIL  endless ()\n"
        "        request_headers: the VM failed in proxy_on_request_headers: the limit of instructions is used up\n")
    assert "::Stream::onRequestHeaders(unsigned int, bool) (.llvm.merged) (leaky.cc:" in done.stdout
