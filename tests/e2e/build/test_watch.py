"""`wasmctl build --watch`."""

import shutil

from loops import Watching, replace


def test_build_watch(root, clean_env, tmp_path):
    plugin = tmp_path / "guard"
    (plugin / "include").mkdir(parents=True)
    (plugin / "include/names.h").write_text('#define MARK "yes"\n')
    shutil.copy(root / "tests/data/plugins/guard.cc", plugin)
    replace(plugin / "guard.cc", '"yes"', "MARK")
    replace(plugin / "guard.cc", "class Root", '#include "names.h"\nclass Root')
    (plugin / "wasmctl.yaml").write_text("name: guard\nincludes: [../shared]\n")
    shared = tmp_path / "shared"
    shared.mkdir()
    (plugin / "include/names.h").rename(shared / "names.h")
    output = tmp_path / "out.wasm"
    with Watching(clean_env, "build", "guard", "--watch", "-o", "out.wasm", cwd=tmp_path) as watching:
        watching.out.wait_for("out.wasm")
        first = output.read_bytes()

        replace(shared / "names.h", "yes", "maybe")
        watching.talk.wait_for("shared/names.h has changed")
        watching.out.wait_for("out.wasm")
        assert output.read_bytes() != first

        replace(plugin / "guard.cc", "MARK", "MARX")
        watching.talk.wait_for("error: guard does not compile")
        replace(plugin / "guard.cc", "MARX", "MARK")  # the same bytes as before: no line
        replace(shared / "names.h", "maybe", "yes")
        watching.out.wait_for("out.wasm")
        assert output.read_bytes() == first
        assert watching.end() == 130
    assert watching.out.all == ["out.wasm"] * 3
