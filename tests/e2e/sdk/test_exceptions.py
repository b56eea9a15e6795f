"""C++ exceptions in a plugin, on a real Envoy (tests/data/plugins/exceptions.cc)."""

import pytest

from envoy import Envoy, Filter


@pytest.fixture(scope="module")
def module(built):
    return built("exceptions.cc")


@pytest.fixture(scope="module")
def envoy(module, tmp_path_factory):
    with Envoy([Filter("e", module)], tmp_path_factory.mktemp("envoy") / "log") as running:
        yield running


@pytest.mark.parametrize("test, answer", [
    ("standard", " destroyed destroyed destroyed deep down 12 stoi: no conversion stoi: out of range"
                 " stod: out of range string::at substr vector::at map::at optional variant function"),
    ("language", "other7 again8 int3 text pointer second2 0 1 2 bad_cast"),
])
def test_what_is_caught(envoy, test, answer):
    for _ in range(3):
        assert envoy.get("/", {"x-test": test})[:2] == (200, answer)


@pytest.mark.parametrize("test, message", [
    ("uncaught", "uncaught exception St13runtime_error: nobody wants it"),
    ("uncaught number", "uncaught exception i"),
    ("noexcept", "uncaught exception St13runtime_error: deep down"),
])
def test_what_is_not(module, tmp_path, test, message):
    with Envoy([Filter("e", module)], tmp_path / "log") as envoy:
        assert envoy.get("/", {"x-test": test})[0] == 503
        assert envoy.wait_for_log(message).endswith(message)


def test_a_plugin_without_exceptions_has_nothing_of_them(wasmctl, root, tmp_path):
    import json
    wasmctl("build", root / "plugins/header-logger", "-o", tmp_path / "module.wasm")
    assert "tag" not in [s["name"] for s in json.loads(wasmctl("inspect", tmp_path / "module.wasm", "--json").stdout)["sections"]]
