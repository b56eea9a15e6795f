"""`wasmctl run` with a real Envoy: one request, and the loop that reloads."""

import fcntl
import http.client
import http.server
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import pytest

import servers
import upstreams
from loops import Lines, Loop, replace

SOURCE = """#include "proxy_wasm_intrinsics.h"

static int count = 0;

class Root : public RootContext {
 public:
  using RootContext::RootContext;
  bool onConfigure(size_t size) override {
    const auto text = getBufferBytes(WasmBufferType::PluginConfiguration, 0, size)->toString();
    if (text.find("trap") != text.npos) __builtin_trap();
    if (text.find("refuse") != text.npos) logError("this I do not take");
    return text.find("refuse") == text.npos;
  }
};

class Stream : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    const auto path = getRequestHeader(":path")->toString();
    if (path == "/trap") __builtin_trap();
    if (path == "/hang") return FilterHeadersStatus::StopIteration;
    if (path == "/deny") {
      sendLocalResponse(403, "", "no\\n", {});
      return FilterHeadersStatus::StopIteration;
    }
    logWarn("one: " + path);
    addRequestHeader("x-count", std::to_string(++count));
    return FilterHeadersStatus::Continue;
  }
};

static RegisterContextFactory registered(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));
"""


@pytest.fixture(scope="session")
def template(tmp_path_factory, clean_env):
    """A plugin's directory, built."""
    directory = tmp_path_factory.mktemp("run") / "sample"
    directory.mkdir()
    (directory / "sample.cc").write_text(SOURCE)
    (directory / "wasmctl.yaml").write_text("name: sample\nplugin:\n  config: {level: a}\n")
    subprocess.run(["wasmctl", "-q", "build", directory], check=True, env=clean_env, stdout=subprocess.DEVNULL)
    return directory


@pytest.fixture
def sample(template, tmp_path):
    return pathlib.Path(shutil.copytree(template, tmp_path / "sample"))


@pytest.fixture
def env(clean_env, root, tmp_path):
    """An environment with an Envoy, and a TMPDIR of its own, which stays empty in the end."""
    (tmp_path / "tmp").mkdir()
    yield clean_env | {"ENVOY_PATH": str(root / ".venv/bin/envoy"), "TMPDIR": str(tmp_path / "tmp")}
    assert list((tmp_path / "tmp").iterdir()) == []


def line_of(word):
    return SOURCE[:SOURCE.index(f'"{word}"')].count("\n") + 1


def directory_of(loop):
    """Of its Envoy."""
    return pathlib.Path(f"/proc/{loop.envoy()}/cwd").readlink()


def run(env, *arguments, status=0, cwd=None):
    done = subprocess.run(["wasmctl", "run", *map(str, arguments)], env=env, cwd=cwd, capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL)
    assert status in (None, done.returncode), done.stdout + done.stderr
    return done


# --once

def test_one_request(env, sample):
    done = run(env, sample, "--once", "POST /a?b -H 'x-y: 1' -H \"host: me\" -d 'hello there'")
    head, _, body = done.stdout.partition("\n\n")
    assert head.startswith("HTTP/1.1 200\ncontent-type: application/json\n")
    echoed = json.loads(body)
    assert (echoed["method"], echoed["path"], echoed["body"]) == ("POST", "/a?b", "hello there")
    assert echoed["headers"]["x-y"] == ["1"] and echoed["headers"]["host"] == ["me"]
    assert echoed["headers"]["x-count"] == ["1"]
    size, line, logged = done.stderr.splitlines()
    assert size.startswith("sample: ") and line.startswith("POST /a?b 200 ") and line.endswith(" ms")
    assert logged == "  warning  one: /a?b"


def test_the_exit_status_tells_a_failure_of_the_plugin_and_no_answer_of_its(env, sample):
    done = run(env, sample, "--once", "/deny")
    assert done.stdout.startswith("HTTP/1.1 403\n") and done.stdout.endswith("\n\nno\n")
    done = run(env, sample, "--once", "/trap", status=1)
    assert done.stdout.startswith("HTTP/1.1 503\n")
    assert "GET /trap 503" in done.stderr and "wasm_fail_stream" in done.stderr
    assert "Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable" in done.stderr
    assert f" at sample.cc:{line_of('/trap')}" in done.stderr


def test_as_json(env, sample):
    done = run(env, sample, "--once", "/a", "--json")
    line, _, response = done.stdout.partition("\n")
    request = json.loads(line)
    assert (request["method"], request["path"], request["status"]) == ("GET", "/a", 200)
    assert request["log"] == [{"level": "warning", "plugin": "sample", "message": "one: /a"}]
    assert json.loads(response)["status"] == 200


