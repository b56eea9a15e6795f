"""Command tests: each tests/cli/*.txt is a terminal session, compared whole.

    $ wasmctl build no-such-dir
    2> error: cannot read ...
    ? 4

A line `$ ` is run by bash in the session's own directory; what follows is its standard output,
its standard error (`2> ` before each line) and, unless 0, its exit status (`? N`). Lines `# ` are
comments. In what is compared, the session's directory reads $TMP and the checkout $ROOT; both are
variables of the shell too. WASMCTL_UPDATE=1 rewrites the files: review the diff.
"""

import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent


def prefixed(prefix, text):
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    return [(prefix + line).rstrip(" ") if line == "" else prefix + line for line in lines]


@pytest.mark.parametrize("file", sorted(HERE.glob("*.txt")), ids=lambda f: f.stem)
def test_transcript(file, tmp_path, clean_env, root):
    expected = file.read_text().splitlines()
    actual = []
    env = clean_env | {"TMP": str(tmp_path), "ROOT": str(root)}
    for line in expected:
        if line.startswith("# "):
            actual.append(line)
        if not line.startswith("$ "):
            continue
        done = subprocess.run(["bash", "-c", line[2:]], cwd=tmp_path, env=env, timeout=120,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)

        def tidy(text):
            return text.replace(str(tmp_path), "$TMP").replace(str(root), "$ROOT")

        actual.append(line)
        actual += prefixed("", tidy(done.stdout))
        actual += prefixed("2> ", tidy(done.stderr))
        if done.returncode != 0:
            actual.append(f"? {done.returncode}")
    if os.environ.get("WASMCTL_UPDATE") == "1":
        file.write_text("\n".join(actual) + "\n")
        return
    assert actual == expected
