"""A host that wakes from idle: no worker has asked for the parameter for a while, and the world has changed."""

import time

import pytest
from browsing import Guest
from conftest import lab_to_itself, settled

from harness import paths
from harness.fpm import Fpm
from harness.lab import Lab

FIRST, SECOND = paths.REGIONS
INTERVAL = 1


@pytest.fixture
def sleeper(lab: Lab, start_fpm) -> Fpm:
    host = start_fpm("sleeper", workers=2, ini={"wp_dynamodb.region_poll_interval": str(INTERVAL), "wp_dynamodb.switch_window": "0"})
    settled(host, FIRST)
    yield host
    host.stop()


def fall_asleep(host: Fpm) -> None:
    """What it knows grows older than three intervals. Only time can do that."""
    host.pause()
    time.sleep(3 * INTERVAL + 0.5)


def test_the_first_call_goes_to_the_region_of_now(sleeper: Fpm, lab: Lab) -> None:
    guest = Guest(sleeper)
    guest.ok("add")
    lab.replicated()
    sleeper.pause()
    lab.region(SECOND)
    fall_asleep(sleeper)
    with lab_to_itself(sleeper):
        lab.counters_reset()
        sleeper.resume()
        assert guest.ok()["found"] == {"list": [1]}
        assert (lab.calls(FIRST, "dynamodb"), lab.calls(SECOND, "dynamodb")) == (0, 1)


def test_it_waits_for_ssm_300_ms_at_most(sleeper: Fpm, lab: Lab) -> None:
    guest = Guest(sleeper)
    guest.ok("add")
    for region in paths.REGIONS:
        lab.fault(region, "ssm", "blackhole")
    fall_asleep(sleeper)
    sleeper.resume()
    first = guest.ok()
    assert first["found"] == {"list": [1]}, "it goes on with what it has"
    # The limit is 300 ms; the rest is the read itself and the machine's.
    assert 250 <= first["start_ms"] <= 600, first
    # The next request of that worker does not wait again for the same silence.
    again = [guest.ok() for _ in range(8)]
    assert sum(page["start_ms"] > 250 for page in again) <= 1, "each of the two workers waits once"
