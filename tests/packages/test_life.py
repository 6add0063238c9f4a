"""The package's life on one machine: installed, set up, switched off, removed, purged."""

import pwd
import stat
from pathlib import Path

import pytest
from debian import PACKAGE, SETTINGS, STATE, VERSION, Debian, DebiansFpm

from harness import paths
from harness.lab import Lab


def sapis_with(debian: Debian) -> set[str]:
    """The SAPIs whose settings load the module."""
    return {path.parts[-3] for path in debian.path(f"etc/php/{VERSION}").glob("*/conf.d/*wp_dynamodb.ini")}


def test_installing_loads_the_module_and_moves_no_session(debian: Debian, fpm: DebiansFpm, lab: Lab, package: Path) -> None:
    debian.install(package)
    assert {"cgi", "cli", "fpm"} <= sapis_with(debian)
    assert "wp_dynamodb" in debian.run(f"php{VERSION}", "-m").split()
    folder = debian.path(STATE).stat()
    assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (pwd.getpwnam(paths.WEB_USER).pw_uid, 0o755)

    answer = fpm.start().get("visits.php").json()
    assert answer == {"started": True, "count": 1, "load": None, "handler": "files", "loaded": True}
    assert lab.dump(paths.REGIONS[0]) == []


def test_three_lines_keep_sessions_in_dynamodb(debian: Debian, fpm: DebiansFpm, lab: Lab, ports: paths.Ports, package: Path) -> None:
    debian.install(package)
    debian.set_up(ports)
    first = fpm.start().get("visits.php")
    assert first.json()["handler"] == "dynamodb"
    assert [fpm.get("visits.php", first.cookies).json()["count"] for _ in range(3)] == [2, 3, 4]
    assert len(lab.dump(paths.REGIONS[0])) == 1
    # A worker has written it.
    assert debian.path(STATE).joinpath("region.json").stat().st_uid == pwd.getpwnam(paths.WEB_USER).pw_uid


def test_removed_php_keeps_sessions_in_files_again(debian: Debian, fpm: DebiansFpm, ports: paths.Ports, lab: Lab, package: Path) -> None:
    debian.install(package)
    debian.set_up(ports)
    fpm.start().get("visits.php")
    debian.remove()
    assert sapis_with(debian) == set()
    assert debian.run(f"php{VERSION}", "-d", "display_errors=1", "-r", "echo 'well';") == "well"

    first = fpm.restart().get("visits.php")
    assert first.json() == {"started": True, "count": 1, "load": None, "handler": "files", "loaded": False}
    assert fpm.get("visits.php", first.cookies).json()["count"] == 2

    # What was set is still there for the next installation.
    debian.install(package)
    assert fpm.restart().get("visits.php").json()["handler"] == "dynamodb"


def test_what_phpdismod_has_switched_off_stays_off(debian: Debian, older_package: Path, package: Path) -> None:
    debian.install(older_package)
    debian.run("phpdismod", "-v", VERSION, "-s", "cli", "wp_dynamodb")
    debian.install(package)
    assert "cli" not in sapis_with(debian)
    assert "fpm" in sapis_with(debian)


def test_the_folder_of_the_state_file_keeps_its_owner(debian: Debian, older_package: Path, package: Path) -> None:
    debian.install(older_package)
    debian.run("chown", "daemon:daemon", f"/{STATE}")
    debian.install(package)
    assert debian.path(STATE).stat().st_uid == pwd.getpwnam("daemon").pw_uid


def test_purged_nothing_is_left(debian: Debian, fpm: DebiansFpm, lab: Lab, ports: paths.Ports, package: Path) -> None:
    # The first start of php-fpm writes a file or two of its own.
    fpm.start().stop()
    before = debian.files()
    assert not [name for name in before if "wp_dynamodb" in name or "wp-dynamodb" in name]
    debian.install(package)
    assert SETTINGS in debian.files() - before
    debian.set_up(ports)
    fpm.start().get("visits.php")
    fpm.stop()
    debian.remove()
    debian.purge()
    left = debian.files() - before
    # PHP's own: sessions in files, and the folders that phpdismod makes when it first has something to remember.
    left = {name for name in left if not name.startswith("var/lib/php/sessions/") and not name.endswith("/disabled_by_maint")}
    assert left == set()
    assert before - debian.files() == set()


@pytest.mark.parametrize("wanted", ["conffiles", "postinst", "postrm", "prerm", "triggers"])
def test_dpkg_knows(debian: Debian, package: Path, wanted: str) -> None:
    debian.install(package)
    assert debian.path(f"var/lib/dpkg/info/{PACKAGE}.{wanted}").exists()


def test_settings_that_were_deleted_are_not_forced_back(debian: Debian, package: Path) -> None:
    debian.install(package)
    debian.path(SETTINGS).unlink()
    said = debian.run("sh", "-c", f"apt-get install -y --reinstall {package} 2>&1")
    assert "the module is not switched on, since" in said
    assert "wp_dynamodb" not in debian.run(f"php{VERSION}", "-m").split()
    debian.run("apt-get", "install", "-y", "--reinstall", "-o", "Dpkg::Options::=--force-confmiss", str(package))
    assert "wp_dynamodb" in debian.run(f"php{VERSION}", "-m").split()


def test_purged_where_the_state_is_a_volume(debian: Debian, package: Path) -> None:
    debian.install(package)
    said = debian.run("sh", "-c", f"mount -t tmpfs none /{STATE} && touch /{STATE}/region.json && dpkg --purge {PACKAGE} 2>&1 && ls /{STATE}")
    assert f"/{STATE} is left" in said
    assert "region.json" not in said
