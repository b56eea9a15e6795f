"""Every plugin under plugins/ passes its suites; but tcp-guard has none: suites have no TCP yet."""

import pathlib

import pytest

PLUGINS = sorted(p.parent.name for p in (pathlib.Path(__file__).parents[3] / "plugins").glob("*/wasmctl.yaml") if p.parent.name != "tcp-guard")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_suite(root, wasmctl, tmp_path, plugin):
    # What the compiler merges loses lines: header-rewriter has two that only a copy has which nobody calls.
    wasmctl("test", root / "plugins" / plugin, "--build-dir", tmp_path, "--fail-under", "85")
