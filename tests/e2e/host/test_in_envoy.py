"""`wasmctl test --in envoy`: what a plugin (tests/data/plugins/probe.cc) does is compared as in the embedded
host, and an expectation that does not hold fails there, too."""

import json
import subprocess

import pytest

from conftest import WASMCTL

CONFIG = "configure: log 2 configured\nconfigure_refused: return 1\nanswer: get 6 :status;bytes 4 0 9;stream;continue 0"


def pairs(*headers):
    return [{"key": key, "value": value} for key, value in headers]


def do(phase, commands):
    return (f"do-{phase}", commands)


def request(*headers, result=None, **more):
    return {"request_headers": {"input": {"header": pairs(*headers)}, "result": result or {}, **more}}


def response(*headers, result=None, **more):
    return {"response_headers": {"input": {"header": pairs(*headers)}, "result": result or {}, **more}}


def body(content, result=None, **more):
    return [{"input": {"content": content}, "result": result or {}, **more}]


def logs(*texts):
    return {"log": [{"exact": text} for text in texts]}


ANSWER = {"cluster": "side", "path": "/x", "header": pairs((":status", "207")), "content": "hello"}

# Name: the test, and the message of its first failure; none: it passes.
ROWS = {
    "headers": (request((":method", "PUT"), (":path", "/p?q"), ("b", "1"), do("request_headers", "add 0 a 2;remove 0 b"),
                        result={"has_header": pairs(("a", "2"), (":path", "/p?q"), (":method", "PUT")), "no_header": pairs(("b", ""))}), None),
    "a header that does not come": (request(result={"has_header": pairs(("a", "1"))}), "has_header `a`"),
    "a header that comes": (request(("a", "1"), result={"no_header": pairs(("a", ""))}), "no_header `a`"),
    "log": (request(do("request_headers", "log 2 a"), result=logs("a")), None),
    "what is not logged": (request(do("request_headers", "log 2 a"), result=logs("b")), "log: exact `b`"),
    "what is logged": (request(do("request_headers", "log 2 a"), result={"log": [{"exact": "a", "invert": True}]}), "log: no exact `a`"),
    "log of each phase": ({**request(do("request_headers", "log 2 a"), do("response_headers", "log 2 b"), do("log", "log 2 c"),
                                     result={"log": [{"exact": "a"}, {"regex": "b|c", "invert": True}]}),
                           **response(result={"log": [{"exact": "b"}, {"regex": "a|c", "invert": True}]}),
                           "stream_destroy": {"log": [{"exact": "c"}, {"regex": "a|b", "invert": True}]},
                           "plugin_init": logs("configured")}, None),
    "log of the configuration": ({**request(), "plugin_init": logs("other")}, "log: exact `other`"),
    "bodies": ({**request(do("request_body", "bytes 0 0 9"), do("response_body", "end;body 1")),
                "request_body": body("abc", {"body": [{"exact": "abc"}], **logs("bytes = abc")}), **response((":status", "201")),
                "response_body": body("def", {"body": [{"exact": "def"}], "log": [{"exact": "end of stream"}]})}, None),
    # In HTTP/1 the end of a body comes by itself, in HTTP/2 with its last bytes.
    "the end of a body": ({**request(do("request_body", "write 0 0 0 <")), "request_body": body("abc", {"body": [{"exact": "<abc"}]})},
                          "body: exact `<abc` (passes in the embedded host)"),
    "another body": ({**request(), "request_body": body("abc", {"body": [{"exact": "abd"}]})}, "body: exact `abd`"),
    "a body in parts": ({**request(do("request_body", "body 0")), "request_body": [
        *body("ab", {"body": [{"exact": "ab"}], **logs("body = 2")}, end_of_stream=False), *body("c", {"body": [{"exact": "c"}]})]}, None),
    "a body that is kept": ({**request(do("request_headers", "return 1"), result={"action": "pause"}), "request_body": body("abc", {"action": "continue"})},
                            "action"),
    "trailers": ({**request(), "request_body": body("a"), "request_trailers": {"input": {"header": pairs(("t", "1"))}, "result": {
        "has_header": pairs(("t", "1"))}}}, None),
    "a response": ({**request(do("response_headers", "replace 2 server me")), **response((":status", "404"), ("server", "a"), result={
        "has_header": pairs((":status", "404"), ("server", "me"))}), "response_body": body("x")}, None),
    "trailers of a response": ({**request(), **response(), "response_body": body("x"), "response_trailers": {
        "input": {"header": pairs(("t", "1"))}, "result": {"has_header": pairs(("t", "1"))}}}, None),
    "immediate": (request(do("request_headers", "local 403 no why a 1;return 1"), result={
        "immediate": {"http_status": 403, "details": "why"}, "has_header": pairs(("a", "1")), "body": [{"exact": "no"}]}), None),
    "immediate, another status": (request(do("request_headers", "local 403 no why;return 1"), result={"immediate": {"http_status": 401}}),
                                  "immediate: http_status"),
    "immediate, other details": (request(do("request_headers", "local 403 no why;return 1"), result={"immediate": {"details": "because"}}),
                                 "immediate: details: exact `because`"),
    "immediate, but it goes on": (request(result={"immediate": {}}), "immediate"),
    "an answer that nobody expects": (request(do("request_headers", "local 403 no why;return 1")), "the stream does not continue"),
    "immediate in a response": ({**request(do("response_headers", "local 500 no why;return 1")), **response(result={
        "immediate": {"http_status": 500, "details": "why"}})}, None),
    "a pause": (request(do("request_headers", "return 1"), result={"action": "pause"}), None),
    "no pause": (request(result={"action": "pause"}), "action"),
    "a pause that nobody expects": (request(do("request_headers", "return 1")), "the stream does not continue"),
    "continued in its callback": ({**request(do("request_headers", "continue 0;return 1"), do("response_headers", "continue 1;return 1")),
                                   **response()}, None),
    "continued in a body's callback": ({**request(do("request_body", "continue 0;return 1")), "request_body": body(
        "abc", {"action": "pause"}, end_of_stream=False)}, None),
    "headers that wait keep the body": ({**request(do("request_headers", "return 1"), do("request_body", "log 2 x"), result={"action": "pause"}),
                                         "request_body": body("abc", {"action": "pause", "log": [{"exact": "x", "invert": True}]})}, None),
    "an answer when the response has begun": ({**request(do("response_body", "local 500 no why;return 1")), **response(),
                                               "response_body": body("abc", {"close": "response"}, end_of_stream=False)}, None),
    "bodies that stop": ({**request(do("request_body", "body 0;return 1")), "request_body": [
        *body("ab", {"action": "pause", **logs("body = 2")}, end_of_stream=False),
        *body("c", {"action": "pause", **logs("body = 3")}, end_of_stream=False)]}, None),
    "statuses that are none": (request(do("request_headers", "return 7"), result={"action": "pause"}), None),
    # It takes the proxy with it, and the next test has another one.
    "a response that is continued before it is there": (request(do("request_headers", "continue 1")), "Envoy was ended by signal 11"),
    "close": (request(do("request_headers", "close 0;return 1"), result={"close": "request"}), None),
    "a call": ({**request(do("request_headers", "call side /x;return 3"), result=logs("get :status = 207", "bytes = hello")),
                "http_call": [{**ANSWER, "calls": 1, "request": {"has_header": pairs((":method", "GET"), (":path", "/x"))}}]}, None),
    "an answer without a word": ({**request(do("request_headers", "call side /x;return 3"), result=logs("get :status = 200", "bytes = ")),
                                  "http_call": [{"cluster": "side"}]}, None),
    "an answer's trailers": ({**request(do("request_headers", "call side /x;return 3"), result=logs("get t = 1", "size: BadArgument")),
                              "config": "answer: get 7 t;size 7;stream;continue 0",
                              "http_call": [{**ANSWER, "trailer": pairs(("t", "1"))}]}, None),
    "a call when the stream is over": ({**request(do("log", "call side /x")), **response(), "stream_destroy": logs("stream: BadArgument"),
                                        "http_call": [{**ANSWER, "calls": 1}]}, None),
    "no such call": ({**request(), "http_call": [{**ANSWER, "calls": 1}]}, "http_call `side`: calls"),
    "another call": ({**request(do("request_headers", "call side /x;return 3")),
                      "http_call": [{**ANSWER, "request": {"has_header": pairs((":method", "POST"))}}]}, "has_header `:method`"),
    "a cluster that is not there": (request(do("request_headers", "call side /x"), result=logs("call: BadArgument")), None),
    "a call that fails": ({**request(do("request_headers", "call side /x;return 3"), result=logs("get :status = 503")),
                           "http_call": [{"cluster": "side", "failure": "connect"}]}, None),
    "metrics": ({**request(do("request_headers", "metric")), "metrics": [{"name": "probe", "value": 0}]}, None),
    "another metric": ({**request(do("request_headers", "metric")), "metrics": [{"name": "probe", "value": 1}]}, "metric `probe`"),
    "no metric": ({**request(), "metrics": [{"name": "none", "value": 1}]}, "metric `none`"),
    "its own VM": (request(do("request_headers", "shared k;share k v 0"), result=logs("shared k: NotFound")), None),
    "and the next": (request(do("request_headers", "shared k;share k v 0"), result=logs("shared k: NotFound")), None),
    "refuses": ({"config": "configure: return 1", "refuses": True}, None),
    "does not refuse": ({"refuses": True}, "the plugin takes its configuration"),
    "is refused": ({**request(), "config": "configure: return 1"}, "the plugin refused to start"),
    "logs without end": ({**request(), "config": "configure: " + ";".join(["log 2 a"] * 12_000)},
                         "logs without end: more than 10000 lines or 16 MiB in one test"),
    "after one that logs without end": (request(do("request_headers", "log 2 a"), result=logs("a")), None),
    "only in Envoy": (request(do("request_headers", "property plugin_vm_id"), result={"log": [{"regex": "property plugin_vm_id = test-.*"}]}),
                      "passes in Envoy, not in the embedded host: log: regex `property plugin_vm_id = test-.*`"),
    "only in the embedded host": (request(do("request_headers", "property plugin_vm_id"), result=logs("property plugin_vm_id = ")),
                                  "log: exact `property plugin_vm_id = ` (passes in the embedded host)"),
}

