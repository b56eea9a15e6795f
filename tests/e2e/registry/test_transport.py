"""TLS with client certificates and docker's certs.d, HTTP/2, proxies."""

import shutil

import pytest
import registries


@pytest.fixture(scope="module")
def mutual(tmp_path_factory):
    """(registry that wants a client certificate, the directory with ca.pem, client.pem, client.key)"""
    directory = tmp_path_factory.mktemp("mutual")
    ca, config = registries.authority(directory)
    registries.sign(directory, "client", "extendedKeyUsage=clientAuth")
    config = config.replace("}\n", f", clientcas: [{ca}]}}\n")
    with registries.docker_registry(directory, config) as started:
        yield started, directory


def test_client_certificate(wasmctl, mutual, wasm):
    registry, directory = mutual
    image = f"{registry.host}/acme/mutual:v1"
    args = ["push", "--ca-file", directory / "ca.pem"]
    client = ["--cert-file", directory / "client.pem", "--key-file", directory / "client.key"]
    assert wasmctl(*args, *client, wasm, image).stdout.startswith(f"{image}@sha256:")
    done = wasmctl(*args, wasm, image, status=9)
    assert done.stderr.splitlines()[0::2] == [
        f"error: `{registry.host}` takes no client without a certificate that it trusts",
        "hint: name yours with --cert-file and --key-file"]
    wrong = ["--cert-file", directory / "client.pem", "--key-file", directory / "tls.key"]
    done = wasmctl(*args, *wrong, wasm, image, status=9)
    assert done.stderr.splitlines()[0] == (
        f"error: cannot use the client certificate `{directory}/client.pem` with the key `{directory}/tls.key`")
    assert wasmctl(*args, "--cert-file", directory / "client.pem", wasm, image, status=2).stderr.startswith(
        "error: --cert-file requires --key-file\n")
    assert wasmctl(*args, "--cert-file", "none", "--key-file", "none", wasm, image, status=4).stderr == (
        "error: no file `none`\n")


