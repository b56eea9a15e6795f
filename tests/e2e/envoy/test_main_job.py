"""The main job, end to end: source, module, image, manifests, and the log line of a real Envoy."""

import base64
import json
import re
import subprocess

import pytest
import yaml

from envoy import Envoy, Filter, filter_of_manifests

RENDER = ("--namespace", "default", "--selector", "app=productpage", "--workload", "deployment/productpage-v1")


def plugin_lines(log):
    """What the plugin logged. Before a worker runs it, Envoy logs it without the filter's name."""
    return [m.group(1) for m in re.finditer(r"^\[\w+\] wasm log(?: [\w-]+)?: (.*)$", log, re.M)]


@pytest.fixture(scope="session")
def module(root, clean_env, tmp_path_factory):
    from conftest import WASMCTL
    path = tmp_path_factory.mktemp("module") / "header-logger.wasm"
    subprocess.run([WASMCTL, "build", root / "plugins/header-logger", "-o", path], check=True, env=clean_env,
                   capture_output=True)
    return path


def test_rendered_manifests_run_in_envoy(wasmctl, root, module, tmp_path):
    manifests = wasmctl("render", root / "plugins/header-logger", "--via", "configmap", *RENDER).stdout
    wasm = filter_of_manifests(manifests, tmp_path)
    assert wasm.module.read_bytes() == module.read_bytes()
    with Envoy([wasm], tmp_path / "envoy.log") as envoy:
        assert envoy.get("/", {"User-Agent": "MyTestClient"})[:2] == (200, "ok")
        assert envoy.wait_for_log("MyTestClient") == "[info] wasm log header-logger: User-Agent: MyTestClient"
        assert "HeaderLogger configured" in plugin_lines(envoy.logged())


def test_the_same_input_gives_the_same_manifests(wasmctl, root):
    flags = ("render", root / "plugins/header-logger", "--via", "configmap", *RENDER)
    assert wasmctl(*flags).stdout == wasmctl(*flags).stdout
    assert wasmctl(*flags, "--only", "patch").stdout == wasmctl(*flags, "--only", "patch").stdout


def test_an_image_layout_holds_the_very_module(wasmctl, module, tmp_path):
    printed = wasmctl("push", module, f"oci:{tmp_path}/layout:v1").stdout
    assert printed.startswith(f"oci:{tmp_path}/layout:v1@sha256:") and printed.endswith("\n")
    subprocess.run(["skopeo", "copy", "--insecure-policy", f"oci:{tmp_path}/layout:v1", f"dir:{tmp_path}/dir"],
                   check=True, capture_output=True)
    manifest = json.loads((tmp_path / "dir/manifest.json").read_text())
    layer = tmp_path / "dir" / manifest["layers"][-1]["digest"].split(":")[1]
    unpacked = subprocess.run(["tar", "-xzOf", layer, "plugin.wasm"], check=True, capture_output=True).stdout
    assert unpacked == module.read_bytes()


@pytest.mark.parametrize("level", ["trace", "debug", "info", "warn", "error", "critical"])
def test_header_logger_logs_at_its_level(module, tmp_path, level):
    spelled = {"warn": "warning"}.get(level, level)
    with Envoy([Filter("hl", module, {"log_level": level})], tmp_path / "log", wasm_level="trace") as envoy:
        envoy.get("/", {"User-Agent": "agent-7"})
        assert envoy.wait_for_log("agent-7") == f"[{spelled}] wasm log hl: User-Agent: agent-7"


def test_header_logger_is_silent_below_the_proxys_level(module, tmp_path):
    with Envoy([Filter("hl", module, {"log_level": "debug"})], tmp_path / "log", wasm_level="info") as envoy:
        for _ in range(3):
            assert envoy.get("/", {"User-Agent": "agent-7"})[0] == 200
        assert "agent-7" not in envoy.logged()


def test_header_logger_takes_headers_as_they_come(module, tmp_path):
    config = {"headers": ["user-agent", "x-many", "x-absent", "X-Case"]}
    long = "v" * 30000
    with Envoy([Filter("hl", module, config)], tmp_path / "log") as envoy:
        assert envoy.get("/", [("X-Many", "one"), ("X-Many", "two"), ("x-case", "cased"), ("User-Agent", long)])[0] == 200
        envoy.wait_for_log("cased")
        logged = [line for line in plugin_lines(envoy.logged()) if line != "HeaderLogger configured"]
        assert sorted(logged) == sorted([f"User-Agent: {long}", "X-Many: one", "X-Many: two", "X-Case: cased"])
        # A request without any of them logs nothing, and is served.
        assert envoy.request("/", [], method="HEAD")[0] == 200
        assert len([l for l in plugin_lines(envoy.logged()) if l != "HeaderLogger configured"]) == len(logged)


