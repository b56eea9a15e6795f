"""Registries of the tests' own: docker-registry, plain, with passwords, with TLS."""

import contextlib
import pathlib
import subprocess

from conftest import free_port, server

USER, PASSWORD = "me", "s3cret-Pa:ss"


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
def docker_registry(directory, extra=""):
    """docker-registry on loopback, storing in memory; `extra` is added to its configuration."""
    directory = pathlib.Path(directory)
    directory.mkdir(exist_ok=True)
    port = free_port()
    (directory / "config.yml").write_text(
        "version: 0.1\n"
        "log: {level: error}\n"
        "storage: {inmemory: {}, delete: {enabled: true}}\n"
        f"http:\n  addr: 127.0.0.1:{port}\n{extra}")
    log = directory / "registry.log"
    with server(["docker-registry", "serve", directory / "config.yml"], port, log):
        yield Registry(port, log)


def htpasswd(directory):
    """The part of a configuration that asks for USER and PASSWORD."""
    directory = pathlib.Path(directory)
    file = directory / "htpasswd"
    file.write_text(subprocess.run(["htpasswd", "-Bbn", USER, PASSWORD], check=True, capture_output=True,
                                   text=True).stdout)
    return f"auth:\n  htpasswd: {{realm: kit, path: {file}}}\n"


def authority(directory):
    """A certificate authority of the test's own and a certificate for 127.0.0.1 and localhost:
    (ca.pem, the part of a configuration that uses the certificate)."""
    directory = pathlib.Path(directory)

    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, cwd=directory)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=registry", "-keyout", "tls.key",
            "-out", "tls.csr")
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-in", "tls.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "names", "-out", "tls.pem")
    return directory / "ca.pem", f"  tls: {{certificate: {directory}/tls.pem, key: {directory}/tls.key}}\n"
