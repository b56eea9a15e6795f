"""pull, copy, tag, list, login and logout on real registries, beside skopeo."""

import base64
import hashlib
import io
import json
import os
import stat
import subprocess
import tarfile

import pytest
from conftest import WASMCTL
from modules import module
from registries import PASSWORD, USER, TokenServer, crane_registry, docker_registry


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    """(registry, token server)"""
    directory = tmp_path_factory.mktemp("tokens")
    server = TokenServer(directory)
    try:
        with docker_registry(directory, server.config()) as started:
            yield started, server
    finally:
        server.close()


def skopeo(*args):
    done = subprocess.run(["skopeo", "--insecure-policy", *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def docker_config(directory, config):
    directory.mkdir(exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config))
    return {"DOCKER_CONFIG": str(directory)}


def login_of(host):
    return {"auths": {host: {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}}}


@pytest.fixture(scope="module", params=["docker-registry", "go-containerregistry"])
def any_registry(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp("any")
    if request.param == "docker-registry":
        started = docker_registry(directory)
    else:
        started = crane_registry(request.getfixturevalue("crane"), directory)
    with started as registry:
        yield registry


FORMATS = ["image", "docker", "artifact", "wasm", "universal"]


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("place", ["registry", "layout"])
def test_what_was_pushed_is_pulled(wasmctl, any_registry, wasm, tmp_path, image_format, place):
    image = f"oci:{tmp_path}/layout:v1" if place == "layout" else f"{any_registry.host}/acme/{image_format}:v1"
    pinned = wasmctl("push", "--format", image_format, wasm, image).stdout.strip()
    for name in (image, pinned):
        assert wasmctl("pull", name, "-o", tmp_path / "out.wasm").stdout == f"{tmp_path}/out.wasm\n"
        assert (tmp_path / "out.wasm").read_bytes() == wasm.read_bytes()


def test_everything_else_on_every_registry(wasmctl, any_registry, oras, wasm, tmp_path):
    host = any_registry.host
    big = tmp_path / "big.wasm"
    big.write_bytes(module(os.urandom(3_000_000)))
    pinned = wasmctl("push", big, f"{host}/acme/one:v1").stdout.strip()
    digest = pinned.split("@")[1]
    assert wasmctl("push", big, f"{host}/acme/one:v1").stdout.strip() == pinned  # asks, and sends no layer
    assert wasmctl("tag", f"{host}/acme/one:v1", "v2").stdout == f"{host}/acme/one:v2@{digest}\n"
    assert wasmctl("list", f"{host}/acme/one").stdout == "v1\nv2\n"
    assert wasmctl("copy", f"{host}/acme/one:v2", f"{host}/acme/two").stdout == f"{host}/acme/two:v2@{digest}\n"
    wasmctl("copy", f"{host}/acme/two:v2", f"oci:{tmp_path}/layout:v3")
    wasmctl("pull", f"oci:{tmp_path}/layout:v3", "-o", tmp_path / "out.wasm")
    assert (tmp_path / "out.wasm").read_bytes() == big.read_bytes()
    assert wasmctl("pull", f"{host}/acme/one:none", status=4).stderr.startswith(
        f"error: cannot read {host}/acme/one:none: the registry answered 404 MANIFEST_UNKNOWN\n")
    # A peer reads what wasmctl pushed, and wasmctl what a peer pushed.
    subprocess.run([oras, "pull", "--plain-http", f"{host}/acme/one:v1", "-o", tmp_path / "oras"], check=True)
    subprocess.run([oras, "push", "--plain-http", f"{host}/acme/theirs:v1",
                    f"{wasm.name}:application/vnd.module.wasm.content.layer.v1+wasm"], check=True, cwd=tmp_path)
    (tmp_path / "README.md").write_text("read me")
    for tag, files in (("tar", [wasm.name]), ("files", [wasm.name, "README.md"])):
        subprocess.run([oras, "push", "--plain-http", f"{host}/acme/theirs:{tag}", *files], check=True, cwd=tmp_path)
    for tag in ("v1", "tar", "files"):  # oras calls a file a tar where nobody says what it is
        wasmctl("pull", f"{host}/acme/theirs:{tag}", "-o", tmp_path / f"{tag}.wasm")
        assert (tmp_path / f"{tag}.wasm").read_bytes() == wasm.read_bytes()


def test_an_image_in_a_registry_is_signed_verified_copied_and_demanded(wasmctl, any_registry, wasm, tmp_path):
    """Whether the registry keeps lists of referrers itself or not."""
    password = {"COSIGN_PASSWORD": "secret"}
    wasmctl("key", "generate", "-o", "own", env=password)
    wasmctl("key", "generate", "-o", "other", env=password)
    name = f"{any_registry.host}/acme/trust:v1"
    image = wasmctl("push", wasm, name, "--format", "universal").stdout.strip()
    assert "nothing about it is signed" in wasmctl("verify", image, "--key", "own.pub", status=11).stderr

    wasmctl("sign", name, "--key", "own.key", env=password)
    again = wasmctl("sign", name, "--key", "own.key", env=password)
    assert again.stderr == "this key has signed it already: nothing was written\n"
    found = json.loads(wasmctl("verify", image, "--key", "own.pub", "--json").stdout)
    assert [(f["form"], f.get("identity")) for f in found["signatures"]] == [
        ("bundle", None), ("tag", f"{any_registry.host}/acme/trust")]
    assert "made with another key" in wasmctl("verify", image, "--key", "other.pub", status=11).stderr

    wasmctl("copy", "-r", name, "oci:copied:v1")
    wasmctl("verify", "oci:copied:v1", "--key", "own.pub")

    flags = ["--selector", "app=web", "--only", "plugin"]
    (tmp_path / "plugin.yaml").write_text(wasmctl("render", name, *flags, "--verify-key", "own.pub").stdout)
    wasmctl("render", name, *flags, "--verify-key", "other.pub", status=11)
    wasmctl("check", "plugin.yaml", "--verify-key", "own.pub")
    refused = wasmctl("check", "plugin.yaml", "--verify-key", "other.pub", status=3).stdout
    assert f"{image} is not signed by other.pub [image-signed]" in refused


def test_referrers(wasmctl, any_registry, oras, wasm, tmp_path):
    """By the registry's own list (go-containerregistry) and by the tag schema (docker-registry 2.8)."""
    image = f"{any_registry.host}/acme/referred:v1"
    wasmctl("push", wasm, image)
    assert wasmctl("list", "--referrers", image).stdout == ""
    for kind in ("application/vnd.example.sbom", "application/vnd.example.signature"):
        (tmp_path / "about").write_text(kind)
        subprocess.run([oras, "attach", "--plain-http", "--artifact-type", kind, image, "about:text/plain"], check=True,
                       cwd=tmp_path, capture_output=True)
    lines = [line.split() for line in wasmctl("list", "--referrers", image).stdout.splitlines()]
    assert [kind for _, kind in lines] == ["application/vnd.example.sbom", "application/vnd.example.signature"]
    only = json.loads(wasmctl("list", "--referrers", "--json", "--artifact-type", "application/vnd.example.signature",
                              image).stdout)
    assert [entry["digest"] for entry in only] == [lines[1][0]]
    # Into a layout and on to another repository, where whoever pushes has to keep the list.
    for digest in (image, f"{image.removesuffix(':v1')}@{lines[0][0]}", f"{image.removesuffix(':v1')}@{lines[1][0]}"):
        tag = f":{digest[-4:]}" if "@" in digest else ""
        wasmctl("copy", digest, f"oci:{tmp_path}/layout{tag or ':v1'}")
        wasmctl("copy", digest, f"{any_registry.host}/acme/referred-too{tag or ':v1'}")
    assert sorted(wasmctl("list", "--referrers", f"oci:{tmp_path}/layout:v1").stdout.splitlines()) == sorted(
        "  ".join(line) for line in lines)
    there = f"{any_registry.host}/acme/referred-too:v1"
    assert sorted(line.split()[0] for line in wasmctl("list", "--referrers", there).stdout.splitlines()) == sorted(
        digest for digest, _ in lines)
    seen = subprocess.run([oras, "discover", "--plain-http", "--format", "json", there], check=True, capture_output=True,
                          text=True).stdout
    assert sorted(m["digest"] for m in json.loads(seen)["manifests"]) == sorted(digest for digest, _ in lines)


@pytest.mark.parametrize("image_format", ["image", "universal"])
def test_copy_with_all_that_refers_to_it(wasmctl, any_registry, oras, wasm, tmp_path, image_format):
    """Through a layout, and on: an SBOM, a signature of the SBOM, and what cosign finds by its tag."""
    host = any_registry.host
    image = f"{host}/acme/all-{image_format}:v1"
    digest = json.loads(wasmctl("push", "--format", image_format, "--json", wasm, image).stdout)["digest"]

    def attach(kind, to):
        (tmp_path / "about").write_text(kind)
        done = subprocess.run([oras, "attach", "--plain-http", "--artifact-type", kind, "--format", "json", to,
                               "about:text/plain"], check=True, cwd=tmp_path, capture_output=True, text=True)
        return json.loads(done.stdout)["digest"]

    repository = image.removesuffix(":v1")
    sbom = attach("application/vnd.example.sbom", image)
    of_sbom = attach("application/vnd.example.signature", f"{repository}@{sbom}")
    child = json.loads(wasmctl("push", "--json", wasm, f"oci:{tmp_path}/scratch:v1").stdout)["digest"]
    cosign = [f"{subject.replace(':', '-')}.{suffix}" for subject, suffix in ((digest, "sig"), (child, "att"))]
    for tag in (*cosign, "other.sig", "sha256-" + "0" * 64 + ".sig"):
        wasmctl("push", wasm, f"{repository}:{tag}", "--annotation", f"for={tag}")

    plain = f"{host}/acme/plain-{image_format}"
    wasmctl("copy", image, plain)
    assert wasmctl("list", "--referrers", f"{plain}:v1").stdout == ""
    wanted = cosign if image_format == "universal" else cosign[:1] if child != digest else cosign
    source = image
    for target in (f"oci:{tmp_path}/layout", f"{host}/acme/back-{image_format}"):
        done = wasmctl("copy", "-r", source, target)
        assert done.stdout == f"{target}:v1@{digest}\n"
        assert done.stderr.splitlines()[-1] == f"with {2 + len(wanted)} referrers"
        assert wasmctl("list", "--referrers", f"{target}:v1").stdout == f"{sbom}  application/vnd.example.sbom\n"
        assert wasmctl("list", "--referrers", f"{target}@{sbom}").stdout == f"{of_sbom}  application/vnd.example.signature\n"
        tags = [tag for tag in wasmctl("list", target).stdout.split() if tag.rpartition(".")[2] in ("sig", "att")]
        assert tags == sorted(wanted)
        source = f"{target}:v1"
    result = json.loads(wasmctl("copy", "-r", "--json", source, f"oci:{tmp_path}/other").stdout)
    assert [entry["digest"] for entry in result["referrers"]][:2] == [sbom, of_sbom]


def test_universal_is_an_index_that_every_consumer_can_load(wasmctl, registry, wasm, tmp_path):
    image = f"{registry.host}/acme/everyone:v1"
    result = json.loads(wasmctl("push", "--format", "universal", "--json", wasm, image).stdout)
    raw = skopeo("inspect", "--tls-verify=false", "--raw", f"docker://{image}")
    assert result["digest"] == "sha256:" + hashlib.sha256(raw.encode()).hexdigest()
    index = json.loads(raw)
    entries = {f"{m['platform']['os']}/{m['platform']['architecture']}": m["digest"] for m in index["manifests"]}
    assert list(entries) == ["linux/amd64", "linux/arm64", "wasip1/wasm"]
    # Istio knows the linux/amd64 child only, by its own digest.
    assert entries["linux/amd64"] == entries["linux/arm64"] == "sha256:" + result["istioSha256"]
    assert result["image"] == f"{image}@{entries['linux/amd64']}"
    for architecture in ("amd64", "arm64"):
        skopeo("--override-arch", architecture, "copy", "--src-tls-verify=false", f"docker://{image}",
               f"dir:{tmp_path}/{architecture}")
    cncf = json.loads(skopeo("inspect", "--tls-verify=false", "--raw",
                             f"docker://{registry.host}/acme/everyone@{entries['wasip1/wasm']}"))
    assert [layer["mediaType"] for layer in cncf["layers"]] == ["application/wasm"]
    assert cncf["config"]["mediaType"] == "application/vnd.wasm.config.v0+json"


def test_artifact_has_the_raw_module_first_of_two_layers(wasmctl, registry, wasm):
    image = f"{registry.host}/acme/solo:v1"
    wasmctl("push", "--format", "artifact", wasm, image)
    manifest = json.loads(skopeo("inspect", "--tls-verify=false", "--raw", f"docker://{image}"))
    assert [layer["mediaType"] for layer in manifest["layers"]] == [
        "application/vnd.module.wasm.content.layer.v1+wasm", "application/vnd.module.wasm.config.v1+json"]
    assert manifest["layers"][0]["digest"] == "sha256:" + hashlib.sha256(wasm.read_bytes()).hexdigest()


def archive_of(files, compress=True):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz" if compress else "w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = 1.5  # makes a pax header
            tar.addfile(info, io.BytesIO(content))
    return archive.getvalue()


def image_of(directory, files, layer_type="application/vnd.oci.image.layer.v1.tar+gzip", compress=True, below=()):
    """An image layout as another tool would write it; `below` are the files of lower layers."""
    blobs = directory / "blobs/sha256"
    blobs.mkdir(parents=True)

    def store(content, media_type):
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    manifest = store(json.dumps({
        "schemaVersion": 2, "config": store(b"{}", "application/vnd.oci.image.config.v1+json"),
        "layers": [store(archive_of(layer, compress), layer_type) for layer in (*below, files)]}).encode(), "application/vnd.oci.image.manifest.v1+json")
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))


