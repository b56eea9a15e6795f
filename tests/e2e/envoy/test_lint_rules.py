"""The rules of lint, each with a module that breaks it and the same module mended. Where the table
says that Envoy is the judge, a real Envoy must refuse the first, or crash, and load the second."""

import http.client
import json
import re
import subprocess

import pytest

import modules
from envoy import Envoy, Filter, Listeners
from modules import CALL_LOG, HEARS, LOG, MALLOC, MARKER, MEMORY, ON_HEADERS, PLUGIN
from test_host_table import allowed_at_start, function_type, split, table

EXIT = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
METRIC = '(import "env" "proxy_define_metric" (func $metric (param i32 i32 i32 i32) (result i32)))'
CALL_METRIC = "(drop (call $metric (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0)))"


def export(name, signature, body=""):
    result = " (i32.const 1)" if split(signature)[1] and not body else ""
    return f'(func (export "{name}"){function_type(signature)} {body}{result})'


def raw(*sections):
    """A module of these sections, of which each is (number, content)."""
    return b"\0asm\1\0\0\0" + b"".join(modules.section(number, content) for number, content in sections)


def with_names(content):
    return modules.module() + modules.section(0, modules.text("name") + content)


def exporting(kind, name="odd", types=(), more=()):
    """A plugin that exports item 0 of `kind` as `name`; function 2 is of the last of `types`."""
    all_types = [b"\x60\0\0", b"\x60\1\x7f\1\x7f", *types]
    bodies = [b"\0\x0b", b"\0\x41\x10\x0b"] + [b"\0\0\x0b"] * (kind == FUNCTION)
    functions = [0, 1] + [len(all_types) - 1] * (kind == FUNCTION)
    exports = [("proxy_abi_version_0_2_1", 0, 0), ("malloc", 0, 1), ("memory", 2, 0),
               (name, kind, 2 if kind == FUNCTION else 0)]
    leb, text = modules.leb, modules.text
    sections = {1: leb(len(all_types)) + b"".join(all_types), 3: leb(len(functions)) + bytes(functions), 5: b"\1\0\1",
                7: leb(4) + b"".join(text(n) + bytes([k]) + leb(i) for n, k, i in exports),
                10: leb(len(bodies)) + b"".join(leb(len(b)) + b for b in bodies)} | dict(more)
    return raw(*((number, sections[number]) for number in (1, 3, 4, 5, 13, 6, 7, 10) if number in sections))


FUNCTION, TABLE, GLOBAL, TAG = 0, 1, 3, 4
V128_ZERO = b"\xfd\x0c" + bytes(16) + b"\x0b"
# Each ends the whole proxy.
CRASHES = {
    "a vector in a function": exporting(FUNCTION, types=[b"\x60\1\x7b\0"]),
    "a vector as a result": exporting(FUNCTION, types=[b"\x60\0\1\x7b"]),
    "anyref in a function": exporting(FUNCTION, types=[b"\x60\1\x6e\0"]),
    "a typed reference": exporting(FUNCTION, types=[b"\x60\1\x63\0\0"]),
    "an exception": exporting(FUNCTION, types=[b"\x60\1\x69\0"]),
    "the bottom of functions": exporting(FUNCTION, types=[b"\x60\1\x73\0"]),
    "a vector in a global": exporting(GLOBAL, more={6: b"\1\x7b\0" + V128_ZERO}),
    "a table of eqref": exporting(TABLE, more={4: b"\1\x6d\0\1"}),
    "a tag": exporting(TAG, more={13: b"\1\0\0"}),
}
HARMLESS = {
    "externref in a function": exporting(FUNCTION, types=[b"\x60\1\x6f\0"]),
    "(ref func) in a function": exporting(FUNCTION, types=[b"\x60\1\x64\x70\0"]),
    "a table of externref": exporting(TABLE, more={4: b"\1\x6f\0\1"}),
    "a global": exporting(GLOBAL, more={6: b"\1\x7e\0\x42\0\x0b"}),
}


