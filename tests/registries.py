"""Registries of the tests' own: docker-registry, plain, with passwords, with tokens, with TLS, and
go-containerregistry's; and the tools of others that speak to them."""

import asyncio
import base64
import contextlib
import http.server
import json
import pathlib
import re
import socket
import subprocess
import threading
import time
import urllib.parse

from servers import free_port, server

USER, PASSWORD = "me", "s3cret-Pa:ss"
ROUND_TRIP = 0.040  # to a registry that is far away, in seconds


class Registry:
    def __init__(self, port, log):
        self.host = f"127.0.0.1:{port}"
        self.port = port
        self.log = pathlib.Path(log)

    def requests(self):
        """What was asked since the last call, as "METHOD path" without queries."""
        lines = self.log.read_text().splitlines()
        asked = [line.split('"')[1] for line in lines if " HTTP/1." in line and line.count('"') >= 2]
        new = asked[getattr(self, "_seen", 0):]
        self._seen = len(asked)
        return [" ".join([r.split(" ")[0], r.split(" ")[1].split("?")[0]]) for r in new]


@contextlib.contextmanager
def docker_registry(directory, extra="", storage="inmemory: {}"):
    """docker-registry on loopback, storing in memory; `extra` is added to its configuration."""
    directory = pathlib.Path(directory)
    directory.mkdir(exist_ok=True)
    port = free_port()
    (directory / "config.yml").write_text(
        "version: 0.1\n"
        "log: {level: error}\n"
        f"storage: {{{storage}, delete: {{enabled: true}}}}\n"
        f"http:\n  addr: 127.0.0.1:{port}\n{extra}")
    log = directory / "registry.log"
    with server(["docker-registry", "serve", directory / "config.yml"], port, log):
        yield Registry(port, log)


@contextlib.contextmanager
def crane_registry(crane, directory):
    """go-containerregistry's registry, another implementation of the same specification."""
    directory = pathlib.Path(directory)
    port = free_port()
    log = directory / "registry.log"
    with server([crane, "registry", "serve", "--address", f"127.0.0.1:{port}"], port, log):
        yield Registry(port, log)


def htpasswd(directory):
    """The part of a configuration that asks for USER and PASSWORD."""
    directory = pathlib.Path(directory)
    file = directory / "htpasswd"
    file.write_text(subprocess.run(["htpasswd", "-Bbn", USER, PASSWORD], check=True, capture_output=True,
                                   text=True).stdout)
    return f"auth:\n  htpasswd: {{realm: kit, path: {file}}}\n"


def authority(directory):
    """A certificate authority of the test's own and a certificate for 127.0.0.1, localhost and
    registry.test: (ca.pem, the part of a configuration that uses the certificate)."""
    directory = pathlib.Path(directory)
    openssl(directory, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority",
            "-keyout", "ca.key", "-out", "ca.pem")
    sign(directory, "tls", "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:registry.test")
    return directory / "ca.pem", f"  tls: {{certificate: {directory}/tls.pem, key: {directory}/tls.key}}\n"


def openssl(directory, *args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, cwd=directory)