@pytest.mark.parametrize("name,files,want", [
    ("nested", {"readme": b"x", "./etc/plugin.wasm": module(b"1")}, module(b"1")),
    ("long name", {"a" * 200 + "/plugin.wasm": module(b"2")}, module(b"2")),
    ("first wins", {"a/plugin.wasm": module(b"3"), "b/plugin.wasm": module(b"4")}, module(b"3")),
    ("another name, but the only one", {"filter.wasm": module(b"5")}, module(b"5")),
])
def test_images_of_other_tools(wasmctl, tmp_path, name, files, want):
    image_of(tmp_path / "layout", files)
    wasmctl("pull", f"oci:{tmp_path}/layout", "-o", tmp_path / "out.wasm")
    assert (tmp_path / "out.wasm").read_bytes() == want


@pytest.mark.parametrize("files,kind,want", [
    ({"a.wasm": b"1", "b.wasm": b"2"}, {},
     "oci:{layout}: the image holds no file `plugin.wasm`, and more than one other *.wasm"),
    ({"readme": b"1", ".wh.plugin.wasm": b""}, {}, "oci:{layout}: the image holds no file `plugin.wasm`"),
    ({"readme": b"1"}, {"below": [{"plugin.wasm": module(b"1")}]},
     "oci:{layout}: the image holds no file `plugin.wasm`\n"
     "  caused by: of its 2 layers Istio opens the last, and so does wasmctl"),
    ({"plugin.wasm": b"text"}, {}, "oci:{layout}: not a Wasm module but a text file"),
    ({}, {"layer_type": "application/vnd.oci.image.layer.v1.tar+zstd"},
     "oci:{layout}: the image holds no Wasm module: its layers are application/vnd.oci.image.layer.v1.tar+zstd"),
    ({}, {"compress": False}, "oci:{layout}: there is no gzip stream: it does not begin with 1f 8b"),
])
def test_images_without_a_module(wasmctl, tmp_path, files, kind, want):
    image_of(tmp_path / "layout", files, **kind)
    done = wasmctl("pull", f"oci:{tmp_path}/layout", "-o", tmp_path / "out.wasm", status=3)
    assert done.stderr == f"error: {want.format(layout=tmp_path / 'layout')}\n"
    assert not (tmp_path / "out.wasm").exists()


