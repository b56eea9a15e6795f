"""wasmctl new: each template builds, lints clean and passes its suite under another name."""

import subprocess

import pytest

from conftest import WASMCTL

IN_OTHER_LANGUAGES = ("rust", "go")  # test_languages.py


def templates():
    listed = subprocess.run([WASMCTL, "new", "--list"], capture_output=True, text=True).stdout
    return [line.split()[0] for line in listed.splitlines() if line.split()[0] not in IN_OTHER_LANGUAGES]


@pytest.mark.parametrize("template", templates())
def test_a_template(wasmctl, tmp_path, template):
    wasmctl("new", "--template", template, "who-is-it")
    directory = tmp_path / "who-is-it"
    assert "0 errors, 0 warnings, 0 notes" in wasmctl("lint", directory).stderr
    assert (directory / "build/who-is-it.schema.json").exists()  # its config describes itself
    assert "0 failed" in wasmctl("test", directory).stdout


def test_nothing_is_left_where_it_cannot_be_written(wasmctl, tmp_path):

    (tmp_path / "a").write_text("")
    done = wasmctl("new", "a/b", status=4)
    assert done.stderr.startswith("error: cannot create directory ")
    assert [f.name for f in tmp_path.iterdir()] == ["a"]
