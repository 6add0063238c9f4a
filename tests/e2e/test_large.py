"""Sessions that do not fit into one item, through php-fpm."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from browsing import EAST, WEST, Guest, Start, uses

from harness import fastcgi, wait
from harness.fpm import Fpm
from harness.lab import Lab


def put(guest: Guest, seed: int) -> dict:
    """Stores 5 MB of noise that grows from a seed; the page tells its checksum."""
    return guest.ok("noise", seed=seed)


def checksum(guest: Guest) -> str:
    return guest.ok("abort")["checksum"]


def test_five_megabytes_survive_a_bridge(bridging: Start, lab: Lab) -> None:
    host = bridging("large", ini={"wp_dynamodb.request_timeout_ms": "10000", "wp_dynamodb.attempt_timeout_ms": "2000"})
    guest = Guest(host)
    stored = put(guest, 1)["checksum"]
    assert checksum(guest) == stored
    lab.replicated()
    lab.fault(EAST, "dynamodb", "refuse")
    assert checksum(guest) == stored
    uses(host, WEST, timeout=5)
    changed = put(guest, 2)["checksum"]
    assert changed != stored and checksum(guest) == changed
    lab.fault(EAST, "dynamodb", "none")
    uses(host, EAST, timeout=20)
    assert checksum(guest) == changed


def test_a_worker_killed_between_parts_leaves_the_old_session(host: Fpm, lab: Lab) -> None:
    guest = Guest(host)
    stored = put(guest, 1)["checksum"]
    for calls in (1, 6, 12):
        lab.counters_reset()
        lab.fault(EAST, "dynamodb", "latency", ms=40)
        with ThreadPoolExecutor(1) as pool:
            page = pool.submit(guest.get, "noise", seed=2)
            wait.until(lambda least=calls: lab.calls(EAST, "dynamodb", "UpdateItem") >= least, what="parts", timeout=10, every=0.002)
            host.kill_workers()
            with pytest.raises(fastcgi.Lost):
                page.result()
        lab.fault(EAST, "dynamodb", "none")
        # The last call may have been the session's item itself: then it is the new one, whole.
        assert checksum(guest) in {stored, put(Guest(host), 2)["checksum"]}, calls
