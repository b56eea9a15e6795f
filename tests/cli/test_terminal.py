"""What only a terminal sees: colours, judged in one place for everything that has some."""

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
