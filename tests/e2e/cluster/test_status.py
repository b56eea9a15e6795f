"""`wasmctl status` and each link that can break, as a real API server, kubelet's end and Envoy show it. `./dev cluster`
makes the clusters and writes down what kubectl said; other runs play that back (tests/clusters.py). Of what takes no
part here (Istio's agent, controllers, the kubelet's mounts) objects and lines are as their sources write them."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from clusters import IS_REAL, LONG_AGO, RECORDS, ROOT, Cluster, Kubectl
from conftest import WASMCTL
from envoy import DENY, ISTIO, Envoy
from modules import HEARS, MALLOC, MEMORY, PLUGIN

TYPES = "type.googleapis.com/envoy.extensions.filters.http."
ALLOW = {key: value for key, value in DENY.items() if key != "rules"} | {"rules_stat_prefix": "wasm-default-allow"}
CONFIG = {"level": "info"}
IMAGE = "oci://registry.example/filter:v1"
WEB = {"selector": {"matchLabels": {"app": "web"}}}
OLD, NEW = hashlib.sha256(b"old").hexdigest(), hashlib.sha256(b"new").hexdigest()
AGENT = "{}\terror\twasm\t{}\n"  # Istio's agent, beside Envoy
FETCH = ("error in converting the wasm config to local: cannot fetch Wasm module oci://registry.example/filter:v1: could not "
         "fetch Wasm OCI image: could not fetch manifest: GET https://registry.example/v2/filter/manifests/v1: "
         "MANIFEST_UNKNOWN: manifest unknown; map[Tag:v1]. applying {} RBAC filter")


class Proxy(Envoy):
    """A sidecar with discovered filters, of these resources: name -> typed_config."""

    log_format = ISTIO

    def __init__(self, filters, directory):
        super().__init__(log=directory / "log", level="warning")
        self.discovered, self.place = filters, directory

    def bootstrap(self):
        return super().bootstrap() | {"node": {"id": "sidecar", "cluster": "test"}}

    def hcm(self):
        manager = super().hcm()
        manager["http_filters"][:0] = [self.discovery(name, config) for name, config in self.discovered.items()]
        return manager

    def discovery(self, name, config):
        name = f"extensions.istio.io/trafficextension/{name}"
        path = self.place / f"{name.rpartition('/')[2]}.json"
        path.write_text(json.dumps({"version_info": "1", "resources": [{
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", "name": name,
            "typed_config": config}]}))
        return {"name": name, "config_discovery": {
            "config_source": {"path_config_source": {"path": str(path)}, "resource_api_version": "V3"},
            "type_urls": [TYPES + "wasm.v3.Wasm", TYPES + "rbac.v3.RBAC"]}}


def wasm(file, ns, config=CONFIG):
    """What istiod and the agent make of a WasmPlugin."""
    return {"@type": TYPES + "wasm.v3.Wasm", "config": {
        "name": f"{ns}.filter~istio-translated-wasmplugin", "failure_policy": "FAIL_CLOSED",
        "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": str(file)}}},
        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json.dumps(config)}}}


class World:
    """What scenarios are made with."""

    def __init__(self, cluster, directory, stack):
        self.cluster, self.directory, self.stack = cluster, directory, stack

    def file(self, ns, source, name=f"{NEW}.wasm"):
        path = self.directory / "data" / ns / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, bytes):
            path.write_bytes(source)
        else:
            path.with_suffix(".wat").write_text(f"(module {source})")
            subprocess.run(["wat2wasm", "--no-check", "--debug-names", path.with_suffix(".wat"), "-o", path], check=True)
        return path

    def proxy(self, ns, filters, pods=("web-1",), before="", kind=Proxy, labels=None, container="istio-proxy"):
        place = self.directory / "envoys" / ns
        place.mkdir(parents=True)
        envoy = kind(filters, place)
        self.stack.enter_context(envoy)
        if before:  # the agent writes first
            log = envoy.log.read_text()
            envoy.log.write_text(before + log)
        for pod in pods:
            self.cluster.pod(ns, pod, labels, proxy=container)
            self.cluster.proxy(ns, pod, envoy, container)
        return envoy

    def plugin(self, ns, **spec):
        self.cluster.plugin(ns, {"url": IMAGE, "pluginConfig": CONFIG, **WEB, **spec})


def serving(w, ns):
    w.plugin(ns, sha256=NEW)
    w.proxy(ns, {f"{ns}.filter": wasm(w.file(ns, HEARS), ns)}, ["web-1", "web-2"])


def no_match(w, ns):
    w.plugin(ns, selector={"matchLabels": {"app": "wep"}})
    w.cluster.pod(ns)


def wrong_namespace(w, ns):
    w.cluster.namespace("elsewhere")
    w.plugin(ns, selector={"matchLabels": {"app": "elsewhere"}})
    w.cluster.pod("elsewhere", labels={"app": "elsewhere"})


def no_proxy(w, ns):
    w.plugin(ns)
    w.cluster.pod(ns, labels={"app": "web", "sidecar.istio.io/inject": "false"}, proxy=None)


def not_pushed(w, ns):
    w.plugin(ns)
    w.proxy(ns, {})


MOUNTED = "/var/local/wasm/filter"
FILE = {"url": f"file://{MOUNTED}/plugin.wasm"}


def config_map_absent(w, ns):
    w.plugin(ns, **FILE)
    w.cluster.pod(ns, waiting="ContainerCreating", mounts=[(MOUNTED, "filter-1a2b")])
    w.cluster.event(ns, "web-1", 'MountVolume.SetUp failed for volume "module" : configmap "filter-1a2b" not found')


def config_map_absent_for_long(w, ns):
    """The events are gone."""
    w.plugin(ns, **FILE)
    w.cluster.pod(ns, waiting="ContainerCreating", mounts=[(MOUNTED, "filter-1a2b")])


def key_absent(w, ns):
    w.plugin(ns, **FILE)
    w.cluster.config_map(ns, "filter-1a2b", {"filter.wasm": b"\0asm"})
    w.cluster.pod(ns, waiting="ContainerCreating", mounts=[(MOUNTED, "filter-1a2b")])


def not_mounted(w, ns):
    w.plugin(ns, **FILE)
    w.cluster.pod(ns)


def image_refused(w, ns):
    w.plugin(ns)
    w.proxy(ns, {f"{ns}.filter": DENY}, before=AGENT.format(now(), FETCH.format("deny")))


def fail_open(w, ns):
    w.plugin(ns, failStrategy="FAIL_OPEN")
    w.proxy(ns, {f"{ns}.filter": ALLOW}, before=AGENT.format(now(), FETCH.format("allow")))


def fail_open_silent(w, ns):
    """Istio 1.25 writes nothing."""
    w.plugin(ns, failStrategy="FAIL_OPEN")
    w.proxy(ns, {f"{ns}.filter": ALLOW})


def module_refused(w, ns):
    w.plugin(ns)
    w.proxy(ns, {f"{ns}.filter": wasm(w.file(ns, MALLOC + MEMORY), ns)})


def configure_refused(w, ns):
    w.plugin(ns)
    refuses = HEARS + '(func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 0))'
    w.proxy(ns, {f"{ns}.filter": wasm(w.file(ns, refuses), ns)})


def trap(w, ns):
    w.plugin(ns)
    stops = PLUGIN + '(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) unreachable)'
    envoy = w.proxy(ns, {f"{ns}.filter": wasm(w.file(ns, stops), ns)})
    envoy.request()
    envoy.wait_for_log("unreachable")


def old_digest(w, ns):
    w.plugin(ns, sha256=NEW)
    w.proxy(ns, {f"{ns}.filter": wasm(w.file(ns, HEARS, f"{OLD}.wasm"), ns)})


def old_config(w, ns):
    w.plugin(ns)
    w.proxy(ns, {f"{ns}.filter": wasm(w.file(ns, HEARS), ns, {"level": "debug"})})


def rollout(w, ns, stuck=False):
    """An old pod with the old ConfigMap, a new one that has just begun."""
    w.plugin(ns, **FILE)
    condition = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
                 "message": 'ReplicaSet "web-2" has timed out progressing.'}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "app"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    deployment = w.cluster.create(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": ns}, "spec": spec},
        status={"observedGeneration": 1, "replicas": 2, "updatedReplicas": 1, "conditions": [condition] if stuck else []})
    for number in (1, 2):
        w.cluster.config_map(ns, f"filter-{number}", {"plugin.wasm": b"\0asm" + bytes([number])})
        owner = w.cluster.create({
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": spec, "metadata": {
                "name": f"web-{number}", "namespace": ns, "annotations": {"deployment.kubernetes.io/revision": str(number)},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web",
                                     "uid": deployment["metadata"]["uid"], "controller": True}]}})
        w.cluster.pod(ns, f"web-{number}-x", owner=owner, mounts=[(MOUNTED, f"filter-{number}")],
                      waiting="ContainerCreating" if number == 2 else None)


def rollout_stuck(w, ns):
    rollout(w, ns, stuck=True)


def forbidden(w, ns):
    """The user may see objects, and neither run a command in a container nor read its log."""
    w.plugin(ns)
    w.proxy(ns, {f"{ns}.filter": wasm(w.file(ns, HEARS), ns)})
    group = "rbac.authorization.k8s.io"
    w.cluster.create({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": "look", "namespace": ns}, "rules": [
        {"apiGroups": ["extensions.istio.io"], "resources": ["*"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]})
    w.cluster.create({"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": {"name": "look", "namespace": ns},
                      "roleRef": {"apiGroup": group, "kind": "Role", "name": "look"},
                      "subjects": [{"kind": "User", "name": "viewer", "apiGroup": group}]})


def logs(w, ns):
    """Two pods whose plugin writes a line at `info` for each request."""
    w.plugin(ns, pluginConfig={"log_level": "info"})
    w.envoy = w.proxy(ns, {f"{ns}.filter": wasm(w.file(ns, HEARS), ns, {"log_level": "info"})}, ["web-1", "web-2"])


def extension(w, ns):
    """The successor of WasmPlugin."""
    w.cluster.plugin(ns, {**WEB, "wasm": {"url": IMAGE, "sha256": NEW, "pluginConfig": CONFIG}}, kind="TrafficExtension")
    w.proxy(ns, {f"{ns}.filter": wasm(w.file(ns, HEARS), ns)})


GATEWAY = "gateway.envoyproxy.io"


class GatewayProxy(Proxy):
    """Envoy Gateway's: all of its filters are in the listener (envoyproxy/gateway, internal/xds/translator)."""

    def bootstrap(self):
        made = super().bootstrap()
        path = self.place / "listeners.json"
        path.write_text(json.dumps({"version_info": "1", "resources": [
            {"@type": "type.googleapis.com/envoy.config.listener.v3.Listener", **listener}
            for listener in made["static_resources"].pop("listeners")]}))
        source = {"path_config_source": {"path": str(path)}, "resource_api_version": "V3"}
        return made | {"dynamic_resources": {"lds_config": source}}

    def discovery(self, name, config):
        return {"name": f"envoy.filters.http.wasm/{name}", "disabled": True, "typed_config": config}