LEFT_OUT = {
    "advance_ms": request(advance_ms=1),
    "properties": {**request(), "properties": [{"path": "a", "value": "b"}]},
    "shared_data": {**request(), "shared_data": [{"key": "a", "value": "b"}]},
    "grpc_call": {**request(), "grpc_call": [{}]},
    "foreign_function": {**request(), "foreign_function": [{"name": "a"}]},
    "request_metadata, response_metadata": {**request(), "request_metadata": {}},
    "grpc_status": request(do("request_headers", "local 200 a b;return 1"), result={"immediate": {"grpc_status": 0}}),
    "failure: connect": {**request(), "http_call": [{"cluster": "a", "failure": "connect", "path": "/"}, {"cluster": "a"}]},
    "http_call": {**request(), "http_call": [{"header": pairs((":status", "4x3"))}]},
    "HTTP/1 takes a content-length at its word": request(("content-length", "1")),
    "HTTP/1 has no such path": request((":path", "/a b")),
    "HTTP/1 has no such method": request((":method", "CONNECT")),
    "HTTP/1 has no header `a` with that value": request(("a", "b\nc")),
    "how a body is framed is HTTP/1's own matter": request(("transfer-encoding", "chunked")),
    "end_of_stream": {**request(), "request_body": [*body("a"), *body("b")]},
    "HTTP/1 has no final response of status `100`": {**request(), **response((":status", "100"))},
}


