"""/healthz of each Region, through nginx, under every fault."""

import time

import pytest
import requests
from conftest import settled

from harness import paths
from harness.lab import FAULTS, Lab
from harness.site import Site

OWN, OTHER = paths.REGIONS
LIMIT_SECONDS = 1.5


def check(site: Site, region: str) -> requests.Response:
    started = time.monotonic()
    with requests.Session() as http:
        http.trust_env = False
        answer = http.get(f"{site.url(region)}/healthz", timeout=10, allow_redirects=False)
    took = time.monotonic() - started
    print(f"/healthz of {region}: {answer.status_code} after {took * 1000:.0f} ms: {' '.join(answer.text.split())}")
    assert took <= LIMIT_SECONDS, f"{took:.2f} s: {answer.text}"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    first = answer.text.split("\n")[0]
    assert (answer.status_code, first) in ((200, "OK"), (503, "FAIL")), (answer.status_code, answer.text)
    return answer


def test_healthy(site: Site, lab: Lab) -> None:
    for region in paths.REGIONS:
        assert check(site, region).status_code == 200


@pytest.mark.parametrize("kind", FAULTS)
def test_fault_in_the_own_region(site: Site, lab: Lab, kind: str) -> None:
    lab.fault(OWN, "dynamodb", kind, **({"ms": 5000} if kind == "latency" else {}))
    answer = check(site, OWN)
    # Throttled is busy, not gone: sending all traffic to the other Region would not help it.
    assert answer.status_code == (200 if kind == "throttle" else 503), answer.text
    assert paths.TABLE not in answer.text and "127.0.0.1" not in answer.text, "the answer is public"
    lab.fault(OWN, "dynamodb", "none")
    assert check(site, OWN).status_code == 200


def test_fault_of_the_other_region_does_not_count(site: Site, lab: Lab) -> None:
    lab.counters_reset()
    lab.fault(OTHER, "all", "blackhole")
    assert check(site, OWN).status_code == 200
    assert lab.calls(OTHER) == 0


def test_own_region_is_asked_also_when_the_other_one_is_active(site: Site, lab: Lab) -> None:
    lab.region(OTHER)
    for fpm in site.hosts.values():
        settled(fpm, OTHER)
    lab.fault(OTHER, "dynamodb", "blackhole")
    assert check(site, OWN).status_code == 200, "both Regions would go unhealthy together"
    assert check(site, OTHER).status_code == 503


def test_needs_no_database(site: Site, lab: Lab) -> None:
    site.database.stop()
    try:
        assert check(site, OWN).status_code == 200
    finally:
        site.database.start()


def test_front_goes_to_the_region_that_is_up(site: Site, lab: Lab) -> None:
    with requests.Session() as http:
        http.trust_env = False
        assert http.get(f"{site.front}/", timeout=30).headers["X-Served-By"] == OWN
        site.hosts[OWN].stop()
        try:
            answers = [http.get(f"{site.front}/", timeout=30) for _ in range(5)]
        finally:
            site.hosts[OWN].start()
        assert {(a.status_code, a.headers["X-Served-By"]) for a in answers} == {(200, OTHER)}
