"""session_write: what a page waits for when it changes its session, and what is durable when."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from browsing import EAST, Guest, lines
from conftest import STAYS

from harness import wait
from harness.fpm import Fpm
from harness.lab import Lab

LATENCY = 150

Start = Callable[..., Fpm]


@pytest.fixture
def mode(own_host: Start) -> Start:
    def start(write: str, *, workers: int = 4) -> Fpm:
        return own_host(f"writes-{write}", workers=workers, ini=STAYS | {"wp_dynamodb.session_write": write})

    return start


def change(host: Fpm, lab: Lab) -> tuple[float, float]:
    """A page that changes its session and then works for as long as the write takes: what closing took, and the whole response; in ms."""
    guest = Guest(host)
    guest.ok("add")
    wait.until(lambda: lab.writes() >= 1, what="the first write", timeout=5)
    lab.fault(EAST, "dynamodb", "latency", ms=LATENCY)
    response = host.get("session.php", guest.cookies, do="add")
    took, page = response.seconds * 1000, response.json()
    assert page["started"] and page["warnings"] == [], page
    lab.fault(EAST, "dynamodb", "none")
    return page["close_ms"], took


def test_sync_waits_where_it_closes(mode: Start, lab: Lab) -> None:
    closed, _ = change(mode("sync"), lab)
    assert closed >= LATENCY


def test_overlap_waits_before_the_response_ends(mode: Start, lab: Lab) -> None:
    host = mode("overlap")
    closed, took = change(host, lab)
    assert closed < LATENCY / 2 and took >= 2 * LATENCY
    # Durable when the response has ended: nothing is under way any more.
    guest = Guest(host)
    for number in range(20):
        guest.ok("put", text=str(number))
        lab.counters_reset()
        time.sleep(0)
        assert lab.writes() == 0


def test_behind_waits_for_nothing(mode: Start, lab: Lab) -> None:
    closed, took = change(mode("behind"), lab)
    assert closed < LATENCY / 2 and took < 2 * LATENCY


def test_behind_shows_nobody_an_old_session(mode: Start, lab: Lab) -> None:
    """Each page of a visitor is served by any of the host's workers, and comes as soon as the one before has answered."""
    host = mode("behind", workers=6)
    lab.fault(EAST, "dynamodb", "latency", ms=20)

    def visit(number: int) -> int:
        guest = Guest(host)
        for page in range(40):
            found = guest.ok("put", text=f"{number}-{page}")["found"]
            assert page == 0 or found == {"text": f"{number}-{page - 1}"}, (number, page, found)
        return 40

    with ThreadPoolExecutor(4) as pool:
        pages = sum(pool.map(visit, range(8)))
    behind = host.metrics()["sessions"]["behind"]
    print(f"{pages} pages, {behind} of their writes behind")
    assert behind >= pages - 10


@pytest.mark.parametrize("write", ["overlap", "behind"])
def test_several_writes_of_one_request_and_a_logout(mode: Start, lab: Lab, write: str) -> None:
    host = mode(write)
    lab.fault(EAST, "dynamodb", "latency", ms=30)
    guest = Guest(host)
    guest.ok("put", text="before")
    # The page reads again what it has just written.
    assert guest.ok("put", text="after", again=1)["again"] == {"text": "after"}
    old = dict(guest.cookies)
    assert guest.ok("destroy")["saved"] is True
    visitor = Guest(host)
    visitor.cookies = old
    assert not visitor.ok("abort")["found"]


@pytest.mark.parametrize("write", ["overlap", "behind"])
def test_a_write_that_fails_is_logged_and_counted(mode: Start, lab: Lab, write: str) -> None:
    host = mode(write)
    guest = Guest(host)
    guest.ok("put", text="before")
    wait.until(lambda: lab.writes() >= 1, what="the first write", timeout=5)
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(guest.get, "put", text="lost", wait=300)
        wait.until(lambda: lab.calls(EAST, "dynamodb", "GetItem") >= 1, what="the page's read", timeout=5, every=0.005)
        lab.fault(EAST, "dynamodb", "denied")
        answer = page.result()
    assert answer["started"] is True
    wait.until(lambda: host.metrics()["sessions"]["failed"] >= 1, what="the failure to be counted", timeout=5)
    lab.fault(EAST, "dynamodb", "none")
    assert guest.ok()["found"] == {"text": "before"}
    wait.until(lambda: lines(host, "a session is not stored, and its page could not be told") == 1, what="the failure in the log", timeout=5, logs=host.logs)
    assert guest.id not in host.php_log.read_text()


