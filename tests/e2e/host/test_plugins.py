"""Every plugin under plugins/ passes its suites, which run nearly all of its lines."""

import pathlib

import pytest

PLUGINS = sorted(p.parent.name for p in (pathlib.Path(__file__).parents[3] / "plugins").glob("*/wasmctl.yaml"))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_suite(root, wasmctl, tmp_path, plugin):
    wasmctl("test", root / "plugins" / plugin, "--build-dir", tmp_path, "--fail-under", "95")
