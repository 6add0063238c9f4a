"""A Debian of the tests' own, in a folder, and its php-fpm with Debian's own settings."""

import os
import shutil
import subprocess
from pathlib import Path

from harness import paths, process
from harness.fpm import PROBE, Fpm, extension_ini, ini_text

VERSION = paths.PHP_VERSION
PACKAGE = f"php{VERSION}-wp-dynamodb"
SETTINGS = f"etc/php/{VERSION}/mods-available/wp_dynamodb.ini"
STATE = "var/lib/wp-dynamodb"
# Beside the three lines that a site needs: where the lab has AWS.
LAB = f"etc/php/{VERSION}/fpm/conf.d/99-lab.ini"
# What installing and removing any package changes; what the tests mount or write themselves.
UNSTABLE = ("dev", "proc", "tmp", "var/tmp", "var/log", "var/cache", "var/lib/dpkg", "var/lib/apt", "run", LAB, str(paths.ROOT)[1:])


class Debian:
    def __init__(self, folder: Path):
        self.folder = folder

    def make(self) -> "Debian":
        """A copy of the root that scripts/php-root.sh has made."""
        shutil.rmtree(self.folder, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", str(paths.CACHE / f"php-{VERSION}" / "root"), str(self.folder)], check=True)
        return self

    def command(self, *words: str) -> list[str]:
        return [str(paths.ROOT / "scripts" / "in-root"), str(self.folder), *words]

    def run(self, *words: str) -> str:
        env = process.base_env() | {"DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=180, env=env, check=False)
        assert done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def path(self, inside: str) -> Path:
        return self.folder / inside

    # Packages

    def install(self, package: Path) -> str:
        return self.run("apt-get", "install", "-y", "--no-install-recommends", "--allow-downgrades", str(package))

    def remove(self) -> str:
        return self.run("apt-get", "remove", "-y", PACKAGE)

    def purge(self) -> str:
        # apt-get knows no package that is gone already.
        return self.run("dpkg", "--purge", PACKAGE)

    def version(self) -> str:
        return self.run("dpkg-query", "-W", "-f", "${Version}", PACKAGE)

    # Settings

    def set_up(self, ports: paths.Ports) -> None:
        """The two lines that an administrator switches on in the installed file; the third is on already."""
        file = self.path(SETTINGS)
        text = file.read_text()
        for name in ("session.save_handler", "wp_dynamodb.regions"):
            assert f"\n;{name} = " in text
            text = text.replace(f"\n;{name} = ", f"\n{name} = ")
        file.write_text(text)
        lab = extension_ini(ports, paths.REGIONS[0])
        self.path(LAB).write_text(ini_text({name: lab[name] for name in ("wp_dynamodb.endpoints", "wp_dynamodb.ssm_endpoints")}))

    def files(self) -> set[str]:
        """All there is, but for what changes anyway."""
        found: set[str] = set()
        for folder, folders, files in os.walk(self.folder):
            inside = os.path.relpath(folder, self.folder)
            names = {name if inside == "." else f"{inside}/{name}" for name in (*folders, *files)}
            found |= {name for name in names if name not in UNSTABLE}
            folders[:] = [name for name in folders if (name if inside == "." else f"{inside}/{name}") not in UNSTABLE]
        return found


class DebiansFpm(Fpm):
    """The installed php-fpm, with the installed php.ini, conf.d and pool; of the pool only socket and environment are the test's."""

    def __init__(self, debian: Debian, run: Path, ports: paths.Ports, docroot: Path):
        super().__init__("debian", run, ports, paths.REGIONS[0], docroot=docroot, extension=False)
        self.debian = debian

    @property
    def logs(self) -> list[Path]:
        return [self._daemon.log]

    def start(self) -> "DebiansFpm":
        self.debian.path("run/php").mkdir(exist_ok=True)
        self.debian.path(f"etc/php/{VERSION}/fpm/pool.d/www.conf").write_text(self._pool("www", self.socket, self.workers))
        shutil.copyfile(PROBE, self.run / PROBE.name)
        self.socket.unlink(missing_ok=True)
        command = self.debian.command(f"/usr/sbin/php-fpm{VERSION}", "--nodaemonize", "--force-stderr")
        self._daemon.start(command, env={}, ready=self._is_up)
        return self
