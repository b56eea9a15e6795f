"""lib/wasm/hostcalls.cpp against its judge: a real Envoy links a module that imports every row of the
table and exports every callback, and lint finds nothing wrong with it."""

import re
import subprocess

import pytest

from envoy import Envoy, Filter

ABIS = {"0.1.0": ("kAllAbis", "kOnly01"), "0.2.0": ("kAllAbis", "kSince02"),
        "0.2.1": ("kAllAbis", "kSince02", "kSince021")}


def table(root, name):
    text = (root / "lib/wasm/hostcalls.cpp").read_text()
    body = re.search(rf"{name}\[\] = {{(.*?)\n}};", text, re.S).group(1)
    return [tuple(re.findall(r"[\w:]+", row)) for row in re.findall(r"\{(.*?)\}", body)]


def split(signature):
    return [letter for letter in signature.split(":")[0]], [letter for letter in signature.split(":")[1]]


def function_type(signature):
    spelled = {"i": "i32", "I": "i64"}
    parameters, results = split(signature)
    text = "".join(f" (param {spelled[p]})" for p in parameters)
    return text + "".join(f" (result {spelled[r]})" for r in results)


def module(path, abi, imports, exports=(), malloc=True):
    lines = [f'(import "{m}" "{n}" (func{function_type(s)}))' for m, n, s in imports]
    lines.append('(memory (export "memory") 1)')
    lines.append(f'(func (export "proxy_abi_version_{abi.replace(".", "_")}"))')
    if malloc:
        lines.append('(func (export "malloc") (param i32) (result i32) (i32.const 1024))')
    for name, signature in exports:
        # True from what starts, configures and ends; 0 lets a stream go on.
        value = int(name.endswith(("_start", "_configure", "_configuration", "_done")))
        result = f" (i32.const {value})" if split(signature)[1] else ""
        lines.append(f'(func (export "{name}"){function_type(signature)}{result})')
    wat = path.with_suffix(".wat")
    wat.write_text("(module\n" + "\n".join(lines) + ")\n")
    subprocess.run(["wat2wasm", wat, "-o", path], check=True)
    return path


def allowed_at_start(root):
    """The names of the functions that may be called from `_initialize`."""
    return {row[1] for row in table(root, "kHostFunctions") if row[-1] == "kAtStart"}


def all_imports(root, abi):
    rows = []
    for where, name, signature, abis, *_ in table(root, "kHostFunctions"):
        if abis not in ABIS[abi]:
            continue
        places = ("wasi_snapshot_preview1", "wasi_unstable") if where == "wasi" else (where,)
        rows += [(place, name, signature) for place in places]
    return rows


def envoy_loads(path, log):
    try:
        with Envoy([Filter("t", path)], log) as envoy:
            return envoy.get("/")[0] == 200, envoy.logged()
    except RuntimeError as error:
        return False, str(error)


@pytest.mark.parametrize("abi", ABIS)
def test_envoy_links_every_row(root, wasmctl, tmp_path, abi):
    imports = all_imports(root, abi)
    assert len(imports) > 120
    callbacks = [(n, s) for n, s, abis in table(root, "kCallbacks") if abis in ABIS[abi]]
    path = module(tmp_path / "all.wasm", abi, imports, callbacks)
    wasmctl("push", path, "oci:layout:v1")  # lint agrees
    loaded, log = envoy_loads(path, tmp_path / "log")
    assert loaded, log


def test_lint_finds_the_same_in_the_program_itself(root, wasmctl, tmp_path):
    (program,) = root.glob(".venv/lib/python*/site-packages/envoy/_bin/envoy")
    path = module(tmp_path / "all.wasm", "0.2.1", all_imports(root, "0.2.1"))
    wasmctl("lint", path, "--for", program)
    other = module(tmp_path / "other.wasm", "0.2.1", [("env", "proxy_redis_call", "iiiii:i")])
    found = wasmctl("lint", other, "--for", program, status=6).stdout
    assert f"imports `env.proxy_redis_call`, which {program} does not offer" in found