# rule -> [(what is wrong, what is right)], as fields of the text format or as bytes.
ENVOY = {
    "abi-version": [
        (LOG + MALLOC + MEMORY + ON_HEADERS, HEARS),
        (LOG + '(global (export "proxy_abi_version_0_2_1") i32 (i32.const 0))' + MALLOC + MEMORY + ON_HEADERS, HEARS),
        (LOG + '(func (export "proxy_abi_version_0_3_0"))' + MALLOC + MEMORY + ON_HEADERS,
         LOG + '(func (export "proxy_abi_version_0_2_0"))' + MALLOC + MEMORY + ON_HEADERS),
    ],
    "allocator": [
        (LOG + MARKER + MEMORY + ON_HEADERS,
         LOG + MARKER + MEMORY + ON_HEADERS + export("proxy_on_memory_allocate", "i:i")),
        (LOG + MARKER + MEMORY + ON_HEADERS + export("malloc", "ii:i"), HEARS),
        # A right one does not mend a wrong malloc, and with a right malloc nobody looks at the other.
        (LOG + MARKER + MEMORY + ON_HEADERS + export("malloc", "ii:i") + export("proxy_on_memory_allocate", "i:i"),
         HEARS + export("proxy_on_memory_allocate", "I:")),
        (LOG + MARKER + MEMORY + ON_HEADERS + '(global (export "malloc") i32 (i32.const 0))',
         HEARS + '(global (export "proxy_on_memory_allocate") i32 (i32.const 0))'),
    ],
    "memory": [
        (LOG + MARKER + MALLOC + ON_HEADERS, LOG + MARKER + MALLOC + ON_HEADERS + '(memory (export "any") 1)'),
        (LOG + MARKER + MALLOC + ON_HEADERS + "(memory 1)",
         LOG + '(import "x" "y" (memory 1))' + MARKER + MALLOC + ON_HEADERS),
    ],
    "unknown-import": [
        ('(import "env" "proxy_bogus" (func))' + HEARS, HEARS),
        ('(import "env" "proxy_continue_request" (func (result i32)))' + HEARS,
         '(import "env" "proxy_continue_stream" (func (param i32) (result i32)))' + HEARS),
        ('(import "env" "g" (global i32))' + HEARS, '(import "env" "t" (table 1 funcref))' + HEARS),
    ],
    "import-signature": [
        ('(import "env" "proxy_done" (func))' + HEARS, '(import "env" "proxy_done" (func (result i32)))' + HEARS),
    ],
    "callback-signature": [
        (HEARS + export("proxy_on_log", "ii:"), HEARS + export("proxy_on_log", "i:")),
        (HEARS + export("proxy_on_done", "i:"), HEARS + export("proxy_on_done", "i:i")),
        (HEARS + export("envoy_on_stats_update", "i:"), HEARS + export("envoy_on_stats_update", "ii:")),
        (HEARS + export("envoy_on_resolve_dns", "ii:"), HEARS + export("envoy_on_resolve_dns", "iii:")),
    ],
    "entry-signature": [
        (HEARS + export("_initialize", "i:"), HEARS + export("_initialize", ":")),
        (HEARS + export("_start", ":i"), HEARS + export("_start", ":")),
        (HEARS + export("_initialize", ":") + export("main", ":i"),
         HEARS + export("_initialize", ":") + export("main", "ii:i")),
        (HEARS + export("_initialize", ":") + export("__main_void", ":"),
         HEARS + export("_initialize", ":") + export("__main_void", ":i")),
        (HEARS + export("_initialize", ":") + export("main", "ii:i") + export("__main_void", "I:"),
         HEARS + export("_initialize", ":") + export("main", "ii:i") + export("__main_void", ":i")),
        # Without _initialize nobody looks at main.
        (HEARS + export("_start", "i:"), HEARS + export("main", ":")),
    ],
    "start-trap": [
        (HEARS + export("_initialize", ":", "unreachable"),
         HEARS + export("_initialize", ":", "(if (i32.const 0) (then unreachable))")),
        (HEARS + "(func $s unreachable) (start $s)", HEARS + "(func $s) (start $s)"),
        (HEARS + export("_initialize", ":") + export("main", "ii:i", "call $f (i32.const 0)") + "(func $f unreachable)",
         HEARS + export("_initialize", ":") + export("_start", ":", "unreachable")),
        (HEARS + export("_initialize", ":", "(if (i32.load (i32.const 0)) (then (nop))) unreachable"),
         HEARS + export("_initialize", ":", "(if (i32.load (i32.const 0)) (then (return))) unreachable")),
    ],
    "start-branch": [
        (METRIC + HEARS + export("_initialize", ":", f"(if (i32.load (i32.const 0)) (then {CALL_METRIC}))"),
         METRIC + HEARS + export("_initialize", ":", f"(if (i32.load (i32.const 0)) (then {CALL_LOG}))")),
    ],
    "start-call": [
        (METRIC + HEARS + export("_initialize", ":", CALL_METRIC), HEARS + export("_initialize", ":", CALL_LOG)),
        (METRIC + HEARS + export("_start", ":", "call $f") + f"(func $f {CALL_METRIC})",
         METRIC + HEARS + export("proxy_on_vm_start", "ii:i", CALL_METRIC + "(i32.const 1)")),
        (METRIC + HEARS + export("_initialize", ":", "(block (br_if 0 (i32.load (i32.const 0))) (nop))" + CALL_METRIC),
         METRIC + HEARS + export("_initialize", ":", "(block (br_if 0 (i32.load (i32.const 0)))" + CALL_METRIC + ")")),
        # In a start section, where nothing may be called, Envoy crashes.
        (HEARS + f"(func $s {CALL_LOG}) (start $s)", HEARS + export("_initialize", ":", CALL_LOG)),
    ],
    "command-exits": [
        (EXIT + HEARS + export("_start", ":", "(call $exit (i32.const 0))"),
         EXIT + HEARS + export("_start", ":", "(if (i32.const 0) (then (call $exit (i32.const 1))))")),
        # As TinyGo makes them.
        (EXIT + HEARS + export("_start", ":", "(loop (br_if 0 (i32.const 0))) (call $exit (i32.const 0))"),
         EXIT + HEARS + export("_start", ":", "(if (i32.load (i32.const 0)) (then (return))) (call $exit (i32.const 0))")),
    ],
    "memory-limit": [
        (LOG + MARKER + MALLOC + ON_HEADERS + '(memory (export "memory") 16385)',
         LOG + MARKER + MALLOC + ON_HEADERS + '(memory (export "memory") 16384)'),
        (LOG + MARKER + MALLOC + '(memory (export "memory") i64 1 262145)',
         LOG + MARKER + MALLOC + '(memory (export "memory") i64 1 262144)'),
        (LOG + MARKER + MALLOC + ON_HEADERS + '(memory (export "memory") 1) (table 10000001 funcref)',
         LOG + MARKER + MALLOC + ON_HEADERS + '(memory (export "memory") 1) (table 10000000 funcref)'),
    ],
    "name-section": [
        (with_names(b"\1\3\2\0\0"), with_names(b"\1\3\1\0\0")),   # two names announced, one there
        (with_names(b"\1\4\1\0\0\0"), with_names(b"\2\2\xff\xff")),  # a byte too many; locals are not read
        (with_names(b"\1\7\1\x80\x80\x80\x80\4\0"), with_names(b"\1\7\1\x80\x80\x80\x80\3\0")),  # 2^30
        (with_names(b"\1\x05\1\0"), with_names(b"\1\4\1\0\1\xff")),  # beyond the section; letters are not UTF-8
    ],
    "segment-bounds": [
        (HEARS + '(data (i32.const 65530) "strawberry")',
         HEARS + '(data (i32.const 65526) "strawberry") (data (i32.const 65536) "")'),
        (HEARS + '(data (i32.const 65537) "")', HEARS + '(data (i32.const 65535) "x")'),
        (HEARS + '(data (i32.const -1) "x")', HEARS + '(data "passive")'),
        (HEARS + '(table 2 funcref) (elem (i32.const 1) func 0 1)', HEARS + '(table 2 funcref) (elem (i32.const 1) func 0)'),
        (HEARS + '(table 2 4 externref) (elem (i32.const 2) externref (ref.null extern))',
         HEARS + '(table 2 4 externref) (elem externref (ref.null extern))'),
        (LOG + '(import "env" "memory" (memory 1 2))' + MARKER + MALLOC + ON_HEADERS + '(data (i32.const 65536) "!")',
         LOG + '(import "env" "memory" (memory 2))' + MARKER + MALLOC + ON_HEADERS + '(data (i32.const 65536) "!")'),
    ],
    "export-type": [(wrong, HARMLESS["a global"]) for wrong in CRASHES.values()] +
                   [(CRASHES["a tag"], right) for right in HARMLESS.values()],
}
# What the Rust SDK does where no code of the plugin's makes a context for a request.
SAYS_NO_CONTEXT = ('(data (i32.const 512) "missing ContextType on root_context") '
                   '(func (export "proxy_on_context_create") (param i32 i32) (local.get 1) (if (then '
                   '(drop (call $log (i32.const 5) (i32.const 512) (i32.const 35))) %s)))')
