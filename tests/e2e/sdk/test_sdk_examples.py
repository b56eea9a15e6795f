"""Every example of the SDK's README compiles, as it stands."""

import pathlib
import re
import textwrap

import pytest

README = pathlib.Path(__file__).resolve().parents[3] / "plugins/sdk/README.md"
EXAMPLES = [textwrap.dedent(block) for block in re.findall(r"(?m)^    #include .*\n(?:(?:    .*)?\n)*", README.read_text())]


def test_there_are_examples_of_every_addition():
    text = "".join(EXAMPLES)
    assert set(re.findall(r'#include "(proxy_wasm_(?!intrinsics)\w+\.h)"', text)) == {
        f"proxy_wasm_{name}.h" for name in ("schema", "views", "log", "protobuf", "json")}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: re.search(r"class (\w+)", example).group(1))
def test_example(wasmctl, tmp_path, example):
    (tmp_path / "example.cc").write_text(example)
    done = wasmctl("build", tmp_path)
    assert done.stderr.endswith(" bytes\n") and done.stderr.count("\n") == 1, done.stderr
