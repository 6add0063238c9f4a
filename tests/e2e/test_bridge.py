"""The active Region fails, and the host goes on in the other one by itself: nothing is lost, nobody notices, and it comes back."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from browsing import EAST, WEST, Guest, Start, lines, route, uses

from harness import paths, wait
from harness.lab import Lab

LOST, BACK = f"{EAST} is lost", f"{EAST} answers again"
FAULTS = ("blackhole", "noconnect", "refuse", "reset", "5xx", "hang", "dns")


@pytest.mark.parametrize("kind", FAULTS)
def test_a_region_fails_and_nobody_notices(bridging: Start, lab: Lab, kind: str) -> None:
    host = bridging(f"fault-{kind}", names=kind == "dns")
    strict = int(kind in ("blackhole", "refuse"))
    guests = [Guest(host) for _ in range(4)]
    for number, guest in enumerate(guests):
        guest.ok("put", text=f"before {number}", strict=strict)
    cookies = [guest.id for guest in guests]
    lab.replicated()

    # Nothing of what follows arrives by replication.
    lab.replication(state="pause")
    lab.fault(EAST, "dynamodb", kind)
    began = time.monotonic()
    for number, guest in enumerate(guests):
        answer = guest.ok("add", strict=strict)
        assert answer["found"]["text"] == f"before {number}"
    uses(host, WEST, timeout=2)
    left = time.monotonic() - began
    print(f"{kind}: left {EAST} after {left:.2f} s, {len(guests)} pages meanwhile")
    assert [guest.id for guest in guests] == cookies
    for guest in guests:
        assert guest.ok("add", strict=strict)["found"]["list"] == [1]

    lab.fault(EAST, "dynamodb", "none")
    # The hold-down, two probes, and what a busy machine adds.
    print(f"{kind}: back after {uses(host, EAST, timeout=15):.1f} s")
    for guest in guests:
        assert guest.ok(strict=strict)["found"]["list"] == [1, 2], "what was stored elsewhere is found at once"
    assert [guest.id for guest in guests] == cookies
    wait.until(lambda: lines(host, BACK), what="the message of the return", timeout=5, logs=host.logs)
    assert (lines(host, LOST), lines(host, BACK)) == (1, 1), host.php_log.read_text()


def test_one_request_a_second_is_enough(bridging: Start, lab: Lab) -> None:
    host = bridging("quiet")
    guest = Guest(host)
    guest.ok("put", text="before")
    lab.replicated()
    lab.fault(EAST, "dynamodb", "blackhole")
    # One page that only reads; nothing else is asked of the host.
    assert guest.ok()["found"] == {"text": "before"}
    took = uses(host, WEST, timeout=1)
    print(f"left {took:.2f} s after the only page")


def test_a_fault_between_read_and_write(bridging: Start, lab: Lab) -> None:
    host = bridging("between")
    guest = Guest(host)
    guest.ok("put", text="before")
    lab.replicated()
    lab.counters_reset()
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(guest.ok, "add", wait=400)
        wait.until(lambda: lab.calls(EAST, "dynamodb", "GetItem") >= 1, what="the page's read", timeout=5)
        lab.fault(EAST, "dynamodb", "blackhole")
        assert page.result()["saved"] is True
    assert guest.ok()["found"] == {"text": "before", "list": [1]}


def test_throttling_is_no_reason_to_leave(bridging: Start, lab: Lab) -> None:
    host = bridging("throttled")
    guest = Guest(host)
    guest.ok("put", text="before")
    lab.fault(EAST, "dynamodb", "throttle", rate=0.5)
    for _ in range(15):
        guest.ok("add")
    # A moment in which nothing gets through: the page waits it out.
    lab.counters_reset()
    lab.fault(EAST, "dynamodb", "throttle")
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(guest.ok, "add")
        wait.until(lambda: lab.calls(EAST, "dynamodb", "GetItem") >= 4, what="the page to be throttled some times", timeout=5, every=0.01)
        lab.fault(EAST, "dynamodb", "none")
        assert len(page.result()["found"]["list"]) == 15
    # Past the deadline it is an error, and still no reason to leave.
    lab.fault(EAST, "dynamodb", "throttle")
    answer = guest.get("add")
    assert answer["started"] is False and "throughput" in " ".join(answer["warnings"]).lower()
    status = host.status()
    assert (status["route"], status["regions"][EAST]["breaker"]["opened"], lab.calls(WEST)) == (EAST, 0, 0)


def test_what_is_the_configurations_fault_is_said(bridging: Start, lab: Lab) -> None:
    host = bridging("denied")
    guest = Guest(host)
    guest.ok("put", text="before")
    stored = lab.dump(EAST)
    lab.fault(EAST, "dynamodb", "denied")
    for _ in range(5):
        answer = guest.get("put", text="after")
        assert answer["started"] is False
        assert f"allow dynamodb:GetItem on table {paths.TABLE} in {EAST}" in " ".join(answer["warnings"])
    lab.fault(EAST, "dynamodb", "none")
    missing = bridging("no-table", ini={"wp_dynamodb.table": "nowhere"})
    other = Guest(missing)
    other.cookies = dict(guest.cookies)
    answer = other.get()
    assert answer["started"] is False and f"create table nowhere in {EAST}" in " ".join(answer["warnings"])
    assert (route(host), route(missing), lab.calls(WEST)) == (EAST, EAST, 0)
    assert lab.dump(EAST) == stored


def test_both_regions_down(bridging: Start, lab: Lab) -> None:
    host = bridging("both")
    guest = Guest(host)
    guest.ok("put", text="before")
    lab.replicated()
    cookie, stored = guest.id, lab.dump(EAST)
    for region in (EAST, WEST):
        lab.fault(region, "dynamodb", "refuse")
    for _ in range(6):
        answer = guest.get("put", text="after", strict=1)
        assert answer["started"] is False and guest.last.cookies == {}
        warning = " ".join(answer["warnings"])
        assert EAST in warning and WEST in warning, warning
    for region in (EAST, WEST):
        lab.fault(region, "dynamodb", "none")
    assert lab.dump(EAST) == stored
    assert guest.ok(strict=1)["found"] == {"text": "before"} and guest.id == cookie


def test_a_slow_region_is_not_answered_with_twice_the_load(bridging: Start, lab: Lab) -> None:
    """Every read is late, far more of them than may ask a second Region: 32 saved up, and one in ten."""
    host, reads = bridging("slow", workers=16), 160
    guests = [Guest(host) for _ in range(16)]
    for guest in guests:
        guest.ok("put", text="before")
    lab.replicated()
    lab.fault(EAST, "dynamodb", "latency", ms=400)
    lab.counters_reset()
    with ThreadPoolExecutor(len(guests)) as pool:
        for _ in range(reads // len(guests)):
            assert all(answer["found"] == {"text": "before"} for answer in pool.map(Guest.ok, guests))
    status, routing = host.status(), host.metrics()["routing"]
    print(f"{routing['hedged']} of {reads} late reads were hedged")
    assert (status["route"], status["regions"][EAST]["breaker"]["opened"], routing["bridged"]) == (EAST, 0, 0)
    # All reads earn their share: those that were hedges, and the checks of a suspected Region, too.
    assert 1 <= routing["hedged"] <= 32 + lab.calls(None, "dynamodb", "GetItem") // 10
    assert lab.calls(WEST, "dynamodb") == routing["hedged"]


def test_a_host_that_follows_stays(bridging: Start, lab: Lab) -> None:
    host = bridging("follows", ini={"wp_dynamodb.failover": "follow"})
    guest = Guest(host)
    guest.ok("put", text="before")
    lab.replicated()
    lab.counters_reset()
    lab.fault(EAST, "dynamodb", "refuse")
    for _ in range(4):
        assert guest.get()["started"] is False
    assert (route(host), lab.calls(WEST)) == (EAST, 0)
