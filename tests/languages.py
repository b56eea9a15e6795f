"""The compilers of other languages, as wasmctl is to find them: variables for a test's environment."""

import os

import golang
from conftest import WASMCTL

CRATES = golang.CACHE / "cargo"


def rust():
    """Debian 12's, the only one there with a library for Wasm. What makes it work with today's crates.io: its
    cargo knows the index's newer protocol as unstable, and its rustc looks for a linker that is not packaged."""
    return {"PATH": f"{WASMCTL.parent}:/usr/bin:/bin", "RUSTC": "/usr/bin/rustc", "RUSTC_BOOTSTRAP": "1",
            "CARGO_UNSTABLE_SPARSE_REGISTRY": "true", "CARGO_HOME": str(CRATES),
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER": "wasm-ld-14"} | certificates()


def go():
    """That of tests/requirements.txt, with the caches of this machine."""
    caches = {name: golang.go("env", name).strip() for name in ("GOCACHE", "GOMODCACHE")}
    return {"PATH": f"{WASMCTL.parent}:{golang.GO.parent}:/usr/bin:/bin",
            "GOTOOLCHAIN": "local"} | caches | certificates()


def certificates():
    return {name: value for name, value in os.environ.items() if name.endswith(("_CERT_FILE", "_CA_BUNDLE"))}