def policy(w, ns, filters, accepted="True", message="Policy has been accepted."):
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": ns}
    condition = {"type": "Accepted", "status": accepted, "reason": "Accepted" if accepted == "True" else "Invalid",
                 "message": message, "lastTransitionTime": LONG_AGO}
    w.cluster.plugin(
        ns, {"targetRefs": [target], "wasm": [{"name": "guard", "config": CONFIG, "code": {
            "type": "Image", "image": {"url": "registry.example/filter:v1"}}}]},
        kind="EnvoyExtensionPolicy", group=GATEWAY,
        status={"ancestors": [{"ancestorRef": target, "controllerName": f"{GATEWAY}/gatewayclass-controller",
                               "conditions": [condition]}]})
    w.proxy(ns, filters, container="envoy", kind=GatewayProxy,
            labels={f"{GATEWAY}/owning-gateway-name": ns, f"{GATEWAY}/owning-gateway-namespace": ns})


def guard(w, ns, source):
    config = wasm(w.file(ns, source), ns)
    config["config"]["name"] = "guard"
    return {f"envoyextensionpolicy/{ns}/filter/wasm/0": config}


def gateway_serving(w, ns):
    policy(w, ns, guard(w, ns, HEARS))


def gateway_image_refused(w, ns):
    policy(w, ns, {}, "False", "Wasm: failed to get Wasm module oci://registry.example/filter:v1: could not fetch Wasm OCI "
           "image: could not fetch manifest: GET https://registry.example/v2/filter/manifests/v1: MANIFEST_UNKNOWN: "
           "manifest unknown")


