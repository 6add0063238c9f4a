"""DynamoDB down in the active Region, in every way the lab knows: nothing is lost, and the page learns why."""

import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from browsing import Guest
from conftest import STAYS, calm, settled

from harness import paths
from harness.fpm import Fpm
from harness.lab import FAULTS, Lab

REGION = paths.REGIONS[0]
# request_timeout_ms's default, and what PHP and a busy machine may add to it.
LIMIT_MS, SLACK_MS = 2000, 150
CAUSES = {
    "latency": "timed out|timeout|no answer|deadline",
    "blackhole": "timed out|timeout|no answer|deadline",
    "hang": "timed out|timeout|no answer|deadline|incomplete|body",
    "noconnect": "timed out|timeout|connect|deadline",
    "refuse": "refused|connect",
    "reset": "reset|closed|connection",
    "5xx": "50[0-9]|internal|unavailable|server error",
    "throttle": "throttl|throughput|too many",
    "denied": "denied|not authori[sz]ed",
}


@pytest.fixture(scope="module")
def started_host(start_fpm: Callable[..., Fpm]) -> Iterator[Fpm]:
    """A host of these tests' own: after so many outages its breaker stays open for minutes, which moves nothing here, and is probed."""
    host = start_fpm("outage", workers=3, ini=STAYS)
    yield host
    host.stop()


@pytest.fixture
def host(lab: Lab, started_host: Fpm) -> Fpm:
    calm(started_host, closed=False)
    lab.counters_reset()
    return started_host


@pytest.mark.parametrize("strict", [0, 1], ids=["", "strict"])
@pytest.mark.parametrize("kind", FAULTS)
def test_outage_at_read(host: Fpm, lab: Lab, kind: str, strict: int) -> None:
    guest = Guest(host)
    guest.ok("put", text=f"before {kind}", strict=strict)
    cookie, stored = guest.id, lab.dump(REGION)

    lab.fault(REGION, "dynamodb", kind, **({"ms": 5000} if kind == "latency" else {}))
    for do in ("read", "put"):
        answer = guest.get(do, text="overwritten", strict=strict)
        print(f"{kind}: session_start() {answer['start_ms']:.0f} ms: {' '.join(answer['warnings'])}")
        assert answer["started"] is False
        assert answer["start_ms"] <= LIMIT_MS + SLACK_MS
        assert answer["id"] in (cookie, "")
        assert guest.last.cookies == {}, "an outage must not change the cookie"
        warning = " ".join(answer["warnings"])
        assert REGION in warning and paths.TABLE in warning, warning
        assert re.search(CAUSES[kind], warning, re.I), warning

    lab.fault(REGION, "dynamodb", "none")
    assert lab.dump(REGION) == stored, "byte for byte what it was"
    after = guest.ok(strict=strict)
    assert after["found"] == {"text": f"before {kind}"} and after["id"] == cookie
    assert guest.last.cookies == {}


@pytest.mark.parametrize("kind", ["blackhole", "refuse", "5xx"])
def test_outage_between_read_and_write(host: Fpm, lab: Lab, kind: str) -> None:
    guest = Guest(host)
    guest.ok("put", text="before")
    stored = lab.dump(REGION)
    answers: list[dict] = []
    page = threading.Thread(target=lambda: answers.append(guest.get("put", text="after", wait=600)))
    page.start()
    time.sleep(0.25)
    lab.fault(REGION, "dynamodb", kind)
    page.join()
    lab.fault(REGION, "dynamodb", "none")
    (answer,) = answers
    warning = " ".join(answer["warnings"])
    assert answer["started"] is True
    assert answer["close_ms"] <= LIMIT_MS + SLACK_MS
    assert REGION in warning and paths.TABLE in warning, warning
    assert lab.dump(REGION) == stored
    assert guest.ok()["found"] == {"text": "before"}


def test_a_new_visitor_in_an_outage_is_told_and_leaves_nothing(host: Fpm, lab: Lab) -> None:
    """A new id is not looked up: the outage shows at the write."""
    stored, guest = lab.dump(REGION), Guest(host)
    lab.fault(REGION, "dynamodb", "refuse")
    answer = guest.get("add")
    warning = " ".join(answer["warnings"])
    assert REGION in warning and paths.TABLE in warning, answer
    lab.fault(REGION, "dynamodb", "none")
    assert lab.dump(REGION) == stored
    # The same visitor, afterwards.
    cookie = guest.id
    assert guest.ok("add")["found"] == [] and guest.ok()["found"] == {"list": [1]}
    assert guest.id == cookie


def test_the_operator_moves_away_from_the_outage(host: Fpm, lab: Lab) -> None:
    guest = Guest(host)
    guest.ok("put", text="kept")
    lab.replicated()
    lab.fault(REGION, "all", "blackhole")
    assert guest.get()["started"] is False
    lab.region(paths.REGIONS[1], (paths.REGIONS[1],))
    settled(host, paths.REGIONS[1], timeout=10)
    assert guest.ok()["found"] == {"text": "kept"}
