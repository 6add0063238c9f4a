"""routing = local: each host uses its own Region's replica, until that fails or the parameter drains it."""

from collections.abc import Iterator

import pytest
from browsing import EAST, WEST, Guest, Start, no_window

from harness import wait
from harness.fpm import Fpm
from harness.lab import Lab

LOCAL = {"wp_dynamodb.routing": "local", "wp_dynamodb.failover": "auto", "wp_dynamodb.switch_window": "5"}

@pytest.fixture
def hosts(start_fpm: Start, lab: Lab, request: pytest.FixtureRequest) -> Iterator[dict[str, Fpm]]:
    """One host in each Region, fresh for each test and stopped after it."""
    made = {region: start_fpm(f"{region}-{request.node.name}"[:40], region, ini=LOCAL) for region in (EAST, WEST)}
    for region, host in made.items():
        uses(host, region, "home")
    yield made
    for host in made.values():
        host.stop()


def uses(host: Fpm, region: str, why: str) -> None:
    def there() -> bool:
        status = host.status()
        return (status["route"], status["why"]) == (region, why)

    wait.until(there, what=f"{host.name} to use {region} ({why})", timeout=15, logs=host.logs)


def test_each_host_uses_its_own_region(hosts: dict[str, Fpm], lab: Lab) -> None:
    for region, other in ((EAST, WEST), (WEST, EAST)):
        no_window(hosts[region])
        lab.counters_reset()
        guest = Guest(hosts[region])
        guest.ok("put", text=region)
        assert guest.ok()["found"] == {"text": region}
        assert (lab.calls(region) > 0, lab.calls(other)) == (True, 0)


def test_it_bridges_when_its_region_fails(hosts: dict[str, Fpm], lab: Lab) -> None:
    guest = Guest(hosts[WEST])
    guest.ok("put", text="before")
    lab.replicated()
    lab.fault(WEST, "dynamodb", "refuse")
    assert guest.ok("add")["found"] == {"text": "before"}
    uses(hosts[WEST], EAST, "bridged")
    lab.fault(WEST, "dynamodb", "none")
    uses(hosts[WEST], WEST, "home")
    assert guest.ok()["found"] == {"text": "before", "list": [1]}


def test_only_an_order_to_drain_moves_it(hosts: dict[str, Fpm], lab: Lab) -> None:
    lab.region(WEST)
    wait.until(lambda: hosts[EAST].status()["active"] == WEST, what="the new value", timeout=15, logs=hosts[EAST].logs)
    uses(hosts[EAST], EAST, "home")
    guest = Guest(hosts[EAST])
    guest.ok("put", text="before")

    lab.replication(lag_ms=1000)
    guest.ok("add")
    lab.parameter(f"{WEST} drain={EAST}")
    uses(hosts[EAST], WEST, "evacuated")
    assert hosts[EAST].status()["regions"][EAST]["drained"] is True
    assert guest.ok("add")["found"] == {"text": "before", "list": [1]}, "also what has not been replicated yet"
    uses(hosts[WEST], WEST, "home")

    lab.region(WEST)
    uses(hosts[EAST], EAST, "home")
    assert guest.ok()["found"] == {"text": "before", "list": [1, 2]}


def test_a_pin_beats_it(start_fpm: Start, lab: Lab) -> None:
    """Whatever its own Region, the parameter and the faults say, a pinned host uses its pin."""
    host = start_fpm("local-pinned", EAST, ini=LOCAL | {"wp_dynamodb.region": WEST})
    try:
        guest = Guest(host)
        guest.ok("put", text="before")
        status = host.status()
        assert (status["route"], status["home"], status["source"]) == (WEST, EAST, "pin")
        lab.parameter(f"{EAST} drain={WEST}")
        lab.fault(WEST, "dynamodb", "refuse")
        lab.counters_reset()
        for _ in range(4):
            assert guest.get()["started"] is False
        assert (host.status()["route"], lab.calls(EAST)) == (WEST, 0)
    finally:
        host.stop()


def test_a_host_that_follows_stays_at_home(start_fpm: Start, lab: Lab) -> None:
    host = start_fpm("local-follows", WEST, ini=LOCAL | {"wp_dynamodb.failover": "follow"})
    try:
        uses(host, WEST, "home")
        no_window(host)
        guest = Guest(host)
        guest.ok("put", text="before")
        lab.fault(WEST, "dynamodb", "refuse")
        lab.counters_reset()
        for _ in range(4):
            assert guest.get()["started"] is False
        assert (host.status()["route"], lab.calls(EAST, "dynamodb")) == (WEST, 0)
        # An order is obeyed.
        lab.parameter(f"{EAST} drain={WEST}")
        uses(host, EAST, "evacuated")
    finally:
        host.stop()
