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
