"""A request to php-fpm over its unix socket, without a web server in between."""

import json
import socket
import struct
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path

VERSION, BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 1, 3, 4, 5, 6, 7
RESPONDER = 1
LARGEST = 0xFFFF


class Lost(Exception):
    """php-fpm closed the connection before the answer was complete: the worker died."""


@dataclass
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: str
    errors: str = ""
    seconds: float = field(default=0.0, compare=False)

    def json(self) -> dict:
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AssertionError(f"not JSON (status {self.status}): {self.body[:500]!r} {self.errors[:500]!r}") from error

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies this response sets."""
        jar = SimpleCookie()
        for key, value in self.headers:
            if key.lower() == "set-cookie":
                jar.load(value)
        return {name: morsel.value for name, morsel in jar.items()}


def request(server: Path, params: dict[str, str], body: bytes = b"", timeout: float = 30) -> Response:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(server))
        connection.sendall(_encode(params, body))
        out, errors = _read(connection)
    return _parse(out, errors)


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("!BBHHBx", VERSION, kind, 1, len(content), 0) + content


def _encode(params: dict[str, str], body: bytes) -> bytes:
    pairs = b"".join(_length(len(k)) + _length(len(v)) + k + v for k, v in ((k.encode(), v.encode()) for k, v in params.items()))
    message = _record(BEGIN, struct.pack("!HB5x", RESPONDER, 0)) + _record(PARAMS, pairs) + _record(PARAMS, b"")
    for start in range(0, len(body), LARGEST):
        message += _record(STDIN, body[start : start + LARGEST])
    return message + _record(STDIN, b"")


def _length(n: int) -> bytes:
    return bytes([n]) if n < 128 else struct.pack("!I", n | 0x80000000)


def _read(connection: socket.socket) -> tuple[bytes, bytes]:
    reader = connection.makefile("rb")
    out, errors = b"", b""
    while True:
        try:
            header = reader.read(8)
            if len(header) < 8:
                raise Lost("the connection was closed before the end of the answer")
            _, kind, _, length, padding = struct.unpack("!BBHHBx", header)
            content = reader.read(length + padding)[:length]
        except ConnectionError as error:
            raise Lost(str(error)) from error
        if kind == STDOUT:
            out += content
        elif kind == STDERR:
            errors += content
        elif kind == END:
            return out, errors


def _parse(out: bytes, errors: bytes) -> Response:
    head, _, body = out.partition(b"\r\n\r\n")
    headers = [(key, value) for line in head.decode("latin-1").split("\r\n") for key, colon, value in [line.partition(": ")] if colon]
    status = next((int(value.split()[0]) for key, value in headers if key.lower() == "status"), 200)
    return Response(status, headers, body.decode(errors="replace"), errors.decode(errors="replace"))
