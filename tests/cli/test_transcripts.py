"""Command tests: each tests/cli/*.txt is a terminal session, compared whole.

    $ wasmctl build no-such-dir
    2> error: cannot read ...
    ? 4

A line `$ ` is run by bash in the session's own directory; what follows is its standard output,
its standard error (`2> ` before each line) and, unless 0, its exit status (`? N`). Lines `# ` are
comments. In what is compared, the session's directory reads $TMP and the checkout $ROOT; both are
variables of the shell too. WASMCTL_UPDATE=1 rewrites the files: review the diff.

Each command is a test of its own. The commands of a session build on each other, so the first test
of a file runs them all; `-k NAME` takes a session, `-k NAME-LINE` a command.
"""

import difflib
import functools
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent


def blocks(text):
    """The session as [(line number, lines)], one block a command; comments before it are its own."""
    found, begun = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if not found or (begun and line.startswith(("$ ", "# "))):
            found.append((number, []))
            begun = False
        if line.startswith("$ "):
            begun = True
            found[-1] = (number, found[-1][1])
        found[-1][1].append(line)
    return found


def prefixed(prefix, text):
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    return [(prefix + line).rstrip(" ") if line == "" else prefix + line for line in lines]


def run(command, directory, env, root):
    done = subprocess.run(["bash", "-c", command], cwd=directory, env=env, timeout=120,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def tidy(text):
        return text.replace(str(directory), "$TMP").replace(str(root), "$ROOT")

    status = [f"? {done.returncode}"] if done.returncode else []
    return prefixed("", tidy(done.stdout)) + prefixed("2> ", tidy(done.stderr)) + status


@pytest.fixture(scope="module")
def played(tmp_path_factory, clean_env, root):
    """played(file): what each block of the session is in truth."""

    @functools.cache
    def play(file):
        directory = tmp_path_factory.mktemp(file.stem)
        env = clean_env | {"TMP": str(directory), "ROOT": str(root)}
        actual = []
        for _, lines in blocks(file.read_text()):
            typed = [line for line in lines if line.startswith(("# ", "$ "))]
            output = [out for line in typed if line.startswith("$ ")
                      for out in run(line[2:], directory, env, root)]
            actual.append(typed + output)
        if os.environ.get("WASMCTL_UPDATE") == "1":
            file.write_text("".join(f"{line}\n" for lines in actual for line in lines))
        return actual

    return play


def commands():
    for file in sorted(HERE.glob("*.txt")):
        for index, (number, lines) in enumerate(blocks(file.read_text())):
            yield pytest.param(file, index, lines, id=f"{file.stem}-{number}",
                               marks=pytest.mark.xdist_group(file.stem))


@pytest.mark.parametrize("file, index, expected", commands())
def test_transcript(file, index, expected, played):
    actual = played(file)[index]
    if os.environ.get("WASMCTL_UPDATE") != "1" and actual != expected:
        diff = difflib.unified_diff(expected, actual, "expected", "actual", lineterm="", n=100)
        pytest.fail("\n".join(diff), pytrace=False)
