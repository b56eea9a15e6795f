"""What render prints, judged by the code of those who will read it (see judging.py)."""

import base64
import json
import shutil
import subprocess

import pytest

from registries import PASSWORD, USER


@pytest.mark.parametrize("document, complaint", [
    ("kind: ConfigMap\napiVersion: v1\nbinaryDate: {}\n", 'unknown field "binaryDate"'),
    ("kind: ConfigMap\napiVersion: v1\nimmutable: \"true\"\n", "cannot unmarshal string"),
    ("kind: ConfigMap\napiVersion: v1\ndata: {}\ndata: {}\n", 'key "data" already set'),
    ("kind: Thing\napiVersion: v1\n", "no judge knows v1/Thing"),
    ("kind: WasmPlugin\napiVersion: extensions.istio.io/v1alpha1\nspec: {url: a, phse: AUTHN}\n",
     "unknown fields: spec.phse"),
    ("kind: WasmPlugin\napiVersion: extensions.istio.io/v1alpha1\nspec: {url: 'ftp://a'}\n",
     "url must have schema one of"),
    ("kind: WasmPlugin\napiVersion: extensions.istio.io/v1alpha1\nspec: {url: a, phase: AUTH}\n",
     "Unsupported value"),
    ("kind: EnvoyExtensionPolicy\napiVersion: gateway.envoyproxy.io/v1alpha1\nspec: {wasm: []}\n",
     "either targetRef or targetRefs must be used"),
    ("kind: EnvoyExtensionPolicy\napiVersion: gateway.envoyproxy.io/v1alpha1\nspec: {priority: 1}\n",
     "unknown fields: spec.priority"),
])
def test_the_judge_is_strict(judge, document, complaint):
    assert complaint in judge.complaints(document)


WORKLOADS = {
    "deployment": ("apps/v1", "Deployment"),
    "statefulset": ("apps/v1", "StatefulSet"),
    "daemonset": ("apps/v1", "DaemonSet"),
    "job": ("batch/v1", "Job"),
    "cronjob": ("batch/v1", "CronJob"),
    "pod": ("v1", "Pod"),
}

