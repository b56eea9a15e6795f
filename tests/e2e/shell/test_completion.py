"""`wasmctl completion` in the shells themselves: what Tab makes of a line, on a terminal."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import pytest

# How each shell is started without anybody's settings, and told of the script.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             "bind 'set completion-query-items 0' 'set bell-style none' 2>/dev/null; . ./script"),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -u -D; unsetopt BEEP; . ./script"),
    "fish": (["fish", "--no-config", "-i"], "source ./script"),
}


class Terminal:
    """A shell on a pseudo-terminal: what is typed, and what it prints."""

    def __init__(self, shell, directory, env):
        command, self.setup = SHELLS[shell]
        self.pid, self.master = pty.fork()  # its controlling terminal: fish wants one
        if self.pid == 0:
            os.chdir(directory)
            os.execvpe(command[0], command, env)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, pattern, seconds=20):
        """What was printed until `pattern` matched."""
        seen, end = "", time.monotonic() + seconds
        while not re.search(pattern, plain(seen)):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {pattern!r} in {plain(seen)!r}"
            seen += os.read(self.master, 65536).decode(errors="replace")
        return plain(seen)

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)


def plain(text):
    """Without the escapes that move the cursor and colour."""
    return re.sub(r"\x1b(\[[0-9;?<>=]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\)|[=>()][0-9A-Z]?|[a-zA-Z])", "", text)


@pytest.fixture
def terminal(request, tmp_path, clean_env):
    shell = request.param
    assert shutil.which(shell), f"{shell} is not installed: ./dev test installs it"
    script = subprocess.run(["wasmctl", "completion", shell], env=clean_env, check=True, capture_output=True).stdout
    (tmp_path / "script").write_bytes(script)
    (tmp_path / "manifest.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        "spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}}\n")
    opened = Terminal(shell, tmp_path, clean_env | {"TERM": "xterm", "HOME": str(tmp_path)})
    try:
        opened.type(opened.setup + "; echo re''ady\n")
        opened.wait_for(r"ready\r?\n")
        yield opened
    finally:
        opened.close()


# What is typed before Tab, and the line as it is then.
LINES = [
    ("symb", "symbolize"),
    ("push --anno", "push --annotation"),
    ("push --format univ", "push --format universal"),
    ("push --format=univ", "push --format=universal"),
    ("render -f manifest.yaml --phase AUTHZ --kind Traffic", "render -f manifest.yaml --phase AUTHZ --kind TrafficExtension"),
    ("check -f mani", "check -f manifest.yaml"),
    ("patch -f manifest.yaml --workload dep", "patch -f manifest.yaml --workload deployment/web"),
]


@pytest.mark.parametrize("terminal", SHELLS, indirect=True)
def test_tab_completes(terminal):
    for typed, wanted in LINES:
        terminal.type(f"wasmctl {typed}\t")
        terminal.type("\x01echo 'li''ne: \x05'\n")  # Ctrl-A, Ctrl-E: the line becomes what is printed
        seen = terminal.wait_for(r"[\r\n]line: [^\n]*\n")
        assert re.findall(r"[\r\n]line: ([^\r\n]*)", seen)[-1].rstrip() == f"wasmctl {wanted}"