def test_pull_names_the_file_after_the_repository(wasmctl, registry, wasm, tmp_path):
    wasmctl("push", wasm, f"{registry.host}/acme/header-logger:v1")
    (tmp_path / "work").mkdir()
    done = wasmctl("pull", f"{registry.host}/acme/header-logger:v1", cwd=tmp_path / "work")
    assert done.stdout == "header-logger.wasm\n"
    assert (tmp_path / "work/header-logger.wasm").read_bytes() == wasm.read_bytes()


def test_pull_of_what_is_not_there(wasmctl, registry, wasm, tmp_path):
    wasmctl("push", wasm, f"{registry.host}/acme/there:v1")
    host = registry.host
    wrong = "sha256:" + "0" * 64
    for image, code in ((f"{host}/acme/there:v2", "MANIFEST_UNKNOWN"), (f"{host}/acme/there@{wrong}", "MANIFEST_UNKNOWN"),
                        (f"{host}/acme/nowhere:v1", "MANIFEST_UNKNOWN")):
        done = wasmctl("pull", image, "-o", tmp_path / "out.wasm", status=4)
        assert done.stderr.startswith(f"error: cannot read {image}: the registry answered 404 {code}\n")
    wasmctl("push", wasm, f"oci:{tmp_path}/layout:v1")
    done = wasmctl("pull", f"oci:{tmp_path}/layout:v2", status=4)
    assert done.stderr == f"error: there is no image oci:{tmp_path}/layout:v2\nhint: its tags are v1\n"


