"""The judges of what render prints: the code of those who will read it (tests/judges, in Go).

Left out, with the reason, where no Go is found that can compile them or their modules cannot be had.
"""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

JUDGES = pathlib.Path(__file__).parent / "judges"
ENVOY_GATEWAY = "github.com/envoyproxy/gateway@v1.9.1"
ENVOY_GATEWAY_CRD = "charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_envoyextensionpolicies.yaml"


def required_go():
    return tuple(map(int, re.search(r"^go (\d+)\.(\d+)", (JUDGES / "go.mod").read_text(), re.M).groups()))


def found_go():
    """The version of `go`, or None."""
    if not shutil.which("go"):
        return None
    version = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True,
                             cwd=JUDGES.parent).stdout
    match = re.match(r"go(\d+)\.(\d+)", version)
    return match and tuple(map(int, match.groups()))


class Judge:
    def __init__(self, program, crds):
        self.program, self.crds = program, crds

    def _run(self, *args, stdin=None):
        return subprocess.run([self.program, *map(str, args)], input=stdin, capture_output=True, text=True,
                              timeout=60)

    def complaints(self, stream):
        done = self._run("manifests", *self.crds, stdin=stream)
        assert (done.returncode == 0) == (done.stderr == "")
        return done.stderr

    def accept(self, stream):
        assert self.complaints(stream) == ""

    def read(self, stream):
        """Each document as kubectl reads it."""
        done = self._run("json", stdin=stream)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.split("\n") if line]

    def patch(self, base, *patches):
        done = self._run("patch", base, *patches)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def build(root):
    """The Judge, built; skips the test that asks for it where it cannot be."""
    version, required = found_go(), required_go()
    if not version or version < required:
        pytest.skip(f"the judges need Go {required[0]}.{required[1]}; found: {version or 'none'}")

    def go(*args):
        # The Go at hand, and none that it would fetch in its place.
        return subprocess.run(["env", "GOTOOLCHAIN=local", "go", *map(str, args)], cwd=JUDGES,
                              capture_output=True, text=True, timeout=900)

    downloaded = go("mod", "download")
    if downloaded.returncode != 0:
        pytest.skip(f"the judges' modules cannot be had: {downloaded.stderr.strip().splitlines()[-1]}")
    program = root / "build/judges/judge"
    built = go("build", "-o", program, ".")
    assert built.returncode == 0, built.stderr
    api = go("list", "-m", "-f", "{{.Dir}}", "istio.io/api").stdout.strip()
    # Of Envoy Gateway only this file is wanted, none of its many modules.
    gateway = go("mod", "download", "-json", ENVOY_GATEWAY)
    if gateway.returncode != 0:
        pytest.skip(f"{ENVOY_GATEWAY} cannot be had: {gateway.stderr.strip().splitlines()[-1]}")
    return Judge(program, [f"{api}/kubernetes/customresourcedefinitions.gen.yaml",
                           f"{json.loads(gateway.stdout)['Dir']}/{ENVOY_GATEWAY_CRD}"])
