"""Help, man pages, docs/commands and the table of variables: all from the command line's own words."""

import os
import re
import subprocess

import pytest

READS = re.compile(r'(?:getenv|env|env_or|value|either)\((?:context, )?"([A-Z][A-Z_]+)"')
CONSTANTS = re.compile(r'k\w*Variable\[\] = "([A-Z][A-Z_]+)"')


@pytest.fixture
def commands(root, clean_env):
    help_text = subprocess.run(["wasmctl", "--help"], env=clean_env, capture_output=True, text=True, check=True).stdout
    section = help_text.split("\nCommands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\w+)", section, re.M)


def test_help_fits_a_terminal(commands, clean_env):
    long = []
    for command in ["", *commands]:
        done = subprocess.run(["wasmctl", *command.split(), "--help"], env=clean_env, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        long += [line for line in done.stdout.splitlines() if len(line) > 80 or line != line.rstrip()]
    assert long == []


def test_the_pages_of_docs_are_those_that_the_program_writes(root, commands, wasmctl, tmp_path):
    wasmctl("manual", "markdown", tmp_path)
    written = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert sorted(written) == sorted(["README.md", *(f"{command}.md" for command in commands)])
    directory = root / "docs/commands"
    if os.environ.get("WASMCTL_UPDATE"):
        directory.mkdir(exist_ok=True)
        for file in directory.iterdir():
            file.unlink()
        for name, text in written.items():
            (directory / name).write_text(text)
    kept = {file.name: file.read_text() for file in directory.iterdir()}
    assert kept == written, "WASMCTL_UPDATE=1 writes them anew"


def test_man_pages_are_pages_that_man_shows(commands, wasmctl, tmp_path, clean_env):
    wasmctl("manual", "man", tmp_path / "man1")
    pages = sorted(file.name for file in (tmp_path / "man1").iterdir())
    assert pages == sorted(["wasmctl.1", *(f"wasmctl-{command}.1" for command in commands)])
    env = clean_env | {"MANROFFSEQ": "", "MANWIDTH": "80", "MANPATH": str(tmp_path)}
    for page in pages:
        shown = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", tmp_path / "man1" / page], env=env,
                               capture_output=True, text=True)
        assert (shown.returncode, shown.stderr) == (0, ""), page
    text = re.sub(r".\x08", "", subprocess.run(["man", "wasmctl-push"], env=env, capture_output=True, text=True).stdout)
    assert "-q, --quiet" in text and "wasmctl push header-logger.wasm oci:layout:v1" in text


def test_every_variable_that_is_read_is_in_the_table(root, clean_env):
    read = {"PATH", "HOME", "TERM", "http_proxy", "https_proxy", "no_proxy"}
    for folder in ("cli", "lib"):
        for file in (root / folder).rglob("*.cpp"):
            text = file.read_text()
            read |= set(READS.findall(text)) | set(CONSTANTS.findall(text))
    help_text = subprocess.run(["wasmctl", "--help"], env=clean_env, capture_output=True, text=True).stdout
    table = help_text.split("\nEnvironment:\n")[1]
    assert {name for name in read if name.upper() not in table} == set()
    named = set(re.findall(r"^  ([A-Z_]+(?:, [A-Z_]+)*)", table, re.M))
    sources = "".join(file.read_text() for folder in ("cli", "lib") for file in (root / folder).rglob("*.?pp")
                      if file.name != "environment.hpp")
    assert [name for row in named for name in row.split(", ") if name not in sources] == []
