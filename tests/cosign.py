"""The real cosign, of both major versions, against wasmctl: each verifies what the other signed.

`./dev cosign` runs it; building cosign takes minutes (5 of a processor's time for each version), so
CI has what was made here instead: with `--data` it writes tests/data/cosign anew."""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import golang
import registries

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "tests/data/cosign"
MODULE = ROOT / "tests/data/minimal.wasm"
VERSIONS = ["github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3", "github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5"]

INSECURE = ["--allow-insecure-registry", "--allow-http-registry"]
# Offline, as far as cosign has it.
SIGN = [*INSECURE, "-y", "--tlog-upload=false"]
VERIFY = [*INSECURE, "--insecure-ignore-tlog"]


class Bench:
    """A directory with a registry, where wasmctl and the cosigns are run."""

    def __init__(self, directory, registry, cosigns):
        self.directory, self.host, self.cosigns = directory, registry.host, cosigns
        self.env = {"PATH": os.environ["PATH"], "HOME": str(directory), "COSIGN_PASSWORD": "secret"}

    def run(self, *args):
        return subprocess.run([str(a) for a in args], cwd=self.directory, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)

    def must(self, *args):
        done = self.run(*args)
        assert done.returncode == 0, f"{args}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def wasmctl(self, *args):
        return self.must(os.environ["WASMCTL"], *args)

    def push(self, name, *flags):
        return self.wasmctl("push", MODULE, f"{self.host}/acme/{name}", "--annotation", f"name={name}", *flags).strip()

    def sign(self, version, image, key, *flags):
        offline = ["--use-signing-config=false"] if version == 3 else []
        self.must(self.cosigns[version], "sign", "--key", key, *SIGN, *offline, *flags, image)

    def verifies(self, version, image, key):
        """cosign 2 wants a trusted root for a bundle, though there is nothing in it that a key needs."""
        root = self.directory / "root.json"
        root.write_text('{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}')
        flags = ["--new-bundle-format", "--trusted-root", root] if version == 2 else []
        return self.run(self.cosigns[version], "verify", "--key", key, *VERIFY, *flags, image).returncode == 0

    def verifies_older_form(self, version, image, key):
        return self.run(self.cosigns[version], "verify", "--key", key, *VERIFY, image).returncode == 0


def build():
    """Major version -> the program."""
    programs = {}
    for module in VERSIONS:
        version = module.rpartition("@")[2]
        target = golang.CACHE / f"cosign-{version}"
        with golang.alone():
            if not target.exists():
                with tempfile.TemporaryDirectory() as directory:
                    golang.go("install", module, env={"GOBIN": directory})
                    shutil.move(f"{directory}/cosign", target)
        programs[int(version[1])] = target
    return programs


def attest(bench, image, key):
    predicate = bench.directory / "predicate.json"
    predicate.write_text(json.dumps({"made": "by cosign"}))
    bench.must(bench.cosigns[3], "attest", "--key", key, *SIGN, "--use-signing-config=false",
               "--predicate", predicate, "--type", "https://example.com/made/v1", image)


def make_data(bench):
    """The key of `cosign generate-key-pair`, and a layout with an image for each form."""
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir()
    bench.must(bench.cosigns[3], "generate-key-pair", "--output-key-prefix", DATA / "cosign")
    key = DATA / "cosign.key"
    images = {"bundle": [], "tag": ["--new-bundle-format=false"], "attested": []}
    for name, flags in images.items():
        image = bench.push(name + ":v1")
        bench.sign(3, image, key, *flags)
        if name == "attested":
            attest(bench, image, key)
        bench.wasmctl("copy", "-r", image, f"oci:{DATA}/layout:{name}")


KEYS = {
    "p256": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["ecparam", "-name", "secp384r1", "-genkey", "-noout"],
    "p521": ["ecparam", "-name", "secp521r1", "-genkey", "-noout"],
    "rsa": ["genrsa", "2048"],
    "pkcs1": ["genrsa", "-traditional", "3072"],
    "ed25519": ["genpkey", "-algorithm", "ed25519"],
}
# cosign signs with these over another digest than it verifies with, unless told otherwise; of
# Ed25519ph OpenSSL 3.0 knows nothing.
NOT_BY_COSIGN_ITSELF = {"p384", "p521", "ed25519"}


def test_kinds_of_keys(bench):
    for name, command in KEYS.items():
        key, public = bench.directory / f"{name}.pem", bench.directory / f"{name}.pub"
        key.write_text(bench.must("openssl", *command))
        public.write_text(bench.must("openssl", "pkey", "-in", key, "-pubout"))
        image = bench.push(f"ours-{name}:v1")
        bench.wasmctl("sign", image, "--key", key)
        for version in bench.cosigns:
            assert bench.verifies(version, image, public), f"cosign {version}: {name}"

        bench.must(bench.cosigns[3], "import-key-pair", "--key", key, "--output-key-prefix", f"{name}-imported", "-y")
        image = bench.push(f"theirs-{name}:v1")
        bench.sign(3, image, f"{name}-imported.key")
        assert bench.verifies(3, image, public) == (name not in NOT_BY_COSIGN_ITSELF)
        if name != "ed25519":
            bench.wasmctl("verify", image, "--key", public)


