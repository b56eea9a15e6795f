"""Names of others with control characters: no command lets one reach a terminal or forge a line of a
CI job's log, and JSON keeps the exact names."""

import json
import re
import unicodedata

import pytest

from modules import leb, section, text

FORGED = "ok.wasm: 0 errors"
ODD = f"x\x1b[2J\r\n{FORGED}\u009b7m\u202e\u2028\u2066\x7f\x07"
# Cc but for the end of a line, Zl, Zp, and what turns the direction of writing.
TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def assert_printable(*outputs):
    for output in outputs:
        odd = {c for c in output if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Zl", "Zp")}
        assert not odd and not TURNS.search(output), output
        assert not [line for line in output.splitlines() if line.startswith((FORGED, "::error::"))], output


def module(name):
    """Imports, exports and calls by `name`; so are a custom section, a producer and a data segment's name."""
    types = leb(2) + b"\x60\x00\x00" + b"\x60\x01\x7f\x01\x7f"
    exports = [("proxy_abi_version_0_2_1", 0, 1), ("malloc", 0, 2), ("memory", 2, 0), (name, 0, 1)]
    bodies = [b"\x00\x10\x00\x00\x0b", b"\x00\x41\x00\x0b"]  # call 0, unreachable; i32.const 0
    names = b"".join(bytes([id]) + leb(len(c)) + c for id, c in
                     ((1, leb(1) + leb(1) + text(name)), (9, leb(1) + leb(0) + text(name))))
    producers = leb(1) + text("language") + leb(1) + text(name) + text(name)
    return (b"\0asm\1\0\0\0" + section(1, types) + section(2, leb(1) + text("env") + text(name) + b"\x00\x00") +
            section(3, leb(2) + b"\x00\x01") + section(5, b"\x01\x00\x01") +
            section(7, leb(len(exports)) + b"".join(text(n) + bytes([k]) + leb(i) for n, k, i in exports)) +
            section(10, leb(2) + b"".join(leb(len(b)) + b for b in bodies)) +
            section(11, leb(1) + b"\x00\x41\x00\x0b" + text("a")) + section(0, text("name") + names) +
            section(0, text("producers") + producers) + section(0, text(name) + b"a"))


@pytest.fixture
def run(wasmctl):
    """run(*args): asserts that what comes out is printable, and returns standard output."""

    def run(*args, stdin=None):
        done = wasmctl(*args, status=None, stdin=stdin)
        assert_printable(done.stdout, done.stderr)
        return done.stdout

    return run


def test_names_in_a_module(run, tmp_path):
    (tmp_path / "odd.wasm").write_bytes(module(ODD))
    (tmp_path / "old.wasm").write_bytes(module("old"))
    run("lint", "odd.wasm")
    assert ODD in json.loads(run("lint", "--json", "odd.wasm"))[0]["message"]
    json.loads(run("lint", "--sarif", "odd.wasm"))
    run("inspect", "odd.wasm")
    found = json.loads(run("inspect", "--json", "odd.wasm"))
    assert ODD in found["hostCalls"] and ODD in found["otherExports"]
    run("inspect", "odd.wasm", "--diff", "old.wasm")
    run("inspect", "odd.wasm", "--html", "page.html")
    run("push", "odd.wasm", "oci:layout:v1")
    run("render", "odd.wasm", "--via", "configmap", "-n", "a", "--selector", "a=b")
    trace = "".join(f"  {0}:  0x{offset:x} - ?\n" for offset in range(200))
    run("symbolize", "-m", "odd.wasm", stdin=trace)


def test_names_in_manifests_and_settings(run, tmp_path):
    odd = json.dumps(ODD)
    (tmp_path / "odd.yaml").write_text(
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n"
        f"metadata: {{name: {odd}}}\nspec: {{url: {odd}, {odd}: AUTHN, phase: {odd}}}\n")
    run("check", "-f", "odd.yaml")
    json.loads(run("check", "--json", "-f", "odd.yaml"))
    json.loads(run("check", "--sarif", "-f", "odd.yaml"))
    run("patch", "odd.wasm", "-f", "odd.yaml")
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "a.cc").write_text("")
    for settings in (f"{odd}: 1", f"name: {odd}", f"plugin: {{{odd}: 1}}", f"plugin: {{phase: {odd}}}"):
        (plugin / "wasmctl.yaml").write_text(settings + "\n")
        run("render", "plugin", "--explain")
        run("build", "plugin")
    (plugin / "wasmctl.yaml").write_text(f"plugin: {{pluginName: {odd}, config: {{{odd}: {odd}}}}}\n")
    run("render", "plugin", "--explain")


def test_names_in_images(run, tmp_path, built):
    layout = tmp_path / "layout"
    run("push", built("everything.cc"), "oci:layout:v1", "--annotation", f"note={ODD}")
    run("inspect", "oci:layout:v1")
    found = json.loads(run("inspect", "--json", "oci:layout:v1"))
    assert found["image"]["manifests"][0]["annotations"]["note"] == ODD
    index = json.loads((layout / "index.json").read_text())
    index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = ODD
    (layout / "index.json").write_text(json.dumps(index))
    run("list", "oci:layout")
    assert json.loads(run("list", "--json", "oci:layout")) == [ODD]


def test_names_on_the_command_line(run):
    for command in ("lint", "inspect", "pull", "list", "login -u a", "logout", "copy oci:a:v1", "tag oci:a:v1",
                    "check -f", "symbolize -m", "render", "render --phase", "patch -f", "push a.wasm", "build", ""):
        run(*command.split(), ODD)
    run("lint", "--" + ODD)
