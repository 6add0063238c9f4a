"""Following the parameter: who polls, how often, and what happens when something is wrong with it."""

import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from browsing import Guest
from conftest import lab_to_itself, settled

from harness import fastcgi, paths, wait
from harness.fpm import Fpm
from harness.lab import Lab

FIRST, SECOND = paths.REGIONS


def log_text(host: Fpm) -> str:
    return "".join(log.read_text(errors="replace") for log in host.logs if log.is_file())


def test_twenty_workers_follow_and_one_of_them_polls(lab: Lab, start_fpm) -> None:
    with lab_to_itself():
        host = start_fpm("crowd", workers=20, ini={"wp_dynamodb.region_poll_interval": "5"})
        settled(host, FIRST)
        assert len(host.active_regions()) == 20

        lab.counters_reset()
        watched = time.monotonic()
        time.sleep(8)
        written = time.monotonic()
        lab.region(SECOND)
        wait.until(lambda: host.follows(SECOND), what="20 workers to follow", timeout=20, logs=host.logs)
        took = time.monotonic() - written
        time.sleep(max(0, 22 - (time.monotonic() - watched)))
        seconds = time.monotonic() - watched
        rates = {region: lab.calls(region, "ssm") / seconds for region in paths.REGIONS}
        host.stop()
    print(f"20 workers followed within {took:.1f} s; SSM calls a second: {rates}")
    assert took <= 10
    assert all(0 < rate <= 0.25 for rate in rates.values()), rates


def test_another_worker_takes_over_polling(lab: Lab, start_fpm) -> None:
    interval = 2
    host = start_fpm("takeover", workers=4, ini={"wp_dynamodb.region_poll_interval": str(interval)})
    settled(host, FIRST)
    poller = wait.until(lambda: host.status()["parameter"]["poller_pid"], what="a poller", timeout=10, logs=host.logs)
    assert poller in host.pids()

    # Written at the moment of its death: only a new poller can bring the news.
    os.kill(poller, signal.SIGKILL)
    killed = time.monotonic()
    lab.region(SECOND)
    wait.until(lambda: host.probe()["active"] == SECOND, what="another worker to poll", timeout=15, logs=host.logs, every=0.02)
    took = time.monotonic() - killed
    now = host.status()["parameter"]["poller_pid"]
    host.stop()
    print(f"another worker polled {took:.1f} s after the kill (interval {interval} s)")
    assert now != poller
    assert took <= 2 * interval


def test_ssm_down_pages_go_on_and_a_restart_finds_the_last_good_region(lab: Lab, start_fpm) -> None:
    host = start_fpm("ssm-down")
    settled(host, FIRST)
    guest = Guest(host)
    guest.ok("add")
    lab.region(SECOND)
    settled(host, SECOND)
    lab.replicated()
    for region in paths.REGIONS:
        lab.fault(region, "ssm", "blackhole")
    time.sleep(3)
    for _ in range(10):
        answer = guest.ok()
        assert answer["found"] == {"list": [1]} and answer["region"] == SECOND
        assert guest.last.seconds < 0.5

    host.restart()
    first = guest.ok()
    assert first["region"] == SECOND
    assert first["found"] == {"list": [1]}
    # The host is in us-east-1: without the state file it would have come up there.
    assert host.status()["source"] == "last_good"

    for region in paths.REGIONS:
        lab.fault(region, "ssm", "none")
    wait.until(lambda: host.status()["source"] == "parameter", what="the parameter to be read again", timeout=15, logs=host.logs)
    host.stop()


def test_one_ssm_down_the_other_region_is_heard(lab: Lab, host: Fpm) -> None:
    lab.fault(FIRST, "ssm", "refuse")
    lab.region(SECOND, (SECOND,))
    settled(host, SECOND)


