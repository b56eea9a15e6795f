"""What only a terminal sees: colours, judged in one place for everything that has some."""

import contextlib
import os
import pty
import subprocess

import pytest

WARNING = "9007199254740993 reaches the plugin as another number [config-number]"
HINT = "whole numbers are exact up to 2^53: write it as a string"
RENDER = ["render", "tests/data/minimal.wasm", "--name", "a", "--selector", "app=a", "--only", "plugin",
          "--set", "n=9007199254740993", "--fail-strategy", "FAIL_OPEN"]


def talk_on_terminal(root, arguments, env):
    """What `wasmctl` writes to a standard error that is a terminal."""
    master, slave = pty.openpty()
    with open(master, "rb", buffering=0, closefd=True) as screen:
        done = subprocess.run(["wasmctl", *arguments], cwd=root, env=env, stderr=slave, stdout=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, timeout=60)
        os.close(slave)
        assert done.returncode == 0
        try:
            return screen.read(4096).decode()
        except OSError:  # EIO: nothing was written
            return ""


@pytest.mark.parametrize("variables, colored", [
    ({}, True),
    ({"NO_COLOR": ""}, True),  # https://no-color.org: set, and not empty
    ({"NO_COLOR": "1"}, False),
    ({"TERM": "dumb"}, False),
])
def test_warnings_are_coloured_on_a_terminal_that_may_be(root, clean_env, variables, colored):
    env = clean_env | {"TERM": "xterm"} | variables
    text = talk_on_terminal(root, RENDER, env)
    head = "\x1b[33m\x1b[1mwarning\x1b[m" if colored else "warning"
    assert text == f"{head}: {WARNING}\r\nhint: {HINT}\r\n"


def test_a_warning_is_no_error(root, clean_env):
    assert talk_on_terminal(root, ["-q", *RENDER], clean_env) == ""


def test_a_password_is_asked_for_on_the_terminal_and_not_shown(clean_env, root, tmp_path):
    """Twice for a new key; once to sign. Nothing of it is shown."""

    def typed(*args, answers):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(tmp_path)
            os.execvpe("wasmctl", ["wasmctl", *args], clean_env)
        shown = b""
        for answer in answers:
            seen = len(shown)
            while b": " not in shown[seen:]:
                shown += os.read(terminal, 1000)
            os.write(terminal, answer + b"\n")
        with contextlib.suppress(OSError):  # the terminal is gone with the program
            while piece := os.read(terminal, 1000):
                shown += piece
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    status, shown = typed("key", "generate", "-o", "own", answers=[b"hunter2", b"hunter3"])
    assert (status, "the two passwords differ" in shown) == (2, True)
    status, shown = typed("key", "generate", "-o", "own", answers=[b"hunter2", b"hunter2"])
    assert (status, "hunter2" in shown, (tmp_path / "own.key").exists()) == (0, False, True)
    subprocess.run(["wasmctl", "push", "-q", root / "tests/data/minimal.wasm", "oci:layout:v1"], cwd=tmp_path,
                   env=clean_env, check=True, capture_output=True)
    status, shown = typed("sign", "oci:layout:v1", "--key", "own.key", answers=[b"hunter3"])
    assert (status, "the password is wrong" in shown) == (3, True)
    status, shown = typed("sign", "oci:layout:v1", "--key", "own.key", answers=[b"hunter2"])
    assert (status, "hunter2" in shown, "oci:layout:v1@sha256:" in shown) == (0, False, True)
