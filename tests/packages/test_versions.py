"""Upgrade and downgrade: what one version has stored, the other one reads; what neither knows stays as it is."""

import base64
from pathlib import Path

import pytest
from conftest import OLDER
from debian import SETTINGS, Debian, DebiansFpm

from harness import paths
from harness.lab import Lab

FORMATS = ("sealed", "aws-sdk")


@pytest.mark.parametrize("layout", FORMATS)
def test_sessions_are_read_after_an_upgrade_and_after_a_downgrade(
    debian: Debian, fpm: DebiansFpm, lab: Lab, ports: paths.Ports, older_package: Path, package: Path, layout: str
) -> None:
    debian.install(older_package)
    debian.set_up(ports)
    settings = debian.path(SETTINGS)
    settings.write_text(settings.read_text() + f"\nwp_dynamodb.session_format = {layout}\n")
    fpm.start()
    # One in an item, and one that `sealed` keeps in several.
    small = fpm.get("visits.php", kib=1)
    large = fpm.get("visits.php", kib=600 if layout == "sealed" else 100)
    loads = [answer.json()["load"] for answer in (small, large)]

    count = 1
    for other in (package, older_package):
        debian.install(other)
        assert (debian.version() == OLDER) == (other == older_package)
        fpm.restart()
        count += 1
        for answer, load in zip((small, large), loads, strict=True):
            seen = fpm.get("visits.php", answer.cookies).json()
            assert (seen["count"], seen["load"], seen["handler"]) == (count, load, "dynamodb")


def test_a_format_of_the_future_is_refused_and_kept(
    debian: Debian, fpm: DebiansFpm, lab: Lab, ports: paths.Ports, package: Path
) -> None:
    debian.install(package)
    debian.set_up(ports)
    first = fpm.start().get("visits.php")
    (item,) = lab.dump(paths.REGIONS[0])
    sealed = base64.b64decode(item["data"]["B"])
    future = item | {"data": {"B": base64.b64encode(b"\x02" + sealed[1:]).decode()}}
    for region in paths.REGIONS:
        lab.item_put(region, future)

    for _ in range(2):
        assert fpm.get("visits.php", first.cookies).json()["started"] is False
    assert lab.dump(paths.REGIONS[0]) == [future]
    assert "the stored session has format 2, this release reads 1: upgrade it" in fpm.logs[0].read_text()