def test_corrupted_blob_never_becomes_a_file(wasmctl, wasm, tmp_path):
    wasmctl("push", wasm, f"oci:{tmp_path}/layout:v1")
    for blob in (tmp_path / "layout/blobs/sha256").iterdir():
        content = bytearray(blob.read_bytes())
        if len(content) > 5000:  # the layer
            content[-1] ^= 1
            blob.write_bytes(content)
    (tmp_path / "out.wasm").write_text("before")
    done = wasmctl("pull", f"oci:{tmp_path}/layout:v1", "-o", tmp_path / "out.wasm", status=11)
    assert done.stderr.startswith("error: sha256:") and "is corrupted" in done.stderr
    assert (tmp_path / "out.wasm").read_text() == "before"


def test_copy_goes_everywhere_and_keeps_the_digest(wasmctl, registry, private_registry, wasm, tmp_path):
    env = docker_config(tmp_path / "docker", login_of(private_registry.host))
    digest = wasmctl("push", "--format", "universal", wasm, f"oci:{tmp_path}/one:v1", "--json").stdout
    digest = json.loads(digest)["digest"]
    stops = [f"oci:{tmp_path}/one:v1", f"{registry.host}/acme/copied:v2", f"{private_registry.host}/acme/copied:v3",
             f"oci:{tmp_path}/two:v4", f"oci:{tmp_path}/three:v5"]
    for source, target in zip(stops, stops[1:]):
        assert wasmctl("copy", source, target, env=env).stdout == f"{target}@{digest}\n"
    wasmctl("pull", stops[-1], "-o", tmp_path / "out.wasm")
    assert (tmp_path / "out.wasm").read_bytes() == wasm.read_bytes()