KINDS = ["WasmPlugin", "TrafficExtension"]
EVERY_FLAG = ["--env", "A=012", "--env-from-host", "POD_NAME", "--match", "CLIENT_AND_SERVER:80+9080",
              "--match", "SERVER", "--set", 'a.b=[1, {"c": 16}]',
              "--phase", "STATS", "--priority", "-7", "--fail-strategy", "FAIL_RELOAD", "--type", "NETWORK",
              "--plugin-name", "root", "--pull-policy", "Always", "--pull-secret", "regcred"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flags", [[], ["-n", "default"], EVERY_FLAG], ids=["least", "namespace", "most"])
def test_configmap_and_plugin(judge, wasmctl, module, kind, flags):
    args = ["-q", "render", module, "--via", "configmap", "--selector", "app=productpage", "--kind", kind, *flags]
    stream = wasmctl(*args).stdout
    judge.accept(stream)
    assert stream == wasmctl(*args).stdout
    config_map, plugin = judge.read(stream)
    assert base64.b64decode(config_map["binaryData"]["plugin.wasm"], validate=True) == module.read_bytes()
    assert config_map["immutable"] is True
    assert config_map["metadata"].get("namespace") == plugin["metadata"].get("namespace")
    assert plugin["kind"] == kind
    wasm = plugin["spec"].get("wasm", plugin["spec"])
    assert wasm["url"] == "file:///etc/wasm/header-logger/plugin.wasm"
    listed = json.loads(wasmctl(*args, "--json").stdout)
    assert listed == {"apiVersion": "v1", "kind": "List", "items": [config_map, plugin]}


@pytest.mark.parametrize("phase", ["UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"])
@pytest.mark.parametrize("kind", KINDS)
def test_phases_and_targets(judge, wasmctl, module, kind, phase):
    judge.accept(wasmctl("render", module, "--via", "http", "--url", "https://example.org/a.wasm", "--kind", kind,
                         "--phase", phase, "--target-ref", "Gateway/a", "--target-ref", "Service/b",
                         "--target-ref", "ServiceEntry/c").stdout)
    judge.accept(wasmctl("render", module, "--via", "http", "--url", "https://example.org/a.wasm", "--kind", kind,
                         "--phase", phase, "-n", "istio-system", "--target-ref", "GatewayClass/istio-waypoint").stdout)


def workload_file(path, kind):
    version, name = WORKLOADS[kind]
    pod = {"spec": {"containers": [{"name": "app", "image": "app:1", "volumeMounts": [
        {"name": "data", "mountPath": "/data"}]}], "volumes": [{"name": "data", "emptyDir": {}}]}}
    spec = {"template": pod}
    if kind == "cronjob":
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": spec}}
    path.write_text(json.dumps({"apiVersion": version, "kind": name, "metadata": {"name": "web"},
                                **(pod if kind == "pod" else {"spec": spec})}))
    return path


def pod_spec(workload):
    while "containers" not in workload["spec"]:
        workload = workload["spec"].get("jobTemplate") or workload["spec"]["template"]
    return workload["spec"]


@pytest.mark.parametrize("kind", WORKLOADS)
def test_patch(judge, wasmctl, module, tmp_path, kind):
    base = workload_file(tmp_path / "base.json", kind)

    def patch(name, *flags):
        file = tmp_path / f"{name}{''.join(flags)}.yaml"
        file.write_text(wasmctl("render", module, "--name", name, "--selector", "a=b", "--workload",
                                f"{kind}/web", "--only", "patch", *flags).stdout)
        return file

    first, second, undo = patch("one"), patch("two"), patch("one", "--undo")
    once = pod_spec(judge.patch(base, first))
    proxy, app = once["containers"]
    assert proxy == {"name": "istio-proxy", "image": "auto", "volumeMounts": [
        {"name": "wasm-one", "mountPath": "/etc/wasm/one", "readOnly": True}]}
    assert app == pod_spec(json.loads(base.read_text()))["containers"][0]
    assert [v["name"] for v in once["volumes"]] == ["wasm-one", "data"]

    assert pod_spec(judge.patch(base, first, first)) == once
    both = pod_spec(judge.patch(base, first, second))
    assert {m["mountPath"] for m in both["containers"][0]["volumeMounts"]} == {"/etc/wasm/one", "/etc/wasm/two"}
    left = pod_spec(judge.patch(base, first, second, undo))
    assert left == pod_spec(judge.patch(base, second))


def kubectl_patch(base, patch):
    """What kubectl makes of it, without a server."""
    done = subprocess.run(["kubectl", "patch", "--local", "-f", base, "--type", "json", "--patch-file", patch, "-o", "json"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("mount", ["container", "annotations"])
@pytest.mark.parametrize("kind", WORKLOADS)
def test_json_patch(judge, wasmctl, module, tmp_path, kind, mount):
    base = workload_file(tmp_path / "base.json", kind)
    other = tmp_path / "other.wasm"
    shutil.copy(module, other)

    def patch(against, *flags, sources=(module, other)):
        file = tmp_path / "patch.yaml"
        file.write_text(wasmctl("render", *sources, "--selector", "a=b", "--workload", f"{kind}/web", "--mount", mount,
                                "--only", "patch", "--patch-type", "json", "--against", against, *flags).stdout)
        return file

    def after(before, *args, **kwargs):
        file = tmp_path / "after.json"
        file.write_text(json.dumps(kubectl_patch(before, patch(before, *args, **kwargs))))
        return file

    # As a strategic patch has it, but for the order of lists.
    both = json.loads(after(base).read_text())
    strategic = tmp_path / "strategic.yaml"
    strategic.write_text(wasmctl("render", module, other, "--selector", "a=b", "--workload", f"{kind}/web", "--mount",
                                 mount, "--only", "patch").stdout)

    def by_name(spec):
        return {key: sorted(spec[key], key=lambda item: item["name"]) for key in ("containers", "volumes")}

    merged = judge.patch(base, strategic)
    assert by_name(pod_spec(both)) == by_name(pod_spec(merged))
    first = after(base, sources=[module])
    assert json.loads(after(first, sources=[other]).read_text()) == both
    both_file = tmp_path / "both.json"
    both_file.write_text(json.dumps(both))
    assert pod_spec(json.loads(after(both_file, "--undo").read_text()))["volumes"] == pod_spec(
        json.loads(base.read_text()))["volumes"]


@pytest.mark.parametrize("flags", [[], ["-n", "default", *EVERY_FLAG]], ids=["least", "most"])
def test_image_is_pinned(judge, wasmctl, module, registry, flags):
    image = f"{registry.host}/acme/header-logger:v1"
    pinned = wasmctl("push", module, image).stdout.strip()
    stream = wasmctl("render", image, "--plain-http", "--selector", "app=productpage", *flags).stdout
    judge.accept(stream)
    (plugin,) = judge.read(stream)
    assert plugin["metadata"]["name"] == "header-logger"
    assert plugin["spec"]["url"] == f"oci://{pinned}"
    assert plugin["spec"]["sha256"] == pinned.split("@sha256:")[1]


@pytest.mark.parametrize("flags", [
    [],
    ["-n", "default", "--target-ref", "HTTPRoute/b", "--target-ref", "GRPCRoute/c", "--env-from-host", "POD_NAME",
     "--set", 'a.b=[1, {"c": 16}]', "--fail-strategy", "FAIL_OPEN", "--type", "HTTP", "--plugin-name", "root",
     "--pull-policy", "Always", "--pull-secret", "regcred"],
], ids=["least", "most"])
def test_envoy_extension_policy(judge, wasmctl, module, registry, flags):
    image = f"{registry.host}/acme/header-logger:v1"
    pinned = wasmctl("push", module, image).stdout.strip()
    done = wasmctl("render", image, "--kind", "EnvoyExtensionPolicy", "--target-ref", "Gateway/a", *flags)
    judge.accept(done.stdout)
    (policy,) = judge.read(done.stdout)
    (wasm,) = policy["spec"]["wasm"]
    code = {"url": pinned, "sha256": pinned.split("@sha256:")[1]}
    assert {k: wasm["code"]["image"][k] for k in code} == code
    assert [t["name"] for t in policy["spec"]["targetRefs"]] == (["a", "b", "c"] if flags else ["a"])
    assert "kubectl get envoyextensionpolicy/header-logger" in done.stderr
    judge.accept(wasmctl("render", module, "--kind", "EnvoyExtensionPolicy", "--target-ref", "Gateway/a",
                         "--via", "http", "--url", "https://example.org/a.wasm").stdout)


@pytest.mark.parametrize("kind", [*KINDS, "EnvoyExtensionPolicy"])
def test_pull_secret(judge, wasmctl, module, private_registry, tmp_path, kind):
    image = f"{private_registry.host}/acme/header-logger:v1"
    env = {"DOCKER_CONFIG": str(tmp_path)}
    where = ["--target-ref", "Gateway/a"] if kind == "EnvoyExtensionPolicy" else ["--selector", "a=b"]
    args = ["render", image, "--kind", kind, *where, "-n", "default", "--pull-secret-from-docker-config"]
    done = wasmctl(*args, env=env, status=4)
    assert done.stderr == (f"error: --pull-secret-from-docker-config: there are no credentials for"
                           f" {private_registry.host}\nhint: `wasmctl login {private_registry.host}` keeps some\n")
    wasmctl("login", private_registry.host, "-u", USER, "--password-stdin",
            stdin=PASSWORD, env=env)
    wasmctl("push", module, image, env=env)
    done = wasmctl(*args, env=env)
    judge.accept(done.stdout)
    secret, plugin = judge.read(done.stdout)
    assert secret["metadata"] == {"name": "header-logger-pull", "namespace": "default"}
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    login = {"username": USER, "password": PASSWORD}
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert config == {"auths": {private_registry.host: login | {"auth": auth}}}
    assert "header-logger-pull" in json.dumps(plugin["spec"])
    named = wasmctl(*args, "--pull-secret", "mine", env=env).stdout
    assert judge.read(named)[0]["metadata"]["name"] == "mine"
    assert PASSWORD not in done.stderr


def test_a_pull_secret_is_not_shown_on_a_terminal(wasmctl, clean_env, module):
    import pty
    from conftest import WASMCTL
    main, terminal = pty.openpty()
    done = subprocess.run([WASMCTL, "render", "127.0.0.1:1/a:v1", "--selector", "a=b",
                           "--pull-secret-from-docker-config"], stdout=terminal, stderr=subprocess.PIPE, text=True,
                          env=clean_env)
    assert done.returncode == 2
    assert done.stderr == ("error: --pull-secret-from-docker-config: the credentials would stand on the terminal\n"
                           "hint: hand the stream on: `wasmctl render ... | kubectl apply -f -`\n")


def test_image_volume(judge, wasmctl, module, registry, tmp_path):
    image = f"{registry.host}/acme/header-logger:v1"
    pinned = wasmctl("push", module, image).stdout.strip()
    args = ["render", image, "--via", "image-volume", "--selector", "app=web", "--workload", "deployment/web"]
    stream = wasmctl(*args).stdout
    judge.accept(stream)
    (plugin,) = judge.read(stream)
    assert plugin["spec"]["url"] == "file:///etc/wasm/header-logger/plugin.wasm"
    patch = tmp_path / "patch.yaml"
    patch.write_text(wasmctl(*args, "--only", "patch").stdout)
    pod = pod_spec(judge.patch(workload_file(tmp_path / "base.json", "deployment"), patch))
    assert pod["volumes"][0] == {"name": "wasm-header-logger", "image": {"reference": pinned}}


def test_annotations(judge, wasmctl, module, tmp_path):
    base = workload_file(tmp_path / "base.json", "deployment")
    patch = tmp_path / "patch.yaml"
    args = ["render", module, "--selector", "a=b", "--workload", "deployment/web", "--mount", "annotations",
            "--only", "patch"]
    patch.write_text(wasmctl(*args).stdout)
    undo = tmp_path / "undo.yaml"
    undo.write_text(wasmctl(*args, "--undo").stdout)
    template = judge.patch(base, patch)["spec"]["template"]
    annotations = {k: json.loads(v) for k, v in template["metadata"]["annotations"].items()}
    volumes = annotations["sidecar.istio.io/userVolume"]
    mounts = annotations["sidecar.istio.io/userVolumeMount"]
    assert volumes.keys() == mounts.keys() == {"wasm-header-logger"}
    assert volumes["wasm-header-logger"]["configMap"]["name"].startswith("header-logger-")
    assert mounts["wasm-header-logger"] == {"mountPath": "/etc/wasm/header-logger", "readOnly": True}
    assert judge.patch(base, patch, undo)["spec"]["template"]["metadata"] == {"annotations": {}}


@pytest.mark.parametrize("patch_type", ["strategic", "json"])
def test_kustomize_component(judge, wasmctl, module, tmp_path, patch_type):

    def kustomize(directory):
        done = subprocess.run(["kubectl", "kustomize", directory], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return judge.read(done.stdout)

    other = tmp_path / "other.wasm"
    shutil.copy(module, other)
    args = ["render", module, other, "-n", "default", "--selector", "app=web"]
    against = ["--patch-type", "json", "--against", workload_file(tmp_path / "web.json", "deployment")]
    wasmctl(*args, "--workload", "deployment/web", "-o", tmp_path / "wasm", *(against if patch_type == "json" else []))
    stream = wasmctl(*args).stdout
    judge.accept(stream)
    assert kustomize(tmp_path / "wasm") == judge.read(stream)

    overlay = tmp_path / "overlay"
    overlay.mkdir()
    workload_file(overlay / "web.json", "deployment")
    (overlay / "kustomization.yaml").write_text("resources: [web.json]\ncomponents: [../wasm]\n")
    web = json.loads((overlay / "web.json").read_text())
    web["metadata"]["namespace"] = "elsewhere"  # another workload, not for this module's ConfigMap
    (overlay / "other.json").write_text(json.dumps(web))
    (overlay / "kustomization.yaml").write_text("resources: [web.json, other.json]\ncomponents: [../wasm]\n")
    built = [d for d in kustomize(overlay) if d["metadata"].get("namespace") != "elsewhere" or "istio-proxy" in str(d)]
    config_maps = {d["metadata"]["name"] for d in built if d["kind"] == "ConfigMap"}
    (spec,) = [pod_spec(d) for d in built if d["kind"] == "Deployment"]
    assert {v["configMap"]["name"] for v in spec["volumes"] if "configMap" in v} == config_maps and len(config_maps) == 2
    (proxy,) = [c for c in spec["containers"] if c["name"] == "istio-proxy"]
    assert [m["mountPath"] for m in proxy["volumeMounts"]] == ["/etc/wasm/header-logger", "/etc/wasm/other"]