def test_tcp(env, root, tmp_path):
    plugin = shutil.copytree(root / "plugins/tcp-guard", tmp_path / "guard", ignore=shutil.ignore_patterns("build"))
    assert run(env, plugin, "--once", "hello").stdout == "hello"


def test_several_in_order(env, root, sample, tmp_path):
    rewriter = shutil.copytree(root / "plugins/header-rewriter", tmp_path / "rewriter")
    (rewriter / "wasmctl.yaml").write_text("name: second\nsources: [header_rewriter.cc]\n"
                                           "plugin:\n  config: {request: {remove: [x-count]}}\n")
    done = run(env, sample, "--chain", rewriter, "--once", "/a")
    assert "x-count" not in done.stdout and "  warning  sample: one: /a" in done.stderr


def test_callouts_in_tls_are_judged(env, root, tmp_path):
    """By the authorities, and for the name that was asked for."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-subj", "/CN=x", "-addext", "subjectAltName=DNS:localhost"],
                   check=True, capture_output=True)
    plugin = shutil.copytree(root / "plugins/ext-authz", tmp_path / "authz", ignore=shutil.ignore_patterns("build"))
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)

    def status(host, authorities):
        done = run(env | authorities, plugin, "--set", "cluster=a", "--cluster-tls",
                   f"a={host}:{server.server_address[1]}", "--once", "/", status=None)
        return done.stdout.partition("\n")[0]

    with upstreams.serving(server):
        trusted = {"SSL_CERT_FILE": str(certificate)}
        assert status("localhost", trusted) == "HTTP/1.1 404"  # the server answers so, and the plugin passes it on
        assert status("127.0.0.1", trusted) == "HTTP/1.1 503"  # another name
        assert status("localhost", {}) == "HTTP/1.1 503"  # nobody vouches for it


def test_the_bootstrap_is_envoys(env, root, sample, tmp_path):
    printed = run(env, sample, "--print-config", "--cluster", "a=localhost:80", "--cluster-tls", "b=[::1]:443",
                  "--set", "level=b", "--env", "A=1").stdout
    (tmp_path / "config.json").write_text(printed)
    subprocess.run([root / ".venv/bin/envoy", "--mode", "validate", "-c", tmp_path / "config.json"], check=True,
                   capture_output=True)
    tcp = run(env, sample, "--tcp", "--print-config").stdout
    (tmp_path / "config.json").write_text(tcp)
    subprocess.run([root / ".venv/bin/envoy", "--mode", "validate", "-c", tmp_path / "config.json"], check=True,
                   capture_output=True)


def talk_of(done):
    """Without its first line, which says how large the module is."""
    first, _, rest = done.stderr.partition("\n")
    assert re.fullmatch(r"sample: \d+ bytes", first)
    return rest


def test_what_does_not_start_says_why(env, sample):
    assert talk_of(run(env, sample, "--once", "/", "--set", "level=refuse", status=6)) == (
        "error: Envoy refuses `sample`\n  caused by: it logged: this I do not take\n")
    trapped = talk_of(run(env, sample, "--once", "/", "--set", "level=trap", status=6))
    head = ("error: Envoy refuses `sample`\n"
            "  caused by: Function: proxy_on_configure failed: Uncaught RuntimeError: unreachable\n"
            "Proxy-Wasm plugin in-VM backtrace:\n"
            f"  0:  0xADDRESS - Root::onConfigure(unsigned long) at sample.cc:{line_of('trap')}\n  1:  ")
    assert re.sub("0x[0-9a-f]+", "0xADDRESS", trapped)[:len(head)] == head
    none = talk_of(run(env, sample, "--once", "/", "--envoy", "/bin/true", status=7))
    assert none.startswith("error: `/bin/true` is not an Envoy\n"
                           "  caused by: `--version` is answered without a version of Envoy's\n")
    (sample / "sample.cc").write_text("no")
    assert run(env, sample, "--once", "/", status=5).stderr == (
        "error: sample does not compile\n"
        "sample.cc:1:1: error: unknown type name 'no'\n    1 | no\n      | ^\n"
        "sample.cc:1:3: error: expected unqualified-id\n    1 | no\n      |   ^\n"
        "2 errors generated.\n")


def test_a_module_and_an_image(env, sample, tmp_path):
    assert "HTTP/1.1 200" in run(env, sample / "build/sample.wasm", "--once", "/").stdout
    subprocess.run(["wasmctl", "-q", "push", sample, "oci:layout:v1"], env=env, cwd=tmp_path, check=True,
                   capture_output=True)
    done = run(env, "oci:layout:v1", "--once", "/", cwd=tmp_path)
    assert "x-count" in done.stdout
    bad = sample / "bad.wasm"
    bad.write_bytes((sample / "build/sample.wasm").read_bytes()[:200])
    assert "error: " in run(env, bad, "--once", "/", status=3).stderr


def test_an_upstream_that_is_dead(env, sample):
    dead = run(env, sample, "--once", "/", "--upstream", f"127.0.0.1:{servers.free_port()}", status=1)
    assert dead.stdout.startswith("HTTP/1.1 503\n")
    assert re.sub(r"[\d.]+ ms", "TIME", talk_of(dead)) == (
        "GET / 503 TIME upstream_reset_before_response_started{remote_connection_failure|"
        "delayed_connect_error:_Connection_refused} [UF]\n  warning  one: /\n")


# The loop

def test_reload(env, sample):
    with Loop(env, sample, "--port", "0") as loop:
        assert json.loads(loop.get("/a?token=1")[1])["headers"]["x-count"] == ["1"]
        loop.out.wait_for("GET /a?token=*** 200 ")
        loop.out.wait_for("  warning  one: /a")

        replace(sample / "wasmctl.yaml", "level: a", "level: b")
        loop.talk.wait_for("configured anew")
        assert json.loads(loop.get()[1])["headers"]["x-count"] == ["2"]  # the VM and its globals stay

        replace(sample / "sample.cc", "one: ", "two: ")
        loop.talk.wait_for("reloaded")
        assert json.loads(loop.get("/b")[1])["headers"]["x-count"] == ["1"]
        loop.out.wait_for("  warning  two: /b")

        replace(sample / "sample.cc", "two: ", "three: \" + none + \"")
        loop.talk.wait_for("error: sample does not compile")
        loop.talk.wait_for("use of undeclared identifier 'none'")
        loop.talk.wait_for("sample: the last one that was taken goes on")
        assert loop.get("/c")[0] == 200
        loop.out.wait_for("  warning  two: /c")

        replace(sample / "sample.cc", "three: \" + none + \"", "two: ")
        replace(sample / "wasmctl.yaml", "level: b", "level: refuse")
        loop.talk.wait_for("error: Envoy refuses `sample`")
        loop.talk.wait_for("caused by: it logged: this I do not take")
        loop.talk.wait_for("sample: the last one that was taken goes on")
        assert json.loads(loop.get()[1])["headers"]["x-count"] == ["3"]

        replace(sample / "wasmctl.yaml", "level: refuse", "level: trap")
        loop.talk.wait_for("caused by: Function: proxy_on_configure failed")
        loop.talk.wait_for(f" at sample.cc:{line_of('trap')}")
        assert loop.get()[0] == 200
        assert loop.end() == 130


def test_fresh_globals_and_a_config_of_its_own(env, sample, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("level: a\n")
    with Loop(env, sample, "--port", "0", "--fresh", "--config", config) as loop:
        loop.get()
        replace(config, "a", "b")
        loop.talk.wait_for("reloaded")
        assert json.loads(loop.get()[1])["headers"]["x-count"] == ["1"]


def test_a_plugin_that_trapped_is_dead_until_it_changes(env, sample):
    with Loop(env, sample, "--port", "0", "--log-level", "error") as loop:
        assert loop.get("/trap")[0] == 503
        loop.talk.wait_for("warning: what trapped is dead: further requests get 503")
        loop.out.wait_for("GET /trap 503 ")
        loop.out.wait_for(f" at sample.cc:{line_of('/trap')}")
        assert loop.get("/a")[0] == 503
        replace(sample / "sample.cc", "one: ", "two: ")
        loop.talk.wait_for("reloaded")
        assert loop.get("/b")[0] == 200
        loop.out.wait_for("GET /b 200 ")
        loop.end()
    assert not [line for line in loop.out.all if "two: /b" in line]  # a warning, below the level


def test_swaps_under_load_lose_no_request_and_leak_no_vm(env, sample):
    statuses, over = [], threading.Event()

    def ask():
        while not over.is_set():
            statuses.append(loop.get()[0])

    module = sample / "build/sample.wasm"
    original = module.read_bytes()
    with Loop(env, module, "--port", "0", "--admin-port", "0") as loop:
        client = threading.Thread(target=ask)
        client.start()
        for number in range(10):
            (sample / "next.wasm").write_bytes(original + bytes([0, 3, 1, ord("x"), number]))  # a custom section
            os.rename(sample / "next.wasm", module)
            loop.talk.wait_for("reloaded")
        over.set()
        client.join()
        assert statuses and set(statuses) == {200}
        connection = http.client.HTTPConnection("127.0.0.1", loop.admin)
        connection.request("GET", "/stats?filter=runtime.v8.active")
        assert connection.getresponse().read() == b"wasm.envoy.wasm.runtime.v8.active: 3\n"
        connection.close()


def test_a_port_that_is_taken_names_who_has_it(env, sample):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        talk = run(env, sample, "--port", port, status=9).stderr
    name = pathlib.Path("/proc/self/comm").read_text().strip()
    assert talk.endswith(f"error: cannot listen on 127.0.0.1:{port}: address already in use\n"
                         f"  caused by: `{name}` (process {os.getpid()}) has it\n"
                         "hint: take another one, or 0 for any that is free\n")


def test_the_end_of_envoy_is_the_end(env, sample):
    with Loop(env, sample, "--port", "0") as loop:
        os.kill(loop.envoy(), signal.SIGKILL)
        loop.talk.wait_for("error: Envoy was ended by signal 9")
        assert loop.process.wait(20) == 9


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_process(env, sample, how):
    with Loop(env, sample, "--port", "0") as loop:
        envoy = loop.envoy()
        assert loop.end(how) == 130
        assert not pathlib.Path(f"/proc/{envoy}").exists()


def test_output_that_nobody_reads_holds_up_neither_requests_nor_the_end(env, sample):
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    port = servers.free_port()
    process = subprocess.Popen(["wasmctl", "run", sample, "--port", str(port)], env=env, stdin=subprocess.DEVNULL,
                               stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    Lines(process.stderr).wait_for("://127.0.0.1:")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(60):
        connection.request("GET", "/" + 2000 * "a")
        assert connection.getresponse().read()
    connection.close()
    process.terminate()
    assert process.wait(20) == 130
    os.close(read)


def test_a_signal_at_any_moment(env, sample):
    for delay in (0.0, 0.02, 0.05, 0.1, 0.2):
        process = subprocess.Popen(["wasmctl", "run", sample, "--port", "0"], env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        timer = threading.Timer(delay, process.send_signal, [signal.SIGTERM])
        timer.start()
        talk = process.communicate(timeout=20)[1]
        timer.join()
        assert process.returncode in (130, -signal.SIGTERM), talk


def test_a_signal_while_a_registry_does_not_answer(env):
    with socket.create_server(("127.0.0.1", 0)) as registry:
        process = subprocess.Popen(["wasmctl", "run", f"127.0.0.1:{registry.getsockname()[1]}/x/y:z", "--plain-http"],
                                   env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with registry.accept()[0]:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == -signal.SIGINT


def test_a_kill_takes_envoy_along(env, sample, tmp_path):
    """The directory that it could not remove is removed by the next one, but none that is in use."""
    with Loop(env, sample, "--port", "0") as loop, Loop(env, sample, "--port", "0") as other:
        killed, = {entry for entry in (tmp_path / "tmp").iterdir() if entry != directory_of(other)}
        end = os.pidfd_open(loop.envoy())
        loop.process.kill()
        assert select.select([end], [], [], 20)[0]
        os.close(end)
        for directory in (killed, directory_of(other)):
            os.utime(directory, (0, 0))
        run(env, sample, "--once", "/")
        assert list((tmp_path / "tmp").iterdir()) == [directory_of(other)]


@pytest.mark.parametrize("no_color, shown", [("", "\x1b[1mGET\x1b[m /a \x1b[32m200\x1b[m \x1b[2m"), ("1", "GET /a 200 ")])
def test_colours_on_a_terminal(env, sample, no_color, shown):
    master, slave = pty.openpty()
    with open(master, "rb", buffering=0, closefd=True) as screen:
        subprocess.run(["wasmctl", "-q", "run", sample, "--once", "/a"], stderr=slave, stdout=subprocess.DEVNULL,
                       env=env | {"NO_COLOR": no_color, "TERM": "xterm"}, stdin=subprocess.DEVNULL, timeout=60)
        os.close(slave)
        assert screen.read(4096).decode().startswith(shown)


def test_a_reader_that_goes_away_ends_it(env, sample):
    read, write = os.pipe()
    port = servers.free_port()
    process = subprocess.Popen(["wasmctl", "run", sample, "--port", str(port)], env=env, stdin=subprocess.DEVNULL,
                               stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    os.close(read)
    talk = Lines(process.stderr)
    talk.wait_for("://127.0.0.1:")
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert process.wait(20) == 0
