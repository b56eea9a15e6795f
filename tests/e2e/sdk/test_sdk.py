"""The SDK's API, called by one plugin in a real Envoy (tests/data/plugins/everything.cc)."""

import json

import pytest

from envoy import Envoy, Filter, cluster
import http2
from upstreams import grpc_upstream, upstream


@pytest.fixture(scope="module")
def module(built):
    return built("everything.cc")


def unary(request, context):
    import grpc
    if request == b"fail":
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "not you")
    return request.upper() + b" " + dict(context.invocation_metadata())["x-sent"].encode()


def stream(requests, context):
    context.send_initial_metadata([("x-initial", "hello")])
    for request in requests:
        yield request.upper()
    context.set_trailing_metadata([("x-trailing", "bye")])


@pytest.fixture(scope="module")
def everything(module, tmp_path_factory):
    log = tmp_path_factory.mktemp("envoy") / "log"
    with upstream() as port, grpc_upstream(unary, stream) as grpc_port:
        with Envoy([Filter("every", module, "configured", root_id="everything")], log, upstream=port,
                   clusters=[cluster("grpc", grpc_port, http2=True)], wasm_level="debug") as envoy:
            yield envoy


def run(envoy, test, **more):
    headers = {"x-test": test} | more.pop("headers", {})
    return envoy.request("/", headers, **more)


def test_life_of_a_plugin(everything):
    everything.wait_for_log("::onStart() onStart 0")
    everything.wait_for_log("::onConfigure() onConfigure everything configured")
    everything.wait_for_log("third tick")
    run(everything, "life")
    everything.wait_for_log("onCreate")
    everything.wait_for_log("onDone life")
    everything.wait_for_log("onLog life 200")
    everything.wait_for_log("onDelete life")


def test_the_log_names_file_and_line(everything):
    line = everything.wait_for_log("onStart 0")
    assert "[everything.cc:" in line.replace("./", ""), line


def test_headers(everything):
    sent = {"X-Replaced": "old", "x-removed": "1", "x-dropped": "1", "x-replaced2": "2"}
    status, body, headers = run(everything, "headers", headers=sent)
    assert status == 200
    seen = json.loads(body)["headers"]
    assert seen["x-replaced"] == ["new"] and "x-removed" not in seen and "x-dropped" not in seen
    assert ",".join(seen["x-added"]) == "1,2" and seen["x-count"] == ["2"]
    assert dict(headers)["x-response"] == "added" and dict(headers)["content-type"] == "text/everything"


def test_bodies(everything):
    status, body, _ = run(everything, "bodies", method="POST", body=b"abc")
    assert status == 200
    assert body.endswith(" and more")
    assert json.loads(body.removesuffix(" and more"))["body"] == "<abc>"
    everything.wait_for_log("body abc 3")
    everything.wait_for_log("in the middle: BadArgument")  # so is Envoy


@pytest.mark.parametrize("test, answer", [
    ("properties", "127.0.0.1: port GET every size wrong nothing state"),
    ("shared data", "NotFound one Ok CasMismatch two"),
    ("metrics", "4 11 5 9 4 name.a.number.7.flag.true.counter"),
    ("library", "ff 1.5 12 items 13 42 17 same time 1 root found level1"),
    ("foreign function", "Ok smaller"),
    # "{via_upstream}" is Envoy's own addition.
    ("grpc", "simple:SIMPLE metadata call:HANDLER metadata call failed:7:not you{via_upstream}"
             " initial:hello stream:ONE stream:TWO trailing:bye closed:0"),
    ("grpc cancelled", "only:0"),
    ("expressions", "Ok expressions! no number Ok gone BadArgument 3"),
])
def test_answers(everything, test, answer):
    status, body, headers = run(everything, test)
    assert (status, body) == (200, answer)
    assert dict(headers)["x-everything"] == "yes"


def test_http_call(everything):
    seen = json.loads(run(everything, "http call")[1])["headers"]
    assert seen["x-call"] == ["200 headers"] and seen["x-call-body"] == ["yes"]


def test_shared_queue(everything):
    run(everything, "queue")
    everything.wait_for_log("dequeued a message")


