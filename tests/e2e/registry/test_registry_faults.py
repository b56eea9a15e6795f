"""A registry that fails in every way: wasmctl ends with the right result or one clear error, in
bounded time and memory, and never with a wrong module on disk."""

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import pty
import random
import re
import signal
import stat
import struct
import subprocess
import termios
import threading
import time
import urllib.parse
from email.utils import formatdate

import pytest
from conftest import WASMCTL
from faulty_registry import (ALWAYS, SECRET, FaultyRegistry, behind_tokens, digest_of, endless, layer, store_app,
                             store_index, store_many, times)
from modules import module


def check_pushed(wasmctl, registry, wasm, tmp_path):
    registry.fault = lambda *_: False
    wasmctl("pull", f"{registry.host}/acme/x1:v1", "-o", tmp_path / "check.wasm")
    assert (tmp_path / "check.wasm").read_bytes() == wasm.read_bytes()


@pytest.mark.parametrize("name,fault", [
    ("cut before the answer", times(2, lambda h: h.hang_up(), "PUT", "uploads")),
    ("cut at the manifest", times(2, lambda h: h.hang_up(), "PUT", "manifests")),
    ("session lost", times(1, lambda h: h.reply(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}'), "PUT", "uploads")),
    ("no single request", times(2, lambda h: h.reply(405), "POST", "digest=")),
])
def test_push_outlives(wasmctl, wasm, tmp_path, name, fault):
    with FaultyRegistry() as registry:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v0")  # now it is known to be there
        registry.blobs.clear()
        registry.fault = fault
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        check_pushed(wasmctl, registry, wasm, tmp_path)


def test_blob_that_arrived_but_was_not_answered_is_not_sent_again(wasmctl, wasm, tmp_path):
    with FaultyRegistry() as registry:
        def store_and_hang_up(handler):
            registry.blobs[handler.query["digest"]] = handler.body
            handler.hang_up()

        registry.fault = times(2, store_and_hang_up, "PUT", "uploads")
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        assert len([r for r in registry.asked if r.startswith("PUT /v2/acme/x1/blobs/")]) == 2
        check_pushed(wasmctl, registry, wasm, tmp_path)


def test_small_blobs_ride_on_the_post(wasmctl, wasm, tmp_path):
    with FaultyRegistry() as registry:
        def take_whole(handler, method, path):
            if method != "POST" or "digest" not in handler.query:
                return False
            registry.blobs[handler.query["digest"]] = handler.body
            handler.reply(201)
            return True

        registry.fault = take_whole
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        assert sorted(r.split()[0] for r in registry.asked) == ["POST", "POST", "PUT"]
        check_pushed(wasmctl, registry, wasm, tmp_path)


@pytest.mark.parametrize("name,fault,status,want", [
    ("other digest", times(ALWAYS, lambda h: h.reply(201, Docker_Content_Digest="sha256:" + "0" * 64), "PUT", "manifests"), 11, None),
    ("redirect loop", times(ALWAYS, lambda h: h.reply(307, Location=h.path)), 3,
     ["error: cannot push to {host}/acme/x1:v1: `{host}` redirects again and again"]),
    ("file Location", times(ALWAYS, lambda h: h.reply(202, Location="file:///etc/passwd"), "POST"), 3,
     ["error: cannot push to {host}/acme/x1:v1: `{host}` opened an upload, but does not say where"]),
    ("Location with a password", times(ALWAYS, lambda h: h.reply(202, Location="http://me:you@127.0.0.1/"), "POST"), 3,
     ["error: cannot push to {host}/acme/x1:v1: `{host}` opened an upload, but does not say where"]),
    ("realm that is no URL", times(ALWAYS, lambda h: h.reply(401, WWW_Authenticate='Bearer realm="file:///etc/passwd"')), 3,
     ["error: `{host}` wants a token, but its realm `file:///etc/passwd` is no URL"]),
    ("challenge that is garbage", times(ALWAYS, lambda h: h.reply(401, WWW_Authenticate='Bearer realm="')), 3,
     ["error: `{host}` wants a token, but its realm `` is no URL"]),
    ("challenge of an unknown scheme", times(ALWAYS, lambda h: h.reply(401, WWW_Authenticate="Negotiate")), 10,
     ["error: cannot push to {host}/acme/x1:v1: the registry answered 401",
      "  caused by: it wants a login by `negotiate`, which wasmctl does not speak",
      "hint: ask its owner for a login by password or token"]),
    ("endless headers", times(ALWAYS, lambda h: endless(h, b"X-A: " + b"b" * 1000 + b"\r\n", b"HTTP/1.1 202 OK\r\n")), 3, None),
    ("endless error page", times(ALWAYS, lambda h: endless(h, b"x" * 1000, b"HTTP/1.1 400 No\r\n\r\n")), 3,
     ["error: cannot push to {host}/acme/x1:v1: the registry answered 400", f"  caused by: {'x' * 300}..."]),
    ("endless answer", times(ALWAYS, lambda h: endless(h, b"x" * 1000, b"HTTP/1.1 202 OK\r\n\r\n")), 3,
     ["error: the answer of `{host}` is longer than 65536 bytes"]),
])
def test_push_gives_up(wasmctl, wasm, name, fault, status, want):
    with FaultyRegistry(fault) as registry:
        started = time.monotonic()
        done = wasmctl("push", wasm, f"{registry.host}/acme/x1:v1", status=status)
        assert time.monotonic() - started < 20
        assert done.stdout == ""
        if want is not None:
            assert done.stderr.splitlines() == [line.format(host=registry.host) for line in want]


@pytest.mark.parametrize("method,path", [("POST", "uploads"), ("PUT", "uploads"), ("GET", "/blobs/"), ("GET", "/manifests/")])
@pytest.mark.parametrize("pause", ["3600", "date"])
def test_pause_that_nobody_waits_for_ends_at_once(wasmctl, wasm, tmp_path, method, path, pause):
    with FaultyRegistry() as registry:
        image = f"{registry.host}/acme/x1:v1"
        wasmctl("push", wasm, image)
        registry.asked.clear()
        retry = formatdate(time.time() + 3600, usegmt=True) if pause == "date" else pause
        registry.fault = times(ALWAYS, lambda h: h.reply(429, Retry_After=retry), method, path)
        argv = ["pull", image, "-o", tmp_path / "out.wasm"] if method == "GET" else ["push", wasm, image]
        started = time.monotonic()
        done = wasmctl(*argv, status=9)
        assert time.monotonic() - started < 5
        assert "the registry answered 429" in done.stderr
        assert done.stderr.splitlines()[-1] == "hint: the registry limits the rate: try again in 60 minutes"
        assert len([line for line in registry.asked if line.startswith(method) and path in line]) <= 2


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    file = tmp_path_factory.mktemp("big") / "plugin.wasm"
    file.write_bytes(module(os.urandom(300_000)))
    return file


def cut_at(registry, position):
    """Sends the layer up to `position`, once, and hangs up."""
    def cut(handler):
        body = registry.blobs[layer(registry)]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:position])
        handler.wfile.flush()
        handler.hang_up()
    return cut


