"""What `wasmctl test --fuzz` finds in a plugin made to be found out, and that it finds nothing in another."""

import json
import shutil

import pytest


@pytest.fixture(scope="module")
def built(root, wasmctl_once, tmp_path_factory):
    directory = tmp_path_factory.mktemp("fragile", numbered=False)
    shutil.copy(root / "tests/data/plugins/fragile.cc", directory)
    (directory / "wasmctl.yaml").write_text("name: fragile\n")
    wasmctl_once("build", directory)
    return directory


@pytest.fixture
def fragile(root, built):
    """With the suite, and nothing that another test found."""
    shutil.rmtree(built / "tests", ignore_errors=True)
    (built / "tests").mkdir()
    shutil.copy(root / "tests/data/suites/fragile.yaml", built / "tests")
    return built


FLAGS = ["--max-instructions", 1_000_000, "--fuzz-runs", 1200]


def test_what_it_finds_is_small_and_a_test(fragile, wasmctl):
    done = wasmctl("test", fragile, *FLAGS, "--json", status=1)
    [suite] = json.loads(done.stdout)["suites"]
    found = {finding["what"]: finding for finding in suite["findings"]}
    assert sorted(found) == ["the limit of instructions is used up in proxy_on_request_headers",
                             "unreachable in proxy_on_request_body", "unreachable in proxy_on_request_headers"]
    assert "fragile.cc" in found["unreachable in proxy_on_request_body"]["stack"][0]
    for what, needed in [("unreachable in proxy_on_request_headers", ["x-fragile", "x-depth", "deep"]),
                         ("the limit of instructions is used up in proxy_on_request_headers", ["TRACE"])]:
        text = open(found[what]["file"]).read()
        assert all(word in text for word in needed) and text.count("key:") == len(needed) // 2 + len(needed) % 2
        ran = wasmctl("-q", "test", fragile, "--suite", found[what]["file"], "--max-instructions", 1_000_000, status=1)
        assert what.split(" in ")[0] in ran.stdout and "FAILED: 0 passed, 1 failed" in ran.stdout


def test_the_same_seed_gives_the_same_and_no_file_is_lost(fragile, wasmctl):
    (fragile / "tests/fuzz-2.yaml").write_text("test: []\n")
    flags = ["--suite", fragile / "tests/fragile.yaml", *FLAGS]
    first = wasmctl("test", fragile, *flags, status=1).stdout
    files = {file.name: file.read_bytes() for file in (fragile / "tests").iterdir()}
    assert sorted(files) == ["fragile.yaml", "fuzz-1.yaml", "fuzz-2.yaml", "fuzz-3.yaml", "fuzz-4.yaml"]
    assert files["fuzz-2.yaml"] == b"test: []\n"
    for name in ["fuzz-1.yaml", "fuzz-3.yaml", "fuzz-4.yaml"]:
        (fragile / "tests" / name).unlink()
    assert wasmctl("test", fragile, *flags, status=1).stdout == first
    assert {file.name: file.read_bytes() for file in (fragile / "tests").iterdir()} == files


def test_a_plugin_without_faults(root, wasmctl, tmp_path):
    """Of a suite with callouts and a configuration."""
    plugin = root / "plugins/ext-authz"
    done = wasmctl("test", plugin, "--build-dir", tmp_path, "--fuzz-runs", 150)
    assert done.stdout.endswith("\nok: nothing found\n") and not list((plugin / "tests").glob("fuzz*"))
