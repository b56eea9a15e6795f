"""The project's own test scripts, in WebAssembly's format: scripts/*.wast.

`./dev conformance` runs the official ones. These are what those have not (the legacy form of exceptions), and
a few rules of each proposal, so that a change that breaks one is found in every test run.
"""

import pathlib
import subprocess

import pytest

from conftest import WASMCTL
from official import convert

SCRIPTS = sorted((pathlib.Path(__file__).parent / "scripts").glob("*.wast"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script(script, tmp_path):
    runner = WASMCTL.parent / "wast_runner"
    done = subprocess.run([runner, convert(script, tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