@pytest.fixture(scope="module")
def results(built, root, clean_env, tmp_path_factory):
    folder = tmp_path_factory.mktemp("in_envoy")
    (folder / "config").write_text(CONFIG)
    tests = [{"name": name, **test} for name, test in [*((name, row[0]) for name, row in ROWS.items()), *LEFT_OUT.items()]]
    suite = {"env": {"host": "envoy", "config_path": str(folder / "config")}, "test": tests}
    (folder / "suite.yaml").write_text(json.dumps(suite))
    done = subprocess.run([WASMCTL, "test", built("probe.cc"), "--suite", folder / "suite.yaml", "--json", "--in", "envoy",
                           "--envoy", root / ".venv/bin/envoy"], capture_output=True, text=True, env=clean_env, timeout=120)
    assert done.stdout, done.stderr
    return {test["name"]: test for test in json.loads(done.stdout)["suites"][0]["tests"]}


@pytest.mark.parametrize("name", ROWS)
def test_verdict(results, name):
    result = results[name]
    assert result["leftOut"] is None
    failures = [failure["message"] for failure in result["failures"]]
    wanted = ROWS[name][1]
    assert (failures == [] if wanted is None else failures and failures[0] == wanted), result


@pytest.mark.parametrize("name", LEFT_OUT)
def test_left_out(results, name):
    assert results[name]["leftOut"] and (name in results[name]["leftOut"]), results[name]


def test_bytes_that_are_not_text(built, root, clean_env, tmp_path):
    """A configuration may be any bytes; the name of a cluster may not."""
    (tmp_path / "suite.textpb").write_text(r'''
        env { host: ENVOY config: "configure: log 2 \377" vm_config: "\376" }
        test { name: "config" plugin_init { log { exact: "\377" } } }
        test { name: "cluster" http_call { cluster: "x\377" } }
    ''')
    done = subprocess.run([WASMCTL, "test", built("probe.cc"), "--suite", tmp_path / "suite.textpb", "--json", "--in", "envoy",
                           "--envoy", root / ".venv/bin/envoy"], capture_output=True, text=True, env=clean_env, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    config, cluster = json.loads(done.stdout)["suites"][0]["tests"]
    assert config["leftOut"] is None
    assert cluster["leftOut"] == "Envoy's own configuration is UTF-8 (root_id, environment, http_call: cluster)"
