"""What Google's plugin tester makes of a suite, in the embedded host: each row is a test of a suite
and its verdict. The rows are numbered by the rule that they are about (docs/test-suites.md)."""

import json

import pytest


def phase(result=None, **given):
    return {"input": given, "result": result or {}}


def headers(*pairs):
    return [{"key": key, "value": value} for key, value in pairs]


def do(callback, commands):
    return [{"path": f"do.{callback}", "value": commands}]


def row(passes, properties=(), **phases):
    return passes, {"properties": list(properties), **phases}


def at_request(passes, commands, result=None, **given):
    return row(passes, do("request_headers", commands), request_headers=phase(result, **given))


def logs(*texts):
    return {"log": [{"exact": text} for text in texts]}


def logs_at_request(commands, *texts, **given):
    return at_request(True, commands, logs(*texts), **given)


BODY = {"content": "hello"}

ROWS = {
    # 1. log: whole messages of this phase, at the level or above
    "1 a message": logs_at_request("log 2 a", "a"),
    "1 no part of a message": at_request(False, "log 2 ab", {"log": [{"exact": "a"}]}),
    "1 below the level": at_request(False, "log 1 a", {"log": [{"exact": "a"}]}),
    "1 above the level": logs_at_request("log 5 a", "a"),
    "1 of an earlier phase": row(False, do("request_headers", "log 2 a"), request_headers=phase(),
                                  response_headers=phase(logs("a"))),
    "1 stream_init": row(True, do("create", "log 2 a"), stream_init=logs("a")),
    "1 plugin_init is not the stream's": row(False, do("create", "log 2 a"), plugin_init=logs("a")),
    "1 stream_destroy: done": row(True, do("done", "log 2 a"), stream_destroy=logs("a")),
    "1 stream_destroy: log": row(True, do("log", "log 2 a"), stream_destroy=logs("a")),
    "1 stream_destroy: delete": row(True, do("delete", "log 2 a"), stream_destroy=logs("a")),
    "1 only the last piece's log": row(False, do("request_body", "bytes 0 0 9"), num_chunks=2,
                                        request_body=[phase(logs("bytes = he"), **BODY)]),
    # 2. matchers
    "2 regex matches the whole": at_request(False, "log 2 ab", {"log": [{"regex": "a"}]}),
    "2 regex": at_request(True, "log 2 ab", {"log": [{"regex": "a."}]}),
    "2 . is no end of line": row(False, request_body=[phase({"body": [{"regex": "a.b"}]}, content="a\nb")]),
    "2 [\\s\\S] is": row(True, request_body=[phase({"body": [{"regex": "a[\\s\\S]b"}]}, content="a\nb")]),
    "2 invert": at_request(True, "log 2 a", {"log": [{"exact": "b", "invert": True}]}),
    "2 invert, one matches": at_request(False, "log 2 a;log 2 b", {"log": [{"exact": "b", "invert": True}]}),
    "2 nothing to compare": at_request(False, "log 2 a", {"log": [{"invert": True}]}),
    "2 no expression": at_request(False, "log 2 a", {"log": [{"regex": "(", "invert": True}]}),
    "2 a file": row(True, request_body=[phase({"body": [{"file": "hello.txt"}]}, **BODY)]),
    "2 no file": row(False, request_body=[phase({"body": [{"file": "nothing.txt", "invert": True}]}, **BODY)]),
    "2 an empty exact": row(True, request_body=[phase({"body": [{"exact": ""}]})]),
    # 3. the clock
    "3 a millisecond": logs_at_request("time", "time = 1000000"),
    # 5. the header map
    "5 sorted": logs_at_request("pairs 0", "pairs = a=1|B=2|c=3|", header=headers(("c", "3"), ("B", "2"), ("a", "1"))),
    "5 sorted in capitals": logs_at_request("pairs 0", "pairs = xb=2|x_a=1|", header=headers(("x_a", "1"), ("xb", "2"))),
    "5 joined": logs_at_request("pairs 0", "pairs = A=1, 2|", header=headers(("A", "1"), ("a", "2"))),
    "5 any case": logs_at_request("get 0 aB", "get aB = 1", header=headers(("Ab", "1"))),
    "5 the size counts": logs_at_request("size 0", "size = 2", header=headers(("a", "1"), ("b", "2"))),
    "5 add joins": at_request(True, "add 0 a 2", {"has_header": headers(("a", "1, 2"))}, header=headers(("A", "1"))),
    "5 add to nothing": at_request(True, "add 0 a 2", {"has_header": headers(("a", "2"))}, header=headers(("a", ""))),
    "5 has_header is the whole value": at_request(False, "add 0 a 2", {"has_header": headers(("a", "2"))},
                                                  header=headers(("a", "1"))),
    "5 replace keeps the case": at_request(True, "replace 0 a 2", {"headers": [{"exact": "A: 2"}]},
                                           header=headers(("A", "1"))),
    "5 remove": at_request(True, "remove 0 a", {"no_header": [{"key": "A"}]}, header=headers(("A", "1"))),
    "5 no_header": at_request(False, "", {"no_header": [{"key": "a", "value": "2"}]}, header=headers(("A", "1"))),
    "5 set": at_request(True, "set 0;pairs 0", {"headers": [{"regex": "a.*", "invert": True}]}, header=headers(("a", "1"))),
    "5 a header without a name": at_request(False, "", {"has_header": [{"value": "1"}]}),
    "5 not this phase's": logs_at_request("get 2 a", "get a: BadArgument"),
    "5 not in a body": row(True, do("request_body", "get 0 a"), request_headers=phase(header=headers(("a", "1"))),
                            request_body=[phase(logs("get a: BadArgument"), **BODY)]),
    # 6. local responses
    "6 immediate": at_request(True, "local 403 no why", {"immediate": {"http_status": 403, "details": "why"},
                                                       "body": [{"exact": "no"}]}),
    "6 details by regex": at_request(True, "local 403 no why", {"immediate": {"details": {"regex": "w.y"}}}),
    "6 other details": at_request(False, "local 403 no why", {"immediate": {"details": "because"}}),
    "6 another status": at_request(False, "local 403 no why", {"immediate": {"http_status": 401}}),
    "6 its headers": at_request(True, "local 403 no why a 1", {"immediate": {}, "has_header": headers(("a", "1")),
                                                             "no_header": [{"key": "b"}]}, header=headers(("b", "1"))),
    "6 not expected": at_request(False, "local 403 no why"),
    "6 Continue counts for nothing": at_request(True, "local 403 no why;return 0", {"immediate": {}}),
    "6 the last one": at_request(True, "local 403 a b;local 401 c d", {"immediate": {"http_status": 401}}),
    "6 in the response": row(True, do("response_headers", "local 500 a b"),
                              response_headers=phase({"immediate": {"http_status": 500}})),
    "6 a later phase is empty": row(True, do("request_headers", "local 403 a b"), request_headers=phase({"immediate": {}}),
                                     response_headers=phase({"no_header": [{"key": "a"}]}, header=headers(("a", "1"))),
                                     request_body=[phase({"body": [{"exact": ""}]}, **BODY)]),
    "6 a later phase that expects": row(False, do("request_headers", "local 403 a b"),
                                         request_headers=phase({"immediate": {}}),
                                         response_headers=phase({"has_header": headers(("a", "1"))},
                                                                header=headers(("a", "1")))),
    "6 in a response's body it has no effect": row(True, do("response_body", "local 403 a b"),
                                                    response_body=[phase({"body": [{"exact": "hello"}], **logs("local: Ok")},
                                                                         **BODY)]),
    # 7. pauses
    "7 StopIteration": at_request(False, "return 1"),
    "7 StopAllIterationAndBuffer": at_request(False, "return 3"),
    "7 ContinueAndEndStream": at_request(True, "return 2"),
    "7 no such status": at_request(False, "return 9"),
    "7 a pause is no response": at_request(False, "return 1", {"immediate": {}}),
    "7 immediate in a body": row(False, do("request_body", "local 403 a b"),
                                  request_body=[phase({"immediate": {"http_status": 403}}, **BODY)]),
    "7 a body may pause": row(True, do("request_body", "return 1"), request_body=[phase({"body": [{"exact": "hello"}]}, **BODY)]),
    # 8. end of stream, pieces
    "8 headers are never the end": logs_at_request("end;", "not the end"),
    "8 a body is the end": row(True, do("request_body", "end;"), request_body=[phase(logs("end of stream"), **BODY)]),
    "8 and so is each": row(True, do("request_body", "end;"), request_body=[phase(logs("end of stream"), **BODY)] * 2),
    "8 pieces": row(True, do("request_body", "bytes 0 0 9;write 0 0 0 <"), num_chunks=2,
                     request_body=[phase({"body": [{"exact": "<he<llo"}], **logs("bytes = llo")}, **BODY)]),
    "8 pieces of a size": row(True, do("response_body", "write 1 99 0 >"), chunk_size=2,
                               response_body=[phase({"body": [{"exact": "he>ll>o>"}]}, **BODY)]),
    "8 a size that fits": row(True, do("response_body", "write 1 99 0 >"), chunk_size=5,
                               response_body=[phase({"body": [{"exact": "hello>"}]}, **BODY)]),
    "8 one invocation": row(False, num_chunks=2, request_body=[phase(**BODY)] * 2),
    "8 more pieces than bytes": row(False, num_chunks=6, request_body=[phase(**BODY)]),
    # 9. HTTP/1 text
    "9 a path": at_request(True, "", {"has_header": headers((":method", "GET"), (":path", "/a?b"), (":authority", "x:80"), ("k", "1, 2")),
                                      "no_header": [{"key": "host"}, {"key": ":scheme"}]},
                           content="GET /a?b HTTP/1.1\nHost: x:80\nK: 1\r\nk:2\n"),
    "9 a URI": at_request(True, "", {"has_header": headers((":scheme", "http"), (":path", "/"), (":authority", "x:8080")),
                                     "no_header": [{"key": "host"}]},
                          content="GET http://X:8080 HTTP/1.1\r\nHost: y\r\n"),
    "9 names become lower case": at_request(True, "", {"headers": [{"exact": "ab: 1"}]}, content="GET / HTTP/1.1\nAB: 1"),
    "9 a header list does not": at_request(True, "", {"headers": [{"exact": "AB: 1"}]}, header=headers(("AB", "1"))),
    "9 no path": at_request(False, "", content="GET a HTTP/1.1"),
    "9 nothing but a word": at_request(False, "", content="GET"),
    "9 a response": row(True, response_headers=phase({"has_header": headers((":status", "404"), ("a", "1"))},
                                                      content="HTTP/1.1 404 Not Found\nA: 1\n")),
    "9 no response": row(False, response_headers=phase(content="GET / HTTP/1.1")),
    "9 a file": row(True, request_headers=phase({"has_header": headers((":path", "/file"))}, file="request.txt")),
    "9 no file": row(False, request_headers=phase(file="nothing.txt")),
    # 10. properties, and what is not implemented
    "10 a property": row(True, [*do("request_headers", "property a.b"), {"path": "a.b", "value": "v"}],
                          request_headers=phase(logs("property a.b = v"))),
    "10 none": logs_at_request("property plugin_root_id", "property plugin_root_id: NotFound"),
    "10 unimplemented": logs_at_request("setproperty a b;call c /;metric;continue 0;close 0",
                                        "setproperty: Unimplemented", "call: Unimplemented", "metric: Unimplemented",
                                        "continue: Unimplemented", "close: Unimplemented"),
    "10 a timer that never ticks": logs_at_request("tick 1", "tick: Ok"),
    "10 shared data stays": logs_at_request("shared k;share k v 0;share k w 9;shared k", "shared k: NotFound", "share: Ok",
                                            "share: CasMismatch", "shared k = v 1"),
    "10 and leaks": logs_at_request("shared k", "shared k = v 1"),
    "10 queues": logs_at_request("pop q;register q;pop q;push q a;pop q", "pop: NotFound", "register: Ok", "pop: Empty",
                                 "push: Ok", "pop = a"),
    "10 foreign functions": logs_at_request("foreign f", "foreign: NotFound"),
    # 11. a VM each
    "11 a trap": at_request(False, "trap"),
    "11 the next VM": at_request(True, "log 2 a"),
    "11 a loop": at_request(False, "loop"),
    "11 a trap at the end": row(False, do("delete", "trap")),
}


@pytest.fixture(scope="module")
def verdicts(built, clean_env, tmp_path_factory):
    import subprocess

    from conftest import WASMCTL

    folder = tmp_path_factory.mktemp("tester")
    (folder / "hello.txt").write_text("hello")
    (folder / "request.txt").write_text("GET /file HTTP/1.1\n")
    suite = {"test": [{"name": name, **content} for name, (_, content) in ROWS.items()]}
    (folder / "suite.yaml").write_text(json.dumps(suite))
    done = subprocess.run([WASMCTL, "test", built("probe.cc"), "--suite", folder / "suite.yaml", "--json",
                           "--max-instructions", "1000000"],
                          capture_output=True, text=True, env=clean_env, timeout=120)
    assert done.returncode == 1, done.stderr
    return {t["name"]: t for t in json.loads(done.stdout)["suites"][0]["tests"]}


@pytest.mark.parametrize("name", ROWS)
def test_verdict(verdicts, name):
    assert verdicts[name]["passed"] == ROWS[name][0], json.dumps(verdicts[name], indent=1)
