"""Go, in which judges and peers are written: the one of tests/requirements.txt, so that it is the
same everywhere, and its modules, from the module proxy."""

import contextlib
import fcntl
import os
import pathlib
import subprocess
import sys

GO = pathlib.Path(sys.executable).parent / "go"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "wasmctl-tests"

# Tools that Debian does not have: the newest that this Go compiles.
PROGRAMS = {
    "oras": "oras.land/oras/cmd/oras@v1.2.3",
    "crane": "github.com/google/go-containerregistry/cmd/crane@v0.20.6",
    "regctl": "github.com/regclient/regclient/cmd/regctl@v0.8.3",
}


def go(*args, cwd=None, env=None, timeout=900):
    """Its standard output. What it fetches is modules, never another Go in its place."""
    done = subprocess.run([GO, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=timeout,
                          env=os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-p=2"} | (env or {}))
    assert done.returncode == 0, f"go {' '.join(map(str, args))}: {done.stderr[-2000:]}"
    return done.stdout


@contextlib.contextmanager
def alone():
    """Tests run side by side; what they share is built by the first."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def program(name):
    """The path of one of PROGRAMS, built once for each version."""
    module = PROGRAMS[name]
    directory = CACHE / module.rpartition("@")[2]
    with alone():
        if not (directory / name).exists():
            go("install", module, env={"GOBIN": str(directory)})
    return str(directory / name)
