"""A cluster for tests: Kubernetes' own API server with one kubelet's end (tests/cluster, in Go), whose pods have
real Envoys. Building it takes a quarter of an hour of one core, so `./dev cluster` does, and writes down what kubectl was
asked and answered (tests/data/cluster); other runs of the tests play that back."""

import contextlib
import json
import os
import pathlib
import ssl
import subprocess
import sys
import time
import urllib.request

import yaml

import golang
import judging

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORDS = ROOT / "tests/data/cluster"
STAND_IN = ROOT / "tests/kubectl_record.py"
IS_REAL = "WASMCTL_CLUSTER" in os.environ
LONG_AGO = "2026-11-01T00:00:00Z"

# The path of a kind's objects, by apiVersion and kind.
PLURALS = {"Node": "nodes", "Namespace": "namespaces", "Pod": "pods", "ConfigMap": "configmaps", "Event": "events",
           "Deployment": "deployments", "ReplicaSet": "replicasets", "WasmPlugin": "wasmplugins",
           "TrafficExtension": "trafficextensions", "EnvoyExtensionPolicy": "envoyextensionpolicies",
           "CustomResourceDefinition": "customresourcedefinitions", "Role": "roles", "RoleBinding": "rolebindings"}


class Cluster:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        (self.directory / "pods").mkdir()

    def __enter__(self):
        program = ROOT / "build/cluster/cluster"
        golang.go("build", "-o", program, ".", cwd=ROOT / "tests/cluster", env={"GOFLAGS": "-p=1"}, timeout=3600)
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen([program, self.directory], stdout=log, stderr=log)
        self.kubeconfig = self.directory / "kubeconfig"
        deadline = time.monotonic() + 60
        while not self.kubeconfig.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, (self.directory / "log").read_text()[-2000:]
            time.sleep(0.1)
        self.server = yaml.safe_load(self.kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
        self.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}}, status={
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": int((self.directory / "kubelet-port").read_text())}}})
        for file in judging.crds():
            for crd in yaml.safe_load_all(pathlib.Path(file).read_text()):
                if crd and crd["spec"]["names"]["kind"] in PLURALS:
                    self.create(crd)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def request(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(self.server + path, method=method, data=body and json.dumps(body).encode(), headers={
            "Authorization": "Bearer admin-token", "Content-Type": kind})
        context = ssl._create_unverified_context()
        try:
            with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from error

    def create(self, thing, status=None):
        """As the API server then has it."""
        group = thing["apiVersion"]
        ns = thing["metadata"].get("namespace")
        path = (f"/{'apis' if '/' in group else 'api'}/{group}" + (f"/namespaces/{ns}" if ns else "") +
                f"/{PLURALS[thing['kind']]}")
        deadline = time.monotonic() + 10
        while True:  # a new CRD is served a moment later
            try:
                made = self.request("POST", path, thing)
                break
            except AssertionError as error:
                if "404" not in str(error) and "not find the requested" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        if status is not None:
            made = self.request("PATCH", f"{path}/{thing['metadata']['name']}/status", {"status": status},
                                "application/merge-patch+json")
        return made

    # ---- what scenarios are made of ----

    def namespace(self, name):
        self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": name, "labels": {"istio-injection": "enabled"}}})

    def plugin(self, ns, spec, kind="WasmPlugin", group="extensions.istio.io", status=None):
        return self.create({"apiVersion": f"{group}/v1alpha1", "kind": kind,
                            "metadata": {"name": "filter", "namespace": ns}, "spec": spec}, status=status)

    def config_map(self, ns, name, files):
        import base64
        self.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": ns},
                     "binaryData": {key: base64.b64encode(value).decode() for key, value in files.items()}})

    def event(self, ns, pod, message, reason="FailedMount"):
        self.create({"apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{pod}.1", "namespace": ns},
                     "involvedObject": {"kind": "Pod", "namespace": ns, "name": pod}, "reason": reason, "type": "Warning",
                     "message": message, "source": {"component": "kubelet"}, "count": 5})

    def pod(self, ns, name="web-1", labels=None, waiting=None, mounts=None, owner=None, proxy="istio-proxy"):
        """`mounts`: (path, ConfigMap). `waiting`: why no container runs."""
        containers = [{"name": "app", "image": "app"}]
        if proxy:
            containers.append({"name": proxy, "image": "docker.io/istio/proxyv2:1.30.1", "volumeMounts": [
                {"name": "module", "mountPath": path} for path, _ in mounts or []]})
        state = ({"waiting": {"reason": waiting}} if waiting else {"running": {"startedAt": LONG_AGO}})
        made = {"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": ns, "labels": labels or {"app": "web"}},
                "spec": {"nodeName": "node", "containers": containers, "volumes": [
                    {"name": "module", "configMap": {"name": config_map}} for _, config_map in mounts or []]}}
        if owner:
            made["metadata"]["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner["metadata"]["name"],
                                                    "uid": owner["metadata"]["uid"], "controller": True}]
        self.create(made, status={
            "phase": "Pending" if waiting else "Running",
            "conditions": [{"type": "Ready", "status": "False" if waiting else "True"}],
            "containerStatuses": [{"name": c["name"], "image": c["image"], "imageID": "", "ready": not waiting,
                                   "restartCount": 0, "state": state} for c in containers]})
        return name

    def proxy(self, ns, pod, envoy, container="istio-proxy"):
        """The proxy's end of a pod: a running Envoy."""
        place = self.directory / "pods" / ns / pod
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{container}.admin").write_text(f"127.0.0.1:{envoy.admin_port}")
        (place / f"{container}.log").symlink_to(envoy.log)


class Kubectl:
    """`environment(name)`: in which kubectl is what is said of the scenario `name`."""

    def __init__(self, directory, cluster=None):
        self.cluster, self.directory = cluster, pathlib.Path(directory)
        kubectl = self.directory / "kubectl"
        kubectl.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {STAND_IN} "$@"\n')
        kubectl.chmod(0o755)

    @contextlib.contextmanager
    def scenario(self, name, hidden=None):
        """`hidden`: a directory that is called /var/lib/istio/data in what is written down."""
        record = RECORDS / f"{name}.json"
        env = {"PATH": f"{self.directory}:{os.environ['PATH']}", "KUBECTL_RECORD": str(record)}
        if not self.cluster:
            yield env
            return
        lines = self.directory / f"{name}.lines"
        real = next(p for d in os.environ["PATH"].split(":") if (p := pathlib.Path(d) / "kubectl").exists())
        yield env | {"KUBECTL_LINES": str(lines), "KUBECTL_REAL": str(real), "KUBECTL_HIDDEN": str(hidden or ""),
                     "KUBECONFIG": str(self.cluster.kubeconfig)}
        asked = {}
        for line in lines.read_text().splitlines() if lines.exists() else []:
            entry = json.loads(line)
            asked.setdefault(json.dumps(entry["argv"]), entry)
        RECORDS.mkdir(exist_ok=True)
        record.write_text(json.dumps([asked[key] for key in sorted(asked)], indent=1) + "\n")