# scenario -> (state, where each pod stops, the code of why)
SCENARIOS = {
    serving: ("serves", [None, None], [None]),
    no_match: ("broken", [], ["W-701"]),
    wrong_namespace: ("broken", [], ["W-702"]),
    no_proxy: ("broken", ["selected"], ["W-703"]),
    not_pushed: ("broken", ["pushed"], ["W-705"]),
    config_map_absent: ("broken", ["mounted"], ["W-601"]),
    config_map_absent_for_long: ("broken", ["mounted"], ["W-712"]),
    key_absent: ("broken", ["mounted"], ["W-713"]),
    not_mounted: ("broken", ["mounted"], ["W-704"]),
    image_refused: ("broken", ["fetched"], ["W-101"]),
    fail_open: ("broken", ["fetched"], ["W-101"]),
    fail_open_silent: ("broken", ["fetched"], ["W-138"]),
    module_refused: ("broken", ["loaded"], ["W-202"]),
    configure_refused: ("broken", ["configured"], ["W-213"]),
    trap: ("broken", ["serving"], ["W-401"]),
    old_digest: ("in progress", ["pushed"], ["W-707"]),
    old_config: ("in progress", ["pushed"], ["W-706"]),
    rollout: ("in progress", ["mounted", "mounted"], ["W-708", None]),
    rollout_stuck: ("broken", ["mounted", "mounted"], ["W-709", None]),
    forbidden: ("unseen", ["pushed"], [None]),
    logs: ("serves", [None, None], [None]),
    extension: ("serves", [None], [None]),
    gateway_serving: ("serves", [None], [None]),
    gateway_image_refused: ("broken", ["applied"], ["W-101"]),
}
FLAGS = {forbidden: ["--context", "viewer"]}


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())