@pytest.mark.parametrize("ranges", ["kept", "ignored"])
def test_download_goes_on_after_a_cut_at_any_byte(wasmctl, big, tmp_path, ranges):
    with FaultyRegistry() as registry:
        wasmctl("push", big, f"{registry.host}/acme/x1:v1")
        size = len(registry.blobs[layer(registry)])
        for position in (0, 1, 1000, size // 2, size - 1):
            cut = times(1, cut_at(registry, position), "GET", layer(registry))

            def fault(handler, method, path):
                if ranges == "ignored":
                    del handler.headers["Range"]
                return cut(handler, method, path)

            registry.fault = fault
            wasmctl("pull", f"{registry.host}/acme/x1:v1", "-o", tmp_path / "out.wasm")
            assert (tmp_path / "out.wasm").read_bytes() == big.read_bytes()


def wrong_layer(change):
    def fault(handler, method, path):
        registry = handler.server.registry
        if method != "GET" or layer(registry) not in path:
            return False
        handler.reply(200, change(registry.blobs[layer(registry)]))
        return True
    return fault


@pytest.mark.parametrize("name,fault,status,want", [
    ("one bit", wrong_layer(lambda b: b[:-1] + bytes([b[-1] ^ 1])), 11, "was asked for, but the bytes are"),
    ("a byte less", wrong_layer(lambda b: b[:-1]), 11, "were promised"),
    ("a byte more", wrong_layer(lambda b: b + b"x"), 3, "is longer than"),
    ("nothing", wrong_layer(lambda b: b""), 11, "has 0 bytes"),
    ("gone", times(ALWAYS, lambda h: h.reply(404), "GET", "/blobs/"), 4, "the registry answered 404"),
    ("cut for ever", times(ALWAYS, lambda h: h.hang_up(), "GET", "/blobs/"), 9, "closed the connection"),
    ("redirect loop", times(ALWAYS, lambda h: h.reply(307, Location=h.path), "GET", "/blobs/"), 3, "redirects again and again"),
    ("redirect to a file", times(ALWAYS, lambda h: h.reply(307, Location="file:///etc/passwd"), "GET", "/blobs/"), 3, "redirects to nowhere"),
    ("manifest is a page", times(ALWAYS, lambda h: h.reply(200, b"<html>", Content_Type="text/html"), "GET", "/manifests/"), 3, "answered 200 with a web page"),
    ("manifest is a tower", times(ALWAYS, lambda h: h.reply(200, b"[" * 100_000), "GET", "/manifests/"), 3, "nested more than 32 deep"),
    ("endless manifest", times(ALWAYS, lambda h: endless(h, b" " * 1000, b"HTTP/1.1 200 OK\r\n\r\n"), "GET", "/manifests/"), 3, "is longer than 4194304 bytes"),
])
def test_wrong_content_never_becomes_a_file(wasmctl, big, tmp_path, name, fault, status, want):
    with FaultyRegistry() as registry:
        registry.server.registry = registry
        wasmctl("push", big, f"{registry.host}/acme/x1:v1")
        registry.fault = fault
        (tmp_path / "out.wasm").write_text("before")
        done = wasmctl("pull", f"{registry.host}/acme/x1:v1", "-o", tmp_path / "out.wasm", status=status)
        assert want in done.stderr.splitlines()[0]
        assert os.listdir(tmp_path) == ["out.wasm"] and (tmp_path / "out.wasm").read_text() == "before"


def test_credentials_go_to_no_other_host(wasmctl, wasm, tmp_path):
    (tmp_path / "docker").mkdir()
    with FaultyRegistry() as storage, FaultyRegistry() as registry:
        config = {"auths": {registry.host: {"username": "me", "password": "s3cret"}}}
        (tmp_path / "docker/config.json").write_text(json.dumps(config))
        env = {"DOCKER_CONFIG": str(tmp_path / "docker")}

        def elsewhere(handler, method, path):
            if handler.headers.get("Authorization") is None:
                handler.reply(401, WWW_Authenticate='Basic realm="kit"')
            elif method == "POST":
                session = str(next(storage.sessions))
                storage.uploads[session] = b""
                handler.reply(202, Location=f"http://{storage.host}/v2/acme/x1/blobs/uploads/{session}?state=x")
            elif method == "GET" and "/blobs/" in path:
                handler.reply(307, Location=f"http://{storage.host}{path}")
            else:
                return False
            return True

        registry.fault = elsewhere
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1", env=env)
        wasmctl("pull", f"{registry.host}/acme/x1:v1", "-o", tmp_path / "out.wasm", env=env)
        assert (tmp_path / "out.wasm").read_bytes() == wasm.read_bytes()
        assert set(storage.authorizations) == {None}
        assert any(registry.authorizations)


@pytest.mark.parametrize("page", [1_000, 1_000_000])
def test_page_of_a_redirect_is_no_part_of_the_blob(wasmctl, wasm, tmp_path, page):
    with FaultyRegistry() as registry:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")

        def fault(handler, method, path):
            if method != "GET" or "/blobs/" not in path or "again" in handler.query:
                return False
            handler.reply(307, b"x" * page, Location=f"{path}?again=1")
            return True

        registry.fault = fault
        wasmctl("pull", f"{registry.host}/acme/x1:v1", "-o", tmp_path / "out.wasm")
        assert (tmp_path / "out.wasm").read_bytes() == wasm.read_bytes()


def test_token_of_a_mount_is_for_both_repositories(wasmctl, wasm):
    with behind_tokens(scope=lambda h: "repository:acme/x2:push,pull") as (registry, tokens):
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        tokens.scopes.clear()
        wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{registry.host}/acme/x2:v1")
        assert ["repository:acme/x2:pull,push", "repository:acme/x1:pull"] in tokens.scopes


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_mount_that_the_token_server_refuses_is_no_obstacle(wasmctl, wasm, status):
    def one_scope(handler, method, path):
        scopes = [key for key, _ in urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query)].count("scope")
        return scopes > 1 and (handler.reply(status) or True)

    with behind_tokens(one_scope) as (registry, tokens):
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{registry.host}/acme/x2:v2")
        assert registry.manifests["v2"] == registry.manifests["v1"]


def test_token_that_is_good_for_one_of_two_repositories(wasmctl, wasm):
    with behind_tokens() as (registry, tokens):
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")

        def give_first(handler, method, path):
            handler.reply(200, json.dumps({"token": handler.query["scope"]}).encode())

        def want_its_own(handler, method, path):
            name = path.split("/")[3]
            if (handler.headers.get("Authorization") or "").startswith(f"Bearer repository:acme/{name}:"):
                return method == "POST" and "mount" in handler.query and (handler.reply(403) or True)
            handler.reply(401, WWW_Authenticate=f'Bearer realm="http://{tokens.host}/token",service="s"')
            return True

        tokens.answer, registry.fault = give_first, want_its_own
        wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{registry.host}/acme/x2:v2")
        assert registry.manifests["v2"] == registry.manifests["v1"]


def test_target_that_the_token_server_refuses_is_an_error(wasmctl, wasm):
    def not_x2(handler, method, path):
        return "x2" in handler.path and (handler.reply(403) or True)

    with behind_tokens(not_x2) as (registry, tokens):
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        done = wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{registry.host}/acme/x2:v2", status=10)
        assert done.stderr.startswith(f"error: no token from `{tokens.host}`: it answered 403\n")


@pytest.mark.parametrize("origin", ["https://{host}", "http://other.invalid", ""])
def test_next_page_is_asked_of_the_registry_itself(wasmctl, origin):
    with FaultyRegistry() as registry:
        def fault(handler, method, path):
            last = handler.query.get("last")
            here = origin.format(host=registry.host) + path
            links = {None: f'<{here}>; rel="first", <{here}?last=a>; rel="next"',
                     "a": f'<{here}?last=b>; rel="next"',
                     "b": f'<{here}>; rel="first"'}
            handler.reply(200, json.dumps({"name": "acme/x1", "tags": [{None: "a", "a": "b", "b": "c"}[last]]}).encode(),
                          Link=links[last])
            return True

        registry.fault = fault
        assert wasmctl("list", f"{registry.host}/acme/x1").stdout.split() == ["a", "b", "c"]


