"""gRPC callouts and foreign functions, in the embedded host and in a real Envoy: as test_envoy.py."""

import json
import re
import subprocess

import pytest

from conftest import WASMCTL
from envoy import Envoy, Filter, cluster
from upstreams import grpc_upstream, tcp_upstream, upstream

SERVICE = "%0a%06%0a%04grpc"  # envoy.config.core.v3.GrpcService, cluster grpc
GO_ON = ";stream;continue 0;return 0"


def unary(request, context):
    import grpc
    if request == b"fail":
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "not you")
    return b"answer to " + request


def stream(requests, context):
    import grpc
    context.send_initial_metadata([("x-initial", "hello")])
    context.set_trailing_metadata([("x-trailing", "bye")])
    for request in requests:
        if request == b"fail":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
        yield b"answer to " + request


def read_all(connection):
    while connection.recv(4096):
        pass


METADATA = {"header": [{"key": "grpc-accept-encoding", "value": "identity, deflate, gzip"}, {"key": "x-initial", "value": "hello"}], "trailer": [{"key": "x-trailing", "value": "bye"}]}

# Name: what the plugin does, and the rows of `grpc_call` that answer as the server above.
ROWS = {
    # The first, since they count on in Envoy's one VM.
    "tokens": ({"request_headers": f"grpcsend a;grpccancel;grpcclose;grpc {SERVICE} Unary asked;token;grpccancel;"
                                   f"grpcstream {SERVICE} Stream;token;grpccancel;grpcstream {SERVICE} Stream;token;grpccancel;"
                                   f"grpc {SERVICE} Unary asked;token;grpccancel"}, [METADATA]),
    "a call": ({"request_headers": f"grpc {SERVICE} Unary asked;return 1",
                "received": "bytes 5 0 99;status;pairs 4;get 4 x;body 1;grpccancel" + GO_ON},
               [{"message": ["answer to asked"]}]),
    "by the cluster's name": ({"request_headers": "grpc grpc Unary asked;return 1", "received": "bytes 5 0 99" + GO_ON},
                              [{"cluster": "grpc", "message": ["answer to asked"]}]),
    "a call that fails": ({"request_headers": f"grpc {SERVICE} Unary fail;return 1",
                           "closed": "status;bytes 5 0 9;pairs 4;grpccancel" + GO_ON},
                          [{"status": 7, "status_message": "not you"}]),
    "no such cluster": ({"request_headers": "grpc nowhere Unary asked;grpcstream nowhere Stream"}, []),
    "no such cluster in a service": ({"request_headers": "grpc %0a%05%0a%03non Unary asked;return 1", "closed": "status" + GO_ON}, []),
    "no such cluster of a stream": ({"request_headers": "grpcstream %0a%05%0a%03non Stream;return 1", "closed": "status" + GO_ON}, []),
    "cancelled": ({"request_headers": f"grpc {SERVICE} Unary asked;grpccancel;grpccancel"}, [{"message": ["x"]}]),
    "closed": ({"request_headers": f"grpc {SERVICE} Unary asked;grpcclose;grpcclose"}, [{"message": ["x"]}]),
    "a call takes no messages": ({"request_headers": f"grpc {SERVICE} Unary asked;grpcsend more;return 1", "received": "body 1" + GO_ON},
                                 [{"message": ["answer to asked"]}]),
    "a stream": ({"request_headers": f"grpcstream {SERVICE} Stream;grpcsend one;return 1",
                  "initial": "pairs 4;get 4 X-Initial;add 4 a b;get 4 a;pairs 5;bytes 5 0 9",
                  "received": "bytes 5 0 99;pairs 4;grpcsend end end",
                  "trailing": "get 5 x-trailing;get 5 grpc-status;pairs 4;replace 5 a b;get 5 a",
                  "closed": "status;pairs 5;grpcsend late;grpcclose;grpcclose" + GO_ON},
                 [{"message": ["answer to one", "answer to end"], **METADATA}]),
    "two messages": ({"request_headers": f"grpcstream {SERVICE} Stream;grpcsend one;grpcsend two end;return 1",
                      "received": "bytes 5 0 99", "closed": "status;grpcclose" + GO_ON},
                     [{"message": ["answer to one", "answer to two"], **METADATA}]),
    "ended without a message": ({"request_headers": f"grpcstream {SERVICE} Stream;grpcclose;return 1", "closed": "status;grpcsend late" + GO_ON},
                                [METADATA]),
    "a stream that fails": ({"request_headers": f"grpcstream {SERVICE} Stream;grpcsend fail;return 1", "closed": "status" + GO_ON},
                            [{"status": 5, "status_message": "no such thing", **METADATA}]),
    "a stream that is cancelled": ({"request_headers": f"grpcstream {SERVICE} Stream;grpcsend one;grpccancel;grpcsend two"}, [METADATA]),
    "no server": ({"request_headers": "grpc dead Unary asked;return 1", "closed": "status" + GO_ON}, [{"failure": "connect"}]),
    "no server of a stream": ({"request_headers": "grpcstream dead Stream;grpcsend one;return 1", "initial": "pairs 4", "trailing": "pairs 5",
                               "closed": "status" + GO_ON}, [{"failure": "connect"}]),
    "no answer in time": ({"request_headers": "grpc silent Unary wait;return 1", "closed": "status" + GO_ON}, [{"failure": "timeout"}]),
    "a connection that breaks": ({"request_headers": "grpc broken Unary asked;return 1", "closed": "status" + GO_ON}, [{"failure": "reset"}]),
    "trailers alone": ({"request_headers": f"grpcstream {SERVICE} Refuse;grpcsend one;return 1", "initial": "pairs 4", "trailing": "pairs 5",
                        "closed": "status" + GO_ON}, [{"status": 12, "status_message": "Method not found!"}]),
    "foreign functions": ({"request_headers": "foreign compress;foreign compress abcabcabc;foreign uncompress abc;foreign uncompress;"
                                              "foreign uncompress x%9c%03%00%00%00%00%01;foreign uncompress x%9cKLJ%06%00%02M%01';"
                                              "foreign clear_route_cache;foreign none;foreign declare_property x;"
                                              "foreign declare_property %0a%01a;foreign declare_property %0a%01a;"
                                              "setproperty a b;property a;setproperty a c;property a"}, []),
}


