"""Envoy's semantics, in the embedded host and in a real Envoy: the same plugin is told to do the same
(tests/data/plugins/probe.cc), and logs the same. What differs is put aside first: Envoy adds headers of
its own."""

import json
import queue
import re
import socket
import struct
import subprocess
import time

import pytest

from envoy import Envoy, Filter, cluster
from upstreams import tcp_upstream, upstream

CONFIG = """answer: get 6 :status;body 4;bytes 4 0 99;get 0 :path;stream;get 0 :path;get 6 :status;add 0 a b;continue 0;get 0 a"""

# Name: what the plugin does, and the request's headers beside.
ROWS = {
    "order": ({"request_headers": "pairs 0;get 0 B;get 0 none"}, [("B", "1"), ("a", "2"), ("b", "3")]),
    "add": ({"request_headers": "add 0 b 3;add 0 x 1;add 0 x 2;get 0 x;pairs 0"}, [("b", "1")]),
    "replace": ({"request_headers": "add 0 x 1;replace 0 B 4;replace 0 n 5;pairs 0"}, [("b", "1"), ("b", "2"), ("c", "3")]),
    "remove": ({"request_headers": "remove 0 B;remove 0 none;get 0 b;pairs 0"}, [("b", "1"), ("b", "2")]),
    "one value": ({"request_headers": "add 0 via 1;add 0 via 2;get 0 via;add 0 user-agent b;get 0 user-agent"},
                  [("user-agent", "a")]),
    "only in its phase": ({"request_headers": "get 2 :status;pairs 2;add 2 a b;get 1 x;get 6 x;remove 4 x",
                           "response_headers": "get 0 :path;pairs 0;add 0 a 1;get 2 :status;get 4 a"}, []),
    "sizes": ({"request_headers": "size 1;size 2;size 6", "log": "size 0;size 2"}, []),
    "of messages": ({"request_headers": "property request.url_path;property request.query;property request.headers.a;property request.headers.b;"
                                        "property response.code", "response_headers": "property request.path;property response.code;property "
                                        "response.headers.none", "log": "property request.path;property response.code;property request.headers.A"},
                    [("a", "1")]),
    "in the log": ({"log": "get 0 :path;get 2 :status;add 0 a 1;get 1 x;get 3 x;get 6 x"}, []),
    "buffers": ({"request_headers": "body 0;body 1;body 4;body 6;body 7;bytes 7 0 9;write 0 0 0 a;body 9"}, []),
    "properties": ({"request_headers": "property plugin_root_id;property request.path;property request.method;"
                                       "property a.b;setproperty a.b c;property a.b;setproperty d e;property d"}, []),
    "local response": ({"request_headers": "local 403 no why a 1;get 0 :path;local 404 b c;return 1",
                        "response_headers": "get 2 :status;get 2 a;get 2 content-length;get 2 content-type;add 2 z 1",
                        "response_body": "end;bytes 1 0 99"}, []),
    "local response, Continue": ({"request_headers": "local 403 no why;return 0", "response_headers": "get 2 :status"}, []),
    "local response in a response": ({"response_headers": "log 2 once;local 403 no why a 1;return 1", "response_body": "log 2 body"}, []),
    "no such cluster": ({"request_headers": "call nowhere /;foreign f;done;close 9;continue 9;log 9 a"}, []),
    "metrics, timers": ({"request_headers": "metric;tick 0"}, []),
    "shared data": ({"request_headers": "shared k;share k v 0;shared k;share k w 99"}, []),
    "queues": ({"request_headers": "pop q;register q;pop q;push q a;pop q"}, []),
    "a call": ({"request_headers": "call side /side;token;return 3"}, []),
}

# Name: what a client sends, each a line for the probe; and what the server answers when that has arrived,
# None: it does not. An empty text: it ends.
TCP_CONFIG = """new_connection: property source.address2;body 2;body 3;body 0
downstream_close: body 2;close 2
upstream_close: body 3
done: log 2 done
log: body 2;log 2 logged
delete: log 2 the-end"""
TCP_ROWS = {
    "nothing": [],
    "data": [("down;bytes 2 0 99", "up;bytes 3 0 4;bytes 2 0 9"), ("more", None)],
    "changed": [("x;write 2 0 0 <;write 2 999 0 >;write 2 1 2 no;write 3 0 0 a", "y;write 3 0 999 Y;write 2 0 0 b")],
    "kept": [("return 1;body 2", None), ("return 1;write 2 0 0 <", None), ("body 2;return 0;bytes 2 0 99", "log 2 a")],
    "kept for good": [("return 1", None)],
    "other statuses": [("return 2", "return 9")],
    "continued": [("return 1;continue 2;continue 2", "log 2 ok"), ("continue 3;continue 0", None)],
    "closed": [("close 2;log 2 after;close 2", None)],
    "closed by the other side": [("log 2 a", "close 3;log 2 after")],
    "closed as one of HTTP": [("close 0;close 1;close 4;return 0", "log 2 b")],
    "the client ends first": [("log 2 a", "log 2 b"), ("", "log 2 c"), (None, "")],
    "the server ends": [("log 2 a", "")],
    "the client ends last": [("log 2 a", ""), ("", None)],
    "the plugin closes at the end": [("", "close 3")],
    "not of HTTP": [("get 0 a;pairs 0;local 403 a b;body 0;bytes 4 0 9;property request.path", "log 2 c")],
}

# Envoy's own, or another's value each time.
NOT_COMPARED = re.compile(r"(:authority|:scheme|x-forwarded-proto|x-request-id|x-envoy-[a-z-]*)=[^|]*\|")