def called(scenario):
    return scenario.__name__.replace("_", "-")


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory):
    """(Kubectl, World or None); the cluster with all scenarios, or their record."""
    directory = tmp_path_factory.mktemp("cluster")
    with contextlib.ExitStack() as stack:
        if not IS_REAL:
            yield Kubectl(directory), None
            return
        cluster = stack.enter_context(Cluster(directory))
        world = World(cluster, directory, stack)
        for scenario in SCENARIOS:
            cluster.namespace(called(scenario))
            scenario(world, called(scenario))
        time.sleep(31)  # what has just been applied may be on its way yet
        yield Kubectl(directory, cluster), world


def keys(value):
    if isinstance(value, list):
        return set().union(*map(keys, value))
    return set(value).union(*map(keys, value.values())) if isinstance(value, dict) else set()


@pytest.mark.xdist_group("cluster")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=called)
def test_the_first_broken_link_is_named(wasmctl, kubectl, scenario):
    state, stops, codes = SCENARIOS[scenario]
    name, (kubectl, world) = called(scenario), kubectl
    status = 3 if state == "broken" else 0
    arguments = ["status", "filter", "-n", name, *FLAGS.get(scenario, [])]
    with kubectl.scenario(name, world and world.directory / "data") as env:
        report = json.loads(wasmctl(*arguments, "--json", env=env, status=status).stdout)
        text = wasmctl(*arguments, env=env, status=status).stdout
    assert keys(report) <= set(re.findall(r"`(\w+)`", (ROOT / "docs/json.md").read_text()))
    (plugin,) = report["plugins"]
    assert report["state"] == plugin["state"] == state
    assert [pod["stop"] for pod in plugin["pods"]] == stops
    found = [plugin["finding"]] if plugin["finding"] else [pod["finding"] for pod in plugin["pods"]]
    assert [f and f["code"] for f in found][:len(codes)] == codes
    shown = RECORDS / f"{name}.txt"
    if IS_REAL or "WASMCTL_UPDATE" in os.environ:
        shown.write_text(text)
    assert text == shown.read_text()


