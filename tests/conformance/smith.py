"""Modules that wasm-smith makes, run by the engine of this project and by wasmtime: the same results, or the
same class of trap, and the same globals and memories after it.

    .venv/bin/python tests/conformance/smith.py build/dev/module_runner COUNT [FIRST]

The modules are numbered from FIRST (0); each number makes the same one on every run (tests/conformance/smith,
which cargo builds). One that differs is kept in build/smith/differ, and the exit status is 1.
"""

import collections
import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import wasmtime
from wasmtime import _bindings as ffi

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "build/smith"
BATCH = 200

# The classes of traps: what this engine says, by wasmtime's codes.
TRAPS = {
    "UNREACHABLE": ["unreachable"],
    "MEMORY_OUT_OF_BOUNDS": ["out of bounds memory access"],
    "TABLE_OUT_OF_BOUNDS": ["out of bounds table access", "undefined element"],
    "INDIRECT_CALL_TO_NULL": ["uninitialized element"],
    "BAD_SIGNATURE": ["indirect call type mismatch"],
    "INTEGER_OVERFLOW": ["integer overflow"],
    "INTEGER_DIVISION_BY_ZERO": ["integer divide by zero"],
    "BAD_CONVERSION_TO_INTEGER": ["invalid conversion to integer"],
    "NULL_REFERENCE": ["null reference", "null function reference", "null structure reference",
                       "null array reference", "null i31 reference", "null exception reference"],
    "ARRAY_OUT_OF_BOUNDS": ["out of bounds array access"],
    "CAST_FAILURE": ["cast failure"],
    "UNCAUGHT_EXCEPTION": ["uncaught exception"],
}
CLASSES = {words: code for code, all_words in TRAPS.items() for words in all_words}
# How much there is differs: what comes after one of these is not compared.
LIMITS = {"STACK_OVERFLOW", "ALLOCATION_TOO_LARGE", "call stack exhausted", "the limit of the heap is used up",
          "the limit of exceptions is used up", "the limit of instructions is used up"}

# wasmtime/val.h: the kinds of values, and where each is in the union.
KINDS = {"i32": 0, "i64": 1, "f32": 2, "f64": 3, "v128": 4, "func": 5, "extern": 6, "any": 7, "exn": 8}
NUMBER_BYTES = {0: 4, 1: 8, 2: 4, 3: 8, 4: 16}
REFERENCES = {5: "funcref", 6: "externref", 7: "anyref", 8: "exnref"}


class Limit(Exception):
    """One of the engines has no more of something."""


def make_store():
    """Its heap takes longer to make than most modules to run, so many share one."""
    config = wasmtime.Config()
    for feature in ("simd", "relaxed_simd", "relaxed_simd_deterministic", "tail_call", "multi_memory", "memory64",
                    "exceptions", "gc", "function_references", "reference_types", "bulk_memory", "multi_value"):
        setattr(config, f"wasm_{feature}", True)
    config.cranelift_opt_level = "none"
    config.parallel_compilation = False
    config.memory_reservation = config.memory_reservation_for_growth = config.memory_guard_size = 0
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    store.set_limits(memory_size=1 << 24)
    return engine, store


def told(value):
    if value.kind in REFERENCES:
        return "ref" if getattr(value.of, REFERENCES[value.kind]).store_id else "null"
    size = NUMBER_BYTES[value.kind]
    number = int.from_bytes(ctypes.string_at(ctypes.addressof(value.of), size), "little")
    return f"{number:032x}" if size == 16 else f"{number:x}"


def trap_class(trap):
    code = trap.trap_code.name if trap.trap_code else "UNCAUGHT_EXCEPTION"
    if code in LIMITS:
        raise Limit(code)
    return code


def error_class(error):
    if "thrown Wasm exception" in str(error):
        return "UNCAUGHT_EXCEPTION"
    if "GC heap out of memory" in str(error):
        raise Limit("the heap of wasmtime is used up")
    raise error


def own_class(outcome):
    """What this engine says, by wasmtime's classes."""
    if not isinstance(outcome, str):
        return outcome
    if outcome in LIMITS:
        raise Limit(outcome)
    return CLASSES[outcome]


