"""examples/bookinfo, walked as its README says, up to the cluster; then in a real Envoy."""

import re
import shlex
import subprocess

import yaml

from envoy import Envoy, filter_of_manifests


def commands(readme):
    """The commands of the README that need no cluster, in order."""
    lines = [line.strip()[2:] for line in readme.read_text().splitlines() if line.startswith("    $ ")]
    return [line for line in lines if "kubectl" not in line]


def test_the_road(root, clean_env, tmp_path):
    for name in ("plugins", "examples"):
        (tmp_path / name).symlink_to(root / name)
    steps = commands(root / "examples/bookinfo/README.md")
    assert [shlex.split(step)[:2] for step in steps] == [
        ["wasmctl", "render"], ["wasmctl", "check"], ["cp", "examples/bookinfo/bookinfo.yaml"],
        ["wasmctl", "patch"], ["wasmctl", "check"]]
    done = [subprocess.run(["bash", "-c", step], cwd=tmp_path, env=clean_env, capture_output=True, text=True,
                           timeout=120) for step in steps]
    assert [d.returncode for d in done] == [0, 3, 0, 0, 0], [d.stderr for d in done]
    assert "[not-mounted]" in done[1].stdout
    assert done[4].stdout == ""

    before = (root / "examples/bookinfo/bookinfo.yaml").read_text().splitlines()
    rest = iter((tmp_path / "bookinfo.yaml").read_text().splitlines())
    assert all(line in rest for line in before)

    # The pod's volume, the mount and the plugin's url lead to the very file.
    config_map, plugin = yaml.safe_load_all((tmp_path / "plugin.yaml").read_text())
    workloads = {d["metadata"]["name"]: d for d in yaml.safe_load_all((tmp_path / "bookinfo.yaml").read_text())
                 if d and d["kind"] == "Deployment"}
    pod = workloads["productpage-v1"]["spec"]["template"]["spec"]
    proxy = next(c for c in pod["containers"] if c["name"] == "istio-proxy")
    (mount,) = proxy["volumeMounts"]
    volume = next(v for v in pod["volumes"] if v["name"] == mount["name"])
    assert volume["configMap"]["name"] == config_map["metadata"]["name"]
    directory, key = re.fullmatch(r"file://(.*)/(.*)", plugin["spec"]["url"]).groups()
    assert mount["mountPath"] == directory and key in config_map["binaryData"]
    assert all("istio-proxy" not in str(w) for n, w in workloads.items() if n != "productpage-v1")

    wasm = filter_of_manifests((tmp_path / "plugin.yaml").read_text(), tmp_path)
    with Envoy([wasm], tmp_path / "envoy.log") as envoy:
        envoy.get("/productpage", {"User-Agent": "reader"})
        assert envoy.wait_for_log("User-Agent: reader")
