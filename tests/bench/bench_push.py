"""Pushes beside those of oras, crane, regctl and skopeo: seconds, requests, peak memory.

    .venv/bin/python tests/bench/bench_push.py ["9 KB" ...]

A real docker-registry on loopback, which stores in files, asked directly and through a proxy that makes
each round trip 40 ms long, the first of a connection included. Every push goes to a repository of its
own; every round has a module of its own, so that nobody can mount or skip a blob: machine code (wasmctl's,
from a place chosen by chance), which packs to about 40 %, as Wasm does to 25 to 40. The tools run in turn (A B C A B C ...), so that what else the machine does meets them all; figures are
medians. There are three tasks: to pack, compress and send a module (wasmctl's default); to send it as it
is (--format artifact); to send an image that is in a layout, packed already (copy). A tool is compared
with the best peer at the same task, and with the best of all. Tools that are not on PATH are built with
Go, where there is one, and left out where there is none.
"""

import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import golang  # noqa: E402
from modules import module  # noqa: E402
from registries import Far, docker_registry  # noqa: E402

WASMCTL = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/release/wasmctl")).resolve()
SIZES = {"9 KB": (9_000, 15), "1 MB": (1_000_000, 7), "50 MB": (50_000_000, 3)}  # bytes, runs
PEERS = ["oras", "crane", "regctl", "skopeo"]


def find_peers():
    return {name: shutil.which(name) if name == "skopeo" else golang.program(name) for name in PEERS}


# A process counts as its own the memory of the one that it was forked from: a small one, then.
LAUNCHER = """
import os, sys, time
start = time.perf_counter()
null = lambda fd: (os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_WRONLY, 0)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[null(1), null(2)])
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss / 1024, status)
"""


def measure(argv, env):
    """(seconds, peak memory in MiB, of which 8 to 9 may be the launcher's)"""
    out = subprocess.run([sys.executable, "-S", "-E", "-c", LAUNCHER, *map(str, argv)], env=env, check=True,
                         capture_output=True, text=True).stdout.split()
    if out[2] != "0":
        raise RuntimeError(f"{argv} failed")
    return float(out[0]), float(out[1])


def commands(peers, wasm, layer, layout):
    """(task, tool) -> function of the image's name -> argv."""
    oras, crane, regctl, skopeo = (peers.get(name) for name in PEERS)
    ours = [WASMCTL, "push", "--plain-http"]
    rows = {
        ("pack", "wasmctl"): lambda image: [*ours, wasm, image],
        ("pack", "crane"): lambda image: [crane, "append", "--insecure", "-f", layer, "-t", image],
        ("as is", "wasmctl"): lambda image: [*ours, "--format", "artifact", wasm, image],
        ("as is", "oras"): lambda image: [oras, "push", "--plain-http", image, f"{wasm.name}:application/wasm",
                                          "--disable-path-validation"],
        ("as is", "regctl"): lambda image: [regctl, "artifact", "put", "--artifact-type", "application/wasm", "-f",
                                            wasm, image],
        ("copy", "wasmctl"): lambda image: [WASMCTL, "copy", "--plain-http", f"oci:{layout}:v1", image],
        ("copy", "oras"): lambda image: [oras, "cp", "--from-oci-layout", f"{layout}:v1", "--to-plain-http", image],
        ("copy", "crane"): lambda image: [crane, "push", "--insecure", layout, image],
        ("copy", "regctl"): lambda image: [regctl, "image", "copy", f"ocidir://{layout}:v1", image],
        ("copy", "skopeo"): lambda image: [skopeo, "--insecure-policy", "copy", "--dest-tls-verify=false",
                                           f"oci:{layout}:v1", f"docker://{image}"],
    }
    return {key: argv for key, argv in rows.items() if key[1] == "wasmctl" or key[1] in peers}


CODE = WASMCTL.read_bytes()


def prepare(directory, size):
    """A new module as each tool wants it: (file, tar, image layout)."""
    start = random.randrange(len(CODE))
    wasm, layer, layout = directory / "plugin.wasm", directory / "layer.tar", directory / "layout"
    wasm.write_bytes(module(os.urandom(16) + (CODE[start:] + CODE * (size // len(CODE) + 1))[:size]))
    with tarfile.open(layer, "w") as tar:
        tar.add(wasm, "plugin.wasm")
    shutil.rmtree(layout, ignore_errors=True)
    subprocess.run([WASMCTL, "push", "-q", wasm, f"oci:{layout}:v1"], check=True, stdout=subprocess.DEVNULL)
    return wasm, layer, layout


def bench(name, size, runs, peers, directory, registry, port, where):
    env = dict(os.environ) | {"HOME": str(directory), "DOCKER_CONFIG": str(directory / "none")}
    host = f"127.0.0.1:{port}"
    if "regctl" in peers:
        subprocess.run([peers["regctl"], "registry", "set", "--tls", "disabled", host], check=True, env=env,
                       capture_output=True)
    os.chdir(directory)  # oras wants a relative path
    results, requests = {}, {}
    for run in range(runs + 1):  # the first is not counted
        for row, argv in commands(peers, *prepare(directory, size)).items():
            registry.requests()
            image = f"{host}/bench/{'-'.join(row).replace(' ', '-')}-{size}-{run}-{port}:v1"
            result = measure(argv(image), env)
            requests[row] = len(registry.requests())
            if run:
                results.setdefault(row, []).append(result)
    medians = {row: statistics.median(r[0] for r in measured) for row, measured in results.items()}

    def ratio(row, rivals):
        best = min((medians[r] for r in rivals if r[1] != "wasmctl"), default=None)
        return f"{medians[row] / best:5.2f}" if best else "    -"

    for row, measured in results.items():
        print(f"{name:>6} {where:<9} {row[0]:<6} {row[1]:<8} {medians[row] * 1000:8.1f} ms {requests[row]:3} requests "
              f"{max(r[1] for r in measured):6.1f} MiB  {ratio(row, [r for r in medians if r[0] == row[0]])} of the "
              f"best peer at this, {ratio(row, medians)} of the best of all", flush=True)


def main():
    peers = find_peers()
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        files = f"filesystem: {{rootdirectory: {directory}/stored}}"
        with docker_registry(directory / "registry", storage=files) as registry:
            far = Far(registry.port)
            for name in sys.argv[1:] or SIZES:
                size, runs = SIZES[name]
                bench(name, size, runs, peers, directory, registry, registry.port, "loopback")
                bench(name, size, runs, peers, directory, registry, far.port, "40 ms")
            os.chdir("/")


if __name__ == "__main__":
    main()
