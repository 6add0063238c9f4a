"""How many calls a page makes, counted by the lab."""

import pytest
from browsing import Guest
from conftest import lab_to_itself

from harness import wait
from harness.fpm import Fpm
from harness.lab import Lab


@pytest.mark.parametrize("strict", [0, 1])
def test_unchanged_page_makes_one_call(host: Fpm, lab: Lab, strict: int) -> None:
    guest = Guest(host)
    guest.ok("add", strict=strict)
    lab.counters_reset()
    for _ in range(10):
        assert guest.ok(strict=strict)["found"] == {"list": [1]}
    assert lab.counters()["us-east-1"]["dynamodb"] == {"GetItem": 10}
    assert lab.calls("us-west-2") == 0


def test_fresh_page_that_stores_nothing_writes_nothing(host: Fpm, lab: Lab) -> None:
    before = lab.dump("us-east-1")
    for strict in (0, 1):
        assert Guest(host).ok("fresh", strict=strict)["found"] == []
    assert lab.writes() == 0
    assert lab.dump("us-east-1") == before


def test_changed_page_makes_one_read_and_one_write(host: Fpm, lab: Lab) -> None:
    guest = Guest(host)
    guest.ok("add")
    lab.counters_reset()
    guest.ok("add")
    assert lab.counters()["us-east-1"]["dynamodb"] == {"GetItem": 1, "UpdateItem": 1}


def test_strict_mode_adds_no_call(host: Fpm, lab: Lab) -> None:
    def calls(strict: int) -> list[dict]:
        guest, seen = Guest(host), []
        for do in ("fresh", "add", "read", "add", "abort"):
            lab.counters_reset()
            guest.ok(do, strict=strict)
            seen.append(lab.counters()["us-east-1"].get("dynamodb", {}))
        return seen

    assert calls(1) == calls(0)


def test_strict_mode_refuses_an_unknown_id(host: Fpm) -> None:
    guest = Guest(host)
    guest.cookies["PHPSESSID"] = "a" * 26
    assert guest.ok("add", strict=1)["id"] != "a" * 26
    assert guest.id != "a" * 26


def test_requests_make_no_ssm_call(lab: Lab, start_fpm) -> None:
    """With an interval of an hour nothing but a request could call SSM once the workers know the Region."""
    with lab_to_itself():
        host = start_fpm("no-ssm", ini={"wp_dynamodb.region_poll_interval": "3600"})
        guest = Guest(host)
        guest.ok("add")
        wait.until(lambda: host.status()["parameter"]["checked_age_ms"], what="the one poll of this hour", timeout=10, logs=host.logs)
        lab.counters_reset()
        for _ in range(200):
            guest.ok()
        host.stop()
        # Before the other hosts go on: they poll at once.
        assert lab.calls("us-east-1", "dynamodb") == 200
        assert lab.calls(None, "ssm") == 0