ENVOY["stream-context"] = [(HEARS + SAYS_NO_CONTEXT % "unreachable", HEARS + SAYS_NO_CONTEXT % "")]
# Judged by an Envoy of their own: they end it, at load or with the first request.
ENDS_ENVOY = ("memory-0", "memory-1", "export-type", "start-call-3")
# Those that Envoy loads without a word, or that others judge.
OTHERS = {
    "no-callbacks": [(PLUGIN, HEARS), (PLUGIN + export("proxy_on_configure", "ii:i"), PLUGIN + export("proxy_on_tick", "i:"))],
    "abi-versions": [(HEARS + '(func (export "proxy_abi_version_0_2_0"))', HEARS)],
    "callback-name": [(HEARS + export("proxy_on_tck", "i:"), HEARS + export("proxy_on_tick", "i:")),
                      (HEARS + '(global (export "proxy_on_tick") i32 (i32.const 0))',
                       HEARS + export("proxy_on_grpc_trailing_metadata", "ii:"))],
    "start": [(HEARS + export("_start", ":") + export("_initialize", ":"), HEARS + export("_start", ":"))],
    "memory-size": [(LOG + MARKER + MALLOC + ON_HEADERS + '(memory (export "memory") 1025)',
                     LOG + MARKER + MALLOC + ON_HEADERS + '(memory (export "memory") 1024)')],
    "host-version": [('(import "wasi_snapshot_preview1" "clock_res_get" (func (param i32 i32) (result i32)))' + HEARS,
                      '(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))' + HEARS)],
    "unused-exports": [(HEARS + export("free", "i:"), HEARS)],
    "wasi-stub": [('(import "wasi_snapshot_preview1" "fd_sync" (func (param i32) (result i32)))' + HEARS,
                   '(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))' + HEARS)],
}


