"""Where everything is: the repository, the run folder, the ports."""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".run" / "cache"
TARGET = ROOT / "target" / "debug"

# The PHP that serves: the machine's own, or another Debian's in the root that tests/php/run has made. The process id is the command's own
# in both cases.
MACHINES_PHP = "8.2"
PHP_VERSION = os.environ.get("WPD_PHP_VERSION", MACHINES_PHP)
IN_ROOT = [] if PHP_VERSION == MACHINES_PHP else [str(ROOT / "scripts" / "in-root"), PHP_VERSION]
PHP_FPM = [*IN_ROOT, f"/usr/sbin/php-fpm{PHP_VERSION}"]
BUILT = CACHE / f"php-{PHP_VERSION}" / "target" / "debug" if IN_ROOT else TARGET
EXTENSION = Path(os.environ.get("WPD_EXTENSION", BUILT / "libwp_dynamodb.so"))
LAB = Path(os.environ.get("WPD_LAB", TARGET / "wp-dynamodb-lab"))
MOTO = CACHE / "venv" / "bin" / "moto_server"
WORDPRESS = CACHE / f"wordpress-{os.environ.get('WPD_WORDPRESS_VERSION', '6.1')}" / "wordpress"
PLUGIN = ROOT / "wp-plugin"
CART_PLUGIN = ROOT / "demo" / "wp-dynamodb-demo-cart"

REGIONS = ("us-east-1", "us-west-2")
TABLE = "wordpress_sessions"
PARAMETER = "/wordpress/dynamodb_region"
WEB_USER = "www-data"
# PHP's command line under the web's user.
PHP_AS_WEB_USER = [*IN_ROOT, "/usr/bin/setpriv", f"--reuid={WEB_USER}", f"--regid={WEB_USER}", "--clear-groups", f"/usr/bin/php{PHP_VERSION}"]

# A unix socket's path may have 107 bytes; the longest name below the run folder has about 40.
LONGEST_RUN_DIR = 65


@dataclass(frozen=True)
class Ports:
    """The ports of one lab and site, counted from `base`."""

    base: int

    @property
    def control(self) -> int:
        return self.base

    # A Region's own hosts come by its local doors, those of the other Regions by the remote ones.

    def dynamodb(self, region: str, remote: bool = False) -> int:
        return self.base + 10 * REGIONS.index(region) + (12 if remote else 10)

    def ssm(self, region: str, remote: bool = False) -> int:
        return self.base + 10 * REGIONS.index(region) + (13 if remote else 11)

    @property
    def front(self) -> int:
        return self.base + 50

    def vhost(self, region: str) -> int:
        return self.base + 51 + REGIONS.index(region)


def ports(default: int) -> Ports:
    return Ports(int(os.environ.get("WPD_PORT", default)))


def run_dir(name: str, part: str = "") -> Path:
    """The folder for everything that runs: $WPD_RUN, or .run/NAME of the repository; or a part of it that others leave alone.

    www-data must be able to enter it. When the repository is in a folder that only root can enter (/root), the folder is made
    in /var/tmp instead, and a link to it is put in its place.
    """
    os.umask(0o022)
    wanted = Path(os.environ.get("WPD_RUN") or ROOT / ".run" / name).absolute() / part
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if not others_can_enter(wanted.parent.resolve()) or len(str(wanted.resolve())) > LONGEST_RUN_DIR:
        _link_elsewhere(wanted)
    wanted.resolve().mkdir(parents=True, exist_ok=True)
    return wanted.resolve()


def others_can_enter(folder: Path) -> bool:
    return all(part.stat().st_mode & stat.S_IXOTH for part in (folder, *folder.parents))


def _link_elsewhere(wanted: Path) -> None:
    owner = hashlib.sha256(str(wanted).encode()).hexdigest()[:8]
    real = Path("/var/tmp") / f"wp-dynamodb-{owner}"
    real.mkdir(mode=0o755, exist_ok=True)
    # /var/tmp belongs to everyone: a folder that somebody else put there is not used.
    info = real.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
        raise RuntimeError(f"{real} exists and is not ours; remove it or set WPD_RUN to another folder")
    if wanted.is_symlink():
        wanted.unlink()
    elif wanted.exists():
        raise RuntimeError(f"{wanted} is a real folder, but {WEB_USER} cannot enter it; remove it and start again")
    wanted.symlink_to(real)


def give_to_web_user(folder: Path) -> Path:
    """Makes a folder that php-fpm's workers may write to."""
    folder.mkdir(parents=True, exist_ok=True)
    user = pwd.getpwnam(WEB_USER)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return folder