def tidy(lines):
    # How many headers an answer has is the server's matter.
    return [re.sub(r"^answer \d+", "answer N", NOT_COMPARED.sub("", line)) for line in lines]


@pytest.fixture(scope="module")
def judged(built, tmp_path_factory):
    """Name -> what the probe logs in a real Envoy."""
    log = tmp_path_factory.mktemp("envoy") / "log"
    said = {}
    with upstream() as port, upstream(lambda _: (200, {}, b"side")) as side:
        probe = Filter("t", built("probe.cc"), config=CONFIG)
        with Envoy([probe], log, upstream=port, clusters=[cluster("side", side)]) as envoy:
            for name, (commands, headers) in ROWS.items():
                begin = log.stat().st_size
                marked = {"log": commands.get("log", "") + f";log 2 the-end-{len(said)}"}
                given = [(f"do-{callback}", text) for callback, text in {**commands, **marked}.items()]
                envoy.get("/p?q", [*given, *headers])
                envoy.wait_for_log(f"the-end-{len(said)}")
                said[name] = re.findall(r"wasm log[^:]*: (.*)", log.read_text()[begin:])
    return {name: tidy(lines[:-1]) for name, lines in said.items()}


@pytest.fixture(scope="module")
def embedded(built, clean_env, tmp_path_factory):
    """Name -> what it logs in the embedded host."""
    from conftest import WASMCTL

    folder = tmp_path_factory.mktemp("embedded")
    (folder / "config").write_text(CONFIG)

    def pairs(headers):
        return [{"key": key, "value": value} for key, value in headers]

    tests = []
    for name, (commands, headers) in ROWS.items():
        properties = [{"path": f"do.{callback}", "value": text} for callback, text in commands.items()]
        request = [(":path", "/p?q"), (":method", "GET"), *headers]
        tests.append({
            "name": name, "properties": properties,
            "http_call": [{"cluster": "side", "header": pairs([(":status", "200")]), "content": "side"}],
            "request_headers": {"input": {"header": pairs(request)}, "end_of_stream": True},
            "response_headers": {"input": {"header": pairs([(":status", "200")])}},
        })
    suite = {"env": {"host": "envoy", "config_path": str(folder / "config")}, "test": tests}
    (folder / "suite.yaml").write_text(json.dumps(suite))
    done = subprocess.run([WASMCTL, "test", built("probe.cc"), "--suite", folder / "suite.yaml", "--json"],
                          capture_output=True, text=True, env=clean_env, timeout=60)
    assert done.stdout, done.stderr
    results = json.loads(done.stdout)["suites"][0]["tests"]
    return {t["name"]: tidy(line["message"] for line in t["log"]) for t in results}


@pytest.mark.parametrize("name", ROWS)
def test_the_same(judged, embedded, name):
    assert embedded[name] == judged[name]


def came(side):
    """What has come to a socket, and whether its peer has closed it."""
    text = b""
    side.settimeout(0.1)
    try:
        while data := side.recv(4096):
            text += data
        return text.decode(), True
    except ConnectionError:
        return text.decode(), True
    except TimeoutError:
        return text.decode(), False


def send(side, line):
    if line:
        side.sendall(line.encode() + b"\n")
    else:
        side.shutdown(socket.SHUT_WR)


class Conversation:
    """A row over a real connection: what was logged, and what came of it as events of a suite."""

    def __init__(self, envoy, servers):
        self.envoy, self.servers, self.events, self.begin = envoy, servers, [], envoy.log.stat().st_size

    def logged(self):
        return re.findall(r"wasm log[^:]*: (.*)", self.envoy.log.read_text()[self.begin:])

    def hold(self, row):
        with socket.create_connection(("127.0.0.1", self.envoy.port), 5) as client, self.servers.get(timeout=5) as server:
            for sent, answer in row:
                if sent is not None:
                    self.step("downstream", sent, client, server, client)
                if answer is not None:
                    self.step("upstream", answer, server, client, client)
            # Without a FIN: the client is gone.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.envoy.wait_for_log("the-end", begin=self.begin)
        return self.logged(), self.events

    def step(self, side, line, sender, receiver, client):
        send(sender, line)
        body, _ = came(receiver)
        result = {"body": [{"exact": body}]}
        if client.fileno() >= 0 and "close" in line and came(client)[1]:
            result["close"] = side
        event = {"input": {"content": line + "\n" if line else ""}, "result": result, "end_of_stream": not line}
        self.events.append({f"{side}_data": event})


@pytest.fixture(scope="module")
def judged_tcp(built, tmp_path_factory):
    servers = queue.Queue()

    def serve(connection):
        mine = connection.dup()
        servers.put(mine)
        while mine.fileno() >= 0:
            time.sleep(0.01)

    said = {}
    with tcp_upstream(serve) as port:
        probe = Filter("t", built("probe.cc"), config=TCP_CONFIG)
        with Envoy(network_filters=[probe], log=tmp_path_factory.mktemp("envoy") / "log", upstream=port) as envoy:
            for name, row in TCP_ROWS.items():
                said[name] = Conversation(envoy, servers).hold(row)
    return said


@pytest.mark.parametrize("name", TCP_ROWS)
def test_the_same_of_tcp(judged_tcp, built, wasmctl, tmp_path, name):
    lines, events = judged_tcp[name]
    test = {"name": name, "new_connection": {}, "connection": events}
    suite = tmp_path / "suite.yaml"
    suite.write_text(json.dumps({"env": {"host": "envoy", "config": TCP_CONFIG}, "test": [test]}))
    result = json.loads(wasmctl("test", built("probe.cc"), "--suite", suite, "--json", status=None).stdout)["suites"][0]["tests"][0]
    assert [line["message"] for line in result["log"]] == lines
    assert result["passed"], result
