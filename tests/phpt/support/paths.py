"""Where things are: the repository, the run folder, the cache, the binaries under test."""

import os
import pathlib
import shutil

REPO = pathlib.Path(__file__).resolve().parents[3]
REGIONS = ("us-east-1", "us-west-2")
TABLE = "wordpress_sessions"


def run_dir() -> pathlib.Path:
    """Run-time state; `$WPD_RUN`, by default `.run/test`."""
    path = pathlib.Path(os.environ.get("WPD_RUN") or REPO / ".run" / "test").absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


def cache_dir() -> pathlib.Path:
    """Slow-to-make things, kept over runs and shared by all run folders."""
    path = REPO / ".run" / "cache"
    path.mkdir(parents=True, exist_ok=True)
    return path


def base_port() -> int:
    """The lab's control port; `$WPD_PORT`, by default the one of the tests."""
    return int(os.environ.get("WPD_PORT") or 19700)


def target_dir() -> pathlib.Path:
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or REPO / "target").absolute()


def extension() -> pathlib.Path:
    """The extension under test; `$WPD_EXTENSION` names another build (a release one, say)."""
    return pathlib.Path(os.environ.get("WPD_EXTENSION") or target_dir() / "debug" / "libwp_dynamodb.so").absolute()


def lab() -> pathlib.Path:
    return pathlib.Path(os.environ.get("WPD_LAB") or target_dir() / "debug" / "wp-dynamodb-lab").absolute()


def moto() -> str | None:
    """moto's server: the project's virtual environment first, then PATH."""
    private = cache_dir() / "venv" / "bin" / "moto_server"
    return str(private) if private.exists() else shutil.which("moto_server")


def fresh(path: pathlib.Path) -> pathlib.Path:
    """An empty folder at `path`."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