def assembled(path, fields):
    if isinstance(fields, bytes):
        path.write_bytes(fields)
        return path
    # Imports come first in the text format.
    imports = re.findall(r"\(import (?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", fields)
    for one in imports:
        fields = fields.replace(one, "")
    path.with_suffix(".wat").write_text(f"(module {' '.join(imports)} {fields})\n")
    subprocess.run(["wat2wasm", "--enable-memory64", path.with_suffix(".wat"), "-o", path], check=True)
    return path


def broken_rules(wasmctl, path, *flags):
    from subprocess import run

    from conftest import WASMCTL
    done = run([WASMCTL, "lint", path, "--json", *flags], capture_output=True, text=True)
    assert done.returncode in (0, 6), done.stderr
    findings = json.loads(done.stdout)
    assert (done.returncode == 6) == any(f["severity"] == "error" for f in findings)
    return [f["rule"] for f in findings]


def envoy_serves(path, log):
    try:
        with Envoy([Filter("t", path)], log) as envoy:
            return envoy.get("/")[0] == 200
    except (RuntimeError, OSError, http.client.HTTPException):  # refused, or crashed
        return False


def cases(of):
    return [pytest.param(rule, wrong, right, id=f"{rule}-{i}")
            for rule, pairs in of.items() for i, (wrong, right) in enumerate(pairs)]


