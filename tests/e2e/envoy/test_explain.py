"""`wasmctl explain` on what a real Envoy writes: each row of the table whose producer runs here, from one
Envoy with a listener for each fault. Its log is in Istio's format; so many bursts come one after the other."""

import json
import subprocess

import pytest

from envoy import Listeners
from test_lint_rules import HEARS, MARKER, MALLOC, MEMORY, PLUGIN, CALL_METRIC, METRIC

# istio/istio, pkg/bootstrap: log_format.text_format
ISTIO = "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v\tthread=%t"


def on_request(body):
    return HEARS.replace("(export \"proxy_on_request_headers\")", "(export \"proxy_on_request_body\")") + (
        f'(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {body})')


LOG_ERROR = "(drop (call $log (i32.const 4) (i32.const 0) (i32.const 4)))"
# What Envoy refuses: name -> (module, code).
REFUSED = {
    "cut": (b"\0asm\1\0\0\0\1\x7f", "W-201"),
    "html": (b"<!DOCTYPE html><html>", "W-201"),
    "no-abi": (MALLOC + MEMORY, "W-202"),
    "import": ('(import "env" "proxy_bogus" (func))' + PLUGIN, "W-203"),
    "type": ('(import "env" "proxy_log" (func (param i32) (result i32)))' + PLUGIN, "W-204"),
    "callback": (PLUGIN + '(func (export "proxy_on_tick") (param i32 i32))', "W-205"),
    "malloc": (MARKER + MEMORY, "W-206"),
    "invalid": (PLUGIN + "(func (result i32) (f32.const 1))", "W-207"),
    "early": (METRIC + PLUGIN + f'(func (export "_initialize") {CALL_METRIC})', "W-208"),
    "start": (PLUGIN + "(func $s unreachable) (start $s)", "W-209"),
    "memory": (MARKER + MALLOC + '(memory (export "memory") 1) (data (i32.const 65536) "beyond")', "W-210"),
    "vm-start": (PLUGIN + '(func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 0))', "W-212"),
    "configure": (HEARS + f'(func (export "proxy_on_configure") (param i32 i32) (result i32) {LOG_ERROR} (i32.const 0))',
                  "W-213"),
    "configure-trap": (PLUGIN + '(func (export "proxy_on_configure") (param i32 i32) (result i32) unreachable)', "W-401"),
    "empty": (b"", "W-216"),
    "absent": (None, "W-222"),
}
# What stops in a request: name -> (body of the callback, code).
STOPPED = {
    "unreachable": ("unreachable", "W-401"),
    "bounds": ("(i32.load (i32.const -1))", "W-402"),
    "division": ("(i32.div_s (i32.const 1) (i32.const 0))", "W-403"),
    "pointer": ("(call_indirect (i32.const 0)) (i32.const 0)", "W-404"),
    "float": ("(i32.trunc_f64_s (f64.const 1e30))", "W-405"),
    "recursion": ("(call $again) (i32.const 0)", "W-406"),
}


def assembled(path, source):
    if isinstance(source, bytes):
        path.write_bytes(source)
    elif source is not None:
        path.with_suffix(".wat").write_text(f"(module {source})")
        subprocess.run(["wat2wasm", "--no-check", "--debug-names", path.with_suffix(".wat"), "-o", path], check=True)
    return path


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """(the log, /stats, name -> status of its first two requests)"""
    directory = tmp_path_factory.mktemp("explain")
    sources = {name: source for name, (source, _) in REFUSED.items()}
    sources |= {name: on_request(body) + "(table 1 funcref) (func $again (call $again))"
                for name, (body, _) in STOPPED.items()}
    files = {name: assembled(directory / f"{name}.wasm", source) for name, source in sources.items()}
    envoy = Listeners(files, directory / "log")
    envoy.log_format, envoy.level, envoy.wasm_level = ISTIO, "info", "info"
    with envoy:
        served = {name: [envoy.request(port=envoy.ports[name])[0] for _ in range(2)] for name in STOPPED}
        stats = envoy.admin("/stats")[1]
    return directory / "log", stats, served


def explained(wasmctl, *arguments, status=3, stdin=None):
    return json.loads(wasmctl("explain", "--json", *arguments, status=status, stdin=stdin).stdout)


def test_each_fault_is_named(wasmctl, proxy):
    log, _, _ = proxy
    found = explained(wasmctl, log)["findings"]
    named = sorted((f["plugin"], f["code"]) for f in found if f["plugin"])
    assert named == sorted((name, code) for name, (_, code) in REFUSED.items() if name != "absent")
    # Which file is absent is told of a listener, which function stopped of nobody.
    unnamed = sorted(f["code"] for f in found if not f["plugin"])
    assert unnamed == sorted(["W-222", *(code for _, code in STOPPED.values())])


def test_what_the_plugin_said_and_where_it_stopped(wasmctl, proxy):
    log, _, _ = proxy
    found = explained(wasmctl, log)["findings"]
    said = next(f for f in found if f["code"] == "W-213")
    assert said["said"] == "HELO"
    missing = next(f for f in found if f["code"] == "W-203")
    assert "env.proxy_bogus," in missing["cause"]
    stack = next(f for f in found if f["code"] == "W-406")["stack"]
    assert stack[0] == "again"


def test_requests_of_stopped_plugins_get_503(proxy):
    assert set(map(tuple, proxy[2].values())) == {(503, 503)}


def test_counters_alone(wasmctl, proxy):
    """VMs are active; nothing else says whether something is broken."""
    report = explained(wasmctl, stdin=proxy[1], status=0)
    assert (report["state"], [s["code"] for s in report["signs"]]) == ("healthy", ["W-903"])