def sign(directory, name, extension, dates=None):
    """NAME.pem and NAME.key, signed by the authority of that directory; good from now on, or between
    two `dates`, "20200101000000Z"."""
    openssl(directory, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
            "-out", f"{name}.csr")
    (pathlib.Path(directory) / f"{name}.ext").write_text(extension + "\n")
    if dates is None:
        openssl(directory, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        return
    # Only `ca` takes dates, and it wants books.
    (pathlib.Path(directory) / "index.txt").write_text("")
    (pathlib.Path(directory) / "ca.cnf").write_text(
        "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nnew_certs_dir = .\npolicy = any\ndefault_md = sha256\n"
        "rand_serial = yes\n"
        "[any]\ncommonName = supplied\n")
    openssl(directory, "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
            "-startdate", dates[0], "-enddate", dates[1], "-extfile", f"{name}.ext", "-in", f"{name}.csr", "-notext",
            "-out", f"{name}.pem")


class Proxy:
    """An HTTP proxy that takes every name for 127.0.0.1, or that `refuses` to with a status of its own. `asked` lists
    "METHOD target"."""

    def __init__(self, refuses=None):
        self.asked = []
        self.refuses = refuses
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=[self.listening.accept()[0]], daemon=True).start()

    def serve(self, client):
        head = b""
        while b"\r\n" not in head:
            head += client.recv(65536)
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        self.asked.append(f"{method} {target.split('?')[0]}")
        if self.refuses:
            client.sendall(f"HTTP/1.1 {self.refuses} No\r\nContent-Length: 0\r\n\r\n".encode())
            client.close()
            return
        port = int(re.search(r":(\d+)(/|$)", target)[1])
        server = socket.create_connection(("127.0.0.1", port))
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:  # Go's servers take the absolute form
            server.sendall(head)
        threading.Thread(target=self.pipe, args=[server, client], daemon=True).start()
        self.pipe(client, server)

    @staticmethod
    def pipe(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


class Far:
    """Loopback as if it were ROUND_TRIP away: a proxy in a thread of its own."""

    def __init__(self, port):
        self.target = port
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    async def serve(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self.pipe(reader, there_writer, ROUND_TRIP), self.pipe(there_reader, writer, 0))

    async def pipe(self, reader, writer, handshake):
        """Hands each piece on half a round trip after it came."""
        queue = asyncio.Queue()
        opened = time.monotonic() + handshake

        async def write():
            while (item := await queue.get()) is not None:
                due, data = item
                await asyncio.sleep(max(0, due - time.monotonic()))
                writer.write(data)
                await writer.drain()
            writer.close()

        task = asyncio.create_task(write())
        try:
            while data := await reader.read(1 << 20):
                queue.put_nowait((max(time.monotonic(), opened) + ROUND_TRIP / 2, data))
        except ConnectionError:
            pass
        queue.put_nowait(None)
        await task


def sorted_scopes(scopes):
    """With the actions of each in order: docker-registry lists them as its hash table has them."""
    heads = [scope.rpartition(":") for scope in scopes]
    return [f"{head}:{','.join(sorted(actions.split(',')))}" for head, _, actions in heads]


class TokenServer:
    """The token half of docker-registry's token authentication: JWTs signed by a key of the test's
    own, for USER and PASSWORD, or for an identity token by POST. `asked` lists what was asked."""

    IDENTITY = "identity-of-me"

    def __init__(self, directory, lifetime=300):
        self.directory = pathlib.Path(directory)
        self.lifetime = lifetime
        self.anonymous_actions = []  # what nobody in particular may do
        self.asked = []
        self.refused = 0  # how often a wrong login was shown
        self._run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tokens",
                  "-keyout", "token.key", "-out", "token.pem")
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                login = self.headers.get("Authorization", "")
                known = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                if login and login != f"Basic {known}":
                    outer.refused += 1
                    self.reply(401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong password"}]})
                    return
                outer.asked.append(("GET", bool(login), sorted_scopes(query.get("scope", []))))
                self.reply(200, {"token": outer.token(query.get("scope", []), bool(login)),
                                 "expires_in": outer.lifetime})

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                known = form.get("refresh_token") == [outer.IDENTITY] and form.get("grant_type") == ["refresh_token"]
                scopes = " ".join(form.get("scope", [])).split()
                outer.asked.append(("POST", known, sorted_scopes(scopes)))
                self.reply(200, {"access_token": outer.token(scopes, known)})

            def reply(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def config(self):
        port = self.server.server_address[1]
        return (f"auth:\n  token: {{realm: 'http://127.0.0.1:{port}/token', service: kit, issuer: kit, "
                f"rootcertbundle: {self.directory}/token.pem}}\n")

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def token(self, scopes, known):
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            granted = [a for a in actions.split(",") if known or a in self.anonymous_actions]
            access.append({"type": kind, "name": name, "actions": granted})
        now = int(time.time())
        certificate = self._run("x509", "-in", "token.pem", "-outform", "DER")
        head = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(certificate).decode()]}
        claims = {"iss": "kit", "sub": "me", "aud": "kit", "exp": now + self.lifetime, "nbf": now - 10,
                  "iat": now, "jti": str(time.monotonic_ns()), "access": access}

        def encode(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=")

        signed = encode(json.dumps(head).encode()) + b"." + encode(json.dumps(claims).encode())
        signature = self._run("dgst", "-sha256", "-sign", "token.key", input=signed)
        return (signed + b"." + encode(signature)).decode()

    def _run(self, *args, input=None):
        return subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=self.directory,
                              input=input).stdout