def named(of):
    return {f"{rule}-{i}": (rule, *pair) for rule, pairs in of.items() for i, pair in enumerate(pairs)}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """(the files of the modules of ENVOY, the names of those that Envoy serves): NAME.wrong, NAME.right."""
    directory = tmp_path_factory.mktemp("judged")
    files = {f"{name}.{kind}": assembled(directory / f"{name}.{kind}.wasm", fields)
             for name, (_, *pair) in named(ENVOY).items() for kind, fields in zip(("wrong", "right"), pair)}
    ends = {name for name in files if name.endswith(".wrong") and name.startswith(ENDS_ENVOY)}
    with Listeners({name: files[name] for name in files.keys() - ends}, directory / "log") as envoy:
        served = envoy.serves()
    served |= {name for name in ends if envoy_serves(files[name], directory / "alone.log")}
    return files, served


@pytest.mark.parametrize("name", named(ENVOY))
def test_envoy_agrees(judged, name):
    files, served = judged
    rule = named(ENVOY)[name][0]
    assert rule in broken_rules(None, files[f"{name}.wrong"])
    assert f"{name}.wrong" not in served
    # A branch avoids what start-branch warns of.
    assert set(broken_rules(None, files[f"{name}.right"])) & set(ENVOY) <= {"start-branch"} - {rule}
    assert f"{name}.right" in served


@pytest.mark.parametrize("what", CRASHES)
def test_fix_drops_exports_that_end_the_proxy(wasmctl, tmp_path, what):
    path = tmp_path / "m.wasm"
    path.write_bytes(CRASHES[what])
    wasmctl("lint", "--fix", path)
    assert b"odd" not in path.read_bytes()


@pytest.mark.parametrize("rule, wrong, right", cases(OTHERS))
def test_what_envoy_does_not_judge(wasmctl, tmp_path, rule, wrong, right):
    assert broken_rules(wasmctl, assembled(tmp_path / "wrong.wasm", wrong)).count(rule) == 1
    assert rule not in broken_rules(wasmctl, assembled(tmp_path / "right.wasm", right))


@pytest.mark.parametrize("rule, smallest", [("config-map-size", 1_048_577), ("apply-size", 196_001)])
def test_sizes(wasmctl, tmp_path, rule, smallest):
    padding = smallest - len(modules.module(b"x" * smallest)) + smallest
    path = tmp_path / "m.wasm"
    for size, found in ((smallest, True), (smallest - 1, False)):
        path.write_bytes(modules.module(b"x" * (padding - (smallest - size))))
        assert path.stat().st_size == size
        assert (rule in broken_rules(wasmctl, path)) == found


def test_debug_info(wasmctl, tmp_path):
    path = tmp_path / "m.wasm"
    path.write_bytes(modules.module() + modules.section(0, modules.text(".debug_line") + b"x"))
    assert "debug-info" in broken_rules(wasmctl, path)
    path.write_bytes(modules.module() + modules.section(0, modules.text("name")))
    assert "debug-info" not in broken_rules(wasmctl, path)


def test_every_rule_is_tested(wasmctl):
    listed = dict(re.match(r"(\S+) .*\[(.*)\]", line).groups() for line in wasmctl("lint", "--rules").stdout.splitlines())
    by_size = {"config-map-size", "apply-size", "debug-info"}
    assert set(listed) == set(ENVOY) | set(OTHERS) | by_size | {"feature"}
    # host-version: test_host_table.py says how it was found; the suite has one Envoy only.
    assert {rule for rule, judge in listed.items() if judge == "tested against Envoy"} == \
        set(ENVOY) | {"feature", "host-version"}


def with_body(body, types=(), memory=b"\1\0\1", tag=False):
    """A plugin whose proxy_on_vm_start (i32, i32) -> i32 is `body`."""
    all_types = [b"\x60\0\0", b"\x60\1\x7f\1\x7f", b"\x60\2\x7f\x7f\1\x7f", *types]
    exports = [("proxy_abi_version_0_2_1", 0, 0), ("malloc", 0, 1), ("memory", 2, 0), ("proxy_on_vm_start", 0, 2)]
    bodies = [b"\0\x0b", b"\0\x41\x10\x0b", b"\0" + body]
    section, leb, text = modules.section, modules.leb, modules.text
    return (b"\0asm\1\0\0\0" + section(1, leb(len(all_types)) + b"".join(all_types)) + section(3, b"\3\0\1\2") +
            section(5, memory) + (section(13, b"\1\0\0") if tag else b"") +
            section(7, leb(4) + b"".join(text(n) + bytes([k]) + leb(i) for n, k, i in exports)) +
            section(10, leb(3) + b"".join(leb(len(b)) + b for b in bodies)))


