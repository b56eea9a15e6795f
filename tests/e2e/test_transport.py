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
