"""wasmctl patch on files of every layout: what is put in comes out again, to the byte."""

import random

import pytest

POD = """\
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
"""
HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"


def sequence(rng, key, items, column):
    """A block list under `key`, indented or not, with comments and blank lines around it."""
    dash = column + rng.choice([0, 2, 4])
    lines = [" " * column + key + ":" + rng.choice(["", "  # why"])]
    for item in items:
        item = list(item)
        rng.shuffle(item)
        lead = "- "
        for line in item:
            lines.append(" " * dash + lead + line)
            lead = "  "
        if rng.random() < 0.2:
            lines.append(" " * (dash + rng.choice([0, 2, 4])) + "# a comment: with a colon")
        if rng.random() < 0.2:
            lines.append("")
    return lines


def manifest(rng):
    containers = [["name: app", f'image: "x:{rng.randrange(9)}"', "args: [a, 'b', \"c\"]"]]
    if rng.random() < 0.5:
        containers.append(["name: 'other'", "command: [sh]"])
    parts = [sequence(rng, "containers", containers, 6)]
    if rng.random() < 0.5:
        parts.append(sequence(rng, "volumes", [["name: tmp", "emptyDir: {}"]], 6))
    elif rng.random() < 0.5:
        parts.append(["      volumes: []"])
    if rng.random() < 0.5:
        parts.append(["      restartPolicy: Always  # as always"])
    rng.shuffle(parts)
    text = HEAD + POD + "\n".join(line for part in parts for line in part)
    text += rng.choice(["", "\n", "\n\n", "\n# the end\n", "\n---\na: b\n", "\n...\n"])
    if rng.random() < 0.3:
        text = "# ä first\n---\n" + text
    return text.replace("\n", "\r\n") if rng.random() < 0.3 else text


@pytest.mark.parametrize("seed", range(40))
def test_in_and_out(wasmctl, root, tmp_path, seed):
    file = tmp_path / "web.yaml"
    before = manifest(random.Random(seed)).encode()
    file.write_bytes(before)

    def patch(*flags):
        wasmctl("-q", "patch", root / "tests/data/minimal.wasm", "-f", file, "--selector", "app=web", "-i", *flags)
        return file.read_bytes()

    once = patch("--name", "one")
    # Lines were added, and none changed but the brackets that took an item.
    rest = iter(once.splitlines())
    assert all(line in rest for line in before.splitlines() if b"[]" not in line)
    assert b"/etc/wasm/one" in once
    assert patch("--name", "one") == once
    both = patch("--name", "two")
    assert patch("--name", "two", "--undo") == once
    assert patch("--name", "two") == both
    patch("--name", "one", "--undo")
    assert patch("--name", "two", "--undo") == before
