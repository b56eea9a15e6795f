"""wasmctl check --images: what only the registry knows."""

import json


def test_images(wasmctl, module, registry, tmp_path):
    image = f"{registry.host}/acme/header-logger"
    pinned = wasmctl("-q", "push", module, f"{image}:v1").stdout.strip()
    pushed = wasmctl("push", module, f"{image}:all", "--format", "universal")
    child, index = pushed.stdout.strip(), pushed.stderr.split("the index itself is ")[1].split()[0]

    def check(url, status=0, more=""):
        (tmp_path / "plugin.yaml").write_text(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a}\n"
            f"spec: {{url: 'oci://{url}'{more}}}\n")
        done = wasmctl("-q", "check", "-f", "plugin.yaml", "--images", "--json", status=status)
        return [(f["rule"], f["line"]) for f in json.loads(done.stdout)]

    assert check(pinned) == []
    assert check(child) == []
    assert check(f"{image}:all@{index}", 3) == [("index-pin", 4)]
    assert check(f"{image}:all", 3, f", sha256: {index.split(':')[1]}") == [("index-pin", 4)]
    assert check(f"{image}:v1", 3, f", sha256: '{'0' * 64}'") == [("image-digest", 4)]
    assert check(f"{image}:v2@sha256:{'0' * 64}", 3) == [("image-absent", 4)]