@pytest.mark.parametrize("body,want", [
    (b'{"name":"acme/x1","tags":null}', None),
    (b'{"name":"acme/x1"}', None),
    (b'{"tags":[]}', None),
    (b'{}', "has no list `tags`"),
    (b'[]', "has no list `tags`"),
    (b'{"name":"acme/x1","tags":"v1"}', "has no list `tags`"),
    (b'', "is no JSON"),
])
def test_list_that_is_empty_or_none(wasmctl, body, want):
    with FaultyRegistry(lambda h, m, p: h.reply(200, body) or True) as registry:
        done = wasmctl("list", f"{registry.host}/acme/x1", status=3 if want else 0)
        assert done.stdout == ""
        assert (want or "") in done.stderr and bool(want) == bool(done.stderr)


@pytest.mark.parametrize("served", ["application/json", "text/plain; charset=utf-8", None])
@pytest.mark.parametrize("image_format,own", [("image", "kept"), ("docker", "kept"), ("universal", "kept"),
                                              ("image", "left out"), ("universal", "left out")])
def test_manifest_of_no_type_is_copied_as_what_it_is(wasmctl, wasm, tmp_path, served, image_format, own):
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        wasmctl("push", "--format", image_format, wasm, f"{registry.host}/acme/x1:v1")
        body, media_type = registry.manifests["v1"]
        if own == "left out":
            document = json.loads(body)
            del document["mediaType"]
            body = json.dumps(document).encode()
            registry.manifests["v1"] = (body, media_type)

        def fault(handler, method, path):
            if "/manifests/" not in path:
                return False
            content = registry.manifests[path.rpartition("/")[2]][0]
            handler.reply(200, content, **({"Content_Type": served} if served else {}))
            return True

        registry.fault = fault
        wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{target.host}/acme/x1:v1")
        assert target.manifests["v1"] == (body, media_type)
        wasmctl("copy", f"{registry.host}/acme/x1:v1", f"oci:{tmp_path}/layout:v1")
        (entry,) = json.loads((tmp_path / "layout/index.json").read_text())["manifests"]
        assert entry["mediaType"] == media_type


def test_manifest_type_that_would_be_another_header(wasmctl, wasm):
    evil = json.dumps({"schemaVersion": 2, "mediaType": "a\r\nX-Evil: 1", "config": {}, "layers": []}).encode()
    with FaultyRegistry(times(ALWAYS, lambda h: h.reply(200, evil), "GET", "/manifests/")) as registry:
        done = wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{registry.host}/acme/x2:v1", status=3)
        assert "which is not an image manifest or index" in done.stderr and not registry.manifests


def test_copy_of_an_index_asks_for_each_manifest_once(wasmctl, wasm, tmp_path):
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        store_index(registry, "inner", ["v1"] * 300)
        store_index(registry, "middle", ["inner"] * 300 + ["v1"])
        store_index(registry, "outer", ["v1", "middle", "inner"] * 100)
        digests = {tag: "sha256:" + hashlib.sha256(registry.manifests[tag][0]).hexdigest()
                   for tag in ("v1", "inner", "middle", "outer")}
        registry.asked.clear()
        wasmctl("copy", f"{registry.host}/acme/x1:outer", f"{target.host}/acme/x1:outer")
        assert len([line for line in registry.asked if "/manifests/" in line]) == 4
        # What is listed comes before what lists it.
        assert [line.rpartition("/")[2] for line in target.asked if line.startswith("PUT") and "/manifests/" in line] == [
            digests["v1"], digests["inner"], digests["middle"], "outer"]
        wasmctl("copy", f"{registry.host}/acme/x1:outer", f"oci:{tmp_path}/layout:v1")
        wasmctl("copy", f"oci:{tmp_path}/layout:v1", f"{target.host}/acme/x2:v1")
        assert target.manifests["v1"] == registry.manifests["outer"]


def test_copy_of_an_index_of_too_many_manifests(wasmctl, wasm):
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        store_many(registry, 1001)
        registry.asked.clear()
        done = wasmctl("copy", f"{registry.host}/acme/x1:many", f"{target.host}/acme/x1:v1", status=3)
        assert done.stderr.splitlines() == [
            f"error: {registry.host}/acme/x1:many lists more than 1000 manifests",
            "hint: copy those that you need one by one, by their digests"]
        assert len(registry.asked) == 1 and target.asked == []


def test_copy_asks_for_manifests_side_by_side(wasmctl, wasm):
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        store_many(registry, 4)
        waiting = {server: threading.Barrier(4) for server in (registry, target)}

        def together(server):
            return lambda h, m, p: bool("/manifests/sha256:" in p and waiting[server].wait(10) < 0)

        registry.fault, target.fault = together(registry), together(target)
        wasmctl("copy", f"{registry.host}/acme/x1:many", f"{target.host}/acme/x1:many")
        assert target.manifests["many"] == registry.manifests["many"]


def test_module_of_an_index_is_found_wherever_it_is(wasmctl, wasm, tmp_path):
    with FaultyRegistry() as registry:
        wasmctl("push", "--format", "wasm", wasm, f"{registry.host}/acme/x1:wasm")
        store_app(registry, "app")
        registry.manifests["gone"] = (b"{}", registry.manifests["app"][1])
        store_index(registry, "both", ["app", "wasm"], ["linux/amd64", "wasip1/wasm"])
        store_index(registry, "elsewhere", ["app", "wasm"], ["linux/arm64", "linux/s390x"])
        store_index(registry, "nested", ["app", "both"])
        store_index(registry, "incomplete", ["gone", "wasm"], ["linux/amd64", "wasip1/wasm"])
        for tag in ("both", "elsewhere", "nested", "incomplete"):
            done = wasmctl("pull", "--json", f"{registry.host}/acme/x1:{tag}", "-o", tmp_path / "out.wasm")
            assert (tmp_path / "out.wasm").read_bytes() == wasm.read_bytes()
            assert json.loads(done.stdout)["digest"] == digest_of(registry, "wasm")
        # A ConfigMap takes it from there, too.
        done = wasmctl("render", "--via", "configmap", "--selector", "app=a", "--workload", "deployment/a",
                       f"{registry.host}/acme/x1:both")
        assert "kind: ConfigMap" in done.stdout

        store_index(registry, "none", ["app", "app", "gone"], ["linux/amd64", "linux/arm64", "linux/s390x"])
        store_index(registry, "deep", ["none"])
        for tag in ("none", "deep"):
            done = wasmctl("pull", f"{registry.host}/acme/x1:{tag}", "-o", tmp_path / "no.wasm", status=3)
            assert done.stderr.splitlines() == [
                f"error: {registry.host}/acme/x1:{tag} is an index, and no image that it lists holds a Wasm module",
                f"  caused by: {registry.host}/acme/x1:{tag}@{digest_of(registry, 'app')}: the image holds no file `plugin.wasm`",
                f"hint: see what it lists: `wasmctl inspect {registry.host}/acme/x1:{tag}`"]
        assert not (tmp_path / "no.wasm").exists()


