"""/healthz of each Region, through nginx, under every fault."""

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from conftest import settled

from harness import paths, process, wait
from harness.fpm import HEALTHZ_SECRET, publish
from harness.lab import FAULTS, Lab
from harness.site import Site

pytestmark = pytest.mark.wordpress

OWN, OTHER = paths.REGIONS
LIMIT_SECONDS = 1.5


def ask(site: Site, region: str, query: str = "", secret: str | None = None) -> requests.Response:
    started = time.monotonic()
    with requests.Session() as http:
        http.trust_env = False
        headers = {"X-Healthz-Secret": secret} if secret else {}
        answer = http.get(f"{site.url(region)}/healthz{query}", timeout=10, allow_redirects=False, headers=headers)
    took = time.monotonic() - started
    print(f"/healthz{query} of {region}: {answer.status_code} after {took * 1000:.0f} ms: {' '.join(answer.text.split())[:200]}")
    assert took <= LIMIT_SECONDS, f"{took:.2f} s: {answer.text}"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers and "Location" not in answer.headers
    return answer


def check(site: Site, region: str, level: str = "") -> requests.Response:
    answer = ask(site, region, f"?level={level}" if level else "")
    assert (answer.status_code, answer.text) in ((200, "OK\n"), (503, "FAIL\n"))
    return answer


def becomes(site: Site, region: str, status: int, level: str = "") -> None:
    """Waits for the answer: one counts for a second."""
    wait.until(lambda: check(site, region, level).status_code == status, what=f"{status} from {region}", timeout=4, every=0.1)


def stays(site: Site, region: str, status: int, level: str = "") -> None:
    """Asks for longer than an answer counts."""
    until = time.monotonic() + 1.3
    while time.monotonic() < until:
        assert check(site, region, level).status_code == status
        time.sleep(0.2)


@pytest.fixture(autouse=True)
def fresh(site: Site) -> Iterator[None]:
    """Answers of the test before have to be old."""
    for region in paths.REGIONS:
        becomes(site, region, 200)
    yield


@pytest.mark.parametrize("level", ["live", "region", "ready"])
def test_healthy(site: Site, lab: Lab, level: str) -> None:
    for region in paths.REGIONS:
        assert check(site, region, level).status_code == 200


@pytest.mark.parametrize("kind", FAULTS)
def test_fault_in_the_own_region(site: Site, lab: Lab, kind: str) -> None:
    lab.fault(OWN, "dynamodb", kind, **({"ms": 5000} if kind == "latency" else {}))
    # Throttled is busy, not gone: sending all traffic to the other Region would not help it.
    status = 200 if kind == "throttle" else 503
    for level in ("region", "ready"):
        becomes(site, OWN, status, level)
        stays(site, OWN, status, level)
    assert check(site, OWN, "live").status_code == 200
    lab.fault(OWN, "dynamodb", "none")
    # It forgets that its Region was lost, which it would be slow to believe after so many faults.
    site.hosts[OWN].reload()
    becomes(site, OWN, 200)


def test_fault_of_the_other_region_does_not_count(site: Site, lab: Lab) -> None:
    lab.counters_reset()
    lab.fault(OTHER, "all", "blackhole")
    for level in ("region", "ready"):
        stays(site, OWN, 200, level)
    assert lab.calls(OTHER) == 0


def test_own_region_is_asked_also_when_the_other_one_is_active(site: Site, lab: Lab) -> None:
    lab.region(OTHER)
    for fpm in site.hosts.values():
        settled(fpm, OTHER)
    lab.fault(OTHER, "dynamodb", "blackhole")
    stays(site, OWN, 200)
    becomes(site, OTHER, 503)
    lab.fault(OTHER, "dynamodb", "none")
    site.hosts[OTHER].reload()


def test_database(site: Site, lab: Lab) -> None:
    """Only `ready` needs it."""
    site.database.stop()
    try:
        stays(site, OWN, 200)
        becomes(site, OWN, 503, "ready")
        assert "cause: database" in ask(site, OWN, "?level=ready", HEALTHZ_SECRET).text
    finally:
        site.database.start()
    becomes(site, OWN, 200, "ready")


def test_database_that_says_nothing(site: Site, lab: Lab) -> None:
    """It takes connections and is frozen: the answer comes in time all the same."""
    site.database.freeze()
    try:
        becomes(site, OWN, 503, "ready")
        assert check(site, OWN).status_code == 200
    finally:
        site.database.thaw()
    becomes(site, OWN, 200, "ready")


def test_maintenance_mode(site: Site, lab: Lab) -> None:
    flag = site.wordpress.docroot / ".maintenance"
    flag.write_text(f"<?php $upgrading = {int(time.time())};")
    flag.chmod(0o644)
    try:
        for level in ("live", "region", "ready"):
            assert check(site, OWN, level).status_code == 200
    finally:
        flag.unlink()


