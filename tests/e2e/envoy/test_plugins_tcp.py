"""plugins/tcp-guard before a TCP service, in a real Envoy."""

import socket

import pytest

from envoy import Envoy, Filter
from upstreams import tcp_upstream


@pytest.fixture
def module(wasmctl, root, tmp_path):
    wasmctl("build", root / "plugins/tcp-guard", "-o", tmp_path / "tcp-guard.wasm")
    return tmp_path / "tcp-guard.wasm"


def shout(connection):
    """Answers everything in capitals, until the client has ended."""
    while data := connection.recv(4096):
        connection.sendall(data.upper())


def talk(port, *pieces, size):
    """Sends the pieces one by one, and returns what comes back: `size` bytes, or fewer if it is closed."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.settimeout(10)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        try:
            for piece in pieces:
                client.sendall(piece)
            while len(received) < size and (data := client.recv(4096)):
                received += data
        except ConnectionError:
            pass
        return received


def test_tcp_guard(module, tmp_path):
    config = {"prefix": "HELLO ", "max_bytes": 100}
    with tcp_upstream(shout) as port, Envoy(network_filters=[Filter("guard", module, config)], upstream=port,
                                            log=tmp_path / "log") as envoy:
        assert talk(envoy.port, b"HELLO you", size=9) == b"HELLO YOU"
        line = envoy.wait_for_log("closed")
        assert "127.0.0.1:" in line and "9 bytes sent, 9 received" in line
        # A greeting in two pieces is one.
        assert talk(envoy.port, b"HEL", b"LO there", size=11) == b"HELLO THERE"
        assert talk(envoy.port, b"GET / HTTP/1.1\r\n\r\n", size=1) == b""
        envoy.wait_for_log("speaks another protocol")
        assert talk(envoy.port, b"HELLO " + b"x" * 200, size=1) == b""
        envoy.wait_for_log("sent too much")


def test_tcp_guard_without_a_config_lets_everything_through(module, tmp_path):
    with tcp_upstream(shout) as port, Envoy(network_filters=[Filter("guard", module)], upstream=port,
                                            log=tmp_path / "log") as envoy:
        assert talk(envoy.port, b"any" * 1000, size=3000) == b"ANY" * 1000
