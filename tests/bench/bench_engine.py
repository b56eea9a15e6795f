"""Instructions a second of the engine, beside wabt's interpreter.

    .venv/bin/python tests/bench/bench_engine.py

Each program runs about ten million instructions. Both run as whole processes, in turn; the figures are
medians of the processor's time, with what starting takes. `module_runner` (tests/conformance) runs a module's exports, as `wasm-interp
--run-all-exports` does.
"""

import json
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/release/wasmctl")).resolve().parent
RUNS = 9

PROGRAMS = {
    "arithmetic": """(module (func (export "run") (result i32) (local i32 i32)
        (loop
          (local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const 31)) (i32.add (local.get 0) (i32.const 7))))
          (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 666666))))
        (local.get 1)))""",
    "memory": """(module (memory 1) (func (export "run") (result i32) (local i32 i32)
        (loop
          (local.set 1 (i32.add (local.get 1) (i32.load8_u (i32.and (local.get 0) (i32.const 65535)))))
          (i32.store (i32.and (local.get 0) (i32.const 65532)) (local.get 1))
          (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 555555))))
        (local.get 1)))""",
    "calls": """(module (func $fib (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
          (then (local.get 0))
          (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                         (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
      (func (export "run") (result i32) (call $fib (i32.const 29))))""",
    "vectors": """(module (memory 1) (func (export "run") (result i32) (local i32 v128)
        (loop
          (local.set 1 (i32x4.add (local.get 1) (i32x4.mul (v128.load (i32.and (local.get 0) (i32.const 65520)))
                                                           (i32x4.splat (local.get 0)))))
          (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 588235))))
        (i32x4.extract_lane 0 (local.get 1))))""",
}


def seconds(command, **kwargs):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=True, capture_output=True, text=True, **kwargs)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main():
    with tempfile.TemporaryDirectory() as directory:
        for name, text in PROGRAMS.items():
            module = pathlib.Path(directory) / f"{name}.wasm"
            subprocess.run([ROOT / ".venv/bin/wasm-tools", "parse", "-", "-o", module], input=text, text=True,
                           check=True)
            ours, theirs = [], []
            for _ in range(RUNS):
                took, out = seconds([BUILD / "module_runner", "--time"], input=f"{module}\n")
                ours.append(took)
                theirs.append(seconds(["wasm-interp", module, "--enable-all", "--run-all-exports"])[0])
            ran = json.loads(out)["instructions"] / 1e6
            own, other = statistics.median(ours), statistics.median(theirs)
            print(f"{name:<11} {ran:5.1f} M instructions  wasmctl {own * 1000:6.1f} ms {ran / own:6.0f} M/s"
                  f"   wasm-interp {other * 1000:6.1f} ms   {other / own:4.1f} times")


if __name__ == "__main__":
    main()
