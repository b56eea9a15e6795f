"""Time and memory of reading a module of 10 MB, beside the tools of wabt.

    .venv/bin/python tests/bench/bench_lint.py

The module has the functions of tests/data/toolchains/rust.wasm many times over. The commands run in
turn; the figures are medians of the wall clock, and the most memory that a process held.
"""

import os
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from modules import leb, section  # noqa: E402

WASMCTL = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/release/wasmctl")).resolve()
RUNS = 9
SIZE = 10_000_000


def read_leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def sections(module):
    at = 8
    while at < len(module):
        number = module[at]
        size, begin = read_leb(module, at + 1)
        yield number, module[begin:begin + size]
        at = begin + size


def repeated(content, times):
    count, at = read_leb(content, 0)
    return leb(count * times) + content[at:] * times


def large_module():
    module = (ROOT / "tests/data/toolchains/rust.wasm").read_bytes()
    code = next(content for number, content in sections(module) if number == 10)
    times = SIZE // len(code)
    parts = [section(number, repeated(content, times) if number in (3, 10) else content)
             for number, content in sections(module) if number != 0]
    return module[:8] + b"".join(parts)


def measured(command):
    """(seconds, MiB) of one run."""
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "large.wasm"
        path.write_bytes(large_module())
        commands = {
            "wasmctl lint": [WASMCTL, "lint", path],
            "wasmctl inspect": [WASMCTL, "inspect", path],
            "wasmctl inspect --html": [WASMCTL, "inspect", path, "--html", path.with_suffix(".html")],
            "wasm-validate": ["wasm-validate", path],
            "wasm-objdump -x": ["wasm-objdump", "-x", path],
        }
        runs = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, command in commands.items():
                runs[name].append(measured([str(word) for word in command]))
        print(f"a module of {path.stat().st_size:,} bytes")
        for name, figures in runs.items():
            seconds = statistics.median(s for s, _ in figures)
            print(f"{name:<24} {seconds * 1000:8.0f} ms {max(m for _, m in figures):8.0f} MiB")


if __name__ == "__main__":
    main()
