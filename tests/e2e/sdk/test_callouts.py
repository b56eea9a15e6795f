"""The SDK at the level of the hostcalls, and over TCP, in a real Envoy (tests/data/plugins/callouts.cc)."""

import socket

import pytest

from envoy import Envoy, Filter, cluster
from test_sdk import stream, unary
from upstreams import grpc_upstream, tcp_upstream, upstream


@pytest.fixture(scope="module")
def module(built):
    return built("callouts.cc")


@pytest.fixture(scope="module")
def envoy(module, tmp_path_factory):
    def answer(request):
        return 200, {}, request.path.encode()

    with upstream(answer) as port, grpc_upstream(unary, stream) as grpc_port:
        with Envoy([Filter("c", module)], tmp_path_factory.mktemp("envoy") / "log", upstream=port,
                   clusters=[cluster("grpc", grpc_port, http2=True)]) as running:
            yield running


@pytest.mark.parametrize("test, answer", [
    ("http", "http / all 0"),
    ("call", "received ASKED metadata"),
    ("stream", "initial received SENT received  trailing closed 0"),
    ("state", "12"),
    ("metric", "7"),
    ("pairs", "/set"),
])
def test_answers(envoy, test, answer):
    assert envoy.get("/", {"x-test": test})[:2] == (200, answer)


def test_abort(module, tmp_path):
    with Envoy([Filter("c", module)], tmp_path / "log") as envoy:
        assert envoy.get("/", {"x-test": "abort"})[0] == 503
        envoy.wait_for_log("it cannot go on")


def test_tcp(module, tmp_path):
    def shout(connection):
        while data := connection.recv(4096):
            connection.sendall(data.upper())
            if data == b"<bye>":
                return

    with tcp_upstream(shout) as port:
        with Envoy(network_filters=[Filter("t", module, root_id="tcp")], log=tmp_path / "log", upstream=port) as envoy:
            with socket.create_connection(("127.0.0.1", envoy.port), 10) as client:
                client.settimeout(10)
                client.sendall(b"abc")
                assert client.recv(5, socket.MSG_WAITALL) == b"<ABC>"
                client.sendall(b"end")
                client.shutdown(socket.SHUT_WR)
            with socket.create_connection(("127.0.0.1", envoy.port), 10) as client:
                client.settimeout(10)
                client.sendall(b"bye")
                assert client.recv(5, socket.MSG_WAITALL) == b"<BYE>" and client.recv(1) == b""
            for line in ("new connection", "continue downstream Ok", "upstream <ABC>", "close upstream Ok",
                         "downstream closed", "upstream closed"):
                envoy.wait_for_log(line)
