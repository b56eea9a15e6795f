"""wasmctl patch on files of every layout: what is put in comes out again, to the byte."""

import json
import os
import random
import subprocess

import pytest
import yaml

POD = """\
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
"""
HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"


def sequence(rng, key, items, column):
    """A block list under `key`, indented or not, with comments and blank lines around it."""
    dash = column + rng.choice([0, 2, 4])
    lines = [" " * column + key + ":" + rng.choice(["", "  # why"])]
    for item in items:
        item = list(item)
        rng.shuffle(item)
        lead = "- "
        for line in item:
            lines.append(" " * dash + lead + line)
            lead = "  "
        if rng.random() < 0.2:
            lines.append(" " * (dash + rng.choice([0, 2, 4])) + "# a comment: with a colon")
        if rng.random() < 0.2:
            lines.append("")
    return lines


def manifest(rng):
    containers = [["name: app", f'image: "x:{rng.randrange(9)}"', "args: [a, 'b', \"c\"]"]]
    if rng.random() < 0.5:
        containers.append(["name: 'other'", "command: [sh]"])
    parts = [sequence(rng, "containers", containers, 6)]
    if rng.random() < 0.5:
        parts.append(sequence(rng, "volumes", [["name: tmp", "emptyDir: {}"]], 6))
    elif rng.random() < 0.5:
        parts.append(["      volumes: []"])
    if rng.random() < 0.5:
        parts.append(["      restartPolicy: Always  # as always"])
    rng.shuffle(parts)
    text = HEAD + POD + "\n".join(line for part in parts for line in part)
    text += rng.choice(["", "\n", "\n\n", "\n# the end\n", "\n---\na: b\n", "\n...\n"])
    if rng.random() < 0.3:
        text = "# ä first\n---\n" + text
    return text.replace("\n", "\r\n") if rng.random() < 0.3 else text


SEEDS = range(int(os.environ.get("WASMCTL_SEEDS", "60")))


def bracketed(rng):
    """The same in brackets: JSON, or YAML that is written like it."""
    pod = {"containers": [{"name": "app", "image": "x", "args": ["'a", 'b"', "{c}"]}]}
    if rng.random() < 0.5:
        pod["containers"].append({"name": "istio-proxy", "image": "auto"})
        if rng.random() < 0.5:
            pod["containers"][-1]["volumeMounts"] = rng.choice([[], [{"name": "tmp", "mountPath": "/tmp"}]])
    if rng.random() < 0.5:
        pod["volumes"] = rng.choice([[], [{"name": "tmp", "emptyDir": {}}]])
    metadata = {"labels": {"app": "web"}}
    if rng.random() < 0.5:
        metadata["annotations"] = rng.choice([{}, {"a": "b"}])
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
                "spec": {"template": {"metadata": metadata, "spec": pod}}}
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    if rng.random() < 0.3:
        workload = {"apiVersion": "v1", "kind": "List", "items": [other, workload, other]}
    return rng.choice([
        lambda: json.dumps(workload, indent=rng.choice([None, 1, 4])),
        lambda: json.dumps(workload, separators=(",", ":")) + "\n",
        lambda: yaml.safe_dump(workload, default_flow_style=rng.choice([True, None, False]), width=rng.choice([40, 999])),
    ])()


def any_manifest(rng):
    return (manifest(rng) if rng.random() < 0.6 else bracketed(rng)).encode()


def is_bracket_line(line):
    return any(c in line for c in b"[]{}")


