"""A door before one of AWS's services that refuses some calls, as IAM does, and hands the others on; and a Step Functions that starts nothing."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        call = self.headers["X-Amz-Target"].split(".")[1]
        self.server.calls.append(call)
        if call in self.server.refused:
            self.answer(400, {"__type": "AccessDeniedException", "message": f"User is not authorized to perform: {call}"})
        elif self.server.behind is None:
            self.answer(400, self.machine(body))
        else:
            request = urllib.request.Request(self.server.behind + self.path, body, dict(self.headers))  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                    self.send(answer.status, answer.read(), answer.headers["Content-Type"])
            except urllib.error.HTTPError as error:
                self.send(error.code, error.read(), error.headers["Content-Type"])

    def machine(self, body: bytes) -> dict:
        try:
            json.loads(json.loads(body)["input"])
        except ValueError:
            return {"__type": "InvalidExecutionInput", "message": "Invalid State Machine Execution Input"}
        raise AssertionError("it would have been started")

    def answer(self, status: int, body: dict) -> None:
        self.send(status, json.dumps(body).encode(), "application/x-amz-json-1.1")

    def send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Door:
    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def calls(self) -> list[str]:
        return self.server.calls


@contextmanager
def refusing(*calls: str, behind: str | None = None) -> Iterator[Door]:
    """`behind`: the endpoint that all other calls go on to; None: it is Step Functions itself."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.refused, server.behind, server.calls = set(calls), behind, []
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Door(server)
    finally:
        server.shutdown()
        server.server_close()
