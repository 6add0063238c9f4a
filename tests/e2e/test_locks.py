"""session_locking: requests of one session come one after the other, and none of their changes is lost."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from browsing import EAST, WEST, Guest
from conftest import STAYS, calm

from harness import fastcgi, process, wait
from harness.fpm import Fpm
from harness.lab import Lab

Locking = Callable[..., Fpm]


@pytest.fixture
def locking(own_host: Callable[..., Fpm]) -> Locking:
    def start(name: str, region: str = EAST, *, workers: int = 4, **settings: object) -> Fpm:
        ini = STAYS | {"wp_dynamodb.session_locking": "1"} | {f"wp_dynamodb.session_{key}": str(value) for key, value in settings.items()}
        return own_host(f"locks-{name}", region, workers=workers, ini=ini)

    return start


def same(guest: Guest, host: Fpm) -> Guest:
    """Another window of the same visitor."""
    other = Guest(host)
    other.cookies = dict(guest.cookies)
    return other


@pytest.mark.parametrize("write", ["sync", "behind"])
def test_nothing_is_lost(locking: Locking, lab: Lab, write: str) -> None:
    """Two hosts, sixteen windows of one visitor. One host's waiters do not ask DynamoDB."""
    hosts = [locking(f"{name}-{write}", region, workers=8, write=write, lock_wait=60) for name, region in (("one", EAST), ("two", WEST))]
    guest = Guest(hosts[0])
    guest.ok("count")
    # The first write of a new id needs no lock; another host must not come before it.
    wait.until(lambda: lab.writes() == 1, what="the first write", timeout=5)
    pages = 15

    def window(number: int) -> None:
        visitor = same(guest, hosts[number % 2])
        for _ in range(pages):
            visitor.ok("count")

    lab.counters_reset()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(window, range(16)))
    calls = lab.calls(EAST, "dynamodb")
    assert guest.ok()["found"] == {"n": 1 + 16 * pages}
    print(f"{calls / (16 * pages):.2f} calls a page, two of them its own")
    assert calls <= 5 * 16 * pages


def test_waiters_of_one_host_ask_nobody(locking: Locking, lab: Lab) -> None:
    host = locking("alone", workers=8, lock_wait=60)
    guest = Guest(host)
    guest.ok("count")
    lab.counters_reset()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [same(guest, host).ok("count") for _ in range(10)], range(8)))
    assert guest.ok("abort")["found"] == {"n": 81}
    assert lab.counters()[EAST]["dynamodb"] == {"UpdateItem": 2 * 81}


def test_who_waits_too_long_is_told(locking: Locking, lab: Lab) -> None:
    host = locking("slow", lock_wait=1)
    guest = Guest(host)
    guest.ok("put", text="before")
    with ThreadPoolExecutor(1) as pool:
        lab.counters_reset()
        holder = pool.submit(same(guest, host).ok, "put", text="holder", wait=2500)
        wait.until(lambda: lab.calls(EAST, "dynamodb") == 1, what="the lock", timeout=5, every=0.005)
        other = same(guest, host)
        page = other.get("put", text="other", strict=1)
        assert page["started"] is False and 900 < page["start_ms"] < 1500 and other.id == guest.id
        assert "session_lock_wait" in " ".join(page["warnings"]), page
        # Who only looks does not wait.
        glance = other.ok(glance=1)
        assert glance["found"] == {"text": "before"} and glance["start_ms"] < 300
        holder.result()
    assert guest.ok()["found"] == {"text": "holder"}


def test_a_killed_owner(locking: Locking, lab: Lab) -> None:
    """Its host goes on at once; another host when the lease has ended."""
    host, other = locking("killed", workers=1, lock_ttl=3), locking("waits", WEST, lock_ttl=3)
    guest = Guest(host)
    guest.ok("put", text="before")
    for survivor, least, most in ((host, 0, 1), (other, 1, 4.5)):
        lab.counters_reset()
        with ThreadPoolExecutor(1) as pool:
            page = pool.submit(same(guest, host).get, "put", text="lost", wait=20000)
            wait.until(lambda: lab.calls(EAST, "dynamodb") == 1, what="the lock", timeout=5, every=0.005)
            began = time.monotonic()
            host.kill_workers()
            with pytest.raises(fastcgi.Lost):
                page.result()
        assert same(guest, survivor).ok("abort")["found"] == {"text": "before"}
        assert least <= time.monotonic() - began < most, survivor.name


def test_a_living_owner_keeps_its_lock(locking: Locking) -> None:
    host, other = locking("living", lock_ttl=2), locking("patient", WEST, lock_ttl=2, lock_wait=20)
    guest = Guest(host)
    guest.ok("count")
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(same(guest, host).ok, "count", wait=5000)
        time.sleep(0.5)
        waiting = pool.submit(same(guest, other).ok, "count")
        assert slow.result()["found"] == {"n": 1}
        page = waiting.result()
    assert page["found"] == {"n": 2} and page["start_ms"] > 3500