def test_forms(bench):
    """What wasmctl signed, each form alone and by a key of its own; and the same of cosign's."""
    bench.wasmctl("key", "generate", "-o", "own")
    for version in bench.cosigns:
        image = bench.push(f"key{version}:v1")
        bench.sign(version, image, "own.key")
        bench.wasmctl("verify", image, "--key", "own.pub")
    image = bench.push("ours:v1", "--format", "universal")
    bench.wasmctl("sign", f"{bench.host}/acme/ours:v1", "--key", "own.key")
    for version in bench.cosigns:
        assert bench.verifies(version, image, "own.pub")
        assert bench.verifies(version, f"{bench.host}/acme/ours:v1", "own.pub")
        assert not bench.verifies(version, image, DATA / "cosign.pub")


def test_older_form(bench):
    """The tag alone, as where nobody took the referrers along."""
    bench.wasmctl("key", "generate", "-o", "older")
    image = bench.push("both:v1")
    bench.wasmctl("sign", image, "--key", "older.key")
    tag = "sha256-" + image.rpartition("@sha256:")[2] + ".sig"
    alone = bench.wasmctl("copy", image, f"{bench.host}/acme/alone:v1").strip()
    bench.wasmctl("copy", f"{bench.host}/acme/both:{tag}", f"{bench.host}/acme/alone:{tag}")
    for version in bench.cosigns:
        assert bench.verifies_older_form(version, alone, "older.pub")
        assert not bench.verifies_older_form(version, alone, DATA / "cosign.pub")


def test_layouts(bench):
    """Signed on disk, and copied: what cosign looks for comes along."""
    bench.wasmctl("key", "generate", "-o", "disk")
    bench.wasmctl("push", MODULE, "oci:disk:v1")
    bench.wasmctl("sign", "oci:disk:v1", "--key", "disk.key", "--identity", f"{bench.host}/acme/disk")
    bench.wasmctl("copy", "-r", "oci:disk:v1", f"{bench.host}/acme/disk:v1")
    for version in bench.cosigns:
        assert bench.verifies(version, f"{bench.host}/acme/disk:v1", "disk.pub")


def http(host, method, path, body=None, content_type="application/vnd.oci.image.manifest.v1+json"):
    request = urllib.request.Request(f"http://{host}/v2/acme/{path}", data=body, method=method,
                                     headers={"Accept": content_type, "Content-Type": content_type})
    with urllib.request.urlopen(request) as response:
        return response.read()


def test_replay(bench):
    """The signatures of one image, hung onto another, are refused by all; so is a bundle with another payload."""
    bench.wasmctl("key", "generate", "-o", "replayed")
    signed, other = bench.push("replay:signed"), bench.push("replay:other", "--annotation", "other=1")
    bench.wasmctl("sign", signed, "--key", "replayed.key")
    source, target = (name.rpartition("@sha256:")[2] for name in (signed, other))
    http(bench.host, "PUT", f"replay/manifests/sha256-{target}.sig",
         http(bench.host, "GET", f"replay/manifests/sha256-{source}.sig"))

    def refused():
        assert bench.run(os.environ["WASMCTL"], "verify", other, "--key", "replayed.pub").returncode == 11
        for version in bench.cosigns:
            assert not bench.verifies(version, other, "replayed.pub")
            assert not bench.verifies_older_form(version, other, "replayed.pub")

    refused()
    index = json.loads(http(bench.host, "GET", f"replay/manifests/sha256-{source}",
                            content_type="application/vnd.oci.image.index.v1+json"))
    bundle = json.loads(http(bench.host, "GET", f"replay/manifests/{index['manifests'][0]['digest']}"))
    size = len(http(bench.host, "GET", f"replay/manifests/sha256:{target}"))
    bundle["subject"] |= {"digest": f"sha256:{target}", "size": size}
    body = json.dumps(bundle).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    http(bench.host, "PUT", f"replay/manifests/{digest}", body)
    entry = index["manifests"][0] | {"digest": digest, "size": len(body)}
    http(bench.host, "PUT", f"replay/manifests/sha256-{target}", json.dumps(index | {"manifests": [entry]}).encode(),
         "application/vnd.oci.image.index.v1+json")
    refused()


def main():
    cosigns = build()
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = Bench(directory, stack.enter_context(registries.docker_registry(directory / "registry")), cosigns)
        if "--data" in sys.argv:
            return make_data(bench)
        tests = {name: test for name, test in globals().items() if name.startswith("test_")}
        for name, test in tests.items():
            test(bench)
            print(f"{name} passed")
        print(f"{len(tests)} passed, 0 failed")


if __name__ == "__main__":
    main()
