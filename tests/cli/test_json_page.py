"""docs/json.md beside what the commands print."""

import json
import re


def keys(value):
    """All keys of an object; those of maps by name (callers) left out."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if not isinstance(value, dict):
        return set()
    return set(value).union(*(keys(v) for k, v in value.items() if k != "callers" or isinstance(v, list)))


def explained(wasmctl, directory):
    (directory / "log").write_text("[error][wasm] Plugin a failed to load\nwasm log a: hello\n")
    return json.loads(wasmctl("explain", directory / "log", "--json", status=3).stdout)


def test_each_key_is_in_the_page(wasmctl, root, tmp_path):
    module = tmp_path / "header-logger.wasm"
    wasmctl("-q", "build", root / "plugins/header-logger", "--build-dir", tmp_path / "build", "-o", module)
    layout = f"oci:{tmp_path}/layout"

    def printed(*arguments):
        return json.loads(wasmctl("-q", *arguments, "--json").stdout)

    cosign = root / "tests/data/cosign"
    objects = [printed("verify", f"oci:{cosign}/layout:attested", "--key", cosign / "cosign.pub"),
               printed("push", module, f"{layout}:v1"), printed("tag", f"{layout}:v1", "v2"),
               printed("copy", f"{layout}:v1", f"oci:{tmp_path}/other:v1"),
               printed("pull", f"{layout}:v1", "-o", tmp_path / "pulled.wasm"),
               printed("inspect", module), printed("inspect", module, "--why", "proxy_log"),
               printed("inspect", f"{layout}:v1")["image"]["consumers"], printed("doctor"),
               explained(wasmctl, tmp_path)]
    described = set(re.findall(r"`(\w+)`", (root / "docs/json.md").read_text()))
    assert keys(objects) - described == set()
