"""Kyverno's own engine judges the policy of `render --verify-key`: what its webhook would admit.

`./dev kyverno` runs it; to build it takes five minutes of a processor, once. CI compares the policy with
the one that was judged here (tests/unit/kube/signature_policy_test.cpp)."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import golang
import registries

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULE = ROOT / "tests/data/minimal.wasm"
VERSION = "v1.19.1"
GO_MOD = f"""module judge

go 1.26

require github.com/kyverno/kyverno {VERSION}

replace k8s.io/pod-security-admission => github.com/kyverno/pod-security-admission v0.0.0-20251031094455-46f20778634f
"""


def build():
    directory = golang.CACHE / f"kyverno-{VERSION}"
    with golang.alone():
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "go.mod").write_text(GO_MOD)
        shutil.copy(ROOT / "tests/kyverno/main.go", directory)
        golang.go("build", "-mod=mod", "-o", directory / "judge", ".", cwd=directory)
    return directory / "judge"


def plugin(url):
    return {"apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
            "metadata": {"name": "a", "namespace": "default"}, "spec": {"url": url}}


def extension(**spec):
    return {"apiVersion": "extensions.istio.io/v1alpha1", "kind": "TrafficExtension",
            "metadata": {"name": "a", "namespace": "default"}, "spec": spec}


def judge(program, host, directory):
    env = {"PATH": os.environ["PATH"], "HOME": str(directory), "COSIGN_PASSWORD": ""}

    def wasmctl(*args):
        return subprocess.run([os.environ["WASMCTL"], "-q", *args], cwd=directory, env=env, check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    wasmctl("key", "generate", "-o", "own")
    names = {name: wasmctl("push", MODULE, f"{host}/acme/{name}:v1", "--annotation", f"name={name}")
             for name in ("signed", "unsigned")}
    wasmctl("sign", names["signed"], "--key", "own.key")
    (directory / "policy.yaml").write_text(
        wasmctl("render", names["signed"], "-l", "app=web", "--verify-key", "own.pub", "--only", "policy"))
    signed, unsigned = names["signed"], names["unsigned"]
    not_signed = "fail the image is not signed with the key of this policy: `wasmctl sign`"
    no_image = "fail only an image can be signed: load the module by an oci:// url"
    cases = [
        (plugin(f"oci://{signed}"), "pass success"),
        (plugin(signed), "pass success"),
        (extension(wasm={"url": f"oci://{signed}"}), "pass success"),
        (extension(lua={"inlineCode": "x"}), "pass success"),
        (plugin(f"oci://{unsigned}"), not_signed),
        (extension(wasm={"url": f"oci://{unsigned}"}), not_signed),
        (plugin(f"oci://{host}/acme/signed:v1"), f"fail image {host}/acme/signed:v1 does not have a digest"),
        (plugin("https://example.com/a.wasm"), no_image),
        (plugin("file:///a.wasm"), no_image),
        (plugin(f"OCI://{signed}"), no_image),
        (plugin(f"oci://{signed.replace('signed', 'absent')}"), "error failed to evaluate policy: GET"),
    ]
    stream = "\n".join(json.dumps(given) for given, _ in cases)
    said = subprocess.run([program, directory / "policy.yaml"], input=stream, text=True, check=True, env=env,
                          stdout=subprocess.PIPE).stdout.splitlines()
    assert len(said) == len(cases), said
    for (given, wanted), line in zip(cases, said):
        assert line.startswith(wanted), f"{given['spec']}: {line}"
    print(f"{len(cases)} passed, 0 failed")


def main():
    program = build()
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        registry = stack.enter_context(registries.docker_registry(directory / "registry"))
        judge(program, registry.host, directory)


if __name__ == "__main__":
    main()
