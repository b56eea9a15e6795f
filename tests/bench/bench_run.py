"""From saving a plugin's source to the first request that the new code answers, in `wasmctl run`: all of it, and Envoy's
part, which is what a module that is already built takes to be swapped in. Its peers start a container anew.

    .venv/bin/python tests/bench/bench_run.py [--rounds 9]
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from loops import Loop  # noqa: E402

WASMCTL = next(p for p in (ROOT / "build/release/wasmctl", ROOT / "build/dev/wasmctl") if p.exists())

SOURCE = """#include "proxy_wasm_intrinsics.h"
class Stream : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    sendLocalResponse(200, "", "round %s", {});
    return FilterHeadersStatus::StopIteration;
  }
};
static RegisterContextFactory registered(CONTEXT_FACTORY(Stream));
"""


def move(file, content):
    beside = file.with_name("." + file.name)
    beside.write_bytes(content)
    os.rename(beside, file)


def time_until(loop, body):
    begin = time.monotonic()
    while loop.get()[1] != body:
        time.sleep(0.002)
    return time.monotonic() - begin


def measure(env, directory, rounds):
    """The seconds of each round: after a save, and after a module is moved into place."""
    source, saved, modules = directory / "plugin.cc", [], []
    source.write_text(SOURCE % "first")
    with Loop(env, directory, "--port", "0") as loop:
        for number in range(rounds):
            move(source, (SOURCE % number).encode())
            saved.append(time_until(loop, f"round {number}"))
            modules.append((directory / "build/plugin.wasm").read_bytes())
    swapped = []
    with Loop(env, directory / "build/plugin.wasm", "--port", "0") as loop:
        for number, module in enumerate(modules[:-1]):
            move(directory / "build/plugin.wasm", module)
            swapped.append(time_until(loop, f"round {number}"))
    return saved, swapped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    env = {**os.environ, "PATH": f"{WASMCTL.parent}:{os.environ['PATH']}",
           "ENVOY_PATH": os.environ.get("ENVOY_PATH", str(ROOT / ".venv/bin/envoy"))}
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder) / "plugin"
        directory.mkdir()
        (directory / "wasmctl.yaml").write_text("name: plugin\n")
        for what, times in zip(("source saved", "module moved into place"), measure(env, directory, options.rounds)):
            print(f"{what}: first request {statistics.median(times):.3f} s (median; {min(times):.3f} to {max(times):.3f})")


if __name__ == "__main__":
    main()