def test_overlap_that_ends_its_response_early_shows_nobody_an_old_session(mode: Start, lab: Lab) -> None:
    """After fastcgi_finish_request() the visitor's next page may come before the write has ended: it waits for it."""
    host = mode("overlap")
    guest = Guest(host)
    guest.ok("put", text="0")
    lab.fault(EAST, "dynamodb", "latency", ms=100)
    for number in range(1, 6):
        guest.ok("put", text=str(number), finish=0)
        assert guest.ok("abort")["found"] == {"text": str(number)}


@pytest.mark.parametrize("write", ["overlap", "behind"])
def test_a_write_with_a_lock_that_fails_is_counted(own_host: Start, lab: Lab, write: str) -> None:
    """Giving the lock back, which fails too, must not outlive the write's own deadline."""
    ini = STAYS | {"wp_dynamodb.session_write": write, "wp_dynamodb.session_locking": "1"}
    host = own_host(f"fails-{write}", workers=2, ini=ini)
    guest = Guest(host)
    guest.ok("put", text="before")
    wait.until(lambda: lab.writes() >= 1, what="the first write", timeout=5)
    lab.counters_reset()
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(guest.get, "put", text="lost", wait=300)
        wait.until(lambda: lab.calls(EAST, "dynamodb") == 1, what="the lock", timeout=5, every=0.005)
        lab.fault(EAST, "dynamodb", "blackhole")
        assert page.result()["started"]
    wait.until(lambda: host.metrics()["sessions"]["failed"] >= 1, what="the failure to be counted", timeout=10)
    # The host's next request logs it.
    wait.until(lambda: host.probe() and lines(host, "and its page could not be told") == 1, what="the failure in the log", timeout=5, logs=host.logs)


def test_a_write_that_fails_while_its_worker_ends_is_logged(own_host: Start, lab: Lab) -> None:
    host = own_host("writes-and-ends", workers=1, ini=STAYS | {"wp_dynamodb.session_write": "behind"})
    guest = Guest(host)
    guest.ok("put", text="before")
    wait.until(lambda: lab.writes() >= 1, what="the first write", timeout=5)
    lab.counters_reset()
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(guest.get, "put", text="lost", wait=300)
        wait.until(lambda: lab.calls(EAST, "dynamodb", "GetItem") >= 1, what="the page's read", timeout=5, every=0.005)
        lab.fault(EAST, "dynamodb", "throttle")
        page.result()
    host.reload()
    wait.until(lambda: lines(host, "and its page could not be told") == 1, what="the failure in the log", timeout=5, logs=host.logs)


def test_a_reload_loses_nothing_that_is_behind(mode: Start, lab: Lab) -> None:
    host = mode("behind")
    guests = [Guest(host) for _ in range(8)]
    for guest in guests:
        guest.ok("put", text="before")
    lab.fault(EAST, "dynamodb", "latency", ms=400)
    with ThreadPoolExecutor(len(guests)) as pool:
        list(pool.map(lambda guest: guest.ok("put", text="after"), guests))
    host.reload()
    lab.fault(EAST, "dynamodb", "none")
    assert [guest.ok()["found"] for guest in guests] == [{"text": "after"}] * len(guests)


def test_a_killed_worker_loses_only_what_was_under_way(mode: Start, lab: Lab) -> None:
    """Nobody waits for the dead, and every session is whole: the last change, or the one before it."""
    host = mode("behind", workers=2)
    guests = [Guest(host) for _ in range(6)]
    for guest in guests:
        guest.ok("put", text="before")
    wait.until(lambda: lab.writes() >= 6, what="the first writes", timeout=5)
    lab.fault(EAST, "dynamodb", "latency", ms=500)
    pids = {guest.ok("put", text="after")["pid"] for guest in guests[:2]}
    host.kill_workers(pids)
    lab.fault(EAST, "dynamodb", "none")
    began = time.monotonic()
    found = [guest.ok()["found"]["text"] for guest in guests]
    assert time.monotonic() - began < 2, "nobody waits for what a dead worker had under way"
    assert set(found) <= {"before", "after"} and found[2:] == ["before"] * 4
