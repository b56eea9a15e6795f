"""Seconds of a start and of builds, side by side with what one would type without wasmctl.

    .venv/bin/python tests/bench/bench_build.py

Each pair of commands runs in turn (A B A B ...); the figures are medians, and ratios of pairs.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WASMCTL = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/release/wasmctl")).resolve()
RUNS = 15


def seconds(command, before=lambda: None):
    before()
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare(name, ours, theirs, theirs_name, before=lambda: None):
    pairs = [(seconds(ours, before), seconds(theirs)) for _ in range(RUNS + 1)][1:]
    mine, other = (statistics.median(p[i] for p in pairs) for i in (0, 1))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{name:<42} {mine * 1000:8.1f} ms   {theirs_name:<30} {other * 1000:8.1f} ms   ratio {ratio:.2f}")


def main():
    compare("wasmctl --version", [WASMCTL, "--version"], ["curl", "--version"], "curl --version")
    with tempfile.TemporaryDirectory() as directory:
        plugin = pathlib.Path(directory) / "header-logger"
        shutil.copytree(ROOT / "plugins/header-logger", plugin, ignore=shutil.ignore_patterns("build"))
        build = [WASMCTL, "build", plugin]
        subprocess.run(build, check=True, capture_output=True)  # the SDK's own objects, once for all plugins
        by_hand = ["clang++-22", "--target=wasm32-wasi", "-std=c++20", "-Oz", "-flto", "-fno-exceptions", "-w",
                   "-I", ROOT / "plugins/sdk", "-nostartfiles", "-Wl,--no-entry,--import-undefined,--export=malloc",
                   plugin / "header_logger.cc", *(ROOT / "plugins/sdk").glob("*.cc"), "-o", plugin / "by_hand.wasm"]
        compare("clean build of header-logger", build, by_hand, "one clang++ command line",
                before=lambda: shutil.rmtree(plugin / "build", ignore_errors=True))
        compare("nothing changed", build, ["true"], "true")


if __name__ == "__main__":
    main()
