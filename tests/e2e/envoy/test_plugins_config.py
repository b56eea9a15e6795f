"""The files of each plugin that come from its described configuration: config.schema.json, and the table in
README.md. WASMCTL_UPDATE=1 rewrites them."""

import os
import pathlib
import re
import shutil

import pytest

PLUGINS = sorted(p.parent for p in (pathlib.Path(__file__).resolve().parents[3] / "plugins").glob("*/wasmctl.yaml"))


def check_file(file, expected):
    if "WASMCTL_UPDATE" in os.environ:
        file.write_text(expected)
    assert file.read_text() == expected


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_the_files_of_a_plugin_are_what_its_source_describes(wasmctl, tmp_path, plugin):
    shutil.copytree(plugin, tmp_path / plugin.name, ignore=shutil.ignore_patterns("build"))
    wasmctl("build", tmp_path / plugin.name)
    built = tmp_path / plugin.name / "build" / plugin.name
    check_file(plugin / "config.schema.json", built.with_suffix(".schema.json").read_text())
    readme = (plugin / "README.md").read_text()
    table = built.with_suffix(".config.md").read_text()
    check_file(plugin / "README.md", re.sub(r"(?ms)^\| key \|.*?\n(?!\|)", lambda _: table, readme, count=1))
    assert b"wasmctl.config" not in built.with_suffix(".wasm").read_bytes()


SOURCE = """#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_schema.h"

struct Config {
  int64_t limit = 5;
  static constexpr auto fields() {
    return std::tuple{proxy_wasm::field("limit", &Config::limit, "How many.")};
  }
};
PROXY_WASM_DESCRIBE(Config);
class Root : public RootContext {
  using RootContext::RootContext;
  bool onConfigure(size_t size) override { return proxy_wasm::configure(size, config_); }
  Config config_;
};
static RegisterContextFactory register_(ROOT_FACTORY(Root));
"""


def test_render_judges_a_config_by_what_the_source_describes(wasmctl, tmp_path):
    plugin = tmp_path / "limit"
    plugin.mkdir()
    (plugin / "limit.cc").write_text(SOURCE)
    wasmctl("build", plugin)
    assert (plugin / "build/limit.example.json").read_text() == '{"limit": 5}\n'
    flags = ("--via", "configmap", "--namespace", "default", "--selector", "app=a", "--only", "plugin")
    wasmctl("render", plugin, *flags, "--set", "limit=7")
    done = wasmctl("render", plugin, *flags, "--set", "limit=seven", status=3)
    assert done.stderr.split("\n", 1)[1] == (f"error: the config of limit does not fit {plugin}/build/limit.schema.json\n"
                           "  caused by: `limit` must be of type integer, not \"seven\"\n")


def test_without_a_description_no_old_one_stays(wasmctl, tmp_path):
    plugin = tmp_path / "limit"
    plugin.mkdir()
    (plugin / "limit.cc").write_text(SOURCE)
    wasmctl("build", plugin)
    (plugin / "limit.cc").write_text(SOURCE.replace("PROXY_WASM_DESCRIBE(Config);", ""))
    wasmctl("build", plugin)
    assert sorted(p.name for p in (plugin / "build").glob("limit.*")) == ["limit.debug.wasm", "limit.wasm"]


def test_described_twice(wasmctl, tmp_path):
    plugin = tmp_path / "limit"
    plugin.mkdir()
    (plugin / "limit.cc").write_text(SOURCE)
    (plugin / "other.cc").write_text(SOURCE.split("class Root")[0])
    assert wasmctl("build", plugin, status=5).stderr == (
        "error: limit describes its configuration more than once\n"
        "hint: say PROXY_WASM_DESCRIBE in one source only\n")


@pytest.mark.parametrize("format, travels", [("image", True), ("artifact", True), ("universal", True), ("docker", False),
                                             ("wasm", False)])
def test_the_schema_travels_with_the_image(wasmctl, registry, tmp_path, format, travels):
    plugin = tmp_path / "limit"
    plugin.mkdir()
    (plugin / "limit.cc").write_text(SOURCE)
    image = f"{registry.host}/acme/limit:{format}"
    pinned = wasmctl("push", plugin, image, "--format", format).stdout.strip()
    assert wasmctl("push", plugin, image, "--format", format).stdout.strip() == pinned
    wasmctl("pull", image, "-o", tmp_path / "pulled.wasm")
    assert (tmp_path / "pulled.wasm").read_bytes() == (plugin / "build/limit.wasm").read_bytes()
    if format == "wasm":
        return  # nothing that Istio loads
    wasmctl("render", image, "--selector", "a=b", "--set", "limit=7")
    done = wasmctl("render", image, "--selector", "a=b", "--set", "limit=x", status=3 if travels else 0)
    if travels:
        assert re.fullmatch(
            rf"error: the config of limit does not fit the schema in {image}@sha256:[0-9a-f]{{64}}\n"
            r'  caused by: `limit` must be of type integer, not "x"\n', done.stderr)
    manifest = wasmctl("render", image, "--selector", "a=b", "--set", "limit=7").stdout
    (tmp_path / "good.yaml").write_text(manifest)
    (tmp_path / "bad.yaml").write_text(manifest.replace("limit: 7", "limit: x"))
    assert wasmctl("check", "-f", tmp_path / "good.yaml", "--images").stdout == ""
    done = wasmctl("check", "-f", tmp_path / "bad.yaml", "--images", status=3 if travels else 0)
    line = manifest[:manifest.index("limit: 7")].count("\n") + 1
    if travels:
        assert re.fullmatch(rf'{tmp_path}/bad.yaml:{line}:12: error: `limit` must be of type integer, not "x" '
                            rf"\[config-schema\]\n  hint: so says the schema in {image}@sha256:[0-9a-f]{{64}}\n",
                            done.stdout)


def test_check_judges_a_config_by_what_the_source_describes(wasmctl, tmp_path):
    plugin = tmp_path / "limit"
    plugin.mkdir()
    (plugin / "limit.cc").write_text(SOURCE)
    manifest = ("apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: limit, namespace: a}\n"
                "spec: {url: 'oci://a.b/cd@sha256:" + "0" * 64 + "', failStrategy: FAIL_OPEN, pluginConfig: {limit: x}}\n")
    (tmp_path / "plugin.yaml").write_text(manifest)
    done = wasmctl("check", "-f", tmp_path / "plugin.yaml", "--module", plugin, status=3)
    assert done.stdout.split("is the SDK's object file linked?\n")[1] == (
        f"{tmp_path}/plugin.yaml:4:{manifest.splitlines()[3].index('limit: x') + 8}: error: "
        f'`limit` must be of type integer, not "x" [config-schema]\n'
        f"  hint: so says {plugin}/build/limit.schema.json\n")
    # Of several plugins the one of that name.
    (tmp_path / "other.yaml").write_text(manifest.replace("name: limit", "name: other"))
    (tmp_path / "plugin.yaml").write_text(manifest.replace("limit: x", "limit: 3"))
    wasmctl("check", "-f", tmp_path / "plugin.yaml", "-f", tmp_path / "other.yaml", "--module", plugin)
