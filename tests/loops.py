"""Commands that go on until they are ended, as `wasmctl run`: started, spoken to, ended.

    with Loop(env, plugin, "--port", "0") as loop:
        loop.get("/a")
        loop.wait_for("reloaded")  # a line of its talk, behind those that were waited for before
"""

import http.client
import os
import re
import signal
import subprocess
import threading
import time


class Lines:
    """The lines of a stream as they come; each is waited for once, in order."""

    def __init__(self, stream):
        self.all, self.next, self.changed = [], 0, threading.Condition()
        self.is_over = False
        self.thread = threading.Thread(target=self.read, args=(stream,), daemon=True)
        self.thread.start()

    def read(self, stream):
        for line in stream:
            with self.changed:
                self.all.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def wait_for(self, text, seconds=30):
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                while self.next < len(self.all):
                    self.next += 1
                    if text in self.all[self.next - 1]:
                        return self.all[self.next - 1]
                left = deadline - time.monotonic()
                assert left > 0 and not self.is_over, f"{text!r} did not come:\n" + "\n".join(self.all)
                self.changed.wait(left)


def heed_interrupts():
    """What runs in the background of a shell ignores SIGINT, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Watching:
    """A command that goes on until it is ended."""

    def __init__(self, env, *arguments, cwd=None):
        self.process = subprocess.Popen(["wasmctl", *map(str, arguments)], env=env, cwd=cwd, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=heed_interrupts)
        self.out, self.talk = Lines(self.process.stdout), Lines(self.process.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()

    def end(self, how=signal.SIGTERM):
        """The exit status."""
        self.process.send_signal(how)
        self.process.wait(20)
        self.out.thread.join(20)
        self.talk.thread.join(20)
        return self.process.returncode


class Loop(Watching):
    """`wasmctl run`, once it serves."""

    def __init__(self, env, *arguments, cwd=None):
        super().__init__(env, "run", *arguments, cwd=cwd)

    def __enter__(self):
        line = self.talk.wait_for("://127.0.0.1:")
        self.port, *admin = map(int, re.findall(r"127\.0\.0\.1:(\d+)", line))
        self.admin = admin[0] if admin else None  # with --admin-port
        return self

    def get(self, path="/", headers=None):
        """(status, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def envoy(self):
        """The process id of its Envoy."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return int(children.read().split()[0])


def replace(file, old, new):
    """As an editor does it: another file is moved into the place."""
    text = file.read_text()
    assert old in text
    beside = file.with_name("." + file.name)
    beside.write_text(text.replace(old, new))
    os.rename(beside, file)
