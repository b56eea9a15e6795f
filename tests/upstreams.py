"""Servers for the tests to send requests to, on loopback, in threads of the test's own.

    with upstream(lambda request: (200, {}, request.headers["x"].encode())) as port:
"""

import concurrent.futures
import contextlib
import http.server
import json
import socketserver
import threading


class Request:
    def __init__(self, handler, body):
        self.method, self.path, self.headers, self.body = handler.command, handler.path, handler.headers, body


def echo(request):
    """Answers what came: method, path, headers (names in lower case, several values as a list), body."""
    headers = {}
    for name, value in request.headers.items():
        headers.setdefault(name.lower(), []).append(value)
    answer = {"method": request.method, "path": request.path, "headers": headers, "body": request.body.decode()}
    return 200, {"content-type": "application/json", "server": "echo"}, json.dumps(answer).encode()


@contextlib.contextmanager
def upstream(answer=echo):
    """An HTTP/1.1 server; `answer(Request)` is (status, headers, body). A body that is a list is sent in
    chunks, one an item. Yields the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.headers.get("transfer-encoding") == "chunked":
                body = self.read_chunks()
            status, headers, content = answer(Request(self, body))
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if isinstance(content, list):
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for chunk in content:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def read_chunks(self):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any

        def log_message(self, *_):
            pass

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


@contextlib.contextmanager
def tcp_upstream(answer):
    """A TCP server: `answer(socket)` has the connection, which is closed afterwards. Yields the port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError):
                answer(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with serving(Server(("127.0.0.1", 0), Handler)) as port:
        yield port


@contextlib.contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def grpc_upstream(unary, stream):
    """A gRPC server whose messages are bytes. `unary(request, context)` answers /test.Service/Unary,
    `stream(requests, context)` yields the answers of /test.Service/Stream. Yields the port."""
    import grpc

    service = grpc.method_handlers_generic_handler("test.Service", {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Stream": grpc.stream_stream_rpc_method_handler(stream),
    })
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([service])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None)