@pytest.mark.parametrize("style", ["container", "annotations"])
@pytest.mark.parametrize("seed", SEEDS)
def test_in_and_out(wasmctl, root, tmp_path, seed, style):
    file = tmp_path / "web.yaml"
    before = any_manifest(random.Random(seed))
    file.write_bytes(before)

    def patch(*flags):
        wasmctl("-q", "patch", root / "tests/data/minimal.wasm", "-f", file, "--selector", "app=web", "--mount", style,
                "-i", *flags)
        return file.read_bytes()

    once = patch("--name", "one")
    # Lines were added, and none changed but those with brackets that took an item.
    rest = iter(once.splitlines())
    assert all(line in rest for line in before.splitlines() if not is_bracket_line(line))
    assert b"/etc/wasm/one" in once
    assert patch("--name", "one") == once
    both = patch("--name", "two")
    assert patch("--name", "two", "--undo") == once
    assert patch("--name", "two") == both
    patch("--name", "one", "--undo")
    assert patch("--name", "two", "--undo") == before


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_mount_is_new(wasmctl, root, tmp_path, seed):
    """PyYAML reads in the patched file what was there, and the container and the volume."""
    before = any_manifest(random.Random(seed))
    (tmp_path / "web.yaml").write_bytes(before)
    after = wasmctl("-q", "patch", root / "tests/data/minimal.wasm", "-f", "web.yaml", "--selector", "app=web",
                    text=False).stdout
    old, new = (list(yaml.safe_load_all(text)) for text in (before, after))
    pods = [[w["spec"]["template"]["spec"] for d in documents if d for w in d.get("items", [d]) if "spec" in w]
            for documents in (old, new)]
    for pod, patched in zip(*pods, strict=True):
        assert patched["volumes"].pop()["configMap"]["name"].startswith("minimal-")
        (proxy,) = [c for c in patched["containers"] if c["name"] == "istio-proxy"]
        assert proxy["volumeMounts"].pop() == {
            "name": "wasm-minimal", "mountPath": "/etc/wasm/minimal", "readOnly": True}
        # Of what was made for them nothing is left but what is empty.
        for holder, key in ((pod, "volumes"), (patched, "volumes"), *((c, "volumeMounts") for c in pod["containers"]),
                            (proxy, "volumeMounts")):
            if not holder.get(key):
                holder.pop(key, None)
        if all(c["name"] != "istio-proxy" for c in pod["containers"]):
            patched["containers"].remove({"name": "istio-proxy", "image": "auto"})
    assert old == new


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("tool", [["patch", "-s", "-p1"], ["git", "apply"]], ids=["patch", "git"])
def test_diff_is_taken(wasmctl, root, tmp_path, seed, tool):
    """By absolute name, too: what is below the current directory is named from there."""
    (tmp_path / "some dir").mkdir()
    file = tmp_path / "some dir/web.yaml"
    file.write_bytes(any_manifest(random.Random(seed)))
    args = ["-q", "patch", root / "tests/data/minimal.wasm", "-f", file, "--selector", "app=web"]
    want = wasmctl(*args, text=False).stdout
    diff = wasmctl(*args, "--diff", text=False).stdout
    assert diff.startswith(b"--- a/some dir/web.yaml\t\n+++ b/some dir/web.yaml\t\n@@ ")
    (tmp_path / "change.diff").write_bytes(diff)
    done = subprocess.run([*tool, *(["-i"] if tool[0] == "patch" else []), "change.diff"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert file.read_bytes() == want


def test_image_volume(wasmctl, root, tmp_path, registry):
    image = f"{registry.host}/acme/header-logger:v1"
    pinned = wasmctl("push", root / "tests/data/minimal.wasm", image).stdout.strip()
    before = HEAD + POD + "      containers:\n      - name: app\n"
    file = tmp_path / "web.yaml"
    file.write_text(before)
    args = ["patch", image, "-f", file, "--workload", "deployment/web", "-i"]
    assert wasmctl(*args).stderr == f"deployment/web: {pinned} is mounted at /etc/wasm/header-logger\n"
    (volume,) = yaml.safe_load(file.read_text())["spec"]["template"]["spec"]["volumes"]
    assert volume == {"name": "wasm-header-logger", "image": {"reference": pinned}}
    assert wasmctl(*args).stderr == "deployment/web: nothing to change\n"
    wasmctl(*args, "--undo")
    assert file.read_text() == before
