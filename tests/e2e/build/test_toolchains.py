"""Modules that this project's SDK has no part in: lint says of each what a real Envoy does with it."""

import json
import re
import shutil

import pytest

import golang
from envoy import Envoy, Filter


def findings(wasmctl, path, *flags, status=0):
    return [(f["severity"], f["rule"]) for f in json.loads(wasmctl("lint", path, "--json", *flags, status=status).stdout)]


def logged(path, log, text, root_id=""):
    with Envoy([Filter("t", path, config="{}", root_id=root_id)], log) as envoy:
        assert envoy.get("/some/path")[0] == 200
        return envoy.wait_for_log(text)


@pytest.fixture(scope="module")
def go(root, tmp_path_factory):
    made = tmp_path_factory.mktemp("go")

    def build(name, *flags):
        golang.go("build", "-trimpath", "-ldflags=-s", *flags, "-o", made / name, ".",
                  cwd=root / "tests/data/toolchains/go", env={"GOOS": "wasip1", "GOARCH": "wasm"})
        return made / name

    return build


def test_rust(wasmctl, root, tmp_path):
    path = root / "tests/data/toolchains/rust.wasm"
    assert findings(wasmctl, path) == [("note", "unused-exports")]  # __data_end and __heap_base, by its linker
    for host in ("envoy-1.36", "istio-1.29"):
        assert findings(wasmctl, path, "--for", host) == [("note", "unused-exports")]
    logged(path, tmp_path / "log", "from Rust: /some/path")
    inspected = wasmctl("inspect", path).stdout
    assert re.search(r"\n +\d+  (proxy_wasm|core|alloc|hashbrown|dlmalloc|<).*::", inspected)  # names, readable
    assert "_ZN" not in inspected


def test_assemblyscript(wasmctl, root, tmp_path):
    path = root / "tests/data/toolchains/assemblyscript.wasm"
    assert findings(wasmctl, path) == [("note", "unused-exports")]
    logged(path, tmp_path / "log", "from AssemblyScript: /some/path", root_id="as")


def test_a_fixed_module_of_another_toolchain_still_loads(wasmctl, root, tmp_path):
    for name, text, root_id in (("rust", "from Rust", ""), ("assemblyscript", "from AssemblyScript", "as")):
        path = tmp_path / f"{name}.wasm"
        shutil.copy(root / f"tests/data/toolchains/{name}.wasm", path)
        wasmctl("lint", path, "--fix")
        assert findings(wasmctl, path) == []
        logged(path, tmp_path / f"{name}.log", text, root_id)


def test_go(wasmctl, go, tmp_path):
    path = go("plugin.wasm", "-buildmode=c-shared")
    assert findings(wasmctl, path) == [("note", "config-map-size")]
    logged(path, tmp_path / "log", "from Go")
    # As a command its runtime exits.
    command = go("command.wasm")
    assert ("error", "command-exits") in findings(wasmctl, command, status=6)
    with pytest.raises(RuntimeError, match="Failed to initialize Wasm code"):
        logged(command, tmp_path / "log", "from Go")


@pytest.mark.parametrize("language", ["Rust", "Go", "AssemblyScript"])
def test_a_suite_runs(wasmctl, root, go, tmp_path, language):
    """In the embedded host; that Envoy logs the same is seen above."""
    path = (go("plugin.wasm", "-buildmode=c-shared") if language == "Go"
            else root / f"tests/data/toolchains/{language.lower()}.wasm")
    said = "from Go" if language == "Go" else f"from {language}: /some/path"
    suite = tmp_path / "suite.yaml"
    for text, status in ((said, 0), (said + "?", 1)):
        suite.write_text(f"""
env: {{host: envoy, root_id: as, config: "{{}}"}}
test:
- name: says where it is asked
  request_headers:
    input: {{header: [{{key: ":method", value: GET}}, {{key: ":path", value: /some/path}}]}}
    result: {{log: [{{exact: "{text}"}}]}}
""")
        wasmctl("test", path, "--suite", suite, status=status)
