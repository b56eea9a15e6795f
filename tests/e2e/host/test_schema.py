"""docs/test-suite.schema.json is the table of lib/host/suite/schema.cpp, and every suite here fits it."""

import json

import jsonschema
import pytest
import yaml


@pytest.fixture(scope="module")
def schema(root):
    return json.loads((root / "docs/test-suite.schema.json").read_text())


def test_page_is_up_to_date(root, wasmctl):
    """`wasmctl test --schema > docs/test-suite.schema.json` makes it so."""
    assert wasmctl("test", "--schema").stdout == (root / "docs/test-suite.schema.json").read_text()


def test_suites_fit(root, schema):
    files = [*root.glob("plugins/*/tests/*.yaml"), *root.glob("tests/data/suites/*.yaml")]
    assert len(files) > 4
    for file in files:
        jsonschema.validate(yaml.safe_load(file.read_text()), schema)


@pytest.mark.parametrize("suite", [
    "tests: []",
    "test: [{nam: x}]",
    "test: {}",
    "env: {log_level: LOUD}",
    "test: [{stream_init: {log: [{exact: a, regex: b}]}}]",
])
def test_others_do_not(schema, suite):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(suite), schema)
