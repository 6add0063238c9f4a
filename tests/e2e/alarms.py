"""A CloudWatch that knows DescribeAlarms, in the protocol of its newer clients (Smithy RPC v2, CBOR), which moto does not speak."""

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def cbor(value: object) -> bytes:
    """As much of RFC 8949 as an answer needs."""
    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return head(0, value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return head(4, len(value)) + b"".join(cbor(v) for v in value)
        case dict():
            return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    raise TypeError(type(value))


def head(major: int, number: int) -> bytes:
    return bytes([major << 5 | number]) if number < 24 else bytes([major << 5 | 25]) + struct.pack(">H", number)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path.endswith("/operation/DescribeAlarms")
        body = cbor({"MetricAlarms": self.server.alarms, "CompositeAlarms": []})
        self.send_response(200)
        self.send_header("smithy-protocol", "rpc-v2-cbor")
        self.send_header("Content-Type", "application/cbor")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def cloudwatch() -> Iterator[tuple[list[dict], str]]:
    """The alarms that it has, and its endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.alarms = []
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.alarms, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