def test_disk_full(site: Site, lab: Lab, tmp_path) -> None:
    """Neither the state file nor a temporary one can be written: a file system of no room over the host's state folder."""
    state = site.hosts[OWN].state_file.parent
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=1,mode=777", "tmpfs", str(state)], check=True)
    try:
        for level in ("live", "region", "ready"):
            stays(site, OWN, 200, level)
    finally:
        subprocess.run(["umount", str(state)], check=True)


FULL = """
mount -t tmpfs -o size=64k,mode=1777 tmpfs /dev/shm || exit 99
dd if=/dev/zero of=/dev/shm/all bs=4k 2>/dev/null
exec setpriv --reuid=www-data --regid=www-data --clear-groups php8.2 -d display_errors=stderr -r "$1" "$2"
"""
ASK_OFTEN = """
define( 'WP_DYNAMODB_HEALTHZ', true );
require $argv[1];
$asked = 0;
$said  = array();
for ( $time = 0; $time < 5; $time++ ) {
    $said[] = WP_DynamoDB\\shared_answer( 'test', function () use ( &$asked ) { $asked++; return 'well'; }, 'late' );
}
echo json_encode( array( $asked, $said ) );
"""


def test_memory_full(run: Path) -> None:
    """A file can be made in /dev/shm, but nothing written into it: the answer that all share is kept elsewhere, and no log is filled."""
    plugin = publish(paths.PLUGIN, run / "memory-full" / "plugin")
    temporary = paths.give_to_web_user(run / "memory-full" / "tmp")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", FULL, "sh", ASK_OFTEN, str(plugin / "inc" / "healthz-answer.php")],
        capture_output=True, text=True, timeout=30, check=False, env=process.base_env() | {"TMPDIR": str(temporary)},
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", '[1,["well","well","well","well","well"]]')


def test_what_wp_config_says_does_not_stand_before_the_answer(site: Site, lab: Lab) -> None:
    """Notices are shown, and one comes after wp-config.php was read: it must not make a 200 of a failure."""
    config = site.wordpress.docroot / "wp-config.php"
    text = config.read_text()
    wrong = "define( 'DB_HOST', array( 'x' ) ); define( 'DB_USER', 'x' ); define( 'DB_PASSWORD', '' ); define( 'DB_NAME', 'x' );"
    config.write_text(f"<?php ini_set( 'display_errors', '1' ); ini_set( 'error_log', '/dev/null' ); {wrong}")
    try:
        becomes(site, OWN, 503, "ready")
    finally:
        config.write_text(text)
    becomes(site, OWN, 200, "ready")


def test_many_ask_and_dynamodb_is_asked_once_a_second(site: Site, lab: Lab) -> None:
    wait.until(lambda: check(site, OWN).status_code == 200, what="an answer", timeout=3)
    lab.counters_reset()
    until, asked = time.monotonic() + 2, 0
    while time.monotonic() < until:
        assert check(site, OWN).status_code == 200
        asked += 1
    assert asked > 20 and lab.calls(OWN, "dynamodb") <= 3


def test_many_ask_and_the_database_is_asked_once_a_second(site: Site, lab: Lab) -> None:
    """Whoever asks opens a connection to it, and anybody may ask."""

    def connections() -> int:
        return int(site.database.root("SHOW GLOBAL STATUS LIKE 'Connections'").split()[1])

    # The first one who asks for an hour opens two.
    becomes(site, OWN, 200, "ready")
    before, until = connections(), time.monotonic() + 2

    def stampede(_: int) -> int:
        asked = 0
        while time.monotonic() < until:
            assert check(site, OWN, "ready").status_code == 200
            asked += 1
        return asked

    with ThreadPoolExecutor(8) as pool:
        asked = sum(pool.map(stampede, range(8)))
    # One is the counting itself.
    assert asked > 100 and connections() - before <= 4


def test_details_are_for_those_who_know_the_secret(site: Site, lab: Lab) -> None:
    assert ask(site, OWN).text == "OK\n" and ask(site, OWN, "", "wrong-secret").text == "OK\n"
    assert f"region: {OWN}" in ask(site, OWN, "", HEALTHZ_SECRET).text
    assert ask(site, OWN, "?metrics=1").status_code == 403
    metrics = ask(site, OWN, "?metrics=1", HEALTHZ_SECRET)
    assert metrics.status_code == 200 and "# TYPE wp_dynamodb_calls_total counter" in metrics.text


@pytest.mark.parametrize("query", ["?level=all", "?level[]=live", "?level=", "?level=" + "x" * 4000])
def test_other_levels_are_no_health(site: Site, lab: Lab, query: str) -> None:
    answer = ask(site, OWN, query)
    assert (answer.status_code, answer.text) == (400, "FAIL\n")


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