def call(store, function, parameters):
    arguments = (ffi.wasmtime_val_t * len(parameters))()
    for argument, parameter in zip(arguments, parameters):
        argument.kind = KINDS[parameter]
    results = (ffi.wasmtime_val_t * len(function.type(store).results))()
    trap = ctypes.POINTER(ffi.wasm_trap_t)()
    error = ffi.wasmtime_func_call(store._context(), ctypes.byref(function._func), arguments, len(arguments),
                                   results, len(results), ctypes.byref(trap))
    if error:
        return error_class(wasmtime.WasmtimeError._from_ptr(error))
    if trap:
        return trap_class(wasmtime.Trap._from_ptr(trap))
    return [told(value) for value in results]


def compare(engine, store, module, line):
    """Yields (what, this engine's, wasmtime's) of all that can be compared."""
    try:
        exports = wasmtime.Instance(store, wasmtime.Module(engine, module), []).exports(store)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        other = trap_class(error) if isinstance(error, wasmtime.Trap) else error_class(error)
        yield "start", own_class(line["start"]), other
        return
    yield "start", own_class(line["start"]), None
    for name, parameters, outcome in line["calls"]:
        yield name, own_class(outcome), call(store, exports[name], parameters)
    for name, value in line["globals"]:
        got = ffi.wasmtime_val_t()
        ffi.wasmtime_global_get(store._context(), ctypes.byref(exports[name]._global), ctypes.byref(got))
        yield name, value, told(got)
    for name, size, crc in line["memories"]:
        length = exports[name].data_len(store)
        data = ctypes.string_at(exports[name].data_ptr(store), length)
        yield name, [size, crc], [length, zlib.crc32(data)]


def run_batch(job):
    runner, smith, first, count = job
    directory = WORK / f"batch-{first}"
    directory.mkdir(parents=True, exist_ok=True)
    subprocess.run([smith, str(first), str(count), directory], check=True)
    files = [directory / f"{number}.wasm" for number in range(first, first + count)]
    done = subprocess.run([runner], input="".join(f"{file}\n" for file in files), text=True, capture_output=True)
    lines = done.stdout.split("\n")[:-1]
    sums, differences = collections.Counter(), []
    if len(lines) < count:
        differences.append((files[len(lines)], f"ends with {done.returncode}", done.stderr[-2000:], ""))
    engine, store = make_store()
    for file, line in zip(files, map(json.loads, lines)):
        sums["modules"] += 1
        try:
            if "error" in line:
                raise ValueError(line["error"])
            for what, own, other in compare(engine, store, file.read_bytes(), line):
                sums["traps" if isinstance(own, str) and own in TRAPS else "values"] += 1
                if other == "UNCAUGHT_EXCEPTION":  # it stays with the store
                    engine, store = make_store()
                if own != other:
                    differences.append((file, what, own, other))
                if own != other or other == "UNCAUGHT_EXCEPTION":
                    break
        except Limit as limit:
            sums[f"cut short ({limit})"] += 1
            if "wasmtime" in str(limit):
                engine, store = make_store()
        except (ValueError, KeyError, wasmtime.WasmtimeError) as error:
            differences.append((file, type(error).__name__, str(error), ""))
    for file, *_ in differences:
        (WORK / "differ").mkdir(exist_ok=True)
        shutil.copy(file, WORK / "differ")
    shutil.rmtree(directory)
    return sums, [(file.name, *rest) for file, *rest in differences]


def in_a_process(job):
    """Its own, since wasmtime ends it where it finds a fault in itself."""
    done = subprocess.run([sys.executable, __file__, "--batch", *map(str, job)], capture_output=True, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout)
    return {}, [(f"batch {job[2]}", f"ends with {done.returncode}", done.stderr[-1000:])]


def build_smith():
    WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked"], cwd=ROOT / "tests/conformance/smith",
                   env={**os.environ, "CARGO_TARGET_DIR": str(WORK / "target")}, check=True)
    return WORK / "target/release/smith"


def main():
    if sys.argv[1] == "--batch":
        runner, smith, first, count = sys.argv[2:]
        print(json.dumps(run_batch((runner, smith, int(first), int(count)))))
        return
    runner = pathlib.Path(sys.argv[1]).resolve()
    count, first = int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0
    smith = build_smith()
    jobs = [(runner, smith, at, min(BATCH, first + count - at)) for at in range(first, first + count, BATCH)]
    total, failed = collections.Counter(), 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for sums, differences in pool.map(in_a_process, jobs):
            total += sums
            failed += len(differences)
            for difference in differences:
                print(*difference, flush=True)
    print(", ".join(f"{count} {what}" for what, count in sorted(total.items())))
    print(f"{total['modules'] - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
