"""Tests a second of `wasmctl test`, and what the plugins' callbacks cost.

    .venv/bin/python tests/bench/bench_suites.py

Instructions, calls and bytes are the same on every machine. Times are of whole processes, the plugin built before;
medians.
"""

import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WASMCTL = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/release/wasmctl")).resolve()
RUNS = 9
TESTS = 100  # of header-logger in one suite
# Callbacks that are no stream's alone.
NO_STREAM = {"_initialize", "main", "proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", "proxy_on_delete",
             "proxy_on_done"}


def run(*arguments):
    start = time.perf_counter()
    done = subprocess.run([WASMCTL, *map(str, arguments)], check=True, capture_output=True, text=True)
    return time.perf_counter() - start, done.stdout


def tests_a_second(module, directory):
    suite = pathlib.Path(directory) / "many.yaml"
    test = "- {{name: t{0}, request_headers: {{input: {{header: [{{key: user-agent, value: a{0}}}]}}}}}}\n"
    suite.write_text("test:\n" + "".join(test.format(i) for i in range(TESTS)))
    took = statistics.median(run("-q", "test", module, "--suite", suite)[0] for _ in range(RUNS))
    print(f"header-logger: {TESTS} tests in {took * 1000:.1f} ms, {TESTS / took:,.0f} tests/s")


def costs(plugin, directory):
    out = run("-q", "test", plugin, "--build-dir", pathlib.Path(directory) / plugin.name, "--json")[1]
    tests = [test for suite in json.loads(out)["suites"] for test in suite["tests"]]
    streams = [[call for call in test["callbacks"] if call["name"] not in NO_STREAM] for test in tests]
    total = [sum(call["instructions"] for call in stream) for stream in streams]
    calls = [sum(call["hostcalls"] for call in stream) for stream in streams]
    memory = max(test["memoryBytes"] for test in tests)
    print(f"{plugin.name:<16} {len(tests):3} tests   a stream: {statistics.median(total):8,.0f} instructions, "
          f"{statistics.median(calls):3.0f} calls of the host   memory {memory // 1024:5} KiB")


def main():
    with tempfile.TemporaryDirectory() as directory:
        plugins = sorted(path.parent for path in (ROOT / "plugins").glob("*/wasmctl.yaml"))
        for plugin in plugins:
            costs(plugin, directory)
        tests_a_second(next(pathlib.Path(directory).glob("header-logger/*logger.wasm")), directory)


if __name__ == "__main__":
    main()
