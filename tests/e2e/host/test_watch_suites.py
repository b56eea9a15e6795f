"""`wasmctl test --watch`."""

import shutil

from loops import Watching, replace


def test_save_build_run_again(root, clean_env, tmp_path):
    plugin = tmp_path / "guard"
    (plugin / "tests").mkdir(parents=True)
    shutil.copy(root / "tests/data/plugins/guard.cc", plugin)
    shutil.copy(root / "tests/data/suites/guard.yaml", plugin / "tests")
    (plugin / "wasmctl.yaml").write_text("name: guard\nplugin:\n  config: {b: 2, a: 1}\n")
    with Watching(clean_env, "test", "guard", "--watch", "-q", "--junit", "guard/results.xml", cwd=tmp_path) as watching:
        watching.out.wait_for("ok: 2 passed, 0 failed")
        replace(plugin / "guard.cc", '"yes"', '"maybe"')
        watching.out.wait_for("FAILED: 1 passed, 1 failed")
        replace(plugin / "tests/guard.yaml", "value: yes", "value: maybe")
        watching.out.wait_for("ok: 2 passed, 0 failed")
        assert watching.end() == 130
    assert (plugin / "results.xml").exists()


def test_in_a_real_envoy(root, clean_env, tmp_path):
    """A signal ends the tests in it, too."""
    plugin = shutil.copytree(root / "plugins/header-logger", tmp_path / "logger", ignore=shutil.ignore_patterns("build"))
    env = clean_env | {"ENVOY_PATH": str(root / ".venv/bin/envoy")}
    with Watching(env, "test", plugin, "--watch", "--in", "envoy", "-q") as watching:
        watching.out.wait_for("ok: 3 passed, 0 failed")
        replace(plugin / "tests/header_logger.yaml", "User-Agent: ", "user-agent: ")
        watching.out.wait_for("FAILED: ")
        assert watching.end() == 130