def test_copy_of_a_layouts_only_image_goes_by_its_tag_or_digest(wasmctl, registry, wasm, tmp_path):
    pinned = wasmctl("push", wasm, f"oci:{tmp_path}/tagged:v7").stdout.strip()
    digest = pinned.split("@")[1]
    name = f"{registry.host}/acme/only"
    assert wasmctl("copy", f"oci:{tmp_path}/tagged", name).stdout == f"{name}:v7@{digest}\n"
    wasmctl("copy", f"oci:{tmp_path}/tagged@{digest}", f"oci:{tmp_path}/untagged")
    assert wasmctl("copy", f"oci:{tmp_path}/untagged", name).stdout == f"{name}@{digest}\n"
    assert wasmctl("list", name).stdout == "v7\n"


def test_copy_of_a_layout_is_five_requests(wasmctl, registry, wasm, tmp_path):
    wasmctl("push", wasm, f"oci:{tmp_path}/layout:v1")
    registry.requests()
    wasmctl("copy", f"oci:{tmp_path}/layout:v1", f"{registry.host}/acme/from-layout:v1")
    assert sorted(r.split(" ")[0] for r in registry.requests()) == ["POST", "POST", "PUT", "PUT", "PUT"]


@pytest.mark.parametrize("image_format", ["image", "universal"])
def test_large_module_is_packed_in_members_that_others_read(wasmctl, registry, tmp_path, image_format):
    big = tmp_path / "big.wasm"
    big.write_bytes(module(os.urandom(2_500_000)))
    image = f"{registry.host}/acme/members-{image_format}:v1"
    wasmctl("push", "--format", image_format, big, image)
    skopeo("copy", "--src-tls-verify=false", f"docker://{image}", f"oci:{tmp_path}/theirs:v1")
    layers = [f for f in (tmp_path / "theirs/blobs/sha256").iterdir() if f.read_bytes()[:2] == b"\x1f\x8b"]
    assert len(layers) == 1
    with tarfile.open(layers[0]) as tar:  # of a reader that knows nothing of wasmctl
        assert tar.extractfile("plugin.wasm").read() == big.read_bytes()