TRUE = b"\x41\x01\x0b"  # i32.const 1, end
V128 = b"\xfd\x0c" + bytes(16)
# What it is -> (the module, whether Envoy has it, as lint's features name it).
FEATURES = {
    "legacy exceptions": (with_body(b"\x06\x40\x08\0\x19\x0b" + TRUE, tag=True), True, "exception-handling (legacy)"),
    "a try that delegates": (with_body(b"\x06\x40\x06\x40\x18\0\x0b" + TRUE, tag=True), True,
                             "exception-handling (legacy)"),
    "exceptions": (with_body(b"\x02\x40\x1f\x40\1\2\0\x08\0\x0b\0\x0b" + TRUE, tag=True), True, "exception-handling"),
    "an exception as a value": (with_body(b"\x02\x69\x1f\x40\1\3\0\x08\0\x0b\0\x0b\x1a" + TRUE, tag=True), True,
                                "exception-handling"),
    "SIMD": (with_body(V128 + b"\xfd\x15\0\x1a" + TRUE), True, "simd128"),
    "relaxed SIMD": (with_body(V128 + V128 + b"\xfd\x80\2\xfd\x15\0\x1a" + TRUE), True, "relaxed-simd"),
    "tail calls": (with_body(b"\x41\0\x12\1\x0b"), True, "tail-call"),
    "atomics": (with_body(b"\x41\0\xfe\x10\2\0\x1a" + TRUE), True, "atomics"),
    "references": (with_body(b"\xd0\x70\xd1\x1a" + TRUE), True, "reference-types"),
    "garbage collection": (with_body(b"\x41\0\xfb\x1c\x1a" + TRUE), True, "gc"),
    "a struct": (with_body(TRUE, types=[b"\x5f\1\x7f\0"]), True, "gc"),
    "a recursive group": (with_body(TRUE, types=[b"\x4e\1\x50\0\x60\0\0"]), True, "gc"),
    "64-bit memory": (with_body(TRUE, memory=b"\1\4\1"), True, "memory64"),
    "two memories": (with_body(TRUE, memory=b"\2\0\1\0\1"), True, "multimemory"),
    "shared memory": (with_body(TRUE, memory=b"\1\3\1\2"), True, "atomics"),
    "wide arithmetic": (with_body(b"\x42\1\x42\2\x42\3\x42\4\xfc\x13\x1a\x1a" + TRUE), False, "wide-arithmetic"),
    "custom page sizes": (with_body(TRUE, memory=b"\1\x08\x90\x80\4\0"), False, "custom-page-sizes"),
}


@pytest.fixture(scope="module")
def featured(tmp_path_factory):
    directory = tmp_path_factory.mktemp("features")
    files = {what: assembled(directory / f"{i}.wasm", module) for i, (what, (module, *_)) in enumerate(FEATURES.items())}
    with Listeners(files, directory / "log") as envoy:
        return files, envoy.serves()


@pytest.mark.parametrize("what", FEATURES)
def test_features_are_seen_and_envoy_agrees(wasmctl, featured, what):
    files, served = featured
    _, in_envoy, feature = FEATURES[what]
    assert feature in json.loads(wasmctl("inspect", files[what], "--json").stdout)["features"]
    assert ("feature" in broken_rules(wasmctl, files[what])) == (not in_envoy)
    if what != "tail calls":  # proxy_on_vm_start then returns 0
        assert (what in served) == in_envoy


