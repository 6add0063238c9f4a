"""The Debian package as a file. What it does on a machine: tests/packages."""

import os
import subprocess
from pathlib import Path

import pytest

from harness import paths

SETTINGS = f"etc/php/{paths.MACHINES_PHP}/mods-available/wp_dynamodb.ini"


def pack(folder: Path, module: Path) -> subprocess.CompletedProcess:
    command = [str(paths.ROOT / "packaging" / "deb"), paths.MACHINES_PHP, str(module), "1.2.3", str(folder)]
    env = os.environ | {"PATH": f"{Path.home()}/.cargo/bin:{os.environ['PATH']}", "SOURCE_DATE_EPOCH": "1700000000"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    done = pack(folder, paths.TARGET / "libwp_dynamodb.so")
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = folder.iterdir()
    return found


def test_packed_twice_it_is_the_same(package: Path, tmp_path: Path):
    pack(tmp_path, paths.TARGET / "libwp_dynamodb.so")
    assert (tmp_path / package.name).read_bytes() == package.read_bytes()


def test_it_loads_the_module_and_moves_no_session(package: Path, tmp_path: Path):
    subprocess.run(["dpkg-deb", "-x", str(package), str(tmp_path)], check=True, timeout=60)
    lines = (tmp_path / SETTINGS).read_text().splitlines()
    assert [line for line in lines if not line.startswith(";")] == ["extension = wp_dynamodb"]
    # What the documents have people switch on.
    assert {";session.save_handler = dynamodb", ';wp_dynamodb.regions = "us-east-1,us-west-2"'} <= set(lines)
    everything = (tmp_path / "usr" / "share" / package.name.split("_")[0] / "wp_dynamodb.ini").read_text()
    assert everything == (paths.ROOT / "php" / "wp_dynamodb.ini").read_text()


def test_all_of_it_is_roots(package: Path):
    listing = subprocess.run(["dpkg-deb", "-c", str(package)], check=True, capture_output=True, text=True, timeout=60).stdout
    assert {(line.split()[0], line.split()[1]) for line in listing.splitlines()} == {("drwxr-xr-x", "root/root"), ("-rw-r--r--", "root/root")}


def test_a_module_for_another_php_is_not_packed(tmp_path: Path):
    module = (paths.TARGET / "libwp_dynamodb.so").read_bytes()
    assert b"API20220829,NTS" in module
    other = tmp_path / "other.so"
    other.write_bytes(module.replace(b"API20220829,NTS", b"API20240924,NTS"))
    done = pack(tmp_path / "dist", other)
    assert done.returncode == 1
    assert "is no module for PHP 8.2 (API20220829,NTS)" in done.stderr
    assert not (tmp_path / "dist").exists()
