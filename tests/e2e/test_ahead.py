"""A session is read as soon as its cookie is there, beside the start of the page."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from browsing import EAST, Guest
from conftest import STAYS, calm

from harness import wait
from harness.fpm import Fpm
from harness.lab import Lab

# A slow round trip, and a page that takes longer than that before it asks for its session.
LATENCY, BOOT = 100, 250


@pytest.fixture(scope="module", params=["1", "0"], ids=["ahead", "not-ahead"])
def started_either(request: pytest.FixtureRequest, start_fpm) -> Iterator[tuple[Fpm, bool]]:
    host = start_fpm(f"ahead-{request.param}", workers=2, ini=STAYS | {"wp_dynamodb.session_prefetch": request.param})
    yield host, request.param == "1"
    host.stop()


@pytest.fixture
def either(lab: Lab, started_either: tuple[Fpm, bool]) -> tuple[Fpm, bool]:
    calm(started_either[0])
    lab.counters_reset()
    return started_either


def sessions(host: Fpm, event: str) -> int:
    return host.metrics()["sessions"][event]


@pytest.mark.parametrize("strict", [0, 1], ids=["", "strict"])
def test_the_page_does_not_wait(either: tuple[Fpm, bool], lab: Lab, strict: int) -> None:
    host, ahead = either
    guest = Guest(host)
    guest.ok("add")
    taken = sessions(host, "prefetched")
    lab.counters_reset()
    lab.fault(EAST, "dynamodb", "latency", ms=LATENCY)
    page = guest.ok(boot=BOOT, strict=strict)
    assert page["found"] == {"list": [1]} and lab.counters()[EAST]["dynamodb"] == {"GetItem": 1}
    assert (page["start_ms"] < LATENCY / 2) == ahead, page["start_ms"]
    assert sessions(host, "prefetched") - taken == ahead


def test_a_page_that_wants_no_session_or_another_one(either: tuple[Fpm, bool], lab: Lab) -> None:
    host, ahead = either
    guest, other = Guest(host), Guest(host)
    guest.ok("add")
    other.ok("put", text="other")
    wasted = sessions(host, "wasted")
    lab.counters_reset()
    assert guest.get("none")["started"] is False
    # The page may have answered before its read has arrived.
    wait.until(lambda: lab.calls(EAST, "dynamodb") == ahead, what="the read", timeout=5)
    assert guest.ok(id=other.id)["found"] == {"text": "other"}
    assert sessions(host, "wasted") - wasted == 2 * ahead


@pytest.mark.parametrize("cookie", ["", "%61", "a b", "x" * 300, "..", "\"a\""])
def test_junk_is_not_read(either: tuple[Fpm, bool], lab: Lab, cookie: str) -> None:
    host, _ = either
    guest = Guest(host)
    guest.cookies["PHPSESSID"] = cookie
    guest.get("none")
    assert lab.calls(EAST, "dynamodb") == 0


def test_an_answer_gets_old(either: tuple[Fpm, bool], lab: Lab) -> None:
    """What another page changes while this one is still starting is found, when that takes over a second."""
    host, _ = either
    guest = Guest(host)
    guest.ok("add")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(guest.ok, boot=1500)
        lab.counters_reset()
        Guest.ok(guest, "add")
        assert slow.result()["found"]["list"] == [1, 2]


def test_an_outage_that_is_met_ahead(either: tuple[Fpm, bool], lab: Lab) -> None:
    host, _ = either
    guest = Guest(host)
    guest.ok("put", text="before")
    cookie = guest.id
    lab.fault(EAST, "dynamodb", "hang")
    page = guest.get("put", text="lost", boot=100, strict=1)
    assert page["started"] is False and page["start_ms"] < 2150 and guest.id == cookie
    assert any("cannot be read" in warning for warning in page["warnings"]), page
    lab.fault(EAST, "dynamodb", "none")
    assert guest.ok()["found"] == {"text": "before"}
