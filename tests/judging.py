"""The judges of what render prints: the code of those who will read it (tests/judges, in Go)."""

import json
import pathlib
import subprocess

import golang

JUDGES = pathlib.Path(__file__).parent / "judges"
ENVOY_GATEWAY = "github.com/envoyproxy/gateway@v1.9.1"
ENVOY_GATEWAY_CRD = "charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_envoyextensionpolicies.yaml"


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


def crds():
    """The files with Istio's CRDs and Envoy Gateway's."""
    api = golang.go("list", "-m", "-f", "{{.Dir}}", "istio.io/api", cwd=JUDGES).strip()
    # Of Envoy Gateway only this file is wanted, none of its many modules.
    gateway = json.loads(golang.go("mod", "download", "-json", ENVOY_GATEWAY, cwd=JUDGES))
    return [f"{api}/kubernetes/customresourcedefinitions.gen.yaml", f"{gateway['Dir']}/{ENVOY_GATEWAY_CRD}"]


def build(root):
    """The Judge, built."""
    program = root / "build/judges/judge"
    with golang.alone():
        golang.go("build", "-o", program, ".", cwd=JUDGES)
    return Judge(program, crds())
