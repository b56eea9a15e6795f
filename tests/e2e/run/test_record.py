"""`wasmctl run --record`: what came through a real Envoy replays in `wasmctl test`. The suite says at a test if
anything that crossed the ABI is another there, so none may say so."""

import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import pytest

import upstreams
from loops import Loop, replace


@pytest.fixture
def env(clean_env, root, tmp_path):
    (tmp_path / "tmp").mkdir()
    yield clean_env | {"ENVOY_PATH": str(root / ".venv/bin/envoy"), "TMPDIR": str(tmp_path / "tmp")}
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.fixture
def plugin(root, tmp_path):
    def copy(name):
        return pathlib.Path(shutil.copytree(root / "plugins" / name, tmp_path / name,
                                            ignore=shutil.ignore_patterns("build")))
    return copy


@pytest.fixture
def probe(root, tmp_path):
    """Does what a request's header `do-CALLBACK` says."""
    directory = tmp_path / "probe"
    directory.mkdir()
    shutil.copy(root / "tests/data/plugins/probe.cc", directory)
    return directory


def record(env, plugin, requests, *flags, how=signal.SIGINT):
    """The suite's text, and the statuses of the responses to (METHOD, PATH, HEADERS, BODY), over one connection."""
    file = plugin.parent / "recorded.yaml"
    file.unlink(missing_ok=True)
    with Loop(env, plugin, "--port", "0", "--record", file, *flags) as loop:
        client = http.client.HTTPConnection("127.0.0.1", loop.port, timeout=20)
        statuses = []
        for method, path, headers, body in requests:
            client.request(method, path, headers=headers, body=body)
            answer = client.getresponse()
            answer.read()
            statuses.append(answer.status)
        client.close()
        assert not file.exists()
        assert loop.end(how) == 130
        assert any(line == f"recorded {len(requests)} requests in {file}" for line in loop.talk.all), loop.talk.all
    return file.read_text(), statuses


