"""One lab and one site for all tests; each test finds them without faults, in the first Region, with counters at zero."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from logs import unexpected

from harness import paths, process, wait
from harness.fpm import Fpm, publish
from harness.lab import Lab
from harness.site import Site, clean

# Tests do not wait five seconds for each change of the parameter; those of the interval itself say so.
QUICK_POLL = {"wp_dynamodb.region_poll_interval": "1"}

# The hosts that tests share stay in the active Region: their tests are about one Region. A host remembers that a Region was lost, for each
# opening of its breaker doubles the hold-down; tests of outages and of bridging start hosts of their own.
STAYS = {"wp_dynamodb.failover": "follow", "wp_dynamodb.switch_window": "1"}

# Lines of logs that have failed a test already.
REPORTED: set[str] = set()

# Hosts that live through the whole run. They all poll the lab's SSM.
SHARED: list[Fpm] = []


@contextmanager
def lab_to_itself(*kept: Fpm) -> Iterator[None]:
    """Freezes the shared hosts but for some, so that every call that the lab counts is of the test's own."""
    others = [host for host in SHARED if host not in kept]
    for host in others:
        host.pause()
    try:
        yield
    finally:
        for host in others:
            host.resume()


@pytest.fixture(scope="session")
def run() -> Iterator[Path]:
    # A folder of its own: other phases of `make test` keep theirs beside it.
    folder = paths.run_dir("test", "e2e")
    clean(folder)
    yield folder
    process.stop_all(folder)
    assert unexpected(folder) <= REPORTED


@pytest.fixture(scope="module", autouse=True)
def nothing_unexpected_in_the_logs(run: Path) -> Iterator[None]:
    """Of any host, whichever test it was; said once, by the file of tests after which it is there."""
    yield
    new = unexpected(run) - REPORTED
    REPORTED.update(new)
    assert new == set()


@pytest.fixture(scope="session")
def ports() -> paths.Ports:
    return paths.ports(19700)


@pytest.fixture(scope="session")
def started_lab(run: Path, ports: paths.Ports) -> Iterator[Lab]:
    lab = Lab(run, ports).start()
    yield lab
    lab.stop()


@pytest.fixture
def lab(started_lab: Lab) -> Iterator[Lab]:
    started_lab.reset()
    yield started_lab
    started_lab.reset()


@pytest.fixture(scope="session")
def pages(run: Path) -> Path:
    return publish(Path(__file__).parent / "pages", run / "pages")


@pytest.fixture(scope="session")
def start_fpm(run: Path, ports: paths.Ports, pages: Path, started_lab: Lab) -> Iterator[Callable[..., Fpm]]:
    """Starts a php-fpm host with the test pages; stopped after the last test."""
    hosts: list[Fpm] = []

    def start(name: str, region: str = paths.REGIONS[0], *, workers: int = 2, ini: dict[str, str] | None = None, **options: object) -> Fpm:
        fpm = Fpm(name, run, ports, region, workers=workers, ini=QUICK_POLL | (ini or {}), **({"docroot": pages} | options))
        hosts.append(fpm)
        return fpm.start()

    yield start
    for fpm in hosts:
        fpm.stop()


@pytest.fixture
def own_host(start_fpm: Callable[..., Fpm], lab: Lab) -> Iterator[Callable[..., Fpm]]:
    """Starts hosts of the test's own: they have never left a Region. Stopped after it: they poll and probe."""
    hosts: list[Fpm] = []

    def start(*args: object, **options: object) -> Fpm:
        host = start_fpm(*args, **options)
        hosts.append(host)
        calm(host)
        lab.counters_reset()
        return host

    yield start
    for host in hosts:
        host.stop()


@pytest.fixture
def bridging(own_host: Callable[..., Fpm]) -> Callable[..., Fpm]:
    def start(name: str, region: str = paths.REGIONS[0], *, ini: dict[str, str] | None = None, **options: object) -> Fpm:
        settings = {"wp_dynamodb.failover": "auto", "wp_dynamodb.switch_window": "5"} | (ini or {})
        return own_host(f"bridge-{name}", region, ini=settings, **options)

    return start


@pytest.fixture(scope="session")
def started_host(start_fpm: Callable[..., Fpm]) -> Fpm:
    host = start_fpm("host", workers=3, ini=STAYS)
    SHARED.append(host)
    return host


@pytest.fixture
def host(lab: Lab, started_host: Fpm) -> Fpm:
    """The php-fpm that most tests share, in the first Region."""
    calm(started_host)
    lab.counters_reset()
    return started_host


@pytest.fixture(scope="session")
def started_site(run: Path, ports: paths.Ports, started_lab: Lab) -> Iterator[Site]:
    site = Site(run, ports, workers=3, ini=QUICK_POLL | STAYS).start()
    SHARED.extend(site.hosts.values())
    yield site
    site.stop()


@pytest.fixture
def site(lab: Lab, started_site: Site) -> Site:
    """WordPress in both Regions, the first one active."""
    for fpm in started_site.hosts.values():
        calm(fpm)
    lab.counters_reset()
    return started_site


def calm(fpm: Fpm, *, closed: bool = True) -> None:
    """Waits until a host has noticed that all is well again. Without `closed`, breakers may still be open, or probed."""

    def well() -> bool:
        status = fpm.status()
        states = {region["parameter_state"] for region in status["regions"].values()}
        breakers = {region["breaker"]["state"] for region in status["regions"].values()}
        return states == {"ok"} and (not closed or breakers == {"closed"}) and status["window"] is None and fpm.follows(paths.REGIONS[0])

    wait.until(well, what=f"{fpm.name} to use {paths.REGIONS[0]}, that alone, all breakers closed, all parameters readable", timeout=15, logs=fpm.logs)


def settled(fpm: Fpm, region: str, timeout: float = 15) -> None:
    wait.until(lambda: fpm.follows(region), what=f"{fpm.name} to use {region}", timeout=timeout, logs=fpm.logs)


def pytest_sessionstart(session: pytest.Session) -> None:
    if os.geteuid() != 0:
        raise pytest.UsageError("these tests start php-fpm, nginx and MariaDB under their own users: run them as root")
    for built in (paths.EXTENSION, paths.LAB):
        if not built.is_file():
            raise pytest.UsageError(f"{built} is missing: make build")
