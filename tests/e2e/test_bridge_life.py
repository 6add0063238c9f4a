"""What may happen while the active Region is lost: visitors log out, workers die, php-fpm is reloaded, the Region comes and goes."""

import time

from browsing import EAST, WEST, Guest, Start, no_window, route, uses

from harness import wait
from harness.fpm import Fpm
from harness.lab import Lab


def bridge(host: Fpm, guest: Guest, lab: Lab, **fault: str) -> None:
    """The host loses its Region, which one page meets."""
    lab.replicated()
    lab.fault(EAST, "dynamodb", "refuse", **fault)
    assert guest.ok()["found"] == {"text": "before"}
    uses(host, WEST, timeout=2)


def back(host: Fpm, lab: Lab) -> None:
    lab.fault(EAST, "dynamodb", "none")
    # The hold-down, two probes, and what a busy machine adds.
    uses(host, EAST, timeout=20)


def test_a_logout_stays_one(bridging: Start, lab: Lab) -> None:
    """The lost Region still has the session when it comes back, and replication sleeps: the logout holds all the same."""
    host = bridging("logout", ini={"wp_dynamodb.switch_window": "3"})
    guest = Guest(host)
    guest.ok("put", text="before")
    old = dict(guest.cookies)
    bridge(host, guest, lab)
    lab.replication(state="pause")
    assert guest.ok("destroy")["saved"] is True

    def is_out(strict: int) -> bool:
        visitor = Guest(host)
        visitor.cookies = dict(old)
        # Not stored, so that the next look finds what this one found; in strict mode the old id is not even accepted.
        return not visitor.ok("abort", strict=strict)["found"] and (visitor.id == guest.id) == (not strict)

    assert is_out(0) and is_out(1), "in the Region that stands in"
    back(host, lab)
    assert len(lab.dump(EAST)) >= 1
    assert is_out(0) and is_out(1), "in the window, from a Region that has not heard of it"
    lab.replication(state="run")
    lab.replicated()
    no_window(host)
    assert is_out(0) and is_out(1), "after the window"


def test_hosts_that_never_left_share_their_sessions(bridging: Start, lab: Lab) -> None:
    """Only hosts in the Region lose it. What either side writes, the other one finds as soon as it is replicated, and all of it in the end."""
    left, stayed = bridging("left"), bridging("stayed", WEST)
    guest, other = Guest(left), Guest(stayed)
    guest.ok("put", text="before")
    bridge(left, guest, lab, door="local")
    other.ok("put", text="on the host that stayed")
    for number, host in enumerate((left, stayed, left, stayed)):
        guest.host = host
        assert len(guest.ok("add")["found"].get("list", [])) == number, host.name
        lab.replicated()
    assert (route(left), route(stayed)) == (WEST, EAST)
    guest.host = left
    back(left, lab)
    assert guest.ok()["found"] == {"text": "before", "list": [1, 2, 3, 4]}
    other.host = left
    assert other.ok()["found"] == {"text": "on the host that stayed"}


def test_a_killed_poller_does_not_keep_the_host_away(bridging: Start, lab: Lab) -> None:
    host = bridging("killed", workers=3)
    guest = Guest(host)
    guest.ok("put", text="before")
    bridge(host, guest, lab)
    poller = wait.until(lambda: host.status()["parameter"]["poller_pid"], what="a poller", timeout=10, logs=host.logs)
    host.kill_workers([poller])
    guest.ok("add")
    back(host, lab)
    assert guest.ok()["found"] == {"text": "before", "list": [1]}


def test_a_reload_during_a_bridge(bridging: Start, lab: Lab) -> None:
    """The new master knows nothing of the loss; it meets it, as the one before did, and nobody notices."""
    host = bridging("reload")
    guest = Guest(host)
    guest.ok("put", text="before")
    bridge(host, guest, lab)
    guest.ok("add")
    cookie = guest.id
    host.reload()
    assert guest.ok("add")["found"] == {"text": "before", "list": [1]}
    uses(host, WEST, timeout=2)
    assert guest.ok("add")["found"]["list"] == [1, 2]
    back(host, lab)
    assert guest.ok()["found"]["list"] == [1, 2, 3] and guest.id == cookie


def test_a_flapping_region_is_left_alone(bridging: Start, lab: Lab) -> None:
    """Three seconds gone, three seconds there, five times: with each return the host waits longer before it trusts the Region again."""
    host = bridging("flapping")
    guest = Guest(host)
    pages, began, lost, rounds = 0, time.monotonic(), False, 0
    guest.ok("put", text="0")
    lab.replicated()
    while (now := time.monotonic() - began) < 30:
        if lost != (now % 6 < 3):
            lost = not lost
            rounds += lost
            lab.fault(EAST, "dynamodb", "refuse" if lost else "none")
        assert guest.ok("put", text=str(pages + 1))["found"] == {"text": str(pages)}
        pages += 1
    status, routing = host.status(), host.metrics()["routing"]
    print(f"{rounds} losses in 30 s, {pages} pages: left {routing['left']} times, hold-down {status['regions'][EAST]['breaker']['hold_ms']} ms")
    # Held down for 5 s, 10 s and 20 s: there is no time for more.
    assert rounds == 5 and 1 <= routing["left"] <= 3
