"""Plugins in Rust and Go, made by `wasmctl new`, through every command that takes a directory."""

import functools
import hashlib
import json
import re
import shutil
import subprocess

import pytest

import languages
from conftest import WASMCTL

LANGUAGES = {
    "rust": {"env": languages.rust, "source": "src/lib.rs", "sdk": "proxy-wasm", "trigger": "-> bool {", "most": 120_000,
             "error": r"does not compile\n(?:.*\n)*error\[E0425\]: cannot find value `missing` in this scope\n"
                      r" *--> src/lib.rs:\d+:\d+\n"},
    "go": {"env": languages.go, "source": "main.go", "sdk": "github.com/proxy-wasm/proxy-wasm-go-sdk",
           "trigger": "OnPluginStartStatus {", "most": 5_000_000,
           "error": r"does not compile\n(?:# .*\n)?\./main\.go:\d+:\d+: undefined: missing\n"},
}


class Plugin:
    """One in a directory of its own, that is built once."""

    def __init__(self, language, directory, env):
        self.expected = LANGUAGES[language]
        self.directory = directory / "who-is-it"
        self.env = env | self.expected["env"]()
        self.run("new", "--template", language, self.directory)
        self.run("build", self.directory)
        self.module = self.directory / "build/who-is-it.wasm"

    def run(self, *args, status=0):
        done = subprocess.run([WASMCTL, *map(str, args)], capture_output=True, text=True, env=self.env, timeout=300,
                              cwd=self.directory.parent)
        assert done.returncode == status, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="module")
def plugin_of(clean_env, tmp_path_factory):
    return functools.cache(lambda language: Plugin(language, tmp_path_factory.mktemp(language), clean_env))


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(f"language-{name}")) for name in LANGUAGES])
def plugin(request, plugin_of):
    return plugin_of(request.param)


def test_it_is_linted_tested_packed_and_rendered(plugin, tmp_path):
    assert re.search(r"0 errors, 0 warnings, (0 notes|1 note)$", plugin.run("lint", plugin.directory).stderr.strip())
    assert "3 passed, 0 failed" in plugin.run("test", plugin.directory).stdout
    inspected = json.loads(plugin.run("inspect", plugin.directory, "--json").stdout)
    assert plugin.expected["sdk"] in inspected["sdk"]
    assert inspected["bytes"] <= plugin.expected["most"]
    names = json.dumps(inspected["functions"])  # of the side file
    assert "proxy_on_request_headers" in names
    pushed = json.loads(plugin.run("push", plugin.directory, f"oci:{tmp_path}/layout:v1", "--json").stdout)
    rendered = plugin.run("render", plugin.directory, "--via", "http", "--url", "https://a.test/a.wasm").stdout
    assert "phase: AUTHZ" in rendered and "log_level: info" in rendered
    pulled = tmp_path / "pulled.wasm"
    plugin.run("pull", pushed["image"], "-o", pulled)
    assert pulled.read_bytes() == plugin.module.read_bytes()


def test_nothing_of_the_machine_is_in_the_module(plugin):
    module = plugin.module.read_bytes()
    for path in (str(plugin.directory), str(languages.CRATES), plugin.env["HOME"]):
        assert path.encode() not in module


def test_what_did_not_change_is_not_made_again(plugin):
    before = plugin.module.stat().st_mtime_ns
    plugin.run("build", plugin.directory)
    assert plugin.module.stat().st_mtime_ns == before
    with_names = plugin.run("build", plugin.directory, "--names")
    assert re.search(r", \d+ of them names\n", with_names.stderr)
    assert plugin.module.stat().st_mtime_ns != before
    lost = plugin.run("lint", plugin.directory).stderr
    assert "was last built with `--names`, and is now without" in lost


def test_an_error_is_the_compilers(plugin):
    source = plugin.directory / plugin.expected["source"]
    text = source.read_text()
    source.write_text(text.replace(plugin.expected["trigger"], plugin.expected["trigger"] + "\n    missing;", 1))
    digest = hashlib.sha256(plugin.module.read_bytes()).digest()
    try:
        failed = plugin.run("build", plugin.directory, status=5)
    finally:
        source.write_text(text)
    assert re.match("error: who-is-it " + plugin.expected["error"], failed.stderr)
    assert hashlib.sha256(plugin.module.read_bytes()).digest() == digest


@pytest.mark.xdist_group("language-rust")
def test_a_root_context_that_makes_no_other_is_named(plugin_of):
    """As in the tutorial that many begin with: Envoy says nothing of it before the first request."""
    plugin = plugin_of("rust")
    source = plugin.directory / "src/lib.rs"
    text = source.read_text()
    source.write_text(re.sub(r"    // Without these two.*?\n}\n\n/// One for each request", "}\n\n/// One for each request", text, flags=re.S))
    try:
        failed = plugin.run("build", plugin.directory, status=6)
    finally:
        source.write_text(text)
    assert failed.stderr.splitlines()[-2:] == [
        "error: who-is-it: makes no context for a request: the plugin ends at the first one, which gets 503 "
        "[stream-context]",
        "hint: in Rust: `get_type` of the RootContext answers `Some(ContextType::HttpContext)`, and its "
        "`create_http_context` makes the context"]
    assert "makes no context" not in plugin.run("build", plugin.directory).stderr


@pytest.mark.xdist_group("language-rust")
def test_the_lines_of_rust_are_known(plugin_of):
    plugin = plugin_of("rust")
    covered = plugin.run("test", plugin.directory, "--coverage").stdout
    assert re.search(rf"^ +\d\d\.\d% .*  {plugin.directory}/src/lib\.rs", covered, re.M)


@pytest.mark.xdist_group("language-rust")
def test_a_crate_that_is_no_library_for_wasm(plugin_of, tmp_path):
    plugin = plugin_of("rust")
    shutil.copytree(plugin.directory, tmp_path / "program", ignore=shutil.ignore_patterns("build"))
    cargo = tmp_path / "program/Cargo.toml"
    cargo.write_text('[package]\nname = "program"\nversion = "0.1.0"\n[lib]\npath = "lib.rs"\n')
    (tmp_path / "program/lib.rs").write_text("")
    (tmp_path / "program/Cargo.lock").unlink()
    assert plugin.run("build", tmp_path / "program", status=5).stderr == (
        "error: cargo built no Wasm library\nhint: in Cargo.toml: `[lib]` with `crate-type = [\"cdylib\"]`\n")
