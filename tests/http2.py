"""HTTP/2 with trailers and Envoy's METADATA frames, which no library's high level offers.

    with echo_server() as port: ...
    answer = request(port, {"x-test": "a"}, b"body", trailers={"x-trailer": "t"}, metadata={"k": "v"})
"""

import contextlib
import dataclasses
import socket
import socketserver

import h2.config
import h2.connection
import h2.events
import hpack

from upstreams import serving

# Envoy, source/docs/h2_metadata.md: the frame's type, and the flag of the last of a block.
METADATA, END_METADATA = 0x4D, 0x4


@dataclasses.dataclass
class Message:
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    trailers: dict = dataclasses.field(default_factory=dict)
    metadata: list = dataclasses.field(default_factory=list)


def metadata_frame(stream_id, metadata):
    block = hpack.Encoder().encode(list(metadata.items()), huffman=False)
    return len(block).to_bytes(3, "big") + bytes([METADATA, END_METADATA]) + stream_id.to_bytes(4, "big") + block


def send(connection, sock, stream_id, headers, body, trailers, metadata):
    connection.send_headers(stream_id, list(headers.items()))
    sock.sendall(connection.data_to_send())
    if metadata:
        sock.sendall(metadata_frame(stream_id, metadata))
    connection.send_data(stream_id, body)
    connection.send_headers(stream_id, list(trailers.items()), end_stream=True)
    sock.sendall(connection.data_to_send())


def messages(connection, sock):
    """Each (stream id, Message) that comes to its end."""
    streams = {}
    while data := sock.recv(65536):
        for event in connection.receive_data(data):
            message = streams.setdefault(getattr(event, "stream_id", 0), Message())
            if isinstance(event, (h2.events.RequestReceived, h2.events.ResponseReceived)):
                message.headers = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                message.body += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.TrailersReceived):
                message.trailers = dict(event.headers)
            elif isinstance(event, h2.events.UnknownFrameReceived) and event.frame.type == METADATA:
                streams.setdefault(event.frame.stream_id, Message()).metadata.append(
                    dict(hpack.Decoder().decode(event.frame.body)))
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                yield event.stream_id, message
        sock.sendall(connection.data_to_send())


@contextlib.contextmanager
def echo_server():
    """Answers with the body that came and, as trailers and as metadata, those that came. Yields the port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
            with contextlib.suppress(OSError):
                connection.initiate_connection()
                self.request.sendall(connection.data_to_send())
                for stream_id, message in messages(connection, self.request):
                    send(connection, self.request, stream_id, {":status": "200"}, message.body,
                         message.trailers, message.metadata[0] if message.metadata else {})

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with serving(Server(("127.0.0.1", 0), Handler)) as port:
        yield port


def request(port, headers, body, trailers, metadata):
    """Sends one POST and returns the Message of its answer."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        connection.initiate_connection()
        pseudo = {":method": "POST", ":path": "/", ":scheme": "http", ":authority": "a"}
        send(connection, sock, 1, pseudo | headers, body, trailers, metadata)
        return next(message for stream_id, message in messages(connection, sock) if stream_id == 1)
