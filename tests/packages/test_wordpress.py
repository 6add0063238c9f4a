"""WordPress on the packaged extension, and without it once it is removed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from debian import Debian, DebiansFpm

from harness import paths
from harness.lab import Lab
from harness.mariadb import MariaDb
from harness.nginx import Nginx
from harness.visitor import Visitor
from harness.wordpress import ADMIN, WordPress


@pytest.fixture
def wordpress(run: Path, ports: paths.Ports) -> Iterator[WordPress]:
    """Installed, with plugin and demo cart."""
    site = WordPress(run, ports)
    database = MariaDb(run, site.secrets["database"])
    database.start()
    site.copy()
    site.configure(database)
    site.install()
    yield site
    database.stop()


@pytest.fixture
def nginx(run: Path, ports: paths.Ports, fpm: DebiansFpm, wordpress: WordPress) -> Iterator[Nginx]:
    server = Nginx(run, ports, wordpress.docroot, dict.fromkeys(paths.REGIONS, fpm), wordpress.healthz)
    yield server
    server.stop()


def test_wordpress_lives_with_the_package_and_without(
    debian: Debian, fpm: DebiansFpm, lab: Lab, ports: paths.Ports, wordpress: WordPress, nginx: Nginx, package: Path
) -> None:
    base = f"http://127.0.0.1:{ports.front}"
    debian.install(package)
    debian.set_up(ports)
    fpm.start()
    nginx.start()
    visitor = Visitor()
    visitor.login(base, ADMIN, wordpress.password)
    visitor.cart(base, "add", "tea")
    assert [line["item"] for line in visitor.cart(base)["lines"]] == ["tea"]
    assert len(lab.dump(paths.REGIONS[0])) == 1

    debian.remove()
    fpm.restart()
    assert visitor.get(base).status_code == 200
    assert visitor.is_logged_in(base)
    other = Visitor()
    other.login(base, ADMIN, wordpress.password)
    assert other.is_logged_in(base)
    other.cart(base, "add", "coffee")
    assert [line["item"] for line in other.cart(base)["lines"]] == ["coffee"]
    assert len(lab.dump(paths.REGIONS[0])) == 1
