"""Envoy's semantics, in the embedded host and in a real Envoy: the same plugin is told to do the same
(tests/data/plugins/probe.cc), and logs the same. What differs is put aside first: Envoy adds headers of
its own."""

import json
import re
import subprocess

import pytest

from envoy import Envoy, Filter, cluster
from upstreams import upstream

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
    "in the log": ({"log": "get 0 :path;get 2 :status;add 0 a 1;get 1 x;get 3 x;get 6 x"}, []),
    "buffers": ({"request_headers": "body 0;body 1;body 4;body 6;body 7;bytes 7 0 9;write 0 0 0 a;body 9"}, []),
    "properties": ({"request_headers": "property plugin_root_id;property request.path;property request.method;"
                                       "property a.b;setproperty a.b c;property a.b;setproperty d e;property d"}, []),
    "local response": ({"request_headers": "local 403 no why a 1;get 0 :path;local 404 b c;return 1",
                        "response_headers": "get 2 :status;get 2 a;get 2 content-length;get 2 content-type;add 2 z 1",
                        "response_body": "end;bytes 1 0 99"}, []),
    "local response, Continue": ({"request_headers": "local 403 no why;return 0", "response_headers": "get 2 :status"}, []),
    "no such cluster": ({"request_headers": "call nowhere /;foreign f;done;close 9;continue 9;log 9 a"}, []),
    "metrics, timers": ({"request_headers": "metric;tick 0"}, []),
    "shared data": ({"request_headers": "shared k;share k v 0;shared k;share k w 99"}, []),
    "queues": ({"request_headers": "pop q;register q;pop q;push q a;pop q"}, []),
    "a call": ({"request_headers": "call side /side;return 3"}, []),
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
