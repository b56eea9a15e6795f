"""What WASI answers: the same in the embedded host as in a real Envoy, for each function of the table."""

import json
import re
import subprocess

import yaml

from envoy import Envoy, Filter
from test_host_table import function_type, table

# Of the first argument, a file mostly: standard input, standard output, and none.
FIRST = (0, 1, 4096)
ARGUMENTS = {"random_get": (8192, 16)}


def arguments(name, signature, first):
    given = ARGUMENTS.get(name) or (first, *[8192] * 9)
    parameters = signature.split(":")[0]
    return " ".join("(i64.const 0)" if p == "I" else f"(i32.const {value})" for p, value in zip(parameters, given))


def module(path, rows):
    """Calls each of them once it is configured, and logs "NAME FIRST 058"."""
    lines = ['(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))']
    lines += [f'(import "wasi_snapshot_preview1" "{n}" (func ${n}{function_type(s)}))' for n, s in rows]
    digit = ("(i32.store8 (i32.sub (local.get $end) (i32.const {place})) (i32.add (i32.const 48) "
             "(i32.rem_u (i32.div_u (local.get $n) (i32.const {unit})) (i32.const 10))))")
    lines.append('(memory (export "memory") 2) (func (export "proxy_abi_version_0_2_1"))'
                 '(func (export "malloc") (param i32) (result i32) (i32.const 1024))'
                 '(func $say (param $at i32) (param $end i32) (param $n i32)'
                 + "".join(digit.format(place=i + 1, unit=10 ** i) for i in range(3))
                 + '(drop (call $log (i32.const 2) (local.get $at) (i32.sub (local.get $end) (local.get $at)))))')
    calls, data, at = [], [], 70_000
    for name, signature in rows:
        for first in FIRST:
            text = f"{name} {first} 000"
            data.append(f'(data (i32.const {at}) "{text}")')
            calls.append(f"(call $say (i32.const {at}) (i32.const {at + len(text)}) "
                         f"(call ${name} {arguments(name, signature, first)}))")
            at += len(text)
    lines.append('(func (export "proxy_on_configure") (param i32 i32) (result i32) ' + "\n".join(calls) + "(i32.const 1))")
    wat = path.with_suffix(".wat")
    wat.write_text("(module\n" + "\n".join(lines + data) + ")\n")
    subprocess.run(["wat2wasm", wat, "-o", path], check=True)
    return path


def answers(lines):
    return sorted(set(re.findall(r"\w+ \d+ \d{3}$", "\n".join(lines), re.M)))


def test_wasi_answers_as_in_envoy(root, wasmctl, tmp_path):
    rows = [(name, signature) for where, name, signature, *_ in table(root, "kHostFunctions")
            if where == "wasi" and name != "proc_exit"]
    path = module(tmp_path / "wasi.wasm", rows)
    with Envoy([Filter("t", path)], tmp_path / "log") as envoy:
        judged = answers(envoy.logged().splitlines())
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump({"test": [{"name": "all"}]}))
    done = json.loads(wasmctl("test", path, "--suite", "suite.yaml", "--json").stdout)
    assert len(judged) == len(rows) * len(FIRST)
    assert answers(line["message"] for line in done["suites"][0]["tests"][0]["log"]) == judged
