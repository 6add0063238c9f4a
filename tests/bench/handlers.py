"""What is compared: session handlers with their settings. Our own modes are the table OURS, and nowhere else."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from harness import process

PHP = "/usr/bin/php8.2"
PREFIX = "wp_dynamodb."


@dataclass(frozen=True)
class Handler:
    # In JSON, in file names, in addresses, and for --handlers.
    key: str
    title: str
    ini: dict[str, str] = field(default_factory=dict)
    # PHP modules beside those that php-fpm loads anyway.
    modules: tuple[str, ...] = ()
    # What serves it: "redis", "memcached", "dynamodb"; the empty one is the machine's own disk.
    store: str = ""
    # It lets one page at a time have a session.
    locks: bool = False
    # Another build of the extension than the one at hand.
    build: Path | None = None

    @property
    def ours(self) -> bool:
        return self.store == "dynamodb"


@dataclass(frozen=True)
class Mode:
    """One way to set our handler. A build that does not know one of the settings is not measured in this mode."""

    key: str
    title: str
    ini: dict[str, str] = field(default_factory=dict)
    locks: bool = False
    # Only for builds that do not know this setting, because with it another row says the same.
    without: str = ""


# Without the prefix "wp_dynamodb.". What a row does not name has the build's default.
OURS = (
    Mode("plain", "as it is", without="session_write"),
    Mode("sync", "sync", {"session_write": "sync"}),
    Mode("overlap", "overlap", {"session_write": "overlap"}),
    Mode("behind", "behind", {"session_write": "behind"}),
    Mode("unread", "sync, no prefetch", {"session_write": "sync", "session_prefetch": "0"}),
    Mode("locks", "sync, locks", {"session_write": "sync", "session_locking": "1"}, locks=True),
    Mode("behind-locks", "behind, locks", {"session_write": "behind", "session_locking": "1"}, locks=True),
)

REDIS = ("igbinary", "redis")
MEMCACHED = ("igbinary", "msgpack", "memcached")
# Whoever waits for a lock gives up early with the modules' defaults, and the page's changes are lost then: a page that failed
# is not one that was fast. The waits between two tries are phpredis's default for both.
PATIENT_REDIS = {"redis.session.locking_enabled": "1", "redis.session.lock_retries": "5000"}
PATIENT_MEMCACHED = {"memcached.sess_locking": "1", "memcached.sess_lock_retries": "5000", "memcached.sess_lock_wait_min": "2", "memcached.sess_lock_wait_max": "2"}

OTHERS = (
    Handler("files", "files", locks=True),
    Handler("redis", "Redis", {"session.save_handler": "redis"}, REDIS, "redis"),
    # phpredis asks a persistent connection whether it is alive before each page; this row spares it that round trip.
    Handler("redis-quick", "Redis, no liveness check", {"session.save_handler": "redis", "redis.pconnect.echo_check_liveness": "0"}, REDIS, "redis"),
    Handler("redis-locks", "Redis, locks", {"session.save_handler": "redis", **PATIENT_REDIS}, REDIS, "redis", locks=True),
    Handler(
        "memcached", "Memcached", {"session.save_handler": "memcached", "memcached.sess_persistent": "1", "memcached.sess_locking": "0"},
        MEMCACHED, "memcached",
    ),
    Handler(
        "memcached-locks", "Memcached, locks", {"session.save_handler": "memcached", "memcached.sess_persistent": "1", **PATIENT_MEMCACHED},
        MEMCACHED, "memcached", locks=True,
    ),
)


def ours(build: Path, prefix: str = "", title: str = "DynamoDB", other: bool = False) -> tuple[list[Handler], list[str]]:
    """Our handlers that a build knows, and a sentence for each that it does not."""
    handlers, skipped = [], []
    for mode in OURS:
        name = f"{title}, {mode.title}"
        ini = {PREFIX + setting: value for setting, value in mode.ini.items()}
        if mode.without and PREFIX + mode.without in config(build):
            continue
        if unknown := refused(build, ini):
            skipped.append(f"{name}: not measured, the build does not know {' and '.join(unknown)}")
            continue
        handlers.append(Handler(f"{prefix}{mode.key}", name, ini, store="dynamodb", locks=mode.locks, build=build if other else None))
    return handlers, skipped


def refused(build: Path, ini: dict[str, str]) -> list[str]:
    """The settings that the build does not know, or does not know with this value."""
    known = config(build)
    unknown = [name for name in ini if name not in known]
    if unknown or not ini:
        return unknown
    complaints = _php(build, ini).stderr
    return [f"{name} = {value}" for name, value in ini.items() if f"{name} = " in complaints]


def config(build: Path) -> dict[str, dict]:
    """wp_dynamodb_config() of a build without an ini file."""
    return json.loads(_php(build, {}).stdout)


def _php(build: Path, ini: dict[str, str]) -> subprocess.CompletedProcess:
    settings = {"extension": str(build), "display_startup_errors": "1", "display_errors": "stderr", **ini}
    command = [PHP, "-n", *(word for name, value in settings.items() for word in ("-d", f"{name}={value}"))]
    command += ["-r", "echo json_encode(wp_dynamodb_config());"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, env=process.base_env())