def test_all_that_may_be_called_at_the_start_may_be(root, wasmctl, tmp_path):
    """The column of the host's table; the rule start-call rests on it."""
    rows = [row for row in table(root, "kHostFunctions") if row[1] in allowed_at_start(root)]
    assert len(rows) == 40 + 1
    imports, calls = "", ""
    for where, name, signature, *_ in rows:
        place = "wasi_snapshot_preview1" if where == "wasi" else where
        imports += f'(import "{place}" "{name}" (func ${name}{function_type(signature)}))'
        arguments = " ".join(f"({'i64' if p == 'I' else 'i32'}.const 0)" for p in split(signature)[0])
        call = f"(call ${name} {arguments})"
        calls += f"(drop {call})" if split(signature)[1] else call
    path = tmp_path / "m.wat"
    path.write_text(f'(module {imports} {PLUGIN} {export("_initialize", ":", calls)} {export("proxy_on_tick", "i:")})')
    subprocess.run(["wat2wasm", path, "-o", tmp_path / "m.wasm"], check=True)
    assert "start-call" not in broken_rules(wasmctl, tmp_path / "m.wasm")
    assert envoy_serves(tmp_path / "m.wasm", tmp_path / "log"), (tmp_path / "log").read_text()


def test_for_a_host(wasmctl, tmp_path):
    path = assembled(tmp_path / "m.wasm",
                     '(import "wasi_snapshot_preview1" "clock_res_get" (func (param i32 i32) (result i32)))' + HEARS)
    assert "unknown-import" not in broken_rules(wasmctl, path)
    assert "unknown-import" not in broken_rules(wasmctl, path, "--for", "envoy-1.39")
    done = wasmctl("lint", path, "--for", "istio-1.28", status=6)
    assert done.stdout.splitlines()[:3] == [
        f"{path}: error: imports `wasi_snapshot_preview1.clock_res_get`, which Istio 1.28 (Envoy 1.36) does not offer "
        "[unknown-import]",
        "  hint: Envoy 1.39 is the first that does",
    ] + done.stdout.splitlines()[2:3]
    wrong = wasmctl("lint", path, "--for", "istio-9", status=2).stderr
    assert wrong.startswith("error: --for: cannot be `istio-9`\nhint: one of: envoy-1.36, ")


def test_the_chain_that_pulls_an_import_in(wasmctl, tmp_path):
    plugin = tmp_path / "chain"
    plugin.mkdir()
    (plugin / "chain.cc").write_text("""\
#include "proxy_wasm_intrinsics.h"

extern "C" int nobody_has_this(int);

[[gnu::noinline]] static int deepest(int n) { return nobody_has_this(n) + 1; }

class Chain : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t n, bool) override {
    return deepest(int(n)) > 3 ? FilterHeadersStatus::Continue : FilterHeadersStatus::StopIteration;
  }
};
static RegisterContextFactory register_Chain(CONTEXT_FACTORY(Chain));
""")
    built = wasmctl("build", plugin, "--no-lint").stdout.strip()
    done = wasmctl("lint", built, status=6)
    lines = done.stdout.splitlines()
    assert lines[0] == f"{built}: error: imports `env.nobody_has_this`, which Envoy does not offer [unknown-import]"
    assert lines[1] == "  called by `deepest(int)` at chain.cc:5"
    assert re.fullmatch(r"  called by `.*onRequestHeaders.*` at chain.cc:11", lines[2]), done.stdout
    # The same from a module alone that carries its own names and lines.
    alone = tmp_path / "alone.wasm"
    wasmctl("build", plugin, "-g", "--no-lint", "-o", alone)
    assert "  called by `deepest(int)` at chain.cc:5\n" in wasmctl("lint", alone, status=6).stdout
    assert json.loads(wasmctl("lint", built, "--json", status=6).stdout)[0]["chain"][0] == {
        "function": "deepest(int)", "place": "chain.cc:5"}


