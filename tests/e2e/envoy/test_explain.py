"""`wasmctl explain` on what a real Envoy writes: each row of the table whose producer runs here, from one
Envoy with a listener for each fault. Its log is in Istio's format; so many bursts come one after the other."""

import json
import subprocess

import pytest

from envoy import BINARY, DENY, ISTIO, Envoy, Listeners, address
from test_lint_rules import HEARS, MARKER, MALLOC, MEMORY, PLUGIN, CALL_METRIC, METRIC

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
    """VMs are active, of which Envoy counts those that have died, too: nothing says whether a plugin works."""
    report = explained(wasmctl, stdin=proxy[1], status=0)
    assert (report["state"], [s["code"] for s in report["signs"]]) == ("unknown", ["W-903"])


# What is in filters that are refused, or fail, for another reason than their module: name -> (configuration, code).
V8 = "envoy.wasm.runtime.v8"
# istio/istio, pilot/pkg/model: EnvoyTextLogFormat, its beginning.
ACCESS_LOG = ('[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% '
              '%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS%\n')


def wasm(module, name="filter", vm=None, **plugin):
    code = {"local": {"filename": str(module)}}
    return {"@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {"name": name, **plugin, "vm_config": {"runtime": V8, "code": code, **(vm or {})}}}


def remote(cluster, path, digit):
    return {"code": {"remote": {"http_uri": {"uri": f"http://127.0.0.1{path}", "cluster": cluster, "timeout": "1s"},
                                "sha256": digit * 64, "retry_policy": {"num_retries": 0}}}}


class Discovering(Listeners):
    """A listener for each of `configs`; those in `discovered` come from files, by ECDS."""

    def __init__(self, configs, discovered, log):
        super().__init__({name: "" for name in configs}, log)
        self.configs, self.discovered = configs, discovered
        self.clusters = [{"name": "self", "type": "STATIC", "connect_timeout": "1s",
                          "load_assignment": {"cluster_name": "self", "endpoints": [
                              {"lb_endpoints": [{"endpoint": {"address": address(self.admin_port)}}]}]}}]

    def bootstrap(self):
        made = super().bootstrap()
        self.filters = []
        made["static_resources"] = {"clusters": self.clusters}
        listeners = self.log.parent / "listeners.json"
        listeners.write_text(json.dumps({"resources": [self.listener(name) for name in self.configs]}))
        made["dynamic_resources"]["lds_config"]["path_config_source"]["path"] = str(listeners)
        return made

    def listener(self, name):
        manager = self.hcm()
        manager["access_log"] = [{"name": "envoy.access_loggers.file", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", "path": "/dev/stdout",
            "log_format": {"text_format_source": {"inline_string": ACCESS_LOG}}}}]
        manager["http_filters"].insert(0, self.filter(name))
        return {"@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": name,
                "address": address(self.ports[name]),
                "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager",
                                                "typed_config": manager}]}]}

    def filter(self, name):
        config = self.configs[name]
        if name not in self.discovered:
            return {"name": name, "typed_config": config}
        resource = f"extensions.istio.io/wasmplugin/default.{name}"
        path = self.log.parent / f"{name}.json"
        sent = "other" if name == "renamed" else resource
        path.write_text("{" if name == "broken" else json.dumps({"resources": [{
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", "name": sent,
            "typed_config": DENY if name == "mistyped" else config}]}))
        return {"name": resource, "config_discovery": {
            "config_source": {"path_config_source": {"path": str(path)}, "resource_api_version": "V3"},
            "type_urls": [config["@type"].removeprefix("type.googleapis.com/")]}}


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    """(the log, path of the admin port -> its answer)"""
    directory = tmp_path_factory.mktemp("mesh")
    good = assembled(directory / "good.wasm", HEARS)
    bad = assembled(directory / "bad.wasm", on_request("unreachable"))
    cut = assembled(directory / "cut.wasm", b"\0asm\1\0\0\0\1\x7f")
    twice = {"environment_variables": {"host_env_keys": ["PATH"], "key_values": {"PATH": "x"}}}
    configs = {
        "serves": wasm(good, "default.serves"), "denies": DENY, "stops": wasm(bad, "default.stops"),
        "runtime": wasm(good, "default.runtime", {"runtime": "envoy.wasm.runtime.wamr"}),
        "twice": wasm(good, "default.twice", twice),
        "policy": wasm(good, "default.policy", fail_open=True, failure_policy="FAIL_RELOAD"),
        "nowhere": wasm(good, "default.nowhere", remote("nowhere", "/x.wasm", "1")),
        "missing": wasm(good, "default.missing", remote("self", "/no-such-file", "2")),
        "renamed": wasm(good), "broken": wasm(good), "mistyped": wasm(good), "refused": wasm(cut, "default.refused"),
    }
    discovered = {"serves", "denies", "renamed", "broken", "mistyped", "refused"}
    envoy = Discovering(configs, discovered, directory / "log")
    envoy.log_format, envoy.wasm_level = ISTIO, "info,config:debug"
    paths = ["/config_dump", "/config_dump?resource=ecds_filters", "/stats", "/stats?format=json", "/stats/prometheus"]
    with envoy:
        for name in ("serves", "denies", "stops", "stops", "broken", "refused", "missing", "nowhere"):
            envoy.request(port=envoy.ports[name])
        for line in ("Retry limit exceeded", "rbac_access_denied_matched_policy", "wasm_fail_stream"):
            envoy.wait_for_log(line)
        answers = {path: envoy.admin(path)[1] for path in paths}
    return directory / "log", answers