@pytest.fixture(scope="module")
def judged(built, tmp_path_factory):
    log = tmp_path_factory.mktemp("envoy") / "log"
    said = {}
    with upstream() as port, grpc_upstream(unary, stream) as grpc_port, \
            tcp_upstream(lambda connection: connection.recv(9)) as broken, tcp_upstream(read_all) as silent:
        clusters = [cluster("grpc", grpc_port, http2=True), cluster("dead", 1, http2=True), cluster("broken", broken, http2=True),
                    cluster("silent", silent, http2=True)]
        with Envoy([Filter("t", built("probe.cc"), config="")], log, upstream=port, clusters=clusters) as envoy:
            for name, (commands, _) in ROWS.items():
                begin = log.stat().st_size
                marked = {**dict.fromkeys(("initial", "received", "trailing", "closed"), ""), **commands, "log": "log 2 the-end"}
                envoy.get("/p?q", [(f"do-{callback}", text) for callback, text in marked.items()])
                envoy.wait_for_log("the-end", begin=begin)
                said[name] = re.findall(r"wasm log[^:]*: (.*)", log.read_text()[begin:])
    return said


@pytest.fixture(scope="module")
def embedded(built, clean_env, tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedded")
    tests = []
    for name, (commands, answers, *_) in ROWS.items():
        headers = [(":path", "/p?q"), (":method", "GET"), *((f"do-{callback}", text) for callback, text in commands.items())]
        tests.append({
            "name": name,
            "grpc_call": answers,
            "request_headers": {"input": {"header": [{"key": k, "value": v} for k, v in headers]}, "end_of_stream": True},
        })
    (folder / "suite.yaml").write_text(json.dumps({"env": {"host": "envoy"}, "test": tests}))
    done = subprocess.run([WASMCTL, "test", built("probe.cc"), "--suite", folder / "suite.yaml", "--json"],
                          capture_output=True, text=True, env=clean_env, timeout=60)
    assert done.stdout, done.stderr
    results = json.loads(done.stdout)["suites"][0]["tests"]
    return {t["name"]: [line["message"] for line in t["log"]] for t in results}


@pytest.mark.parametrize("name", ROWS)
def test_the_same(judged, embedded, name):
    assert embedded[name] == judged[name][:-1]


def failures(wasmctl, built, tmp_path, commands, **test):
    headers = [{"key": "do-request_headers", "value": commands}]
    test = {"name": "a", "request_headers": {"input": {"header": headers}}, **test}
    (tmp_path / "suite.yaml").write_text(json.dumps({"env": {"host": "envoy"}, "test": [test]}))
    done = wasmctl("test", built("probe.cc"), "--suite", "suite.yaml", "--json", status=None)
    found = json.loads(done.stdout)["suites"][0]["tests"][0]["failures"]
    return [(f["message"], f["expected"], f["actual"]) for f in found if "`do." not in f["message"]]


@pytest.mark.parametrize("commands, test, wanted", [
    ("foreign sign x", {}, [("this host does not have the foreign function `sign`: say what it answers in `foreign_function`", [], [])]),
    ("foreign sign x", {"foreign_function": [{"name": "sign", "argument": "x", "calls": 1}]}, []),
    ("foreign sign x", {"foreign_function": [{"name": "sign", "status": "BadArgument", "calls": 2}]},
     [("foreign_function `sign`: calls", ["2"], ["1"])]),
    ("foreign none", {}, []),
    ("foreign none", {"strict": True}, [("strict: the suite does not give the foreign function `none`", [], [])]),
    ("grpc c M asked", {"grpc_call": [{"method": "M", "calls": 1, "request": {
        "has_header": [{"key": "x-sent", "value": "metadata"}], "body": [{"exact": "asked"}]}}]}, []),
    ("grpcstream c M;grpcsend one;grpcsend two end", {"grpc_call": [{"method": "M", "request": {
        "body": [{"exact": "two"}, {"exact": "three"}]}}]}, [("body: exact `three`", ["three"], ["one", "two"])]),
    ("grpc c M asked", {"grpc_call": [{"method": "N", "calls": 1}], "strict": True},
     [("grpc_call ``: calls", ["1"], ["0"]), ("strict: the suite does not give an answer of the cluster `c` to `test.Service/M`", [], [])]),
    ("close 0", {}, [("the stream does not continue", ["Continue"], ["close request"])]),
    ("", {"request_metadata": {"input": {"header": [{"key": "a", "value": "b"}]}}, "response_metadata": {}}, []),
])
def test_what_is_expected(wasmctl, built, tmp_path, commands, test, wanted):
    assert failures(wasmctl, built, tmp_path, commands, **test) == wanted