def test_index_that_is_listed_as_a_manifest(wasmctl, wasm):
    with FaultyRegistry() as registry:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        store_index(registry, "inner", ["v1"])
        store_index(registry, "outer", ["inner"])
        body, media_type = registry.manifests["outer"]
        manifest_type = registry.manifests["v1"][1]
        document = json.loads(body)
        document["manifests"][0]["mediaType"] = manifest_type
        registry.manifests["outer"] = (json.dumps(document).encode(), media_type)
        done = wasmctl("render", f"{registry.host}/acme/x1:outer", status=6)
        inner, image = digest_of(registry, "inner"), f"{registry.host}/acme/x1:outer"
        assert done.stderr.splitlines()[0] == (
            f"error: {image} is not an image for Istio: the index's manifest for linux/amd64, {inner}, cannot be read: "
            f"{image}@{inner} is an index, though it is listed as a manifest")


def test_inspect_says_what_of_an_index_could_not_be_read(wasmctl, wasm):
    with FaultyRegistry() as registry:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        store_app(registry, "gone")
        store_index(registry, "inner", ["v1"])
        store_index(registry, "outer", ["gone", "inner", "v1"], ["linux/arm64", "any/any", "linux/amd64"])
        gone, inner = digest_of(registry, "gone"), digest_of(registry, "inner")
        sizes = [len(registry.manifests[tag][0]) for tag in ("gone", "inner")]
        del registry.manifests[gone]
        lines = wasmctl("inspect", f"{registry.host}/acme/x1:outer").stdout.splitlines()
        assert [line for line in lines if line.startswith("  not read")] == [
            f"  not read     {gone}, {sizes[0]} bytes, application/vnd.oci.image.manifest.v1+json for linux/arm64: not there",
            f"  not read     {inner}, {sizes[1]} bytes, application/vnd.oci.image.index.v1+json for any/any: an index"]
        assert "  loads in     Istio" in lines
        unread = json.loads(wasmctl("inspect", "--json", f"{registry.host}/acme/x1:outer").stdout)["image"]["unread"]
        assert [(u["descriptor"]["digest"], u["reason"]) for u in unread] == [(gone, "not there"), (inner, "an index")]


def test_list_of_referrers_keeps_what_other_tools_wrote(wasmctl, wasm):
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        body, media_type = registry.manifests["v1"]
        digest = digest_of(registry, "v1")
        subject = {"mediaType": media_type, "digest": digest, "size": len(body)}
        registry.manifests["about"] = (json.dumps(json.loads(body) | {"subject": subject}).encode(), media_type)
        theirs = subject | {"digest": "sha256:" + hashlib.sha256(b"{}").hexdigest(), "size": 2, "data": "e30=",
                            "x-theirs": 1}
        target.manifests[digest.replace(":", "-")] = (json.dumps(
            {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [theirs],
             "x-theirs": [1]}).encode(), "application/vnd.oci.image.index.v1+json")
        for _ in range(2):
            wasmctl("copy", f"{registry.host}/acme/x1:about", f"{target.host}/acme/x1:about")
            kept = json.loads(target.manifests[digest.replace(":", "-")][0])
            assert kept["x-theirs"] == [1] and kept["manifests"][0] == theirs
            assert [entry["digest"] for entry in kept["manifests"]][1:] == [digest_of(registry, "about")]


@pytest.mark.parametrize("status,body", [(404, b""), (405, b""), (501, b""),
                                         (400, b'{"errors":[{"code":"UNSUPPORTED"}]}')])
def test_referrers_by_tag_where_the_endpoint_is_not_known(wasmctl, wasm, status, body):
    with FaultyRegistry() as registry:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        store_index(registry, digest_of(registry, "v1").replace(":", "-"), ["v1"])
        registry.fault = times(1, lambda h: h.reply(status, body), "GET", "/referrers/")
        done = wasmctl("list", "--referrers", f"{registry.host}/acme/x1:v1")
        assert done.stdout == f"{digest_of(registry, 'v1')}  application/vnd.oci.image.manifest.v1+json\n"


def test_refusal_of_the_store_that_a_registry_redirects_to(wasmctl, wasm, tmp_path):
    with FaultyRegistry(lambda h, m, p: h.reply(403, b"<Error><Message>Request has expired</Message></Error>") or True) as store:
        with FaultyRegistry() as registry:
            wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
            registry.fault = times(ALWAYS, lambda h: h.reply(307, Location=f"http://{store.host}{h.path}"), "GET", "/blobs/")
            done = wasmctl("pull", f"{registry.host}/acme/x1:v1", "-o", tmp_path / "out.wasm", status=10)
            blob = layer(registry)
            assert done.stderr.splitlines() == [
                f"error: cannot read {blob} of {registry.host}/acme/x1: `{store.host}` answered 403",
                "  caused by: Request has expired",
                f"  caused by: `{registry.host}` redirects there",
                "hint: try again, for such addresses are good for a short time; and see that a proxy or firewall lets "
                "this machine reach it"]


def test_copy_of_an_index_lists_every_referrer(wasmctl, wasm):
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        body, media_type = registry.manifests["v1"]
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        document = json.loads(body) | {"subject": {"mediaType": media_type, "digest": digest, "size": len(body)}}
        registry.manifests["v1"] = (json.dumps(document).encode(), media_type)
        store_many(registry, 20)
        wasmctl("copy", f"{registry.host}/acme/x1:many", f"{target.host}/acme/x1:many")
        assert len(json.loads(target.manifests[digest.replace(":", "-")][0])["manifests"]) == 20