@pytest.mark.parametrize("config, key", [
    ({"log_level": "loud"}, "log_level"),
    ({"log_level": 3}, "log_level"),
    ({"headers": "user-agent"}, "headers"),
    ({"headers": [1]}, "headers"),
    ({"log_lvl": "info"}, "log_lvl"),
])
def test_header_logger_refuses_a_bad_config_and_names_the_key(module, tmp_path, config, key):
    with pytest.raises(RuntimeError) as refused:
        with Envoy([Filter("hl", module, config)], tmp_path / "log"):
            pass
    assert key in plugin_lines(str(refused.value))[0]


@pytest.mark.parametrize("config", ["{", "[]", "null x", '{"log_level": "info"'])
def test_header_logger_refuses_a_config_that_is_no_json_object(module, tmp_path, config):
    with pytest.raises(RuntimeError) as refused:
        with Envoy([Filter("hl", module, config)], tmp_path / "log"):
            pass
    assert re.search("JSON|the configuration", plugin_lines(str(refused.value))[0])


@pytest.mark.parametrize("config", [None, {}, {"headers": []}])
def test_header_logger_needs_no_config(module, tmp_path, config):
    with Envoy([Filter("hl", module, config)], tmp_path / "log") as envoy:
        assert envoy.get("/", {"User-Agent": "agent-7"})[0] == 200
        envoy.wait_for_log("HeaderLogger configured")
        if config != {"headers": []}:
            envoy.wait_for_log("User-Agent: agent-7")


def test_envoys_own_configuration_runs_as_it_is_printed(wasmctl, root, tmp_path):
    import yaml
    args = ["render", root / "plugins/header-logger", "--kind", "envoy", "--phase", "UNSPECIFIED_PHASE",
            "--set", "headers=[x-own]", "--env", "A=b", "--env-from-host", "HOME", "--fail-strategy", "FAIL_OPEN"]
    done = wasmctl(*args)
    with Envoy([yaml.safe_load(done.stdout)], tmp_path / "log") as envoy:
        assert envoy.get("/", {"X-Own": "mine"})[:2] == (200, "ok")
        envoy.wait_for_log("X-Own: mine")
    assert done.stderr.endswith(
        "next:\n"
        "  put it into `http_filters:` of the HTTP connection manager, as an item of the list, before the router\n"
        "see that it works:\n"
        "  envoy --mode validate -c FILE\n")


def test_envoys_own_configuration_fetches_by_http(wasmctl, module, tmp_path):
    import yaml

    from envoy import cluster
    from upstreams import upstream
    with upstream(lambda request: (200, {}, module.read_bytes())) as port:
        url = f"http://127.0.0.1:{port}/header-logger.wasm"
        done = wasmctl("render", module, "--kind", "envoy", "--via", "http", "--url", url)
        assert "define the cluster `127.0.0.1`, through which Envoy fetches the module" in done.stderr
        with Envoy([yaml.safe_load(done.stdout)], tmp_path / "log", clusters=[cluster("127.0.0.1", port)]) as envoy:
            envoy.wait_for_log("HeaderLogger configured")
            assert envoy.get("/", {"User-Agent": "fetched"})[0] == 200
            envoy.wait_for_log("User-Agent: fetched")


def test_network_filter(wasmctl, root, tmp_path):
    import yaml

    from upstreams import tcp_upstream
    done = wasmctl("render", root / "plugins/tcp-guard", "--kind", "envoy", "--phase", "UNSPECIFIED_PHASE",
                   "--type", "NETWORK")
    assert "put it into a filter chain's `filters:`" in done.stderr
    with tcp_upstream(lambda connection: connection.sendall(b"hi")) as port:
        with Envoy(network_filters=[yaml.safe_load(done.stdout)], log=tmp_path / "log", upstream=port) as envoy:
            import socket
            with socket.create_connection(("127.0.0.1", envoy.port), 10) as client:
                assert client.recv(2) == b"hi"