def replay(env, plugin, count):
    done = subprocess.run(["wasmctl", "test", plugin, "--suite", plugin.parent / "recorded.yaml", "--json"], env=env,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    suite, = json.loads(done.stdout)["suites"]
    assert len(suite["tests"]) == count


def get(path="/", body=None, **headers):
    """`do_request_headers` is the header do-request_headers."""
    named = {name.replace("_", "-", 1 if name.startswith("do_") else -1): value for name, value in headers.items()}
    return "POST" if body else "GET", path, named, body


def test_what_a_plugin_asks_and_does(env, probe):
    requests = [
        get("/headers?a=b", do_request_headers="pairs 0;get 0 :path;add 0 a 1;add 0 a 2;replace 0 user-agent x;remove 0 accept-encoding"),
        get("/response", do_response_headers="pairs 2;add 2 x-new 1;remove 2 server;get 0 :path"),
        get("/body", "hello", do_request_body="end;bytes 0 0 99;write 0 0 0 <", do_request_headers="remove 0 content-length"),
        get("/body-response", do_response_headers="remove 2 content-length", do_response_body="end;write 1 0 0 >"),
        get("/answer", do_request_headers="local 403 no why a 1;return 1", do_response_headers="pairs 2"),
        get("/late", do_response_headers="local 404 none why", do_response_body="body 1"),
        get("/bytes", bytes(range(256)), do_request_body="bytes 0 0 3"),
        get("/property", do_request_headers="property source.address;property source.port;property request.protocol;"
                                            "property request.path;property node.id;property none;property plugin_name;"
                                            "setproperty mine 1;property mine", do_log="property response.code;property response.code_details"),
        get("/shared", do_request_headers="shared k;share k v 0;shared k"),
        get("/more", do_request_headers="metric;foreign none;foreign compress aaa;size 0;log 3 done", do_log="log 2 bye"),
        get("/no-cluster", do_request_headers="call nowhere /;continue 0"),
    ]
    text, statuses = record(env, probe, requests)
    assert statuses == [200, 200, 200, 200, 403, 404, 200, 200, 200, 200, 200]
    assert not re.findall("# Not as in Envoy.*\n.*", text)
    replay(env, probe, len(requests))


def test_bodies_that_are_rewritten(env, plugin):
    rewriter = plugin("body-rewriter")
    text, _ = record(env, rewriter, [get(f"/{i}", "see http://a.example " * 2_000 * i) for i in range(5)])
    assert "https://" in text and "# Not" not in text
    replay(env, rewriter, 5)


def test_callouts(env, plugin):
    """What the service has answered is in the suite, and what it was asked is expected."""
    authz = plugin("ext-authz")

    def decide(request):
        allowed = request.headers["authorization"] == "Bearer let-me-in"
        return (200, {"x-user": "me"}, b"") if allowed else (403, {}, b"no " + request.path.encode())

    with upstreams.upstream(decide) as port:
        requests = [get(f"/{i}", authorization="Bearer " + ("let-me-in" if i % 2 else "get-out")) for i in range(10)]
        text, statuses = record(env, authz, requests, "--set", "cluster=authz", "--cluster", f"authz=127.0.0.1:{port}")
    assert statuses == [403, 200] * 5
    assert "# Not" not in text and "let-me-in" not in text and "get-out" not in text
    replay(env, authz, 10)


def test_secrets_are_the_same_wherever_they_come(env, plugin):
    """So the plugin still finds the key in its configuration. With --no-mask they are as they were."""
    keys = plugin("api-key")
    requests = [get("/in", x_api_key="change-me", cookie="session=0123456789; theme=a"), get("/out", x_api_key="mallory")]
    text, statuses = record(env, keys, requests)
    assert statuses == [200, 401]
    assert "change-me" not in text and "mallory" not in text and "0123456789" not in text and "# Not" not in text
    assert 'value: "session=*********' in text
    replay(env, keys, 2)
    text, _ = record(env, keys, requests, "--no-mask", how=signal.SIGTERM)
    assert "change-me" in text and "session=0123456789; theme=a" in text and "config:" not in text
    replay(env, keys, 2)


def test_connections(env, plugin):
    guard = plugin("tcp-guard")
    file = guard.parent / "recorded.yaml"
    with Loop(env, guard, "--port", "0", "--record", file) as loop:
        for text in (b"hello", b"you"):
            with socket.create_connection(("127.0.0.1", loop.port)) as client:
                client.sendall(text)
                assert client.recv(99) == text
            loop.out.wait_for("TCP ")
        loop.end()
    assert "# Not" not in file.read_text()
    replay(env, guard, 2)


def test_reloads_go_on_recording(env, plugin):
    """Each test has the configuration that the plugin had then."""
    logger = plugin("header-logger")
    file = logger.parent / "recorded.yaml"
    with Loop(env, logger, "--port", "0", "--record", file) as loop:
        loop.get("/a")
        replace(logger / "wasmctl.yaml", "log_level: info", "log_level: debug")
        loop.talk.wait_for("configured anew")
        loop.get("/b")
        loop.end()
    assert "# Not" not in file.read_text()
    replay(env, logger, 2)


def test_state_that_the_suite_does_not_have_is_said(env, plugin, tmp_path):
    (tmp_path / "count").mkdir()
    (tmp_path / "count/count.cc").write_text("""#include "proxy_wasm_intrinsics.h"
static int count = 0;
class Stream : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    addRequestHeader("x-count", std::to_string(++count));
    return FilterHeadersStatus::Continue;
  }
};
static RegisterContextFactory registered(CONTEXT_FACTORY(Stream));
""")
    text, _ = record(env, tmp_path / "count", [get(), get()])
    assert text.count("# Not as in Envoy") == 1
    assert ('# Not as in Envoy. There: proxy_add_header_map_value(request_headers, "x-count", "2") = Ok\n'
            '# Here: proxy_add_header_map_value(request_headers, "x-count", "1") = Ok\n') in text
    replay(env, tmp_path / "count", 2)


def test_a_file_that_cannot_be_written(env, plugin):
    logger = plugin("header-logger")
    full = subprocess.run(["wasmctl", "run", logger, "--record", "/dev/full", "--once", "/"], env=env, text=True,
                          capture_output=True, timeout=60)
    assert full.returncode == 8 and full.stderr.endswith(
        "\nerror: cannot write `/dev/full`: No space left on device\nhint: free some space, or write elsewhere\n")
    done = subprocess.run(["wasmctl", "run", logger, "--record", "none/a.yaml", "--once", "/"], env=env, text=True,
                          capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (4, "error: cannot write `none/a.yaml`\n  caused by: there is no directory `none`\n")
