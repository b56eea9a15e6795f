"""The HTTP plugins under plugins/, each built by wasmctl and run in a real Envoy."""

import json
import time

import pytest

from envoy import Envoy, Filter, cluster
from upstreams import echo, upstream


@pytest.fixture
def build(wasmctl, root, tmp_path):
    """build(name): the plugin's module."""

    def run(name):
        module = tmp_path / f"{name}.wasm"
        wasmctl("build", root / "plugins" / name, "-o", module)
        return module

    return run


def echoed(answer):
    assert answer[0] == 200, answer
    return json.loads(answer[1])


def refused(module, config, log):
    """What the plugin logs about a config that it refuses."""
    with pytest.raises(RuntimeError) as caught:
        with Envoy([Filter("refused", module, config)], log):
            pass
    return str(caught.value)


def test_header_rewriter(build, tmp_path):
    config = {
        "request": {"remove": ["x-debug"], "set": {"x-from": "mesh"}, "add": {"x-hop": "two"}},
        "response": {"remove": ["server"], "set": {"x-frame-options": "DENY"}, "add": {"x-served-by": "edge"}},
    }
    module = build("header-rewriter")
    with upstream() as port, Envoy([Filter("rw", module, config)], tmp_path / "log", upstream=port) as envoy:
        answer = envoy.get("/", [("X-Debug", "1"), ("X-From", "a"), ("X-From", "b"), ("X-Hop", "one")])
        headers = echoed(answer)["headers"]
        assert "x-debug" not in headers
        assert headers["x-from"] == ["mesh"]
        assert headers["x-hop"] == ["one", "two"] or headers["x-hop"] == ["one,two"]
        sent = dict(answer[2])
        assert sent["x-frame-options"] == "DENY" and sent["x-served-by"] == "edge"
    assert "colour is not a known key" in refused(module, {"request": {"colour": 1}}, tmp_path / "log2")


def test_api_key(build, tmp_path):
    module = build("api-key")
    config = {"clients": [{"name": "alice", "key": "k-alice"}, {"name": "bob", "key": "k-bob"}]}
    with upstream() as port, Envoy([Filter("key", module, config)], tmp_path / "log", upstream=port) as envoy:
        headers = echoed(envoy.get("/", {"x-api-key": "k-bob", "x-client": "mallory"}))["headers"]
        assert headers["x-client"] == ["bob"]
        assert "x-api-key" not in headers
        for wrong in ({}, {"x-api-key": ""}, {"x-api-key": "k-alic"}, {"x-api-key": "k-alice "[:8] + "x"}):
            status, body, _ = envoy.get("/", wrong)
            assert (status, body) == (401, "an API key is needed\n"), wrong
    assert "clients must be given" in refused(module, {}, tmp_path / "log2")
    assert "key must be given" in refused(module, {"clients": [{"name": "a"}]}, tmp_path / "log3")


def test_rate_limiter(build, tmp_path):
    module = build("rate-limiter")
    config = {"requests_per_minute": 60, "burst": 3, "header": "x-user"}
    with Envoy([Filter("limit", module, config)], tmp_path / "log", concurrency=2) as envoy:
        # Each request on a connection of its own, so on either of the two threads.
        answers = [envoy.get("/", {"x-user": "a"}) for _ in range(6)]
        assert [a[0] for a in answers] == [200, 200, 200, 429, 429, 429]
        assert dict(answers[-1][2])["retry-after"] == "1"
        assert envoy.get("/", {"x-user": "b"})[0] == 200
        time.sleep(1.2)  # one token
        assert [envoy.get("/", {"x-user": "a"})[0] for _ in range(2)] == [200, 429]
    assert "at least 1" in refused(module, {"requests_per_minute": 0}, tmp_path / "log2")


@pytest.mark.parametrize("body, expected", [
    (b"see http://in.example/a and http://in.example/b", "see https://out/a and https://out/b"),
    ([b"see htt", b"p://in.exa", b"mple/a"], "see https://out/a"),
    (b"nothing to see", "nothing to see"),
    ([b"x" * 100_000, b"http://in.example", b"y" * 100_000], "x" * 100_000 + "https://out" + "y" * 100_000),
    (b"", ""),
], ids=["twice", "across chunks", "not at all", "long", "empty"])
def test_body_rewriter(build, tmp_path, body, expected):
    config = {"find": "http://in.example", "replace": "https://out"}
    with upstream(lambda _: (200, {"content-type": "text/html; charset=utf-8"}, body)) as port:
        with Envoy([Filter("body", build("body-rewriter"), config)], tmp_path / "log", upstream=port) as envoy:
            status, text, _ = envoy.get("/")
            assert status == 200
            assert text == expected


