"""The installed PHP: binaries, version, run-tests.php, and the INI files that the runners write for it."""

import functools
import os
import pathlib
import shutil
import subprocess

from . import paths


class Missing(Exception):
    """Something that must be installed is not; the message says what."""


def _which(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise Missing(f"{names[0]} is not on PATH: install php8.2-cli, php8.2-cgi and php8.2-dev")


def cli() -> str:
    return os.environ.get("WPD_PHP") or _which("php8.2", "php")


def cgi() -> str:
    return os.environ.get("WPD_PHP_CGI") or _which("php-cgi8.2", "php-cgi")


@functools.cache
def _constants() -> list[str]:
    code = 'echo PHP_VERSION, "\\n", PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION, "\\n", PHP_EXTENSION_DIR, "\\n";'
    answer = subprocess.run([cli(), "-n", "-r", code], capture_output=True, text=True, check=True, timeout=60)
    return answer.stdout.split()


def version() -> str:
    return _constants()[0]


def minor() -> str:
    return _constants()[1]


def run_tests() -> pathlib.Path:
    """run-tests.php as php8.2-dev installs it."""
    script = pathlib.Path(_constants()[2]) / "build" / "run-tests.php"
    if not script.exists():
        raise Missing(f"{script} is missing: install php{minor()}-dev")
    return script


def package_version() -> str:
    """Debian's version of the installed PHP (`8.2.36-1~deb12u1`)."""
    query = ["dpkg-query", "-W", "-f", "${source:Version}", f"php{minor()}-cli"]
    answer = subprocess.run(query, capture_output=True, text=True, timeout=60)
    if answer.returncode != 0:
        raise Missing(f"dpkg knows no php{minor()}-cli: {answer.stderr.strip()}")
    return answer.stdout.strip()


def environment(**more: str) -> dict[str, str]:
    """Environment for PHP under test: only the INI file that is named is read, and AWS credentials are the lab's."""
    unwanted = ("AWS_", "PHP", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    env = {name: value for name, value in os.environ.items() if not name.upper().startswith(unwanted)}
    env.update(
        PHP_INI_SCAN_DIR="",
        AWS_ACCESS_KEY_ID="lab",
        AWS_SECRET_ACCESS_KEY="lab",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE="/dev/null",
        AWS_SHARED_CREDENTIALS_FILE="/dev/null",
        LC_ALL="C.UTF-8",
        TZ="UTC",
    )
    env.update(more)
    return env


def dynamodb_settings(scratch: pathlib.Path, slow: bool = False) -> dict[str, str]:
    """Settings that point the extension at the lab.

    The time limits are wider than the shipped defaults, because the tests are about answers, not about speed, and the
    machine may be busy; a test about time limits sets its own. Under valgrind (`slow`) they are wider still.
    """
    port = paths.base_port()
    each = list(enumerate(paths.REGIONS))
    factor = 10 if slow else 1
    return {
        "extension": str(paths.extension()),
        "session.save_handler": "dynamodb",
        "wp_dynamodb.regions": ",".join(paths.REGIONS),
        "wp_dynamodb.endpoints": ",".join(f"{name}=http://127.0.0.1:{port + 10 * i + 10}" for i, name in each),
        "wp_dynamodb.ssm_endpoints": ",".join(f"{name}=http://127.0.0.1:{port + 10 * i + 11}" for i, name in each),
        "wp_dynamodb.table": paths.TABLE,
        "wp_dynamodb.state_file": str(scratch / "region.json"),
        # What PHP sees of one Region, also when it fails; and the other Region is not asked because some test before has
        # moved the parameter. Tests of bridging set both.
        "wp_dynamodb.failover": "follow",
        "wp_dynamodb.switch_window": "0",
        "wp_dynamodb.connect_timeout_ms": str(1000 * factor),
        "wp_dynamodb.attempt_timeout_ms": str(2500 * factor),
        "wp_dynamodb.request_timeout_ms": str(5000 * factor),
    }


def write_ini(path: pathlib.Path, settings: dict[str, str]) -> pathlib.Path:
    path.write_text("".join(f'{name} = "{value}"\n' for name, value in settings.items()))
    return path
