"""Pushes beside those of oras, crane, regctl and skopeo: seconds, requests, peak memory.

    .venv/bin/python tests/bench/bench_push.py

A real docker-registry on loopback, asked directly and through a proxy that makes each round trip 40 ms
long, the first of a connection included. Every push goes to a repository of its own. The tools run in
turn (A B C A B C ...), so that what else the machine does meets them all; figures are medians. Tools
that are not on PATH are built with Go, where there is one, and left out where there is none.
"""

import asyncio
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from modules import module  # noqa: E402
from registries import docker_registry  # noqa: E402

WASMCTL = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/release/wasmctl")).resolve()
ROUND_TRIP = 0.040
SIZES = {"9 KB": (9_000, 15), "1 MB": (1_000_000, 7), "50 MB": (50_000_000, 3)}  # bytes, runs
PEERS = {
    "oras": "oras.land/oras/cmd/oras@v1.2.3",
    "crane": "github.com/google/go-containerregistry/cmd/crane@v0.20.6",
    "regctl": "github.com/regclient/regclient/cmd/regctl@v0.8.3",
    "skopeo": None,
}


def find_peers():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "wasmctl-tests"
    found = {}
    for name, package in PEERS.items():
        program = shutil.which(name, path=f"{cache}:{os.environ['PATH']}")
        go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
        if program is None and package and go:
            subprocess.run([go, "install", package], env=os.environ | {"GOBIN": str(cache)}, capture_output=True)
            program = shutil.which(name, path=str(cache))
        if program is None:
            print(f"{name}: not found, left out")
        else:
            found[name] = program
    return found


class Far:
    """Loopback as if it were ROUND_TRIP away: a proxy in a thread of its own."""

    def __init__(self, port):
        self.target = port
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    async def serve(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self.pipe(reader, there_writer, ROUND_TRIP), self.pipe(there_reader, writer, 0))

    async def pipe(self, reader, writer, handshake):
        """Hands each piece on half a round trip after it came."""
        queue = asyncio.Queue()
        opened = time.monotonic() + handshake

        async def write():
            while (item := await queue.get()) is not None:
                due, data = item
                await asyncio.sleep(max(0, due - time.monotonic()))
                writer.write(data)
                await writer.drain()
            writer.close()

        task = asyncio.create_task(write())
        try:
            while data := await reader.read(1 << 20):
                queue.put_nowait((max(time.monotonic(), opened) + ROUND_TRIP / 2, data))
        except ConnectionError:
            pass
        queue.put_nowait(None)
        await task


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


def commands(peers, directory, wasm, layer, layout):
    """name -> function of the image's name -> argv. Ours in two formats: the image, which is packed and
    compressed, and the artifact, which like oras' and regctl's is the file as it is."""
    all_of_them = {
        "wasmctl image": lambda image: [WASMCTL, "push", "--plain-http", wasm, image],
        "wasmctl artifact": lambda image: [WASMCTL, "push", "--plain-http", "--format", "artifact", wasm, image],
    }
    makers = {
        "oras": lambda image: [peers["oras"], "push", "--plain-http", image, f"{wasm.name}:application/wasm",
                               "--disable-path-validation"],
        "crane": lambda image: [peers["crane"], "append", "--insecure", "-f", layer, "-t", image],
        "regctl": lambda image: [peers["regctl"], "artifact", "put", "--artifact-type", "application/wasm", "-f", wasm,
                                 image],
        "skopeo": lambda image: [peers["skopeo"], "--insecure-policy", "copy", "--dest-tls-verify=false",
                                 f"oci:{layout}:v1", f"docker://{image}"],
    }
    return all_of_them | {name: makers[name] for name in peers}


def bench(name, size, runs, peers, directory, registry, port, where):
    wasm = directory / "plugin.wasm"
    wasm.write_bytes(module(os.urandom(size)))
    layer = directory / "layer.tar"
    with tarfile.open(layer, "w") as tar:
        tar.add(wasm, "plugin.wasm")
    layout = directory / f"layout-{size}-{port}"
    subprocess.run([WASMCTL, "push", "-q", wasm, f"oci:{layout}:v1"], check=True, stdout=subprocess.DEVNULL)
    env = dict(os.environ) | {"HOME": str(directory), "DOCKER_CONFIG": str(directory / "none")}
    host = f"127.0.0.1:{port}"
    if "regctl" in peers:
        subprocess.run([peers["regctl"], "registry", "set", "--tls", "disabled", host], check=True, env=env,
                       capture_output=True)
    tools = commands(peers, directory, wasm, layer, layout)
    results = {tool: [] for tool in tools}
    requests = {}
    os.chdir(directory)  # oras wants a relative path
    for run in range(runs + 1):  # the first is not counted
        for tool, argv in tools.items():
            registry.requests()
            image = f"{host}/bench/{tool.replace(' ', '-')}-{size}-{run}-{port}:v1"
            result = measure(argv(image), env)
            requests[tool] = len(registry.requests())
            if run:
                results[tool].append(result)
    medians = {tool: statistics.median(r[0] for r in rows) for tool, rows in results.items()}
    best = min((s, tool) for tool, s in medians.items() if not tool.startswith("wasmctl"))[0] if peers else None
    for tool, rows in results.items():
        ratio = f"{medians[tool] / best:5.2f} of the best peer" if best else ""
        print(f"{name:>6}, {where:<10} {tool:<17} {medians[tool] * 1000:8.1f} ms {requests[tool]:3} requests "
              f"{max(r[1] for r in rows):6.1f} MiB   {ratio}")


def main():
    peers = find_peers()
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        with docker_registry(directory / "registry") as registry:
            far = Far(registry.port)
            for name, (size, runs) in SIZES.items():
                bench(name, size, runs, peers, directory, registry, registry.port, "loopback")
                bench(name, size, runs, peers, directory, registry, far.port, "40 ms")
            os.chdir("/")


if __name__ == "__main__":
    main()