def test_a_late_owner_is_refused(locking: Locking, lab: Lab) -> None:
    """A worker that stood still for longer than its lease does not write over what the next owner has made of the session."""
    host, other = locking("late", workers=1, lock_ttl=2), locking("next", WEST, lock_ttl=2)
    guest = Guest(host)
    guest.ok("put", text="before")
    with ThreadPoolExecutor(1) as pool:
        lab.counters_reset()
        late = pool.submit(same(guest, host).get, "put", text="late", wait=1500)
        wait.until(lambda: lab.calls(EAST, "dynamodb") == 1, what="the lock", timeout=5, every=0.005)
        host.pause()
        same(guest, other).ok("put", text="next")
        host.resume()
        page = late.result()
    assert "lock had ended" in " ".join(page["warnings"]), page
    assert same(guest, other).ok()["found"] == {"text": "next"}


@pytest.mark.parametrize("do", ["destroy", "renew"])
def test_a_late_owner_destroys_nothing(locking: Locking, lab: Lab, do: str) -> None:
    host, other = locking(f"late-{do}", workers=1, lock_ttl=2), locking(f"next-{do}", WEST, lock_ttl=2)
    guest = Guest(host)
    guest.ok("put", text="before")
    with ThreadPoolExecutor(2) as pool:
        lab.counters_reset()
        late = pool.submit(same(guest, host).get, do, wait=1500)
        wait.until(lambda: lab.calls(EAST, "dynamodb") == 1, what="the lock", timeout=5, every=0.005)
        host.pause()
        working = pool.submit(same(guest, other).ok, "put", text="next", wait=1000)
        # Its page begins when it has the lock, and takes a second.
        wait.until(lambda: any(process.sleeps(pid) for pid in other.pids()), what="the next owner", timeout=8, every=0.01)
        host.resume()
        page = late.result()
        assert working.result()["started"]
    assert "lock had ended" in " ".join(page["warnings"]), page
    assert same(guest, other).ok()["found"] == {"text": "next"}


def test_a_frozen_owner_holds_up_nobody_for_longer_than_its_lease(locking: Locking, lab: Lab) -> None:
    """On its own host, where others wait for its turn and not for the item's lock."""
    host = locking("frozen", workers=3, lock_ttl=2, lock_wait=20)
    guest = Guest(host)
    guest.ok("put", text="before")
    with ThreadPoolExecutor(1) as pool:
        lab.counters_reset()
        page = pool.submit(same(guest, host).get, "put", text="late", wait=1500)
        wait.until(lambda: lab.calls(EAST, "dynamodb") == 1, what="the lock", timeout=5, every=0.005)
        owner = wait.until(lambda: next((pid for pid in host.pids() if process.sleeps(pid)), None), what="the page to sleep", timeout=5, every=0.01)
        process.send(owner, signal.SIGSTOP)
        began = time.monotonic()
        same(guest, host).ok("put", text="next")
        assert time.monotonic() - began < 4
        process.send(owner, signal.SIGCONT)
        assert "lock had ended" in " ".join(page.result()["warnings"])
    assert same(guest, host).ok()["found"] == {"text": "next"}


def test_a_write_whose_answer_is_lost_is_stored(locking: Locking, lab: Lab) -> None:
    """The first try takes the lock off; the second must not be told that another one has it."""
    host = locking("lost-answer")
    guest = Guest(host)
    guest.ok("put", text="before")
    lab.counters_reset()
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(same(guest, host).get, "put", text="after", wait=300)
        wait.until(lambda: lab.calls(EAST, "dynamodb") == 1, what="the lock", timeout=5, every=0.005)
        lab.fault(EAST, "dynamodb", "hang")
        wait.until(lambda: lab.calls(EAST, "dynamodb") == 2, what="the write", timeout=5, every=0.005)
        lab.fault(EAST, "dynamodb", "none")
        answer = page.result()
    assert answer["warnings"] == [] and answer["saved"] is True, answer
    assert same(guest, host).ok()["found"] == {"text": "after"}


def test_in_a_bridge(start_fpm: Callable[..., Fpm], lab: Lab) -> None:
    """Locks are one Region's: in a bridge the stand-in's count."""
    ini = {"wp_dynamodb.failover": "auto", "wp_dynamodb.switch_window": "2", "wp_dynamodb.session_locking": "1"}
    host = start_fpm("locks-bridge", EAST, workers=6, ini=ini)
    try:
        calm(host)
        guest = Guest(host)
        guest.ok("count")
        lab.replicated()
        lab.fault(EAST, "dynamodb", "refuse")
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: [same(guest, host).ok("count") for _ in range(5)], range(6)))
        lab.fault(EAST, "dynamodb", "none")
        wait.until(lambda: host.status()["route"] == EAST, what="the way back", timeout=20)
        assert guest.ok("count")["found"] == {"n": 31}
    finally:
        host.stop()