def test_metrics_are_published(everything):
    run(everything, "metrics")
    stats = everything.admin("/stats?filter=wasmcustom")[1]
    assert "wasmcustom.size.1.histogram" in stats
    assert "wasmcustom.first.x.second.3.extended" in stats


def test_other_roots_of_the_module(module, tmp_path):
    for root_id in ("other", "lambda"):
        with Envoy([Filter("o", module, root_id=root_id)], tmp_path / root_id) as envoy:
            assert envoy.get("/")[:2] == (418, f"other {root_id}")


def test_a_root_id_that_nobody_registered(module, tmp_path):
    with Envoy([Filter("o", module, "x", root_id="unknown")], tmp_path / "log", upstream=None) as envoy:
        assert envoy.get("/")[:2] == (200, "ok")
        envoy.wait_for_log("no plugin has this root_id")


@pytest.mark.parametrize("test, message", [
    ("abort", "WasmResult::NotFound"),
    ("length error", "length_error was thrown in -fno-exceptions mode"),
])
def test_what_cannot_go_on_says_why(module, tmp_path, test, message):
    with Envoy([Filter("e", module, root_id="everything")], tmp_path / "log") as envoy:
        assert run(envoy, test)[0] == 503
        envoy.wait_for_log(message)


def test_trailers_and_metadata(module, tmp_path):
    with http2.echo_server() as port, Envoy([Filter("e", module, root_id="everything")], tmp_path / "log",
                                            upstream=port, upstream_http2=True) as envoy:
        answer = http2.request(envoy.port, {"x-test": "trailers"}, b"abc", {"x-trailer": "t"}, {"key": "value"})
        assert answer.headers[":status"] == "200" and answer.body == b"abc"
        # Each side's x-trailer is removed, its size told, x-more added and replaced. What went to the
        # upstream came back, but for the response's own x-pairs before it.
        assert answer.trailers["x-more"] == "again" and "x-trailer" not in answer.trailers
        assert answer.trailers["x-pairs"].isdigit()
        envoy.wait_for_log("request trailers 1 t")
        envoy.wait_for_log("request metadata 1")
        envoy.wait_for_log("response metadata 1")
        envoy.wait_for_log("response trailers 2 ")


def test_shutdown(module, tmp_path):
    with Envoy([Filter("e", module, root_id="everything")], tmp_path / "log") as envoy:
        assert envoy.get("/", {"x-test": "nothing"})[0] == 200
        log = envoy.log
    assert "root onDone" in log.read_text() or "root onDelete" in log.read_text()


def test_a_response_that_is_held_until_a_call_is_answered(everything):
    assert dict(run(everything, "paused response")[2])["x-paused"] == "yes"


def test_response_pairs(everything):
    headers = dict(run(everything, "pairs")[2])
    assert headers["x-size"] == "some" and headers["server"] == "envoy"


def test_close(everything):
    import http.client
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        run(everything, "close")


@pytest.mark.parametrize("standard", ["c++17", "c++20", "c++23"])
def test_the_whole_surface_compiles(wasmctl, root, tmp_path, standard):
    import shutil
    shutil.copytree(root / "tests/data/plugins/surface", tmp_path / "surface")
    wasmctl("build", tmp_path / "surface", f"--cxxflag=-std={standard}")


@pytest.mark.parametrize("source, callbacks", [
    ("functions.cc", {"proxy_on_tick", "proxy_on_request_headers", "proxy_on_configure", "proxy_on_vm_start",
                      "proxy_on_grpc_close", "proxy_on_new_connection"}),
    ("raw.cpp", {"proxy_on_context_create", "proxy_on_vm_start", "proxy_on_request_headers"}),
    ("empty.cxx", {"proxy_on_context_create", "proxy_on_delete"}),
])
def test_styles_of_writing_a_plugin(wasmctl, root, tmp_path, source, callbacks):
    import shutil
    shutil.copy(root / "tests/data/plugins/styles" / source, tmp_path)
    wasmctl("build", tmp_path)
    found = set(json.loads(wasmctl("inspect", tmp_path, "--json").stdout)["callbacks"])
    assert found >= callbacks if source == "functions.cc" else found == callbacks