@pytest.mark.parametrize(
    ("value", "named"),
    [("mars-north-1", "mars-north-1"), ("eu-central-1", "eu-central-1"), ("US-WEST-2 ", "US-WEST-2"), ("#" * 4096, "####"), (" ", "it is empty")],
    ids=["unknown", "not-listed", "case-and-space", "4-KB", "empty"],
)
def test_bad_parameter_value_is_ignored_with_a_warning(lab: Lab, host: Fpm, value: str, named: str) -> None:
    lab.parameter(value)

    def told() -> dict | None:
        """The status, once it tells of this value in every Region. (Of earlier ones, too: it holds the last notices.)"""
        status = host.status()
        warnings = [text for text in status["warnings"] if "is ignored" in text and paths.PARAMETER in text and named in text]
        return status if all(any(region in text for text in warnings) for region in paths.REGIONS) else None

    status = wait.until(told, what="a warning that names parameter, Region and value", timeout=10, logs=host.logs)
    assert {region["parameter_state"] for region in status["regions"].values()} == {"bad"}
    assert status["active"] == FIRST
    assert set(host.active_regions().values()) == {FIRST}
    assert Guest(host).ok("add")["region"] == FIRST
    assert all(len(text) < 600 for text in status["warnings"]), "4 KB of noise are not repeated in full"
    logged = [line for line in log_text(host).splitlines() if paths.PARAMETER in line and "wp_dynamodb" in line]
    assert any(named in line for line in logged), log_text(host)[-2000:]


def test_deleted_parameter_keeps_the_region(lab: Lab, host: Fpm) -> None:
    lab.region(SECOND)
    settled(host, SECOND)
    lab.parameter(None)
    wait.until(
        lambda: all(r["parameter_state"] == "missing" for r in host.status()["regions"].values()),
        what="the missing parameter to be noticed", timeout=10, logs=host.logs,
    )
    assert host.follows(SECOND)


def test_no_page_fails_while_the_region_switches(lab: Lab, host: Fpm) -> None:
    """Visitors keep reading: every page finds its session, before, during and after."""
    guests = [Guest(host) for _ in range(host.workers)]
    for number, guest in enumerate(guests):
        guest.ok("put", text=f"visitor {number}")
    lab.replicated()
    done = threading.Event()

    def browse(number: int) -> set[str]:
        regions = set()
        while not done.is_set():
            page = guests[number].ok()
            assert page["found"] == {"text": f"visitor {number}"}
            regions.add(page["region"])
        return regions

    with ThreadPoolExecutor(len(guests)) as pool:
        visits = [pool.submit(browse, number) for number in range(len(guests))]
        try:
            for region in (SECOND, FIRST, SECOND):
                lab.region(region)
                time.sleep(2.5)
        finally:
            done.set()
        assert [visit.result() for visit in visits] == [{FIRST, SECOND}] * len(guests)


def test_pin_beats_the_parameter_and_asks_nobody(lab: Lab, start_fpm) -> None:
    host = start_fpm("pinned", ini={"wp_dynamodb.region": SECOND})
    assert host.follows(SECOND)
    assert host.status()["source"] == "pin"
    with lab_to_itself(host):
        lab.counters_reset()
        Guest(host).ok("add")
        # Three intervals: that nothing comes takes its time.
        time.sleep(3)
        assert lab.calls(None, "ssm") == 0
    host.stop()


def test_worker_killed_in_the_middle_of_a_request(lab: Lab, host: Fpm) -> None:
    """A crash is one visitor's error page: no session is harmed, and the host goes on."""
    guest, other = Guest(host), Guest(host)
    guest.ok("add")
    other.ok("add")
    for _ in range(5):
        with ThreadPoolExecutor(host.workers) as pool:
            before = set(host.pids())
            slow = pool.submit(host.get, "session.php", guest.cookies, do="add", wait=1500)
            time.sleep(0.3)
            # As many probes at once as there are idle workers: the busy one is the one that none of them reaches.
            idle = set(pool.map(lambda _: host.probe(200)["pid"], range(host.workers - 1)))
            (busy,) = before - idle
            host.kill_workers([busy])
            with pytest.raises((fastcgi.Lost, ConnectionError)):
                slow.result()
        assert other.ok()["found"] == {"list": [1]}
    assert guest.ok()["found"] == {"list": [1]}
    lab.region(SECOND)
    settled(host, SECOND)
    assert not re.search(r"panic|signal 11|SIGSEGV", log_text(host))


def test_reload_of_php_fpm_keeps_the_region_and_the_sessions(lab: Lab, start_fpm) -> None:
    host = start_fpm("reload")
    guest = Guest(host)
    guest.ok("add")
    lab.region(SECOND)
    settled(host, SECOND)
    lab.replicated()
    # The workers know a moment before the disk does.
    wait.until(lambda: SECOND in host.state_file.read_text(), what="the Region on disk", timeout=5, logs=host.logs)
    host.reload()
    answer = guest.ok()
    assert answer["region"] == SECOND and answer["found"] == {"list": [1]}
    lab.region(FIRST)
    settled(host, FIRST)
    host.stop()