def test_fix(wasmctl, tmp_path, root):
    plugin = root / "plugins/header-logger"
    path, fixed = tmp_path / "m.wasm", tmp_path / "fixed.wasm"
    wasmctl("build", plugin, "-g", "--build-dir", tmp_path / "b", "--ldflag=-Wl,--export=free", "-o", path)
    assert {"debug-info", "unused-exports"} <= set(broken_rules(wasmctl, path))
    before = path.read_bytes()
    done = wasmctl("lint", path, "--fix", "-o", fixed)
    assert path.read_bytes() == before and broken_rules(wasmctl, fixed) == []
    assert re.search(rf"{fixed}: {fixed.stat().st_size} bytes, {len(before) - fixed.stat().st_size} less\n", done.stderr)
    subprocess.run(["wasm-validate", fixed], check=True)
    assert envoy_serves(fixed, tmp_path / "log"), (tmp_path / "log").read_text()
    wasmctl("lint", path, "--fix")
    assert path.read_bytes() == fixed.read_bytes()
    assert "0 less" in wasmctl("lint", path, "--fix").stderr
    # Whole or not at all.
    path.write_bytes(before)
    wasmctl("lint", path, "--fix", "-o", "/dev/full", status=8)
    assert path.read_bytes() == before
    assert "needs --output" in wasmctl("lint", "-", "--fix", status=2, stdin="").stderr
    assert "mends a .wasm file" in wasmctl("lint", plugin, "--fix", status=2).stderr


def frames(module, *functions):
    """A back-trace as V8 prints it: the place of the first `unreachable` or division in each function."""
    listing = subprocess.run(["wasm-objdump", "-d", module], check=True, capture_output=True, text=True).stdout
    lines = []
    for i, (function, instruction) in enumerate(functions):
        body = listing.split(f" func[{function}]")[1].split(" func[")[0]
        offset = re.search(rf"^ ([0-9a-f]+):.*\| *{instruction}", body, re.M).group(1)
        lines.append(f"  {i}:  0x{int(offset, 16):x} - unknown(function index:{function})\n")
    return "".join(lines)


@pytest.mark.parametrize("built_before", [False, True])
def test_fix_keeps_lines(wasmctl, tmp_path, built_before):
    """What --fix drops is beside what it writes; a side file of the build goes along."""
    (tmp_path / "scale").mkdir()
    (tmp_path / "scale/scale.cc").write_text("""\
static volatile unsigned load = 0;
[[gnu::noinline]] static unsigned weigh(unsigned grams) {
  return grams / load;
}
extern "C" {
[[clang::export_name("proxy_abi_version_0_2_1")]] void version() {}
[[clang::export_name("scale_reset")]] void reset() { load = 1; }
[[clang::export_name("proxy_on_request_headers")]] unsigned on_headers(unsigned, unsigned count, unsigned) {
  return weigh(count) & 1;
}
}
""")
    if built_before:
        path = tmp_path / "scale/build/scale.wasm"
        wasmctl("build", "scale")
    else:
        path = tmp_path / "scale.wasm"
        wasmctl("build", "scale", "-g", "-o", path)
    fixed = tmp_path / "fixed.wasm"
    done = wasmctl("lint", "--fix", path, "-o", fixed)
    assert f"{tmp_path}/fixed.debug.wasm: names and lines of {fixed}, for `wasmctl symbolize`\n" in done.stderr
    wasmctl("lint", "--fix", path)
    assert path.read_bytes() == fixed.read_bytes()
    exports = re.search(r"func\[(\d+)\] <[^\n]*proxy_on_request_headers", subprocess.run(
        ["wasm-objdump", "-x", "-j", "Export", fixed], check=True, capture_output=True, text=True).stdout).group(1)
    trace = tmp_path / "trace.log"
    trace.write_text(frames(fixed, (int(exports), "call")))
    for module in (fixed, path):
        assert re.search(r"on_headers.* at scale.cc:9", wasmctl("symbolize", trace, "-m", module).stdout)
    # Nothing is lost: nothing is written.
    (tmp_path / "fixed.debug.wasm").unlink()
    wasmctl("lint", "--fix", fixed)
    assert not (tmp_path / "fixed.debug.wasm").exists()


def test_the_page_of_rules_is_current(wasmctl, root):
    """`wasmctl lint --rules --markdown > docs/lint-rules.md` makes it so, and likewise for `check`."""
    for command in ("lint", "check"):
        assert wasmctl(command, "--rules", "--markdown").stdout == (root / f"docs/{command}-rules.md").read_text()
