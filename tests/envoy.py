"""A real Envoy on loopback, for the tests and for `./dev demo`.

    with Envoy([Filter("header-logger", "header_logger.wasm", config={"log_level": "info"})], log) as envoy:
        envoy.get("/", {"User-Agent": "me"})
        envoy.wait_for_log("User-Agent: me")

As a command it runs what `wasmctl render --via configmap` printed, as Istio would: the module from
the ConfigMap, everything else from the WasmPlugin.

    wasmctl render ... | python tests/envoy.py --request 'User-Agent: MyTestClient'
"""

import argparse
import base64
import contextlib
import dataclasses
import http.client
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import yaml

from servers import free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / ".venv/bin/envoy"
# istio/istio, pkg/bootstrap: log_format.text_format
ISTIO = "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v\tthread=%t"
# istio/istio, pkg/wasm/convert.go: what takes the place of a plugin whose module could not be fetched.
DENY = {"@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC", "rules_stat_prefix": "wasm-default-deny",
        "rules": {}}


@dataclasses.dataclass
class Filter:
    """One Wasm filter. `config` is text, or a value that is sent as JSON; None: no configuration."""

    name: str
    module: object  # a path
    config: object = None
    root_id: str = ""
    fail_open: bool = False
    env: dict = dataclasses.field(default_factory=dict)
    vm_id: str = ""

    def plugin_config(self):
        config = {
            "name": self.name,
            "root_id": self.root_id,
            "fail_open": self.fail_open,
            "vm_config": {
                "vm_id": self.vm_id,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": str(pathlib.Path(self.module).resolve())}},
                "environment_variables": {"key_values": self.env},
            },
        }
        if self.config is not None:
            text = self.config if isinstance(self.config, str) else json.dumps(self.config)
            config["configuration"] = {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": text}
        return config


def http_filter(wasm):
    if isinstance(wasm, dict):  # Envoy's own configuration, as it stands
        return wasm
    return {
        "name": "envoy.filters.http.wasm",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": wasm.plugin_config(),
        },
    }


def network_filter(wasm):
    if isinstance(wasm, dict):
        return wasm
    return {
        "name": "envoy.filters.network.wasm",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm",
            "config": wasm.plugin_config(),
        },
    }


def cluster(name, port, http2=False):
    made = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}],
        },
    }
    if http2:
        made["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {"allow_metadata": True}},
            }
        }
    return made


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


