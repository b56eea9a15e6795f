"""A registry in memory that fails as a test wants it to, and what to put into it."""

import contextlib
import hashlib
import http.server
import io
import itertools
import json
import re
import socket
import tarfile
import threading
import urllib.parse

SECRET = "signed-by-the-registry"  # in the Location of an upload
ALWAYS = 10**9


class FaultyRegistry:
    """A registry in memory. `fault(handler, method, path)` may answer in its place: it returns True
    if it did. `asked` lists "METHOD path" without queries."""

    def __init__(self, fault=None):
        self.blobs, self.manifests, self.asked = {}, {}, []
        self.authorizations = []
        self.uploads = {}  # by session: what has come so far
        self.sessions = itertools.count(1)
        self.fault = fault or (lambda handler, method, path: False)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or each answer waits 40 ms for the client's ACK

            def log_message(self, *args):
                pass

            def serve(self):
                url = urllib.parse.urlsplit(self.path)
                outer.asked.append(f"{self.command} {url.path}")
                outer.authorizations.append(self.headers.get("Authorization"))
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.query = dict(urllib.parse.parse_qsl(url.query))
                if not outer.fault(self, self.command, url.path):
                    outer.answer(self, self.command, url.path)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve

            def reply(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                if "Content_Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def hang_up(self):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler, method, path):
        route = re.fullmatch(r"/v2/(.+)/(blobs/uploads|blobs|manifests)/(.*)", path)
        if path.endswith("/tags/list"):
            tags = sorted(tag for tag in self.manifests if ":" not in tag)
            handler.reply(200, json.dumps({"tags": tags}).encode())
            return
        if route is None:
            handler.reply(404)
            return
        name, kind, last = route.groups()
        if kind == "blobs/uploads" and method == "POST":
            session = str(next(self.sessions))
            self.uploads[session] = b""
            handler.reply(202, Location=f"/v2/{name}/blobs/uploads/{session}?state={SECRET}")
        elif kind == "blobs/uploads" and last not in self.uploads:
            handler.reply(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
        elif kind == "blobs/uploads" and method == "GET":
            self.say_offset(handler, 204, path, last)
        elif kind == "blobs/uploads" and method == "PATCH":
            start = int(handler.headers["Content-Range"].split("-")[0])
            if start != len(self.uploads[last]):
                handler.reply(416)
                return
            self.uploads[last] += handler.body
            self.say_offset(handler, 202, path, last)
        elif kind == "blobs/uploads":
            content = self.uploads[last] + handler.body
            if "sha256:" + hashlib.sha256(content).hexdigest() != handler.query["digest"]:
                handler.reply(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
                return
            self.blobs[handler.query["digest"]] = content
            del self.uploads[last]
            handler.reply(201)
        elif kind == "manifests" and method == "PUT":
            digest = "sha256:" + hashlib.sha256(handler.body).hexdigest()
            self.manifests[last] = self.manifests[digest] = (handler.body, handler.headers["Content-Type"])
            handler.reply(201, Docker_Content_Digest=digest)
        elif kind == "manifests" and last in self.manifests:
            body, media_type = self.manifests[last]
            handler.reply(200, body, Content_Type=media_type)
        elif kind == "blobs" and last in self.blobs:
            body = self.blobs[last]
            start = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
            if start and int(start[1]):
                start = int(start[1])
                handler.reply(206, body[start:], Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
            else:
                handler.reply(200, body)
        else:
            handler.reply(404, json.dumps({"errors": [{"code": "NOT_THERE"}]}).encode())

    def say_offset(self, handler, status, path, session):
        handler.reply(status, Location=f"{path}?state={SECRET}{len(self.uploads[session])}",
                      Range=f"0-{max(0, len(self.uploads[session]) - 1)}")


def times(count, action, method=None, path=""):
    """A fault: does `action(handler)` in place of the first `count` requests that fit."""
    left = [count]

    def fault(handler, asked_method, asked_path):
        if left[0] and (method is None or asked_method == method) and path in asked_path:
            left[0] -= 1
            action(handler)
            return True
        return False

    return fault


def endless(handler, piece, head):
    """Never ends: until the other side has enough."""
    handler.close_connection = True
    handler.wfile.write(head)
    while True:
        handler.wfile.write(piece)


def layer(registry):
    return max(registry.blobs, key=lambda digest: len(registry.blobs[digest]))


def store_index(registry, tag, entries, platforms=()):
    """Puts an index of these manifests, given by their tags or digests, into the registry."""
    def descriptor(name):
        body, media_type = registry.manifests[name]
        return {"mediaType": media_type, "digest": "sha256:" + hashlib.sha256(body).hexdigest(), "size": len(body)}

    media_type = "application/vnd.oci.image.index.v1+json"
    listed = [descriptor(e) for e in entries]
    for entry, platform in zip(listed, platforms):
        system, architecture = platform.split("/")
        entry["platform"] = {"os": system, "architecture": architecture}
    body = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": listed,
                       "annotations": {"tag": tag}}).encode()
    registry.manifests[tag] = registry.manifests["sha256:" + hashlib.sha256(body).hexdigest()] = (body, media_type)


def store_app(registry, tag):
    """Puts an image without a module into the registry."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("bin/app"))
    descriptors = []
    for content, kind in ((b"{}", "config.v1+json"), (archive.getvalue(), "layer.v1.tar+gzip")):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        registry.blobs[digest] = content
        descriptors.append({"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest, "size": len(content)})
    media_type = "application/vnd.oci.image.manifest.v1+json"
    body = json.dumps({"schemaVersion": 2, "mediaType": media_type, "config": descriptors[0],
                       "layers": descriptors[1:]}).encode()
    registry.manifests[tag] = registry.manifests["sha256:" + hashlib.sha256(body).hexdigest()] = (body, media_type)


def store_many(registry, count):
    """Puts manifests, alike but for an annotation, into the registry, and an index of them all."""
    body, media_type = registry.manifests["v1"]
    for i in range(count):
        each = json.dumps(json.loads(body) | {"annotations": {"number": str(i)}}).encode()
        registry.manifests[f"m{i}"] = registry.manifests["sha256:" + hashlib.sha256(each).hexdigest()] = (each, media_type)
    store_index(registry, "many", [f"m{i}" for i in range(count)])


def digest_of(registry, tag):
    return "sha256:" + hashlib.sha256(registry.manifests[tag][0]).hexdigest()


@contextlib.contextmanager
def behind_tokens(fault=None, scope=lambda handler: ""):
    """A registry that wants a token, and the server that gives it: at /token, where `fault` does not
    answer in its place."""
    with FaultyRegistry(fault) as tokens, FaultyRegistry() as registry:
        tokens.scopes = []

        def give(handler, method, path):
            tokens.scopes.append([value for key, value in urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query)
                                  if key == "scope"])
            handler.reply(200, b'{"token":"T"}')

        tokens.answer = give

        def want_token(handler, method, path):
            if handler.headers.get("Authorization") == "Bearer T":
                return False
            challenge = f'Bearer realm="http://{tokens.host}/token",service="s"'
            if scope(handler):
                challenge += f',scope="{scope(handler)}"'
            handler.reply(401, WWW_Authenticate=challenge)
            return True

        registry.fault = want_token
        yield registry, tokens
