"""clang-tidy over the sources of a compile database, side by side, but for those that were clean
the last time and whose inputs are the same: the source, what it includes of the project, the
checks, the compiler's flags and clang-tidy itself.

    python tests/tidy.py build/tidy
"""

import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-22"
CLEAN = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "wasmctl-tests/tidy"


@functools.cache
def includes(file):
    """The project's files that `file` includes, by name."""
    found = set()
    for name in re.findall(r'^#include "([^"]+)"', file.read_text(), re.M):
        for place in (ROOT / "lib" / name, ROOT / name, file.parent / name):
            if place.exists():
                found.add(place)
    return found


def inputs(source):
    seen, rest = set(), [source]
    while rest:
        file = rest.pop()
        if file not in seen:
            seen.add(file)
            rest += includes(file)
    return sorted(seen)


@functools.cache
def checks():
    version = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
    return version + (ROOT / ".clang-tidy").read_bytes()


def key(entry):
    digest = hashlib.sha256(checks())
    # Wherever the checkout is.
    digest.update(entry["command"].replace(str(ROOT), "").encode())
    for file in inputs(pathlib.Path(entry["file"])):
        digest.update(f"\0{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def check(database, entry):
    """What clang-tidy says; "" if the source is clean."""
    clean = CLEAN / key(entry)
    if clean.exists():
        return ""
    done = subprocess.run([TIDY, "-p", database, "--quiet", entry["file"]], capture_output=True, text=True)
    if done.returncode != 0:
        return done.stdout + done.stderr
    clean.touch()
    return ""


def say(text):
    print(text, end="", flush=True)
    return text


def main():
    database = pathlib.Path(sys.argv[1])
    entries = [entry for entry in json.loads((database / "compile_commands.json").read_text())
               if pathlib.Path(entry["file"]).is_relative_to(ROOT / "lib")
               or pathlib.Path(entry["file"]).is_relative_to(ROOT / "cli")]
    CLEAN.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(check, database, entry) for entry in entries]
        said = [done.result() for done in concurrent.futures.as_completed(running) if say(done.result())]
    sys.exit(bool(said))


main()
