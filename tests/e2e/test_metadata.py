"""Hosts that AWS tells where they are: an instance (IMDSv2, which also has the keys) and a task (ECS), simulated on loopback."""

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

FIRST, SECOND = paths.REGIONS
TOKEN = "a-session-token"
NOWHERE = {"AWS_REGION": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": ""}
ROLE = "/latest/meta-data/iam/security-credentials"


class Metadata:
    """Both metadata services on one port. Without the token of IMDSv2 an instance's paths are refused."""

    def __init__(self) -> None:
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        keys = {"AccessKeyId": "lab", "SecretAccessKey": "lab", "Token": "token", "Expiration": expires}
        answers = {
            "/latest/meta-data/placement/region": SECOND,
            f"{ROLE}/": "role",
            f"{ROLE}/role": json.dumps(keys | {"Code": "Success", "Type": "AWS-HMAC"}),
            "/task": json.dumps({"AvailabilityZone": f"{SECOND}b"}),
            "/keys": json.dumps(keys),
        }

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                self.answer(200, TOKEN) if self.path == "/latest/api/token" else self.answer(404, "")

            def do_GET(self) -> None:
                if self.path.startswith("/latest/") and self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
                    self.answer(401, "")
                elif self.path in answers:
                    self.answer(200, answers[self.path])
                else:
                    self.answer(404, "")

            def answer(self, status: int, body: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-aws-ec2-metadata-token-ttl-seconds", "21600")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    metadata = Metadata()
    yield metadata
    metadata.server.shutdown()


@pytest.mark.parametrize("kind", ["instance", "task"])
def test_the_host_is_told_where_it_is(kind: str, lab: Lab, start_fpm, metadata: Metadata) -> None:
    env = {
        "instance": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url},
        "task": {"ECS_CONTAINER_METADATA_URI_V4": metadata.url, "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{metadata.url}/keys"},
    }[kind]
    # Without a parameter the host's own Region is the active one.
    lab.parameter(None)
    host: Fpm = start_fpm(f"aws-{kind}", workers=1, env=NOWHERE | env)
    # The first request waits for it at most 300 ms.
    wait.until(lambda: host.status()["source"] == "metadata", what="the metadata's answer", timeout=10, logs=host.logs)
    page = Guest(host).ok("add")
    status = host.status()
    host.stop()
    assert page["region"] == SECOND
    assert (status["source"], status["home"]) == ("metadata", SECOND)
    assert lab.calls(SECOND, "dynamodb", "UpdateItem") == 1


def test_nowhere_and_without_a_parameter_the_first_region_is_used(lab: Lab, start_fpm) -> None:
    lab.parameter(None)
    host: Fpm = start_fpm("nowhere", workers=1, env={"AWS_REGION": ""})
    page = Guest(host).ok("add")
    status = host.status()
    host.stop()
    assert page["region"] == FIRST
    assert (status["source"], status["home"]) == ("first", FIRST)