def codes(report):
    return {kind: sorted({f["code"] for f in report[kind]}) for kind in ("findings", "remarks", "signs")}


def test_the_log_of_filters_that_fail_otherwise(wasmctl, mesh):
    report = explained(wasmctl, mesh[0])
    assert codes(report) == {"findings": ["W-201", "W-218", "W-219", "W-220", "W-225", "W-226", "W-307", "W-308", "W-309",
                                          "W-401"],
                             "remarks": ["W-223", "W-411"], "signs": ["W-901"]}
    trap = next(f for f in report["findings"] if f["code"] == "W-401")
    assert trap["plugin"] == ""  # another one spoke last
    assert any("wasm_fail_stream" in e["text"] for e in trap["followers"])


@pytest.mark.parametrize("path, findings, signs", [
    ("/config_dump", ["W-137", "W-219", "W-220", "W-221"], ["W-902"]),
    ("/config_dump?resource=ecds_filters", ["W-137"], ["W-902"]),
    ("/stats", ["W-228", "W-312", "W-412"], ["W-903"]),
    ("/stats?format=json", ["W-228", "W-312", "W-412"], ["W-903"]),
    ("/stats/prometheus", ["W-228", "W-312", "W-412"], ["W-903"])])
def test_what_the_admin_port_tells(wasmctl, mesh, path, findings, signs):
    report = explained(wasmctl, stdin=mesh[1][path])
    assert (codes(report)["findings"], codes(report)["signs"]) == (findings, signs)
    if path.startswith("/config_dump"):
        assert [f["plugin"] for f in report["findings"] if f["code"] == "W-137"] == ["default.denies"]


WASM = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"


@pytest.mark.parametrize("config, code", [
    ({"@type": WASM, "config": {"rootid": "x"}}, "W-301"),
    ({"@type": WASM.replace("v3", "v4")}, "W-303"),
    ({"@type": "type.googleapis.com/udpa.type.v1.TypedStruct", "type_url": WASM + "er", "value": {}}, "W-303"),
    (wasm("", vm={"code": {"remote": {"http_uri": {"uri": "http://a/b", "cluster": "c", "timeout": "1s"}}}}), "W-314"),
    (wasm("/dev/null"), "W-222"),
    ({"@type": WASM}, "W-216")])
def test_configurations_that_end_envoy(wasmctl, tmp_path, config, code):
    envoy = Envoy([{"name": "envoy.filters.http.wasm", "typed_config": config}])
    (tmp_path / "envoy.json").write_text(json.dumps(envoy.bootstrap()))
    done = subprocess.run([BINARY, "-c", tmp_path / "envoy.json", "--mode", "validate", "--use-dynamic-base-id"],
                          capture_output=True, text=True)
    assert [f["code"] for f in explained(wasmctl, stdin=done.stdout + done.stderr)["findings"]] == [code]
