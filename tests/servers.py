"""Servers of a test's own, on free ports."""

import contextlib
import itertools
import pathlib
import random
import socket
import subprocess
import time


# Below those that the kernel gives to outgoing connections, which could take one before its server
# does; from a place of this process's own, since tests run side by side.
PORTS = itertools.count(random.SystemRandom().randrange(12_000))


def free_port():
    for offset in PORTS:
        port = 20_000 + offset % 12_000
        with socket.socket() as s, contextlib.suppress(OSError):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port))
            return port


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
