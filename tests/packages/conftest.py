"""One lab and one Debian for all tests; each test begins without the package, and without sessions in the table."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from debian import LAB, PACKAGE, Debian, DebiansFpm

from harness import paths, process
from harness.fpm import publish
from harness.lab import Lab
from harness.site import clean

# Lower than any release: what is upgraded from, and downgraded to. No release has stored sessions in another format yet.
OLDER = "0.0.1"
DIST = paths.ROOT / "dist"


def pytest_report_header() -> str:
    return f"the package: {released() or f'made of {paths.EXTENSION}'}; the older one: made of {paths.EXTENSION}"


def released() -> Path | None:
    return next(iter(sorted(DIST.glob(f"{PACKAGE}_*.deb"))), None)


def pack(version: str, folder: Path) -> Path:
    command = [str(paths.ROOT / "packaging" / "deb"), paths.PHP_VERSION, str(paths.EXTENSION), version, str(folder)]
    env = os.environ | {"PATH": f"{Path.home()}/.cargo/bin:{os.environ['PATH']}"}
    subprocess.run(command, check=True, env=env, timeout=300)
    (package,) = folder.glob(f"{PACKAGE}_{version}_*.deb")
    return package


@pytest.fixture(scope="session")
def run() -> Iterator[Path]:
    folder = paths.run_dir("packages", f"php-{paths.PHP_VERSION}")
    clean(folder)
    yield folder
    process.stop_all(folder)


@pytest.fixture(scope="session")
def ports() -> paths.Ports:
    return paths.ports(19900)


@pytest.fixture(scope="session")
def started_lab(run: Path, ports: paths.Ports) -> Iterator[Lab]:
    lab = Lab(run, ports).start()
    yield lab
    lab.stop()


@pytest.fixture
def lab(started_lab: Lab) -> Lab:
    started_lab.reset()
    for item in started_lab.dump(paths.REGIONS[0]):
        for region in paths.REGIONS:
            started_lab.item_delete(region, {"session_id": item["session_id"]})
    return started_lab


@pytest.fixture(scope="session")
def package(run: Path) -> Path:
    found = released()
    # A copy: dist/ may be made anew meanwhile.
    return Path(shutil.copy(found, run)) if found else pack("1000", run / "debs")


@pytest.fixture(scope="session")
def older_package(run: Path) -> Path:
    return pack(OLDER, run / "debs")


@pytest.fixture(scope="session")
def machine(run: Path) -> Debian:
    return Debian(run / "root").make()


@pytest.fixture
def debian(machine: Debian) -> Iterator[Debian]:
    yield machine
    machine.purge()
    machine.path(LAB).unlink(missing_ok=True)


@pytest.fixture
def fpm(debian: Debian, run: Path, ports: paths.Ports) -> Iterator[DebiansFpm]:
    """Not started yet. It reads its settings at each start."""
    host = DebiansFpm(debian, run, ports, publish(Path(__file__).parent / "pages", run / "pages"))
    yield host
    host.stop()
