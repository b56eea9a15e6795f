"""`wasmctl build --watch`."""

import shutil
import subprocess
import time

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


def test_what_its_own_lines_go_to_is_no_input(root, clean_env, tmp_path):
    source = tmp_path / "guard.cc"
    shutil.copy(root / "tests/data/plugins/guard.cc", source)
    log = tmp_path / "log"
    with open(log, "w") as lines:
        process = subprocess.Popen(["wasmctl", "build", "--watch", "-o", "guard.wasm"], env=clean_env, cwd=tmp_path,
                                   stdout=lines, stderr=lines)
    values = ["yes", "maybe", "never"]
    try:
        for built in range(1, 3):
            deadline = time.monotonic() + 60
            while log.read_text().count("guard.wasm\n") < built:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)
            replace(source, *(f'"{value}"' for value in values[built - 1 : built + 1]))
    finally:
        process.terminate()
        process.wait(20)
    assert "log has changed" not in log.read_text()