@pytest.mark.parametrize("headers", [{"content-type": "image/png"}, {"content-type": "text/css", "content-encoding": "br"}, {}])
def test_body_rewriter_leaves_other_bodies_alone(build, tmp_path, headers):
    config = {"find": "http://in.example", "replace": ""}
    with upstream(lambda _: (200, headers, b"http://in.example")) as port:
        with Envoy([Filter("body", build("body-rewriter"), config)], tmp_path / "log", upstream=port) as envoy:
            answer = envoy.get("/")
            assert answer[1] == "http://in.example"
            assert dict(answer[2])["content-length"] == "17"


def authorize(request):
    """Knows one token; what it was asked comes back in headers."""
    if request.headers.get("authorization") == "good":
        asked = f"{request.headers['x-original-method']} {request.headers['x-original-path']}"
        return 200, {"x-user": "alice", "x-asked": asked}, b""
    return 403, {}, b"who are you?"


AUTHZ = {"cluster": "authz", "upstream_headers": ["x-user", "x-asked"]}


def test_ext_authz(build, tmp_path):
    module = build("ext-authz")
    with upstream() as port, upstream(authorize) as authz:
        with Envoy([Filter("authz", module, AUTHZ)], tmp_path / "log", upstream=port,
                   clusters=[cluster("authz", authz)]) as envoy:
            answer = envoy.request("/p?q=1", {"authorization": "good", "x-user": "mallory"}, "POST", b"body")
            assert echoed(answer)["body"] == "body"
            headers = echoed(answer)["headers"]
            assert headers["x-user"] == ["alice"] and headers["x-asked"] == ["POST /p?q=1"]
            assert envoy.get("/", {"authorization": "bad"})[:2] == (403, "who are you?")
            assert envoy.get("/")[:2] == (403, "who are you?")


@pytest.mark.parametrize("fail_open, status", [(False, 503), (True, 200)])
@pytest.mark.parametrize("how", ["no cluster", "nobody listens", "too slow"])
def test_ext_authz_when_the_service_fails(build, tmp_path, fail_open, status, how):
    config = AUTHZ | {"fail_open": fail_open, "timeout_ms": 200}

    def slow(_):
        time.sleep(1)
        return 200, {}, b""

    with upstream() as port, upstream(slow) as authz:
        clusters = {"no cluster": [], "nobody listens": [cluster("authz", 1)], "too slow": [cluster("authz", authz)]}
        with Envoy([Filter("authz", build("ext-authz"), config)], tmp_path / "log", upstream=port,
                   clusters=clusters[how]) as envoy:
            assert envoy.get("/", {"authorization": "good", "x-user": "mallory"})[0] == status


def metrics(envoy, prefix):
    lines = envoy.admin("/stats?filter=" + prefix)[1].splitlines()
    return dict(line.split(": ", 1) for line in lines)


def wait_for_metric(envoy, name, value):
    deadline = time.monotonic() + 10
    while (seen := metrics(envoy, name)).get(name) != value:
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)


def test_request_metrics(build, tmp_path):
    config = {"prefix": "app", "header": "x-tenant"}
    with upstream(lambda r: (404 if r.path == "/lost" else 200, {}, b"ok")) as port:
        with Envoy([Filter("metrics", build("request-metrics"), config)], tmp_path / "log", upstream=port) as envoy:
            for path in ("/", "/", "/lost"):
                envoy.get(path, {"x-tenant": "acme"})
            envoy.request("/", method="PUT", body=b"x")
            wait_for_metric(envoy, "wasmcustom.method.GET.status.2xx.app_total", "2")
            wait_for_metric(envoy, "wasmcustom.method.GET.status.4xx.app_total", "1")
            wait_for_metric(envoy, "wasmcustom.method.PUT.status.2xx.app_total", "1")
            wait_for_metric(envoy, "wasmcustom.app_in_flight", "0")
            wait_for_metric(envoy, "wasmcustom.value.acme.app_by_header", "3")
            assert "wasmcustom.app_milliseconds" in metrics(envoy, "app_milliseconds")
