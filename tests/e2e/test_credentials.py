"""Credentials of a container: fetched once, refreshed ahead of their expiry by the worker's thread and not by a page."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browsing import Guest

from harness import paths, wait
from harness.fpm import Fpm
from harness.lab import Lab

LIFETIME = 8


class Issuer:
    """The credentials endpoint that a container has on ECS: gives keys that expire after a few seconds."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.silent = threading.Event()
        self.late_s = 0.0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(time.monotonic())
                time.sleep(issuer.late_s)
                if issuer.silent.is_set():
                    # No answer for as long as the caller has patience.
                    time.sleep(10)
                expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + LIFETIME))
                keys = {"AccessKeyId": "lab", "SecretAccessKey": "lab", "Token": "token", "Expiration": expires}
                body = json.dumps(keys).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/credentials"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.server.shutdown()


@pytest.fixture
def container(lab: Lab, start_fpm, issuer: Issuer) -> Iterator[Fpm]:
    env = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": issuer.url}
    # Pinned: no polling, so that every use of the keys is a page's.
    host = start_fpm("container", workers=1, ini={"wp_dynamodb.region": paths.REGIONS[0]}, env=env)
    yield host
    host.stop()


def test_refreshed_ahead_without_a_page(container: Fpm, issuer: Issuer) -> None:
    guest = Guest(container)
    guest.ok("add")
    for _ in range(20):
        guest.ok()
    assert len(issuer.asked) == 1, "one fetch for all calls of a worker"
    # Nobody asks for a page now: the worker's thread does this by itself.
    wait.until(lambda: len(issuer.asked) >= 2, what="a refresh ahead of expiry", timeout=LIFETIME, logs=container.logs)
    assert issuer.asked[1] - issuer.asked[0] < LIFETIME


def test_a_silent_issuer_does_not_stop_pages_while_the_keys_are_good(container: Fpm, issuer: Issuer) -> None:
    guest = Guest(container)
    guest.ok("add")
    issuer.silent.set()
    wait.until(lambda: len(issuer.asked) >= 2, what="a refresh that gets no answer", timeout=LIFETIME, logs=container.logs)
    page = guest.ok()
    assert page["start_ms"] < 500, "the page uses the keys it has"


@pytest.mark.parametrize("late_s", [0.9, 5])
def test_late_credentials_are_not_the_regions_fault(lab: Lab, start_fpm, issuer: Issuer, late_s: float) -> None:
    """A worker that starts while the metadata service is slow: its page waits, or says what is missing; no host leaves a healthy Region for that."""
    env = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": issuer.url}
    issuer.late_s = late_s
    host = start_fpm("late-keys", workers=1, ini={"wp_dynamodb.failover": "auto"}, env=env)
    try:
        guest = Guest(host)
        guest.cookies["PHPSESSID"] = "a0123456789abcdef0123456789"
        page = guest.get()
        status = host.status()
        assert {name: region["breaker"]["opened"] for name, region in status["regions"].items()} == dict.fromkeys(paths.REGIONS, 0)
        assert status["why"] == "active"
        if late_s < 1:
            assert page["started"] is True and page["warnings"] == [], page
        else:
            assert page["started"] is False and "no AWS credentials: no answer within 1300 ms" in " ".join(page["warnings"]), page
            assert page["start_ms"] < 2150
    finally:
        host.stop()


def test_without_credentials_the_page_says_so(lab: Lab, start_fpm) -> None:
    env = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    host = start_fpm("keyless", workers=1, ini={"wp_dynamodb.region": paths.REGIONS[0]}, env=env)
    guest = Guest(host)
    guest.cookies["PHPSESSID"] = "a0123456789abcdef0123456789"
    page = guest.get()
    host.stop()
    assert page["started"] is False
    assert any("no AWS credentials" in warning for warning in page["warnings"]), page["warnings"]