def test_copy_with_a_transport_for_each_end(wasmctl, registry, tls, mutual, wasm, tmp_path):
    (trusted, ca), (strict, directory) = tls, mutual
    with registries.Proxy() as proxy:  # for a name that is not loopback's, whose transport is not found out

        def copy(*args, status=0):
            return wasmctl("copy", *args, env={"HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url}, status=status).stderr

        wasmctl("push", wasm, f"{registry.host}/acme/ends:v1")
        plain = f"registry.test:{registry.port}/acme/ends:v1"
        first = f"registry.test:{trusted.port}/acme/ends:v1"
        second = f"registry.test:{strict.port}/acme/ends:v1"
        client = ["cert-file", directory / "client.pem", "key-file", directory / "client.key"]

        def of(end, *pairs):
            return [f"--{end}-{word}" if i % 2 == 0 else word for i, word in enumerate(pairs)]

        assert copy("--from-plain-http", "--ca-file", ca, plain, first) == ""
        assert copy(*of("to", "ca-file", directory / "ca.pem", *client), *of("from", "ca-file", ca), first, second) == ""
        assert copy("--ca-file", ca, *of("from", "ca-file", directory / "ca.pem", *client), second, first) == ""
        assert copy("--plain-http", *of("to", "ca-file", ca), plain, first) == ""
        assert copy(*of("from", "ca-file", ca), "--to-plain-http", first, plain) == ""
        assert copy("--insecure-skip-tls-verify", "--to-plain-http", first, plain) == (
            "warning: the registry's certificate is not checked (--insecure-skip-tls-verify)\n")
        assert copy("--from-insecure-skip-tls-verify", "--to-plain-http", first, plain) == (
            "warning: the source's certificate is not checked (--from-insecure-skip-tls-verify)\n")
        # What one end trusts, the other does not; and an end's authority is asked though the other end's is not.
        wrong = copy("--insecure-skip-tls-verify", *of("to", "ca-file", directory / "ca.pem"), first,
                     f"registry.test:{trusted.port}/acme/other:v1", status=9)
        assert wrong.splitlines() == [
            "warning: the registry's certificate is not checked (--insecure-skip-tls-verify)",
            f"error: the certificate of `registry.test:{trusted.port}` is not trusted",
            "  caused by: unable to get local issuer certificate",
            "hint: name the authority that signed it with --ca-file"]
        assert copy("--from-plain-http", "--from-ca-file", ca, plain, first, status=2) == (
            "error: --from-plain-http excludes --from-ca-file\nhint: see `wasmctl copy --help`\n")
        assert copy("--to-ca-file", "none.pem", first, second, status=4) == "error: no file `none.pem`\n"


@pytest.mark.parametrize("place", [".config/docker/certs.d", ".config/containers/certs.d"])
def test_certs_d(wasmctl, mutual, wasm, tmp_path, place):
    registry, directory = mutual
    image = f"{registry.host}/acme/certs-d:v1"
    certs = tmp_path / place / registry.host
    certs.mkdir(parents=True)
    shutil.copy(directory / "ca.pem", certs / "ca.crt")
    shutil.copy(directory / "client.pem", certs / "client.cert")
    env = {"HOME": str(tmp_path)}
    done = wasmctl("push", wasm, image, env=env, status=4)
    assert done.stderr == f"error: the certificate `{certs}/client.cert` has no key `{certs}/client.key`\n"
    shutil.copy(directory / "client.key", certs / "client.key")
    wasmctl("push", wasm, image, env=env)
    wasmctl("pull", image, "-o", tmp_path / "out.wasm", env=env)
    assert (tmp_path / "out.wasm").read_bytes() == wasm.read_bytes()


OF_THE_OWNER = "the registry's owner must"


@pytest.mark.parametrize("name,dates,want", [
    ("other.example", None, [
        "error: the certificate of `{host}` is for another name",
        "  caused by: no alternative certificate subject name matches target host name '127.0.0.1'",
        f"hint: check the registry's name; where it is right, {OF_THE_OWNER} have it certified"]),
    ("localhost", ("20200101000000Z", "20200201000000Z"), [
        "error: the certificate of `{host}` has expired",
        "  caused by: certificate has expired",
        f"hint: {OF_THE_OWNER} renew it, or this machine's clock is wrong"]),
    ("localhost", ("20990101000000Z", "20990201000000Z"), [
        "error: the certificate of `{host}` is not valid yet",
        "  caused by: certificate is not yet valid",
        f"hint: this machine's clock is wrong, or {OF_THE_OWNER} replace it"]),
])
def test_certificate_that_is_wrong(wasmctl, tmp_path, name, dates, want):
    ca, config = registries.authority(tmp_path)
    registries.sign(tmp_path, "tls", f"subjectAltName=DNS:{name}", dates)
    with registries.docker_registry(tmp_path / "registry", config) as registry:
        done = wasmctl("list", "--ca-file", ca, registry.host, status=9)
        assert done.stderr.splitlines() == [line.format(host=registry.host) for line in want]


def test_authorities_of_ssl_cert_file(wasmctl, registry, tls, mutual, wasm, tmp_path):
    (trusted, ca), (_, other) = tls, mutual
    with registries.Proxy() as proxy:  # for a name that is not loopback's, of which TLS is expected
        host = f"registry.test:{trusted.port}"

        def push(file, *args, status=0):
            env = {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(file), "HOME": str(tmp_path)}
            return wasmctl("push", *args, wasm, f"{host}/acme/x1:v1", env=env, status=status).stderr.splitlines()

        assert push(ca) == []
        unknown = [f"error: the certificate of `{host}` is not trusted",
                   "  caused by: unable to get local issuer certificate",
                   "hint: name the authority that signed it with --ca-file"]
        assert push(other / "ca.pem", status=9) == unknown
        # The flag and certs.d come first.
        assert push(ca, "--ca-file", other / "ca.pem", status=9) == unknown
        assert push("none.pem", "--ca-file", ca) == []
        lines = push("none.pem", status=9)
        assert lines[0::2] == ["error: cannot read the certificates of `none.pem`",
                               "hint: SSL_CERT_FILE names it: let it name a PEM file of authorities, or unset it"]
        certs = tmp_path / ".config/docker/certs.d" / host
        certs.mkdir(parents=True)
        shutil.copy(ca, certs / "ca.crt")
        assert push("none.pem") == []
    # On loopback it still is found out whether TLS is spoken.
    wasmctl("push", wasm, f"{registry.host}/acme/x1:v1", env={"SSL_CERT_FILE": "none.pem"})


def test_http_2_where_the_server_has_it(wasmctl, tls, wasm):
    registry, ca = tls
    # On loopback docker-registry resets the stream of a POST that it answers without reading it, and libcurl 7.88 may
    # see that before the answer: then it is one request more.
    far = registries.Far(registry.port)
    wasmctl("push", "--ca-file", ca, wasm, f"127.0.0.1:{far.port}/acme/h2:v1")
    asked = [line for line in registry.log.read_text().splitlines() if "/acme/h2/" in line and line.count('"') > 1]
    assert len(asked) == 5 and all('HTTP/2.0"' in line for line in asked)


def test_proxy(wasmctl, registry, wasm, tmp_path):
    host = f"registry.test:{registry.port}"
    with registries.Proxy() as proxy:
        env = {"HTTP_PROXY": proxy.url}
        wasmctl("push", "--plain-http", wasm, f"{host}/acme/proxied:v1", env=env)
        wasmctl("pull", "--plain-http", f"{host}/acme/proxied:v1", "-o", tmp_path / "out.wasm", env=env)
        assert (tmp_path / "out.wasm").read_bytes() == wasm.read_bytes()
        assert f"POST http://{host}/v2/acme/proxied/blobs/uploads/" in proxy.asked
        # What is on this machine is asked directly, and so is what NO_PROXY names.
        proxy.asked.clear()
        wasmctl("push", wasm, f"{registry.host}/acme/direct:v1", env=env)
        wasmctl("push", "--plain-http", wasm, f"{host}/acme/direct:v1", env=env | {"NO_PROXY": "example.com,.test"},
                status=9)
        assert proxy.asked == []


def test_proxy_for_tls(wasmctl, tls, wasm, tmp_path):
    registry, ca = tls
    host = f"registry.test:{registry.port}"
    with registries.Proxy() as proxy:
        env = {"https_proxy": proxy.url}
        wasmctl("push", "--ca-file", ca, wasm, f"{host}/acme/proxied:v1", env=env)
        assert set(proxy.asked) == {f"CONNECT {host}"}


NO_WAY = ("hint: it does not let this machine reach `lab.example`: ask its owner, or name the host in NO_PROXY where "
          "there is a way without it")


@pytest.mark.parametrize("refused,status,hint", [
    (407, 10, "hint: name the proxy with its login in HTTP_PROXY and HTTPS_PROXY: http://USER:PASSWORD@HOST"),
    (403, 10, NO_WAY),
    (501, 9, NO_WAY),
    (503, 9, "hint: it does not reach `lab.example`: check the name, or try again later"),
])
def test_proxy_that_does_not_connect(wasmctl, tmp_path, refused, status, hint):
    with registries.Proxy(refuses=refused) as proxy:
        for address in (proxy.url, proxy.url.replace("//", "//me:s3cret@") + "/", proxy.url.removeprefix("http://")):
            proxy.asked.clear()
            done = wasmctl("pull", "lab.example/acme/x1:v1", env={"HTTPS_PROXY": address}, status=status)
            assert done.stderr.splitlines() == [
                f"error: the proxy `{proxy.url.removeprefix('http://')}` does not connect to `lab.example`: it answered "
                f"{refused}", hint]
            assert proxy.asked == ["CONNECT lab.example:443"]  # once


def test_proxy_that_is_not_there(wasmctl, wasm):
    done = wasmctl("push", wasm, "registry.test/acme/x1:v1", env={"HTTPS_PROXY": "http://proxy.invalid:3128"}, status=9)
    assert done.stderr.splitlines() == [
        "error: there is no host of the proxy's name",
        "  caused by: Could not resolve proxy: proxy.invalid",
        "hint: check HTTPS_PROXY and HTTP_PROXY"]
    done = wasmctl("push", wasm, "registry.test/acme/x1:v1", env={"HTTPS_PROXY": "http://127.0.0.1:1"}, status=9)
    assert done.stderr.splitlines()[-1] == "hint: check that the proxy of HTTPS_PROXY is up, and the registry"


@pytest.mark.parametrize("proxy", ["http://pu:s3-SE#CRET@127.0.0.1:1", "http://pu:s3 CRET@127.0.0.1:1",
                                   "http://pu:s3CRET@127.0.0.1:http", "ftp://pu:s3CRET@127.0.0.1:1"])
def test_proxy_that_cannot_be_read_keeps_its_password(wasmctl, wasm, proxy):
    done = wasmctl("push", "-v", wasm, "registry.test/acme/x1:v1", env={"HTTPS_PROXY": proxy}, status=3)
    assert "CRET" not in done.stderr and "s3" not in done.stderr
    assert done.stderr.splitlines()[-2:] == [
        "error: the address in HTTPS_PROXY cannot be read",
        "hint: it is http://[USER:PASSWORD@]HOST:PORT; what is no letter or digit in a password is written as %23 for #, "
        "and so on"]
