"""What render prints comes back as it was given, whoever reads it: PyYAML (YAML 1.1), and Go's
sigs.k8s.io/yaml, through which Kubernetes and Istio read.

Each seed is one random call. WASMCTL_SEEDS says how many (default: 60, some seconds).
"""

import base64
import json
import os
import random

import pytest
import yaml

SEEDS = range(int(os.environ.get("WASMCTL_SEEDS", "60")))

NASTY = ["yes", "No", "on", "OFF", "y", "n", "true", "null", "~", "", "1", "-1", "+1", "012", "0o17", "0x1f",
         "0b1", "1_000", "1e3", ".5", ".inf", ".nan", "1:30", "2001-01-01", "2001-12-14t21:59:43.10-05:00",
         "<<", "=", "- a", "? a", "a: b", "a #b", "#a", " a", "a ", "a\nb\n", "\n", "\t", "a\tb", "\\", "'", '"',
         "\x00", "\x1b", "\x7f", "\x85", "\xa0", "\u2028", "\ufeff", "\ufffe", "\U0001f600", "{a}", "[a]", "*a",
         "&a", "!a", "|", ">", "%a", "@a", "`a", "---", "...", "ä", "k" * 200, "\n" * 300, "a=b", "a,b", "$HOME"]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def text(rng):
    """A string that some reader of YAML may take for something else, or random characters."""
    kind = rng.randrange(4)
    if kind == 0:
        return "".join(rng.choice(NASTY) for _ in range(3))
    if kind == 1:
        points = [rng.choice([rng.randrange(0x20, 0x7F), rng.randrange(0x110000)]) for _ in range(rng.randrange(12))]
        return "".join(chr(p) for p in points if not 0xD800 <= p < 0xE000)
    return rng.choice(NASTY)


def value(rng, depth=0):
    kind = rng.randrange(8 if depth < 4 else 5)
    if kind < 3:
        return text(rng)
    if kind == 3:
        return rng.choice([True, False, None, 0, -1, 2**53, -(2**63), 2**64 - 1])
    if kind == 4:
        return rng.choice([0.5, -1.25, 1e300, 5e-324, 1.5e-7, 123456.789, rng.uniform(-1e6, 1e6)])
    if kind == 5:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return mapping(rng, depth + 1)


def mapping(rng, depth=0):
    return {text(rng): value(rng, depth) for _ in range(rng.randrange(5))}


def label(rng, size=63, more=""):
    inner = LETTERS + "-" + more
    name = "".join(rng.choice(inner) for _ in range(rng.randrange(1, size)))
    return rng.choice(LETTERS) + name[:size - 2] + rng.choice(LETTERS)


def argument(rng, limit):
    """A string that can stand on a command line, of at most `limit` bytes."""
    while True:
        made = text(rng).replace("\x00", "")
        if len(made.encode()) <= limit:
            return made


def write_config(rng, config, tmp_path):
    if rng.random() < 0.5:
        file = tmp_path / "config.json"
        file.write_text(json.dumps(config, ensure_ascii=rng.random() < 0.5))
    else:
        # All scalars in quotes, with tags where they are no strings: PyYAML takes a plain y for a string.
        file = tmp_path / "config.yaml"
        file.write_text(yaml.safe_dump(config, default_style='"', allow_unicode=rng.random() < 0.5))
    return file


class Call:
    """One call of render, with what must come back."""

    def __init__(self, rng, module, tmp_path):
        self.name, self.ns = label(rng, 40), label(rng)
        self.labels = {label(rng, more="_.").upper(): rng.choice(NASTY[:3] + [label(rng, more="_.")])
                       for _ in range(rng.randrange(1, 4))}
        self.env = {argument(rng, 60).replace("=", "") or "A": argument(rng, 2048) for _ in range(rng.randrange(4))}
        self.config = mapping(rng)
        self.root_id = argument(rng, 256) or "r"
        self.priority = rng.randrange(-2**31, 2**31)
        self.flags = ["--via", "configmap", "--name", self.name, "-n", self.ns, f"--plugin-name={self.root_id}",
                      f"--priority={self.priority}", "--config", write_config(rng, self.config, tmp_path)]
        for key, worth in self.labels.items():
            self.flags += [f"--selector={key}={worth}"]
        for key, worth in self.env.items():
            self.flags += [f"--env={key}={worth}"]
        # A custom section makes another module of it, of any bytes.
        payload = rng.randbytes(rng.randrange(1, 120))
        module.write_bytes(module.read_bytes() + bytes([0, len(payload) + 2, 1]) + b"x" + payload)
        self.module = module.read_bytes()

    def check(self, documents):
        config_map, plugin = documents
        assert config_map["metadata"].keys() == {"name", "namespace"}
        assert config_map["metadata"]["name"].startswith(self.name + "-")
        assert base64.b64decode(config_map["binaryData"]["plugin.wasm"], validate=True) == self.module
        assert plugin["metadata"] == {"name": self.name, "namespace": self.ns}
        assert config_map["metadata"]["namespace"] == self.ns
        spec = plugin["spec"]
        assert spec["selector"] == {"matchLabels": self.labels}
        assert spec["pluginConfig"] == self.config
        assert {e["name"]: e["value"] for e in spec.get("vmConfig", {}).get("env", [])} == self.env
        assert (spec["pluginName"], spec["priority"]) == (self.root_id, self.priority)
        assert spec["url"] == f"file:///etc/wasm/{self.name}/plugin.wasm"


@pytest.fixture
def call(module, tmp_path, request):
    return Call(random.Random(request.param), module, tmp_path)


def render(wasmctl, call, module, *flags):
    done = wasmctl("-q", "render", module, *call.flags, *flags, text=False)
    return done.stdout.decode()


@pytest.mark.parametrize("call", SEEDS, indirect=True)
def test_python_reads_what_was_given(wasmctl, call, module):
    stream = render(wasmctl, call, module)
    call.check(list(yaml.safe_load_all(stream)))
    assert render(wasmctl, call, module) == stream
    call.check(json.loads(render(wasmctl, call, module, "--json"))["items"])


@pytest.mark.parametrize("call", SEEDS, indirect=True)
def test_go_reads_what_was_given(judge, wasmctl, call, module):
    call.check(judge.read(render(wasmctl, call, module)))


@pytest.mark.parametrize("call", SEEDS, indirect=True)
def test_check_finds_nothing_in_it(wasmctl, call, module, tmp_path):
    """Without workloads there is nothing to miss; but for numbers that no double holds, all is well."""
    stream = render(wasmctl, call, module)
    found = json.loads(wasmctl("-q", "check", "-f", "-", "--json", stdin=stream.encode(), text=False).stdout)
    assert [f for f in found if f["rule"] != "config-number"] == []
