"""Round trips without PHP: the smallest question to each store over one connection, as bytes that were made before."""

import json
import socket
import statistics
import time

from harness import paths

from .stores import Store


def get_item(region: str, port: int) -> bytes:
    """A GetItem of an item that is not there. The lab asks for a signature, not for the right one."""
    body = json.dumps({"TableName": paths.TABLE, "Key": {"session_id": {"S": "nobody"}}}).encode()
    head = [
        "POST / HTTP/1.1", f"Host: 127.0.0.1:{port}", "X-Amz-Target: DynamoDB_20120810.GetItem", "Content-Type: application/x-amz-json-1.0",
        f"Authorization: AWS4-HMAC-SHA256 Credential=lab/20260101/{region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        "X-Amz-Date: 20260101T000000Z", f"Content-Length: {len(body)}", "", "",
    ]
    return "\r\n".join(head).encode() + body


def dynamodb(ports: paths.Ports, region: str, count: int) -> list[float]:
    port = ports.dynamodb(region)
    return ask(port, get_item(region, port), b"}", count)


def ping(store: Store, rtt: float, count: int) -> list[float]:
    question = b"PING\r\n" if store.name == "redis" else b"version\r\n"
    return ask(store.far_port if rtt else store.port, question, b"\r\n", count)


def ask(port: int, question: bytes, end: bytes, count: int) -> list[float]:
    """Milliseconds until each answer's end is there."""
    took = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count + 5):
            begin = time.perf_counter()
            connection.sendall(question)
            answer = b""
            while not answer.endswith(end):
                part = connection.recv(65536)
                if not part:
                    raise RuntimeError(f"port {port} closed the connection")
                answer += part
            took.append((time.perf_counter() - begin) * 1000)
    # The first ones find nothing in place.
    return took[5:]


def set_length(store: Store, added: float, tries: int = 2) -> None:
    """Makes a store's network so long that it adds just this many milliseconds: less what the proxy takes anyway, measured now."""
    direct = statistics.median(ping(store, 0, 15))
    ms = added
    for _ in range(tries):
        store.far(ms)
        ms = max(0.0, ms + added - (statistics.median(ping(store, added, 15)) - direct))
    store.far(ms)