class Envoy:
    """Envoy with one HTTP listener and `filters` before the router.

    Without `upstream` (a port) every request is answered 200 "ok" by Envoy itself; with
    `upstream_http2` it is spoken to in HTTP/2. `clusters` are further ones (see cluster()). `network_filters` make the listener TCP: they stand before a
    tcp_proxy to `upstream`. Everything goes to the file `log`.
    """

    log_format = "[%l] %v"

    def __init__(self, filters=(), log=None, upstream=None, clusters=(), network_filters=(), level="info",
                 wasm_level=None, concurrency=1, upstream_http2=False):
        self.filters, self.network_filters = list(filters), list(network_filters)
        self.upstream, self.upstream_http2, self.clusters = upstream, upstream_http2, list(clusters)
        self.level, self.wasm_level, self.concurrency = level, wasm_level or level, concurrency
        self.directory = tempfile.TemporaryDirectory()
        self.log = pathlib.Path(log) if log else pathlib.Path(self.directory.name) / "envoy.log"
        self.port, self.admin_port, self.process = free_port(), free_port(), None

    def bootstrap(self):
        chain = [network_filter(f) for f in self.network_filters]
        if self.network_filters:
            chain.append({"name": "envoy.filters.network.tcp_proxy", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                "stat_prefix": "tcp", "cluster": "upstream"}})
        else:
            chain.append({"name": "envoy.filters.network.http_connection_manager", "typed_config": self.hcm()})
        clusters = list(self.clusters)
        if self.upstream:
            clusters.append(cluster("upstream", self.upstream, self.upstream_http2))
        return {
            "admin": {"address": address(self.admin_port)},
            "static_resources": {
                "listeners": [{"name": "in", "address": address(self.port), "filter_chains": [{"filters": chain}]}],
                "clusters": clusters,
            },
        }

    def hcm(self):
        route = {"match": {"prefix": "/"}}
        if self.upstream:
            route["route"] = {"cluster": "upstream"}
        else:
            route["direct_response"] = {"status": 200, "body": {"inline_string": "ok"}}
        return {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "http",
            "http2_protocol_options": {"allow_metadata": True},
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
            "http_filters": [http_filter(f) for f in self.filters] + [{
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
            }],
        }

    def __enter__(self):
        config = pathlib.Path(self.directory.name) / "bootstrap.json"
        config.write_text(json.dumps(self.bootstrap()))
        self.log.write_bytes(b"")
        with open(self.log, "ab") as out:  # at its end, since /dev/stdout is opened once more for access logs
            self.process = subprocess.Popen(
                [BINARY, "-c", config, "--use-dynamic-base-id", "--disable-hot-restart",
                 "--file-flush-interval-msec", "10",  # of access logs, which else come after 10 s
                 "--concurrency", str(self.concurrency), "--log-format", self.log_format, "-l", self.level,
                 "--component-log-level", f"wasm:{self.wasm_level}"],
                stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.directory.cleanup()

    def wait_until_ready(self, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.admin("/ready")[0] == 200:
                    return
            if self.process.poll() is not None:
                raise RuntimeError(f"Envoy ended with {self.process.returncode}:\n{self.logged()[-4000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Envoy was not ready:\n{self.logged()[-4000:]}")
            time.sleep(0.02)

    def admin(self, path, method="GET"):
        return self.request(path, port=self.admin_port, method=method)[:2]

    def request(self, path="/", headers=(), method="GET", body=None, port=None):
        """(status, body, headers). `headers`: a dict, or pairs where a name may stand twice."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            pairs = headers.items() if isinstance(headers, dict) else headers
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in pairs:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace"), answer.getheaders()
        finally:
            connection.close()

    def get(self, path="/", headers=()):
        return self.request(path, headers)

    def logged(self):
        return self.log.read_text(errors="replace")

    def wait_for_log(self, text, seconds=10, begin=0):
        """The first logged line that holds `text`, from the byte `begin` on."""
        deadline = time.monotonic() + seconds
        while True:
            for line in self.log.read_bytes()[begin:].decode(errors="replace").splitlines():
                if text in line:
                    return line
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} was not logged:\n{self.logged()[-4000:]}")
            time.sleep(0.02)


class Listeners(Envoy):
    """Envoy with a listener for each of `modules` (name -> path), of which it refuses some and takes
    the others: so many modules are judged by one start. One that ends Envoy ends all."""

    def __init__(self, modules, log=None):
        super().__init__(log=log)
        self.modules = dict(modules)
        self.ports = {name: free_port() for name in self.modules}

    def bootstrap(self):
        resources = []
        for name, module in self.modules.items():
            self.filters = [Filter(name, module)]
            resources.append({
                "@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": name,
                "address": address(self.ports[name]),
                "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager",
                                                "typed_config": self.hcm()}]}]})
        listeners = pathlib.Path(self.directory.name) / "listeners.json"
        listeners.write_text(json.dumps({"version_info": "1", "resources": resources}))
        source = {"path_config_source": {"path": str(listeners)}, "resource_api_version": "V3"}
        return {"node": {"id": "test", "cluster": "test"},
                "admin": {"address": address(self.admin_port)},
                "dynamic_resources": {"lds_config": source}}

    def serves(self):
        """The names of the modules with which a request is answered."""
        names = set()
        for name, port in self.ports.items():
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.request(port=port)[0] == 200:
                    names.add(name)
        return names


def filter_of_manifests(text, directory):
    """The Filter that Istio makes of a WasmPlugin with a file:// url, its module from the ConfigMap."""
    documents = [d for d in yaml.safe_load_all(text) if d]
    plugin = next(d for d in documents if d["kind"] == "WasmPlugin")
    data = next(d for d in documents if d["kind"] == "ConfigMap")["binaryData"]
    path = re.fullmatch("file://(/.*)", plugin["spec"]["url"]).group(1)
    module = pathlib.Path(directory) / path.lstrip("/")
    module.parent.mkdir(parents=True)
    module.write_bytes(base64.b64decode(data[module.name], validate=True))
    config = plugin["spec"].get("pluginConfig")
    return Filter(plugin["metadata"]["name"], module, root_id=plugin["spec"].get("pluginName", ""),
                  config=json.dumps(config, sort_keys=True, separators=(",", ":")) if config else None,
                  fail_open=plugin["spec"].get("failStrategy") == "FAIL_OPEN")


def main():
    parser = argparse.ArgumentParser(description="Run rendered manifests (stdin) in a real Envoy and send one request.")
    parser.add_argument("--request", default="User-Agent: MyTestClient", metavar="HEADER")
    arguments = parser.parse_args()
    name, value = arguments.request.split(": ", 1)
    with tempfile.TemporaryDirectory() as directory:
        wasm = filter_of_manifests(sys.stdin.read(), directory)
        with Envoy([wasm]) as envoy:
            status, _, _ = envoy.get("/", {name: value})
            envoy.wait_for_log(value)
            for line in envoy.logged().splitlines():
                if f"wasm log {wasm.name}" in line:
                    print(line)
            if status != 200:
                sys.exit(f"the request was answered {status}")


if __name__ == "__main__":
    main()
