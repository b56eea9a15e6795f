"""What every test may use: the wasmctl under test, a directory of its own, free ports, servers."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # `import envoy`

ROOT = pathlib.Path(__file__).resolve().parent.parent
WASMCTL = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/dev/wasmctl")).resolve()


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def clean_env(tmp_path_factory):
    """An environment in which nothing of the developer's own settings is seen."""
    home = tmp_path_factory.mktemp("home")
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "TMPDIR") or k.endswith("SAN_OPTIONS")}
    return keep | {"HOME": str(home), "PATH": f"{WASMCTL.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}


@pytest.fixture
def wasmctl(clean_env, tmp_path):
    """wasmctl(*args, env={}, status=0) -> CompletedProcess; the status is asserted."""

    def run(*args, env=None, status=0, text=True, cwd=tmp_path, stdin=None):
        done = subprocess.run([WASMCTL, *map(str, args)], capture_output=True, text=text, cwd=cwd,
                              env=clean_env | (env or {}), input=stdin, timeout=120)
        assert done.returncode == status, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def judge(root):
    """See judging.py."""
    import judging

    return judging.build(root)


@pytest.fixture
def module(root, tmp_path):
    """A small module, as a file whose name gives the plugin's: header-logger."""
    return pathlib.Path(shutil.copy(root / "tests/data/minimal.wasm", tmp_path / "header_logger.wasm"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def server(argv, port, log, env=None, seconds=30):
    """A server of the test's own: up when `port` accepts, ended by process id at the end."""
    with open(log, "wb") as out:
        process = subprocess.Popen([str(a) for a in argv], stdout=out, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, env=env)
    try:
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, f"{argv[0]} ended:\n{pathlib.Path(log).read_text()[-4000:]}"
            assert time.monotonic() < deadline, f"{argv[0]} did not listen:\n{pathlib.Path(log).read_text()[-4000:]}"
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def registry(tmp_path):
    """HOST:PORT of a real registry, empty."""
    port = free_port()
    (tmp_path / "registry.yaml").write_text(
        f"{{version: 0.1, storage: {{filesystem: {{rootdirectory: {tmp_path}/registry}}}},"
        f" http: {{addr: '127.0.0.1:{port}'}}}}")
    with server(["docker-registry", "serve", tmp_path / "registry.yaml"], port, tmp_path / "registry.log"):
        yield f"127.0.0.1:{port}"
