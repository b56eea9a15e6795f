"""docs/wasmctl.schema.json is the table of lib/plugin/plugin.cpp (whose unit test compares it with what is read), and
what lib/kube knows of the settings under `plugin`; every plugin here fits it."""

import json

import jsonschema
import pytest
import yaml


@pytest.fixture(scope="module")
def schema(root):
    return json.loads((root / "docs/wasmctl.schema.json").read_text())


def test_the_page_of_the_schema_is_up_to_date(root, wasmctl):
    """`wasmctl new --schema > docs/wasmctl.schema.json` makes it so."""
    assert wasmctl("new", "--schema").stdout == (root / "docs/wasmctl.schema.json").read_text()


def test_it_is_a_schema_that_all_plugins_fit(root, schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    files = [*root.glob("plugins/**/wasmctl.yaml"), *root.glob("examples/**/wasmctl.yaml")]
    assert len(files) > 8
    for file in files:
        jsonschema.validate(yaml.safe_load(file.read_text()), schema)


@pytest.mark.parametrize("text", [
    "plugin: {phase: AUTHX}",
    "plugin: {priority: high}",
    "plugin: {vmConfig: {env: [{valueFrom: HOST}]}}",
    "plugin: {nothing: 1}",
])
def test_what_render_refuses_does_not(schema, text):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), schema)


def test_a_new_plugin_names_the_schema_beside_it(wasmctl, tmp_path):
    wasmctl("new", "hello")
    first = (tmp_path / "hello/wasmctl.yaml").read_text().split("\n")[0]
    assert first == "# yaml-language-server: $schema=.wasmctl.schema.json"
    assert json.loads((tmp_path / "hello/.wasmctl.schema.json").read_text()) == json.loads(wasmctl("new", "--schema").stdout)
