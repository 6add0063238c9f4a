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
    return ask(port, get_item(region, port), count)


def store(store: Store, rtt: float, count: int) -> list[float]:
    question = b"PING\r\n" if store.name == "redis" else b"version\r\n"
    return ask(store.far_port if rtt else store.port, question, count)


def ask(port: int, question: bytes, count: int) -> list[float]:
    """Milliseconds of each answer; all of them fit into one read."""
    took = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count + 5):
            begin = time.perf_counter()
            connection.sendall(question)
            if not connection.recv(65536):
                raise RuntimeError(f"port {port} closed the connection")
            took.append((time.perf_counter() - begin) * 1000)
    # The first ones find nothing in place.
    return took[5:]


def set_length(store_: Store, rtt: int, count: int = 15) -> None:
    """Makes the network as long as it is meant to be: less what the proxy takes anyway, measured now."""
    if not rtt:
        return
    direct = statistics.median(store(store_, 0, count))
    store_.far(rtt)
    excess = statistics.median(store(store_, rtt, count)) - direct - rtt
    store_.far(max(0.0, rtt - excess))