@pytest.mark.xdist_group("cluster")
@pytest.mark.parametrize("scenario, status", [(serving, 0), (old_digest, 3), (forbidden, 3)])
def test_waiting_ends(wasmctl, kubectl, scenario, status):
    name, (kubectl, _) = called(scenario), kubectl
    if kubectl.cluster:
        pytest.skip("as recorded before")
    with kubectl.scenario(name) as env:
        wasmctl("status", "filter", "-n", name, *FLAGS.get(scenario, []), "--wait", "--timeout", "0", env=env, status=status)


LINE = re.compile(r"\[pod/web-[12]/istio-proxy\] \S+\tinfo\tenvoy wasm \S+\twasm log logs\.filter~istio-translated-wasmplugin: HELO\t.*")


@contextlib.contextmanager
def requests(world):
    """One now and then, where there is a proxy."""
    ended = threading.Event()

    def send():
        while not ended.wait(0.2):
            world.envoy.request()

    thread = threading.Thread(target=send)
    if world:
        thread.start()
    yield
    ended.set()
    if world:
        thread.join()


def level(world):
    return re.search(r"wasm: (\w+)", world.envoy.admin("/logging", method="POST")[1])[1]


@pytest.mark.xdist_group("cluster")
def test_logs_without_a_line_say_what_to_do(wasmctl, kubectl):
    kubectl, world = kubectl
    with kubectl.scenario("logs-past") as env:
        done = wasmctl("logs", "filter", "-n", "logs", env=env)
    assert (done.stdout, done.stderr) == ("", (
        "no line of the plugin: Istio's proxies log Wasm at `warning` unless told otherwise; `wasmctl logs filter -n logs -f` "
        "raises that to `info` while requests are sent\n"))


@pytest.mark.xdist_group("cluster")
def test_logs_raise_the_level_and_put_it_back(wasmctl, kubectl):
    """Here kubectl ends, as when its connection breaks."""
    kubectl, world = kubectl
    with kubectl.scenario("logs-follow") as env, requests(world):
        done = wasmctl("logs", "filter", "-n", "logs", "-f", env=env)
    lines = done.stdout.splitlines()
    assert lines and all(LINE.fullmatch(line) for line in lines)
    assert {line.split("/")[1] for line in lines} == {"web-1", "web-2"}
    assert done.stderr == ("2 proxies log Wasm at `warning`: raised to `info` until this ends\n"
                           "the log level of Wasm is `warning` again\n")
    if world:
        assert level(world) == "warning"


if IS_REAL:  # a record has no end that is still to come, and takes no time

    def test_logs_put_the_level_back_when_interrupted(clean_env, kubectl):
        _, world = kubectl
        env = clean_env | {"KUBECONFIG": str(world.cluster.kubeconfig)}
        with subprocess.Popen([WASMCTL, "logs", "filter", "-n", "logs", "-f", "--tail", "0"], env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process, requests(world):
            assert LINE.fullmatch(process.stdout.readline().rstrip("\n"))
            assert level(world) == "info"
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        assert (process.returncode, level(world)) == (130, "warning")

    def test_two_hundred_pods_in_seconds(wasmctl, kubectl):
        _, world = kubectl
        world.cluster.namespace("many")
        world.plugin("many")
        envoy = world.proxy("many", {"many.filter": wasm(world.file("many", HEARS), "many")}, [f"web-{i}" for i in range(200)])
        began = time.monotonic()
        report = json.loads(wasmctl("status", "-n", "many", "--json", env={"KUBECONFIG": str(world.cluster.kubeconfig)}).stdout)
        took = time.monotonic() - began
        print(f"200 pods: {took:.1f} s", report["unseen"])
        assert [len(plugin["pods"]) for plugin in report["plugins"]] == [200]
        assert report["state"] == "serves" and envoy