def layer_in_pieces(registry, size, between):
    """Sends the layer in pieces of at most `size` bytes, and calls `between()` from one to the next."""
    def fault(handler, method, path):
        if method != "GET" or layer(registry) not in path:
            return False
        body = registry.blobs[layer(registry)]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for start in range(0, len(body), size):
            if start:
                between()
            handler.wfile.write(body[start:start + size])
            handler.wfile.flush()
        return True
    return fault


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_copy_sends_what_still_arrives(wasmctl, big):
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        wasmctl("push", big, f"{registry.host}/acme/x1:v1")
        begun = lambda: len([line for line in target.asked if line.startswith("POST")]) == 2  # config and layer
        registry.fault = layer_in_pieces(registry, big.stat().st_size // 2, lambda: wait_for(begun))
        wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{target.host}/acme/x1:v1")
        assert target.manifests["v1"] == registry.manifests["v1"] and target.blobs == registry.blobs


def test_copy_that_is_refused_does_not_wait_for_what_arrives(wasmctl, big):
    with FaultyRegistry() as registry, FaultyRegistry(times(ALWAYS, lambda h: h.reply(403), "POST")) as target:
        wasmctl("push", big, f"{registry.host}/acme/x1:v1")
        registry.fault = layer_in_pieces(registry, big.stat().st_size // 2, lambda: time.sleep(30))
        start = time.monotonic()
        done = wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{target.host}/acme/x1:v1", status=10)
        assert done.stderr.startswith(f"error: cannot push to {target.host}/acme/x1:v1: the registry answered 403\n")
        assert time.monotonic() - start < 20


@pytest.mark.parametrize("name,fault,status,want", [
    ("one bit", lambda body: body[:-1] + bytes([body[-1] ^ 1]), 11, "was asked for, but the bytes are"),
    ("half of it", lambda body: body[:len(body) // 2], 11, "were promised"),
])
def test_copy_of_a_wrong_blob_stores_nothing(wasmctl, big, name, fault, status, want):
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        registry.server.registry = registry
        wasmctl("push", big, f"{registry.host}/acme/x1:v1")
        registry.fault = wrong_layer(fault)
        done = wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{target.host}/acme/x1:v1", status=status)
        assert want in done.stderr.splitlines()[0]
        assert layer(registry) not in target.blobs and target.manifests == {}


def test_redirect_of_a_push_that_keeps_the_method_is_followed(wasmctl, big, tmp_path):
    with FaultyRegistry() as registry:
        with FaultyRegistry(lambda h, m, p: h.reply(307, Location=f"http://{registry.host}{h.path}") or True) as front:
            wasmctl("push", big, f"{front.host}/acme/x1:v1")
            check_pushed(wasmctl, registry, big, tmp_path)


def test_redirect_of_a_push_that_is_not_followed_names_the_place(wasmctl, wasm):
    with FaultyRegistry(lambda h, m, p: h.reply(301, Location=f"https://{h.headers['Host']}/v2/moved/") or True) as front:
        done = wasmctl("push", "--plain-http", wasm, f"{front.host}/acme/x1:v1", status=3)
        assert done.stderr.splitlines() == [
            f"error: cannot push to {front.host}/acme/x1:v1: the registry answered 301",
            f"  caused by: it redirects to `https://{front.host}/v2/moved/`",
            "hint: it speaks TLS: leave --plain-http out"]


def test_store_that_a_registry_redirects_to_is_gone(wasmctl, wasm, tmp_path):
    with FaultyRegistry() as registry:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        registry.fault = times(ALWAYS, lambda h: h.reply(307, Location="http://127.0.0.1:1/blob"), "GET", "/blobs/")
        done = wasmctl("pull", f"{registry.host}/acme/x1:v1", "-o", tmp_path / "out.wasm", status=9)
        assert done.stderr.splitlines() == [
            "error: cannot connect to `127.0.0.1:1`",
            "  caused by: Connection refused",
            f"  caused by: `{registry.host}` redirects there",
            "hint: see that a proxy or firewall lets this machine reach it"]


def test_list_without_end_is_an_error(wasmctl):
    pages = itertools.count(1)

    def page(handler, method, path):
        number = next(pages)
        handler.reply(200, json.dumps({"name": "acme/x1", "tags": [f"v{number}"]}).encode(),
                      Link=f'</v2/acme/x1/tags/list?last=v{number}>; rel="next"')
        return True

    with FaultyRegistry(page) as registry:
        done = wasmctl("list", f"{registry.host}/acme/x1", status=3)
        assert done.stderr == (f"error: cannot read {registry.host}/acme/x1: the list has no end: more than 1000 pages or "
                               "64 MiB\n")


@pytest.mark.parametrize("kind", ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                                  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"])
def test_copy_leaves_foreign_layers_where_they_are(wasmctl, wasm, kind):
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        body, media_type = registry.manifests["v1"]
        document = json.loads(body)
        document["layers"].insert(0, {"mediaType": kind, "digest": "sha256:" + "1" * 64, "size": 9,
                                      "urls": ["https://foreign.invalid/layer"]})
        registry.manifests["v1"] = (json.dumps(document).encode(), media_type)
        wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{target.host}/acme/x1:v1")
        assert target.manifests["v1"] == registry.manifests["v1"] and len(target.blobs) == 2


def test_copy_to_another_digest(wasmctl, wasm, tmp_path):
    wrong = "sha256:" + "0" * 64
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        digest = "sha256:" + hashlib.sha256(registry.manifests["v1"][0]).hexdigest()
        for to in (f"{target.host}/acme/x1:v1@", f"{target.host}/acme/x1@", f"oci:{tmp_path}/layout@"):
            done = wasmctl("copy", f"{registry.host}/acme/x1:v1", to + wrong, status=11)
            assert done.stderr.splitlines() == [
                f"error: {registry.host}/acme/x1:v1 has another digest: {digest}", "hint: leave the digest out of TARGET"]
        assert target.asked == [] and not (tmp_path / "layout").exists()
        wasmctl("copy", f"{registry.host}/acme/x1:v1", f"{target.host}/acme/x1:v1@{digest}")


def test_warning_of_the_registry_is_shown_once(wasmctl, wasm):
    with FaultyRegistry() as registry:
        plain = registry.answer

        def warn(handler, method, path):
            reply = handler.reply
            handler.reply = lambda status, body=b"", **headers: reply(
                status, body, Warning='299 - "this \x1b[31mregistry closes"', **headers)
            plain(handler, method, path)
            return True

        registry.fault = warn
        done = wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        assert done.stderr == f"warning: `{registry.host}` says: this \\x1b[31mregistry closes\n"


def patches(registry):
    return [line for line in registry.asked if line.startswith("PATCH")]


def test_chunks_when_asked(wasmctl, big, tmp_path):
    with FaultyRegistry() as registry:
        wasmctl("push", "--chunk-size", "64KB", "--format", "wasm", big, f"{registry.host}/acme/x1:v1")
        assert len(patches(registry)) == -(-big.stat().st_size // 65536) + 1  # and the config's
        check_pushed(wasmctl, registry, big, tmp_path)


def test_chunks_of_a_small_blob_when_asked(wasmctl, tmp_path):
    wasm = tmp_path / "small.wasm"
    wasm.write_bytes(module(os.urandom(30_000)))
    with FaultyRegistry() as registry:
        sizes = []
        registry.fault = lambda h, m, p: "/blobs/" in p and sizes.append(len(h.body))
        wasmctl("push", "--chunk-size", "10KB", "--format", "wasm", wasm, f"{registry.host}/acme/x1:v1")
        assert max(sizes) == 10 * 1024
        check_pushed(wasmctl, registry, wasm, tmp_path)


def test_chunks_that_are_too_large_and_may_not_be_smaller(wasmctl, big):
    with FaultyRegistry() as registry:
        def fault(handler, method, path):
            if method == "POST" and "digest" not in handler.query:
                handler.reply(202, Location="/v2/acme/x1/blobs/uploads/1", OCI_Chunk_Min_Length="250000")
            elif len(handler.body) > 100_000:
                handler.reply(413)
            else:
                return False
            return True

        registry.fault = fault
        done = wasmctl("push", "--format", "wasm", big, f"{registry.host}/acme/x1:v1", status=3)
        assert "the registry answered 413" in done.stderr


@pytest.mark.parametrize("limit,size", [(100_000, 300_000), (70_000, 100_000)])
def test_chunks_after_413(wasmctl, tmp_path, limit, size):
    big = tmp_path / "big.wasm"
    big.write_bytes(module(os.urandom(size)))
    with FaultyRegistry() as registry:
        largest = []

        def fault(handler, method, path):
            largest.append(len(handler.body))
            if len(handler.body) <= limit:
                return False
            handler.reply(413, b"<html>", Content_Type="text/html")
            return True

        registry.fault = fault
        wasmctl("push", big, f"{registry.host}/acme/x1:v1")
        assert len(patches(registry)) > 1
        check_pushed(wasmctl, registry, big, tmp_path)


def stored(handler, count=None):
    """The body, or its first bytes, are in the registry's upload; the answer never comes."""
    registry = handler.server.registry
    session = urllib.parse.urlsplit(handler.path).path.rpartition("/")[2]
    registry.uploads[session] += handler.body[:count]
    handler.hang_up()


def test_patch_that_was_stored_but_never_answered(wasmctl, big, tmp_path):
    with FaultyRegistry() as registry:
        registry.server.registry = registry
        wasmctl("push", big, f"{registry.host}/acme/x1:v0")
        registry.blobs.clear()
        for count in (0, 1000, 65536):
            registry.blobs.clear()
            registry.asked.clear()
            registry.fault = times(1, lambda h: stored(h, count), "PATCH")
            wasmctl("push", "--chunk-size", "64KB", "--format", "wasm", big, f"{registry.host}/acme/x1:v1")
            check_pushed(wasmctl, registry, big, tmp_path)


def test_put_that_was_cut_goes_on_where_the_registry_knows_how_far_it_came(wasmctl, big, tmp_path):
    with FaultyRegistry() as registry:
        registry.server.registry = registry
        wasmctl("push", big, f"{registry.host}/acme/x1:v0")
        for count in (0, 1, 100_000):
            registry.blobs.clear()
            registry.asked.clear()

            def cut(handler, method, path, left=[1]):
                if method == "PUT" and len(handler.body) > 200_000 and left[0]:
                    left[0] = 0
                    stored(handler, count)
                    return True
                return False

            registry.fault = cut
            wasmctl("push", big, f"{registry.host}/acme/x1:v1")
            assert len(patches(registry)) == (1 if count > 1 else 0)
            check_pushed(wasmctl, registry, big, tmp_path)


@pytest.fixture(scope="module")
def huge(tmp_path_factory):
    """Large enough for its upload to be remembered."""
    file = tmp_path_factory.mktemp("huge") / "plugin.wasm"
    file.write_bytes(module(os.urandom(6_000_000)))
    return file


def kill_at_patch(registry, argv, env, number):
    """Runs wasmctl until that many chunks of the large blob have been answered."""
    seen = threading.Event()
    chunks = itertools.count()

    def fault(handler, method, path):
        if method == "PATCH" and len(handler.body) == 1 << 20 and next(chunks) == number:
            seen.set()
            time.sleep(30)
            return True
        return False

    registry.fault = fault
    process = subprocess.Popen([WASMCTL, *map(str, argv)], env=env, stdout=subprocess.DEVNULL)
    assert seen.wait(30)
    process.kill()
    process.wait()
    registry.fault = lambda *_: False


@pytest.mark.parametrize("meantime", ["kept", "lost", "other bytes"])
def test_next_run_goes_on_with_an_upload_that_was_killed(wasmctl, clean_env, huge, tmp_path, meantime):
    cache = tmp_path / "cache"
    env = {"XDG_CACHE_HOME": str(cache)}
    with FaultyRegistry() as registry:
        argv = ["push", "--chunk-size", "1MB", "--format", "wasm", huge, f"{registry.host}/acme/x1:v1"]
        kill_at_patch(registry, argv, clean_env | env, 3)
        (record,) = (cache / "wasmctl/uploads").iterdir()
        assert stat.S_IMODE(record.stat().st_mode) == 0o600 and SECRET in record.read_text()
        if meantime == "lost":
            registry.uploads.clear()
        if meantime == "other bytes":
            registry.uploads = {k: bytes(len(v)) for k, v in registry.uploads.items()}
        registry.asked.clear()
        done = wasmctl("-vv", *argv, env=env)
        assert SECRET not in done.stderr
        # Of 6 MB in chunks of 1 MiB three were there; the config is one more.
        assert len(patches(registry)) - 1 == {"kept": 3, "lost": 6, "other bytes": 3 + 6}[meantime]
        check_pushed(wasmctl, registry, huge, tmp_path)
        assert list((cache / "wasmctl/uploads").iterdir()) == []


@pytest.mark.parametrize("gone", ["refused", "unknown name", "redirect to nowhere"])
def test_next_run_begins_anew_where_the_host_of_the_upload_is_gone(wasmctl, clean_env, huge, tmp_path, gone):
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with FaultyRegistry() as registry, FaultyRegistry(lambda h, m, p: h.reply(307) or True) as lost:
        argv = ["push", "--chunk-size", "1MB", "--format", "wasm", huge, f"{registry.host}/acme/x1:v1"]
        kill_at_patch(registry, argv, clean_env | env, 3)
        (record,) = (tmp_path / "cache/wasmctl/uploads").iterdir()
        host = {"refused": "127.0.0.1:1", "unknown name": "storage.invalid", "redirect to nowhere": lost.host}[gone]
        record.write_text(record.read_text().replace(registry.host, host))
        wasmctl(*argv, env=env)
        check_pushed(wasmctl, registry, huge, tmp_path)
        assert list((tmp_path / "cache/wasmctl/uploads").iterdir()) == []


def test_next_run_on_docker_registry(wasmctl, clean_env, registry, huge, tmp_path):
    """Which gives up an upload that broke within a request: the next run begins a new one."""
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    argv = ["push", "--chunk-size", "64KB", huge, f"{registry.host}/acme/resumed:v1"]
    for seconds in (0.15, 0.2, 0.3):
        process = subprocess.Popen([WASMCTL, *map(str, argv)], env=clean_env | env, stdout=subprocess.DEVNULL)
        time.sleep(seconds)
        process.kill()
        process.wait()
    wasmctl(*argv, env=env)
    wasmctl("pull", argv[-1], "-o", tmp_path / "out.wasm")
    assert (tmp_path / "out.wasm").read_bytes() == huge.read_bytes()


def kill_often(argv, env, target, rounds=15):
    """Runs wasmctl again and again, and kills it later each time: the last time when it is nearly done,
    as a run with something else in place of `target` tells."""
    elsewhere = f"{target.rpartition(':')[0]}-elsewhere:v1" if ":" in str(target) else f"{target}-elsewhere"
    start = time.monotonic()
    subprocess.run([WASMCTL, *(elsewhere if a == target else str(a) for a in argv)], env=env, check=True,
                   stdout=subprocess.DEVNULL)
    whole = time.monotonic() - start
    for i in range(rounds):
        process = subprocess.Popen([WASMCTL, *map(str, argv)], env=env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(whole * (i + random.random()) / rounds)
        except subprocess.TimeoutExpired:
            process.send_signal(random.choice([signal.SIGINT, signal.SIGTERM, signal.SIGKILL]))
            process.wait()
        yield


def check_layout(directory):
    """What is there of it is whole."""
    files = [f for f in directory.rglob("*") if f.is_file()]
    names = {str(f.relative_to(directory)) for f in files}
    for file in files:
        if file.parent.name == "sha256":
            assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name
        else:
            # Killed between link(2) and rename(2), it leaves the new index beside the old one.
            assert re.fullmatch(r"oci-layout|index\.json(\.[0-9a-f]{8})?", file.name), names
            json.loads(file.read_text())
    if (directory / "index.json").exists():
        for entry in json.loads((directory / "index.json").read_text())["manifests"]:
            manifest = json.loads((directory / "blobs/sha256" / entry["digest"][7:]).read_text())
            for blob in [manifest["config"], *manifest["layers"]]:
                assert (directory / "blobs/sha256" / blob["digest"][7:]).stat().st_size == blob["size"]


@pytest.mark.parametrize("command", ["push", "copy"])
def test_killed_at_any_moment_a_layout_is_valid(wasmctl, clean_env, huge, tmp_path, command):
    target = f"oci:{tmp_path}/layout:v1"
    argv = ["push", huge, target]
    if command == "copy":
        wasmctl("push", huge, f"oci:{tmp_path}/source:v1")
        argv = ["copy", f"oci:{tmp_path}/source:v1", target]
    (tmp_path / "tmp").mkdir()
    env = clean_env | {"TMPDIR": str(tmp_path / "tmp")}
    for _ in kill_often(argv, env, target):
        if (tmp_path / "layout").exists():
            check_layout(tmp_path / "layout")
        assert os.listdir(tmp_path / "tmp") == []
    wasmctl(*argv)
    check_layout(tmp_path / "layout")
    wasmctl("pull", target, "-o", tmp_path / "out.wasm")
    assert (tmp_path / "out.wasm").read_bytes() == huge.read_bytes()


@pytest.mark.parametrize("image_format", ["image", "artifact"])
def test_killed_at_any_moment_a_pull_leaves_the_old_file_or_the_new_one(wasmctl, clean_env, registry, huge, tmp_path,
                                                                       image_format):
    image = f"{registry.host}/acme/killed-{image_format}:v1"
    wasmctl("push", "--format", image_format, huge, image)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "out").mkdir()
    out = tmp_path / "out/plugin.wasm"
    env = clean_env | {"TMPDIR": str(tmp_path / "tmp")}
    out.write_text("before")
    for _ in kill_often(["pull", image, "-o", out], env, out):
        assert os.listdir(tmp_path / "tmp") == []
        assert out.read_bytes() in (b"before", huge.read_bytes())
        # Linux replaces a file by one that has a name only: killed just then, the new one stays beside it, whole.
        for other in set((tmp_path / "out").iterdir()) - {out}:
            assert other.read_bytes() == huge.read_bytes()
    wasmctl("pull", image, "-o", out)
    assert out.read_bytes() == huge.read_bytes()


def test_killed_at_any_moment_a_push_to_a_registry_can_be_repeated(wasmctl, clean_env, registry, huge, tmp_path):
    (tmp_path / "tmp").mkdir()
    env = clean_env | {"TMPDIR": str(tmp_path / "tmp"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    image = f"{registry.host}/acme/killed-push:v1"
    for _ in kill_often(["push", huge, image], env, image):
        assert os.listdir(tmp_path / "tmp") == []
    wasmctl("push", huge, image, env=env)
    wasmctl("pull", image, "-o", tmp_path / "out.wasm")
    assert (tmp_path / "out.wasm").read_bytes() == huge.read_bytes()
    assert list((tmp_path / "cache/wasmctl/uploads").iterdir()) == []


def test_tags_are_set_side_by_side_and_named_in_order(wasmctl, wasm):
    tags = ["v1.2", "v1", "latest", "stable", "v1.2-b7", "a", "b", "c"]
    with FaultyRegistry() as registry:
        image = f"{registry.host}/acme/x1"
        digest = wasmctl("push", wasm, f"{image}:v1.2.3").stdout.strip().split("@")[1]
        all_there = threading.Barrier(len(tags))

        def fault(handler, method, path):
            if method == "PUT":
                all_there.wait(timeout=60)
                time.sleep(0.1 * tags[::-1].index(path.split("/")[-1]))  # the last one is answered first
            return False

        registry.fault = fault
        done = wasmctl("tag", f"{image}:v1.2.3", *tags)
        assert done.stdout == "".join(f"{image}:{tag}@{digest}\n" for tag in tags)
        assert not all_there.broken


def test_tags_that_were_not_set_are_all_named(wasmctl, wasm):
    with FaultyRegistry() as registry:
        image = f"{registry.host}/acme/x1"
        digest = wasmctl("push", wasm, f"{image}:v0").stdout.strip().split("@")[1]
        both = threading.Barrier(2)

        def fault(handler, method, path):
            if method != "PUT" or "bad" not in path:
                return False
            both.wait(timeout=60)
            while "one" not in registry.manifests:
                time.sleep(0.01)
            time.sleep(0.2 if path.endswith("bad1") else 0.5)  # for the answers to arrive, one after the other
            handler.reply(403, b'{"errors":[{"code":"DENIED","message":"that one is for others"}]}')
            return True

        registry.fault = fault
        done = wasmctl("tag", f"{image}:v0", "one", "bad1", "bad2", status=10)
        assert done.stdout == f"{image}:one@{digest}\n"
        assert done.stderr.splitlines() == [
            f"error: cannot push to {image}:bad1@{digest}: the registry answered 403 DENIED",
            "  caused by: that one is for others",
            "  caused by: it was asked without a login",
            f"hint: log in with the right to do so: `wasmctl login {registry.host}`",
            "hint: not set: bad1, bad2"]


def test_tags_that_were_set_are_named_though_another_was_refused(wasmctl, wasm):
    with FaultyRegistry() as registry:
        image = f"{registry.host}/acme/x1"
        digest = wasmctl("push", wasm, f"{image}:v0").stdout.strip().split("@")[1]

        def fault(handler, method, path):
            if method != "PUT" or not path.endswith("/v2"):
                return False
            while not {"v1", "v3"} <= set(registry.manifests):
                time.sleep(0.01)
            time.sleep(0.2)  # for the answers to arrive
            handler.reply(403, b'{"errors":[{"code":"DENIED","message":"v2 is for others"}]}')
            return True

        registry.fault = fault
        done = wasmctl("tag", f"{image}:v0", "v1", "v2", "v3", status=10)
        assert done.stdout == f"{image}:v1@{digest}\n{image}:v3@{digest}\n"
        assert done.stderr.splitlines()[:2] == [
            f"error: cannot push to {image}:v2@{digest}: the registry answered 403 DENIED",
            "  caused by: v2 is for others"]


def pull_on_a_terminal(wasmctl, env, huge, tmp_path, columns):
    """What a pull of two seconds writes to a terminal of that width."""
    with FaultyRegistry() as registry:
        wasmctl("push", "--format", "wasm", huge, f"{registry.host}/acme/x1:v1")

        registry.fault = layer_in_pieces(registry, 1 << 20, lambda: time.sleep(0.2))
        main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([WASMCTL, "pull", f"{registry.host}/acme/x1:v1", "-o", tmp_path / "out.wasm"],
                                   env=env, stdout=subprocess.PIPE, stderr=terminal)
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := os.read(main, 65536):
                shown += piece
        os.close(main)
        assert process.communicate()[0].decode() == f"{tmp_path}/out.wasm\n" and process.returncode == 0
        return shown.decode()


def test_no_progress_bar_where_the_terminal_cannot_draw_one(wasmctl, clean_env, huge, tmp_path):
    assert pull_on_a_terminal(wasmctl, clean_env | {"TERM": "dumb"}, huge, tmp_path, 80) == ""


@pytest.mark.parametrize("columns,want", [
    (0, r"\[=*> *\]  \d\.\d of 5\.7 MiB +\d+ % +\d+\.\d MiB/s +0:0\d left"),  # of unknown width
    (120, r"\[=*> *\]  \d\.\d of 5\.7 MiB +\d+ % +\d+\.\d MiB/s +0:0\d left"),
    (40, r"\d\.\d of 5\.7 MiB +\d+ % +\d+\.\d MiB/s"),
    (16, r"\d\.\d of 5\.7 MiB"),
])
def test_progress_on_a_terminal(wasmctl, clean_env, huge, tmp_path, columns, want):
    shown = pull_on_a_terminal(wasmctl, clean_env, huge, tmp_path, columns)
    lines = shown.split("\r\x1b[K")
    assert lines[0] == "" and lines[-1] == "" and len(lines) > 4
    for line in lines[1:-1]:
        assert re.fullmatch(want, line) and len(line) < (columns or 80), line
    assert "[" not in want or {len(line) for line in lines[1:-1]} == {(columns or 80) - 1}


@pytest.mark.parametrize("name,number,length,want", [
    ("many pages of many tags", 20, 30, 100_000),
    ("tags that are none", 2, 4000, 0),
])
def test_list_of_large_pages(wasmctl, name, number, length, want):
    def page(handler, method, path):
        here = int(handler.query.get("last", 0)) + 1
        tags = [f"{here}-{i}-{'x' * length}"[:length] for i in range(5000 if want else 100)]
        links = {"Link": f'<{path}?last={here}>; rel="next"'} if here < number else {}
        handler.reply(200, json.dumps({"tags": tags}).encode(), **links)
        return True

    with FaultyRegistry(page) as registry:
        assert len(wasmctl("list", f"{registry.host}/acme/x1").stdout.splitlines()) == want


def test_list_without_end_of_large_pages_is_an_error(wasmctl):
    body = b'{"tags": []}' + b" " * 4_000_000
    pages = itertools.count(1)

    def page(handler, method, path):
        handler.reply(200, body, Link=f'<{path}?last={next(pages)}>; rel="next"')
        return True

    with FaultyRegistry(page) as registry:
        done = wasmctl("list", f"{registry.host}/acme/x1", status=3)
        assert "more than 1000 pages or 64 MiB" in done.stderr and next(pages) < 25


def test_list_whose_links_go_round_has_an_end(wasmctl):
    def page(handler, method, path):
        last = handler.query.get("last", "c")
        following = {"a": "b", "b": "c", "c": "a"}[last]
        handler.reply(200, json.dumps({"tags": [following]}).encode(), Link=f'<{path}?last={following}>; rel="next"')
        return True

    with FaultyRegistry(page) as registry:
        assert wasmctl("list", f"{registry.host}/acme/x1").stdout.split() == ["a", "b", "c"]
        assert len(registry.asked) == 4


def referrers_tag(registry, tag):
    return digest_of(registry, tag).replace(":", "-")


def test_a_list_of_referrers_that_cannot_be_read_is_left_alone(wasmctl, wasm):
    """Here: an entry whose data is not what its digest says."""
    with FaultyRegistry() as source, FaultyRegistry() as target:
        wasmctl("push", wasm, f"{source.host}/acme/x1:v1")
        body, media_type = source.manifests["v1"]
        digest = digest_of(source, "v1")
        subject = {"mediaType": media_type, "digest": digest, "size": len(body)}
        source.manifests["about"] = (json.dumps(json.loads(body) | {"subject": subject}).encode(), media_type)
        tag = digest.replace(":", "-")
        theirs = target.manifests[tag] = (json.dumps(
            {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
             "manifests": [subject | {"data": "e30="}]}).encode(), "application/vnd.oci.image.index.v1+json")
        done = wasmctl("copy", f"{source.host}/acme/x1:about", f"{target.host}/acme/x1:about")
        assert target.manifests[tag] == theirs
        assert done.stderr.startswith(f"warning: {target.host}/acme/x1:{tag}: ")
        assert f": this list of referrers is left as it is, without {digest_of(source, 'about')}\n" in done.stderr


@pytest.mark.parametrize("at_the_tag", ["itself", "a manifest", "no JSON", "a page"])
def test_what_is_no_list_of_referrers_is_none(wasmctl, wasm, tmp_path, at_the_tag):
    with FaultyRegistry() as registry:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        store_app(registry, "app")
        store_index(registry, "index", ["v1"])
        index_type = registry.manifests["index"][1]
        for tag in ("v1", "index"):
            registry.manifests[referrers_tag(registry, tag)] = {
                "itself": registry.manifests[tag], "a manifest": registry.manifests["app"],
                "no JSON": (b"no JSON", index_type), "a page": (b"<html>", "text/html")}[at_the_tag]
            assert wasmctl("list", "--referrers", f"{registry.host}/acme/x1:{tag}").stdout == ""
            wasmctl("copy", "-r", f"{registry.host}/acme/x1:{tag}", f"oci:{tmp_path}/layout-{tag}:v1")
        # One that is added begins a list.
        body, media_type = registry.manifests["v1"]
        subject = {"mediaType": media_type, "digest": digest_of(registry, "index"), "size": 1}
        with FaultyRegistry() as source:
            source.blobs = registry.blobs
            source.manifests["about"] = (json.dumps(json.loads(body) | {"subject": subject}).encode(), media_type)
            wasmctl("copy", f"{source.host}/acme/x1:about", f"{registry.host}/acme/x1:about")
            (entry,) = json.loads(registry.manifests[referrers_tag(registry, "index")][0])["manifests"]
            assert entry["digest"] == digest_of(source, "about")


@pytest.mark.parametrize("header,status", [
    ("sha512:" + "0" * 128, 0),
    ("blake3:abc", 0),
    ("sha256:" + "0" * 64, 11),
])
def test_digest_of_another_algorithm_is_not_compared(wasmctl, wasm, tmp_path, header, status):
    with FaultyRegistry() as registry:
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")

        def fault(handler, method, path):
            if method == "PUT" or not path.endswith("/manifests/v1"):
                return False
            body, media_type = registry.manifests["v1"]
            handler.reply(200, body, Content_Type=media_type, Docker_Content_Digest=header)
            return True

        registry.fault = fault
        wasmctl("pull", f"{registry.host}/acme/x1:v1", "-o", tmp_path / "out.wasm", status=status)
        wasmctl("copy", f"{registry.host}/acme/x1:v1", f"oci:{tmp_path}/layout:v1", status=status)
        if not status:
            wasmctl("list", "--referrers", f"{registry.host}/acme/x1:v1")


@pytest.mark.parametrize("answer", [200, 202, 204])
def test_manifest_whose_put_is_answered_otherwise(wasmctl, wasm, tmp_path, answer):
    with FaultyRegistry() as registry:
        def fault(handler, method, path):
            if method != "PUT" or "/manifests/" not in path:
                return False
            reply = handler.reply
            handler.reply = lambda status, body=b"", **headers: reply(answer)
            registry.answer(handler, method, path)
            handler.reply = reply
            return True

        registry.fault = fault
        wasmctl("push", wasm, f"{registry.host}/acme/x1:v1")
        check_pushed(wasmctl, registry, wasm, tmp_path)


@pytest.mark.parametrize("kind,body", [("text/html", b"<html>"), ("application/json", b"{}"), ("text/plain", b"")])
def test_server_that_says_200_to_everything_has_no_image(wasmctl, wasm, kind, body):
    with FaultyRegistry(lambda h, m, p: h.reply(200, body, Content_Type=kind, Location="/x") or True) as registry:
        done = wasmctl("push", wasm, f"{registry.host}/acme/x1:v1", status=3)
        assert done.stdout == "" and "the registry answered 200" in done.stderr or "with a web page" in done.stderr


def test_layout_whose_index_lists_something_else_is_named(wasmctl, wasm, tmp_path):
    blobs = tmp_path / "layout/blobs/sha256"
    wasmctl("push", wasm, "oci:layout:v1")
    text = hashlib.sha256(b"text").hexdigest()
    (blobs / text).write_bytes(b"text")
    index = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": f"sha256:{text}", "size": 4}]}).encode()
    digest = hashlib.sha256(index).hexdigest()
    (blobs / digest).write_bytes(index)
    top = json.loads((tmp_path / "layout/index.json").read_text())
    top["manifests"].append({"mediaType": "application/vnd.oci.image.index.v1+json", "digest": f"sha256:{digest}",
                             "size": len(index), "annotations": {"org.opencontainers.image.ref.name": "v2"}})
    (tmp_path / "layout/index.json").write_text(json.dumps(top))
    done = wasmctl("copy", "oci:layout:v2", "oci:other:v2", status=3)
    assert done.stderr == f"error: oci:layout@sha256:{text}: the manifest is no JSON (byte 2)\n"