def test_memory_does_not_grow_with_the_blob(clean_env, registry, tmp_path):
    # The address sanitizer keeps what is freed, and has a shadow of all of it.
    sanitized = b"__asan_init" in WASMCTL.read_bytes()
    env = clean_env | {"ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}

    def peak(*args):
        done = subprocess.run(["/usr/bin/env", "python3", "-c", PEAK, WASMCTL, *map(str, args)], env=env,
                              capture_output=True, text=True, check=True)
        return int(done.stdout)

    def peaks(size):
        file = tmp_path / f"{size}.wasm"
        file.write_bytes(module(os.urandom(1000) * (size // 1000)))
        image = f"{registry.host}/acme/peak-{size}:v1"
        return [peak("push", "--format", "universal", file, image), peak("push", file, f"oci:{tmp_path}/{size}:v1"),
                peak("copy", image, f"oci:{tmp_path}/copy-{size}:v1"), peak("copy", image, f"{image}-copy"),
                peak("pull", image, "-o", tmp_path / "out.wasm")]

    small, large = peaks(2_000_000), peaks(30_000_000)
    grown = [(b - a) / 1024 for a, b in zip(small, large)]
    assert max(grown) < (24 if sanitized else 8), f"MiB: {grown}"


# Peak memory in KiB of the one child.
PEAK = """
import os, sys
null = lambda fd: (os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_WRONLY, 0)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[null(1), null(2)])
_, status, usage = os.wait4(pid, 0)
assert status == 0
print(usage.ru_maxrss)
"""


def test_copy_of_a_large_blob_and_within_a_registry(wasmctl, registry, tmp_path):
    big = tmp_path / "big.wasm"
    big.write_bytes(module(os.urandom(3_000_000)))
    wasmctl("push", big, f"oci:{tmp_path}/layout:v1")
    wasmctl("copy", f"oci:{tmp_path}/layout:v1", f"{registry.host}/acme/one:v1")
    registry.requests()
    wasmctl("copy", f"{registry.host}/acme/one:v1", f"{registry.host}/acme/two")  # takes the tag, too
    asked = registry.requests()
    assert asked.count("POST /v2/acme/two/blobs/uploads/") == 2  # mounts
    assert not [r for r in asked if r.startswith(("PUT /v2/acme/two/blobs", "GET /v2/acme/one/blobs"))]
    wasmctl("pull", f"{registry.host}/acme/two:v1", "-o", tmp_path / "out.wasm")
    assert (tmp_path / "out.wasm").read_bytes() == big.read_bytes()


def test_tag_and_list(wasmctl, registry, wasm, tmp_path):
    for image in (f"{registry.host}/acme/tagged", f"oci:{tmp_path}/layout"):
        pinned = wasmctl("push", wasm, f"{image}:v1").stdout.strip()
        digest = pinned.split("@")[1]
        done = wasmctl("tag", f"{image}:v1", "v1.0", "latest")
        assert done.stdout == f"{image}:v1.0@{digest}\n{image}:latest@{digest}\n"
        assert wasmctl("list", image).stdout == "latest\nv1\nv1.0\n"
        assert json.loads(wasmctl("list", "--json", image).stdout) == ["latest", "v1", "v1.0"]


@pytest.mark.parametrize("image_format", ["image", "universal"])
def test_copy_by_digest_moves_no_tag(wasmctl, any_registry, tmp_path, image_format):
    source = f"{any_registry.host}/acme/digest-{image_format}"
    targets = [f"{any_registry.host}/acme/digest-{image_format}-copy", f"oci:{tmp_path}/layout"]
    old, new = tmp_path / "old.wasm", tmp_path / "new.wasm"
    old.write_bytes(module(b"old"))
    new.write_bytes(module(b"new"))
    digest = json.loads(wasmctl("push", "--json", "--format", image_format, new, f"{source}:v1").stdout)["digest"]
    for target in targets:
        before = wasmctl("push", old, target).stdout
        assert wasmctl("copy", f"{source}@{digest}", target).stdout == f"{target}@{digest}\n"
        assert wasmctl("list", target).stdout == "latest\n"
        for name, module_file in ((target, old), (before.strip(), old), (f"{target}@{digest}", new)):
            wasmctl("pull", name, "-o", tmp_path / "out.wasm")
            assert (tmp_path / "out.wasm").read_bytes() == module_file.read_bytes()
        # A tag in either name is one that somebody named.
        assert wasmctl("copy", f"{source}:v1@{digest}", target).stdout == f"{target}:v1@{digest}\n"
        assert wasmctl("copy", f"{source}@{digest}", f"{target}:v2").stdout == f"{target}:v2@{digest}\n"
        assert wasmctl("list", target).stdout == "latest\nv1\nv2\n"


def test_json_of_copy_and_tag_is_that_of_push(wasmctl, registry, wasm):
    image = f"{registry.host}/acme/json"
    pushed = json.loads(wasmctl("push", "--json", wasm, f"{image}:v1").stdout)
    del pushed["istioSha256"]  # for which copy and tag would have to read what an index lists
    copied = json.loads(wasmctl("copy", "--json", f"{image}:v1", f"{image}-copy:v2").stdout)
    assert copied == pushed | {"image": f"{image}-copy:v2@{pushed['digest']}"}
    tagged = json.loads(wasmctl("tag", "--json", f"{image}:v1", "v3", "v2").stdout)
    del pushed["image"]
    assert tagged == pushed | {"images": [f"{image}:v3@{pushed['digest']}", f"{image}:v2@{pushed['digest']}"]}


def test_list_reads_every_page(wasmctl, wasm, tmp_path):
    with docker_registry(tmp_path / "paged") as registry:
        wasmctl("push", wasm, f"{registry.host}/acme/a1:v1")
        for i in range(120):  # docker-registry's catalog has pages of 100
            wasmctl("copy", f"{registry.host}/acme/a1:v1", f"{registry.host}/acme/b{i:03}:v1")
        assert wasmctl("list", registry.host).stdout.split() == ["acme/a1"] + [f"acme/b{i:03}" for i in range(120)]


def test_login_push_logout(wasmctl, private_registry, wasm, tmp_path):
    host = private_registry.host
    env = docker_config(tmp_path / "docker", {"keep": {"this": 1}, "auths": {"other.example": {"auth": "eDp5"}}})
    file = tmp_path / "docker/config.json"
    done = wasmctl("login", host, "--username", USER, "--password-stdin", env=env, stdin=f"{PASSWORD}\n")
    assert (done.stdout, done.stderr) == ("", f"logged in to {host}: stored in {file}\n")
    config = json.loads(file.read_text())
    assert config["keep"] == {"this": 1} and set(config["auths"]) == {"other.example", host}
    wasmctl("push", wasm, f"{host}/acme/login:v1", env=env)
    skopeo("inspect", "--tls-verify=false", "--authfile", file, f"docker://{host}/acme/login:v1")
    assert wasmctl("logout", host, env=env).stderr == f"logged out of {host}: removed from {file}\n"
    assert json.loads(file.read_text()) == {"keep": {"this": 1}, "auths": {"other.example": {"auth": "eDp5"}}}
    assert wasmctl("logout", host, env=env).stderr == f"there was no login to {host}\n"
    wasmctl("push", wasm, f"{host}/acme/login:v1", env=env, status=10)


def test_login_makes_a_file_for_its_owner_alone(wasmctl, private_registry, tmp_path):
    env = {"DOCKER_CONFIG": str(tmp_path / "new")}
    wasmctl("login", private_registry.host, "-u", USER, "--password-stdin", env=env, stdin=PASSWORD)
    assert stat.S_IMODE((tmp_path / "new/config.json").stat().st_mode) == 0o600


def test_login_refused_is_not_stored(wasmctl, private_registry, tmp_path):
    env = {"DOCKER_CONFIG": str(tmp_path / "new")}
    done = wasmctl("login", private_registry.host, "-u", USER, "--password-stdin", env=env, stdin="wrong-secret",
                   status=10)
    assert done.stderr.startswith(f"error: cannot log in to {private_registry.host}: the registry answered 401")
    assert "wrong-secret" not in done.stderr
    assert not (tmp_path / "new").exists()


def test_login_with_a_helper(wasmctl, private_registry, wasm, tmp_path):
    directory = tmp_path / "docker"
    env = docker_config(directory, {"credsStore": "kit"}) | {"PATH": f"{directory}:{os.environ['PATH']}"}
    helper = directory / "docker-credential-kit"
    helper.write_text(f"""#!/bin/sh
case $1 in
  store) cat >{directory}/stored ;;
  get) cat >/dev/null; [ -f {directory}/stored ] && cat {directory}/stored && exit 0
       echo "credentials not found in native keychain"; exit 1 ;;
  erase) cat >{directory}/erased; rm {directory}/stored ;;
esac
""")
    helper.chmod(0o755)
    host = private_registry.host
    done = wasmctl("login", host, "-u", USER, "--password-stdin", env=env, stdin=PASSWORD)
    assert done.stderr == f"logged in to {host}: stored in docker-credential-kit\n"
    assert json.loads((directory / "stored").read_text()) == {"ServerURL": host, "Username": USER, "Secret": PASSWORD}
    wasmctl("push", wasm, f"{host}/acme/helper:v1", env=env)
    assert PASSWORD not in (directory / "config.json").read_text()
    assert wasmctl("logout", host, env=env).stderr == f"logged out of {host}: removed from docker-credential-kit\n"
    assert (directory / "erased").read_text() == host


def test_password_needs_a_user(wasmctl, private_registry):
    done = wasmctl("login", private_registry.host, "--password-stdin", stdin="x", status=2)
    assert done.stderr == "error: --password-stdin needs --username\n"


def test_token_by_password(wasmctl, tokens, wasm, tmp_path):
    registry, server = tokens
    env = docker_config(tmp_path / "docker", login_of(registry.host))
    server.asked.clear()
    done = wasmctl("-vv", "push", wasm, f"{registry.host}/acme/token:v1", env=env)
    # One token for the whole push, though two requests were refused at once.
    assert server.asked == [("GET", True, ["repository:acme/token:pull,push"])]
    assert PASSWORD not in done.stderr and "Bearer" not in done.stderr
    server.asked.clear()
    wasmctl("pull", f"{registry.host}/acme/token:v1", "-o", tmp_path / "out.wasm", env=env)
    assert server.asked == [("GET", True, ["repository:acme/token:pull"])]
    wasmctl("copy", f"{registry.host}/acme/token:v1", f"{registry.host}/acme/mounted:v1", env=env)


def test_token_by_identity_token(wasmctl, tokens, wasm, tmp_path):
    registry, server = tokens
    env = docker_config(tmp_path / "docker", {"auths": {registry.host: {"identitytoken": TokenServer.IDENTITY}}})
    server.asked.clear()
    wasmctl("push", wasm, f"{registry.host}/acme/identity:v1", env=env)
    assert server.asked == [("POST", True, ["repository:acme/identity:pull,push"])]


def test_token_for_nobody_in_particular(wasmctl, tokens, wasm, tmp_path):
    registry, server = tokens
    env = docker_config(tmp_path / "docker", login_of(registry.host))
    wasmctl("push", wasm, f"{registry.host}/acme/public:v1", env=env)
    server.anonymous_actions = ["pull"]
    try:
        wasmctl("pull", f"{registry.host}/acme/public:v1", "-o", tmp_path / "out.wasm")
        done = wasmctl("push", wasm, f"{registry.host}/acme/public:v2", status=10)
    finally:
        server.anonymous_actions = []
    assert done.stderr.splitlines() == [
        f"error: cannot push to {registry.host}/acme/public:v2: the registry answered 401 UNAUTHORIZED",
        "  caused by: authentication required",
        "  caused by: it was asked without a login, for the scope `repository:acme/public:pull,push`",
        f"hint: log in: `wasmctl login {registry.host}`"]


def test_wrong_login_is_shown_to_a_token_server_once(wasmctl, tokens, wasm, tmp_path):
    registry, server = tokens
    env = docker_config(tmp_path / "docker", {"auths": {registry.host: {"username": USER, "password": "wrong"}}})
    before = server.refused
    wasmctl("push", "--format", "universal", wasm, f"{registry.host}/acme/public:v3", env=env, status=10)
    assert server.refused - before == 1


def test_token_for_a_mount_serves_for_the_rest(wasmctl, tokens, wasm, tmp_path):
    registry, server = tokens
    env = docker_config(tmp_path / "docker", login_of(registry.host))
    wasmctl("push", wasm, f"{registry.host}/acme/mounted:v1", env=env)
    server.asked.clear()
    wasmctl("copy", f"{registry.host}/acme/mounted:v1", f"{registry.host}/acme/mounted-too:v1", env=env)
    assert [scopes for _, _, scopes in server.asked] == [
        ["repository:acme/mounted:pull"], ["repository:acme/mounted-too:pull,push", "repository:acme/mounted:pull"]]


def test_token_server_that_refuses(wasmctl, tokens, wasm, tmp_path):
    registry, server = tokens
    env = docker_config(tmp_path / "docker",
                        {"auths": {registry.host: {"username": USER, "password": "wrong-secret"}}})
    done = wasmctl("push", wasm, f"{registry.host}/acme/public:v2", env=env, status=10)
    realm = f"127.0.0.1:{server.server.server_address[1]}"
    lines = done.stderr.splitlines()
    assert lines[:2] == [f"error: no token from `{realm}`: it answered 401 UNAUTHORIZED",
                         "  caused by: wrong password"]
    assert lines[2].endswith(", for the scope `repository:acme/public:pull,push`")
    assert lines[3] == f"hint: log in: `wasmctl login {registry.host}`"
    assert "wrong-secret" not in done.stderr


def test_token_login(wasmctl, tokens, tmp_path):
    registry, _ = tokens
    env = {"DOCKER_CONFIG": str(tmp_path / "new")}
    done = wasmctl("login", registry.host, "-u", USER, "--password-stdin", env=env, stdin=PASSWORD)
    assert done.stderr == f"logged in to {registry.host}: stored in {tmp_path}/new/config.json\n"
    wasmctl("login", registry.host, "-u", USER, "--password-stdin", env=env, stdin="wrong", status=10)
