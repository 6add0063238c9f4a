"""Browsers: each has a connection to nginx that stays open, and cookies."""

import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass
class Page:
    # The whole request, as the client sees it.
    whole_ms: float
    # What the page says of itself; None when it failed.
    answer: dict | None


class Client:
    def __init__(self, port: int):
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=150)

    def get(self, path: str, query: dict, cookie: str | None) -> Page:
        if self._http.sock is None:
            self._http.connect()
            self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = {"Cookie": f"PHPSESSID={cookie}"} if cookie else {}
        address = f"/{path}?{urlencode(query)}"
        begin = time.perf_counter()
        try:
            self._http.request("GET", address, headers=headers)
            response = self._http.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self._http.close()
            return Page((time.perf_counter() - begin) * 1000, None)
        took = (time.perf_counter() - begin) * 1000
        return Page(took, told(response.status, body))


def told(status: int, body: bytes) -> dict | None:
    """What a page says of itself, when it has had its session."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if status == 200 and answer["started"] else None


class Crowd:
    """Clients that ask at the same time."""

    def __init__(self, port: int, largest: int):
        self._clients = [Client(port) for _ in range(largest)]
        self._threads = ThreadPoolExecutor(largest)

    def ask(self, path: str, query: dict, cookies: list[str | None], each: int) -> list[Page]:
        """One client for each cookie; each of them asks `each` times, one after the other."""

        def visit(visitor: tuple[Client, str | None]) -> list[Page]:
            client, cookie = visitor
            return [client.get(path, query, cookie) for _ in range(each)]

        visitors = list(zip(self._clients, cookies, strict=False))
        if len(visitors) == 1:
            return visit(visitors[0])
        return [page for pages in self._threads.map(visit, visitors) for page in pages]
