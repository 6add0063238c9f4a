"""A planned switch, while replication is late and hosts follow one after the other: nobody sees an old session."""

from browsing import EAST, WEST, Guest, Start, no_window, uses

from harness import wait
from harness.lab import Lab

# A host that follows within a second, and one that does not follow while a test lasts.
QUICK, DEAF = {"wp_dynamodb.region_poll_interval": "1"}, {"wp_dynamodb.region_poll_interval": "3600"}


def alternate(guest: Guest, hosts: tuple, pages: int) -> int:
    """Changes the host, and so the Region, with each page, each of which changes the session and must know all changes before it."""
    count = len(guest.ok()["found"].get("list", []))
    for page in range(pages):
        guest.host = hosts[page % 2]
        found = guest.ok("add")["found"]
        assert found == {"text": "before"} | ({"list": list(range(1, count + 1))} if count else {}), f"page {page} on {guest.host.name}"
        count += 1
    return count


def test_while_one_host_has_not_followed(bridging: Start, lab: Lab) -> None:
    """Replication lags by a second; also back again, and when the second host follows in the end."""
    quick, deaf = bridging("quick", EAST, ini=QUICK), bridging("deaf", WEST, ini=DEAF)
    guest = Guest(quick)
    guest.ok("put", text="before")
    lab.replicated()
    lab.replication(lag_ms=1000)
    alternate(guest, (quick, deaf), 10)
    lab.region(WEST)
    uses(quick, WEST, timeout=5)
    alternate(guest, (quick, deaf), 60)
    lab.region(EAST)
    uses(quick, EAST, timeout=5)
    seen = alternate(guest, (quick, deaf), 60)
    print(f"{seen} pages, none of them old")


def test_a_page_that_reads_before_its_host_follows(bridging: Start, lab: Lab) -> None:
    """...and writes after it: what another host, that has not followed, makes of the session counts on, and is not lost."""
    quick, deaf = bridging("reads-before", EAST, ini=QUICK), bridging("follows-late", WEST, ini=DEAF)
    guest = Guest(quick)
    guest.ok("put", text="before")
    lab.replicated()
    lab.replication(state="pause")
    guest.ok("add")
    lab.region(WEST)
    assert guest.ok("add", until=WEST)["region"] == WEST
    guest.host = deaf
    assert guest.ok("add")["found"]["list"] == [1, 2]
    guest.host = quick
    assert guest.ok()["found"]["list"] == [1, 2, 3]


def test_replication_stands_still(bridging: Start, lab: Lab) -> None:
    """Nothing arrives in the new Region during the window: what is read is found all the same, and what is written stays."""
    host = bridging("standstill", ini={"wp_dynamodb.switch_window": "3"})
    guests = [Guest(host) for _ in range(4)]
    lab.replication(state="pause")
    for number, guest in enumerate(guests):
        guest.ok("put", text=str(number))
    lab.region(WEST)
    uses(host, WEST, timeout=5)
    for number, guest in enumerate(guests):
        assert guest.ok("add", strict=1)["found"] == {"text": str(number)}
    lab.replication(state="run")
    lab.replicated()
    no_window(host)
    lab.counters_reset()
    for number, guest in enumerate(guests):
        assert guest.ok(strict=1)["found"] == {"text": str(number), "list": [1]}
    assert (lab.calls(EAST), lab.calls(WEST, "dynamodb", "GetItem")) == (0, len(guests))


def test_a_region_that_fails_in_the_window(bridging: Start, lab: Lab) -> None:
    """The old Region dies right after the switch: the new one is enough, and no page waits for the dead one."""
    host = bridging("half", ini={"wp_dynamodb.switch_window": "10"})
    guest = Guest(host)
    guest.ok("put", text="before")
    lab.replicated()
    lab.region(WEST)
    uses(host, WEST, timeout=5)
    lab.fault(EAST, "dynamodb", "blackhole")
    guest.ok("add")
    wait.until(lambda: host.status()["regions"][EAST]["breaker"]["state"] == "open", what="the breaker", timeout=5, logs=host.logs)
    answer = guest.ok("add")
    assert answer["found"] == {"text": "before", "list": [1]} and answer["start_ms"] + answer["close_ms"] < 200
