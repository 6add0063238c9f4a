"""The stack under the drills: the lab, a php-fpm host and a vhost per Region, and WordPress when it is asked for.

`wp-dynamodb-lab drill` starts it and speaks JSON with it, one line each: the first line out says where everything is; each line in
({"do": ..., "host": REGION}) is answered by one line. The end of the input stops everything. What is being started goes to standard error.
"""

import argparse
import json
import os
import random
import signal
import sys
from pathlib import Path

from harness import doors, paths, process, wait
from harness.fpm import Fpm, publish
from harness.lab import Lab
from harness.mariadb import MariaDb
from harness.nginx import Nginx
from harness.site import clean
from harness.wordpress import WordPress

HEALTH_WORKERS = 2
PAGE, STATUS, CART = "/drill/session", "/drill/status", "/?demo_cart="


class Stack:
    def __init__(self, run: Path, ports: paths.Ports, workers: int, wordpress: bool, ini: dict[str, str], health_workers: int, own_parameter: bool):
        self.run, self.ports = run, ports
        self.lab = Lab(run, ports)
        self.pages = run / "pages"
        self.wordpress = WordPress(run, ports) if wordpress else None
        self.database = MariaDb(run, self.wordpress.secrets["database"]) if self.wordpress else None
        docroot = self.wordpress.docroot if self.wordpress else self.pages
        self.hosts = {
            region: Fpm(
                f"drill-{region}", run, ports, region, docroot=docroot, workers=workers, health_workers=health_workers,
                ini=(only_own_parameter(ports, region) if own_parameter else {}) | ini, names=True,
            )
            for region in paths.REGIONS
        }
        self.nginx = Nginx(
            run, ports, docroot, self.hosts, self._healthz(),
            pages={PAGE: self.pages / "session.php"}, health_pages={STATUS: self.pages / "status.php"},
        )

    def _healthz(self) -> Path:
        """The plugin's health check: WordPress's own copy finds the database's address above it."""
        return self.wordpress.healthz if self.wordpress else publish(paths.PLUGIN, self.run / "plugin") / "healthz.php"

    def start(self) -> None:
        publish(Path(__file__).parent / "pages", self.pages)
        tell("the lab")
        self.lab.start()
        if self.wordpress and self.database:
            tell("MariaDB and WordPress")
            self.database.start()
            self.wordpress.copy()
            self.wordpress.configure(self.database)
            self.wordpress.install()
        tell("php-fpm and nginx")
        for fpm in self.hosts.values():
            fpm.start()
        self.nginx.start()

    def where(self) -> dict:
        hosts = []
        for region, fpm in self.hosts.items():
            url = f"http://127.0.0.1:{self.ports.vhost(region)}"
            host = {"region": region, "workers": fpm.workers, "page": url + PAGE, "status": url + STATUS, "healthz": f"{url}/healthz"}
            hosts.append(host | ({"cart": url + CART} if self.wordpress else {}))
        return {"control": f"http://127.0.0.1:{self.ports.control}", "hosts": hosts}

    def do(self, what: str, host: str) -> dict:
        fpm = self.hosts[host]
        match what:
            case "reload":
                fpm.reload()
                return {"done": what}
            case "kill_worker":
                return {"done": what} | kill_worker(fpm)
        raise ValueError(f"unknown command {what!r}")


def only_own_parameter(ports: paths.Ports, home: str) -> dict[str, str]:
    """Settings of a host that knows only its own Region's parameter, as with the usual recipe: SSM of the others is where nothing listens."""
    nowhere = "http://127.0.0.1:9"
    own = doors.url(ports, "ssm", home, remote=False, by_name=True)
    return {"wp_dynamodb.ssm_endpoints": ",".join(f"{region}={own if region == home else nowhere}" for region in paths.REGIONS)}


def kill_worker(fpm: Fpm) -> dict:
    """kill -9 of one worker in the middle of its work; of any when none is found at work within a second."""
    try:
        pid = wait.until(lambda: random.choice([p for p in fpm.pids() if process.in_accept(p) is False]), what="a worker at work", timeout=1, every=0.002)
        busy = True
    except wait.Timeout:
        pid, busy = random.choice(fpm.pids()), False
    process.send(pid, signal.SIGKILL)
    return {"pid": pid, "busy": busy}


def tell(step: str) -> None:
    print(f"starting {step}", file=sys.stderr, flush=True)


def cannot(why: str) -> int:
    print(f"the stack cannot be started: {why}", file=sys.stderr, flush=True)
    return 1


def answer(line: dict) -> None:
    print(json.dumps(line), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=12, help="workers of each host (default: 12)")
    parser.add_argument("--wordpress", action="store_true", help="with MariaDB and WordPress")
    parser.add_argument("--ini", action="append", default=[], metavar="NAME=VALUE", help="a setting of the hosts; the drills are meant for the defaults")
    parser.add_argument("--health-workers", type=int, default=HEALTH_WORKERS, help=f"workers of each host for health checks (default: {HEALTH_WORKERS})")
    parser.add_argument("--own-parameter", action="store_true", help="hosts read the parameter of their own Region only, as with the usual recipe")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        return cannot("only root can, for the hosts' workers run as the web server's user and have names of their own")
    # Ctrl-C reaches the whole terminal's group: the drill decides, and tells by closing our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Who ends the run ends what it has started: the daemons lead sessions of their own.
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, lambda *_: sys.exit(1))
    run = paths.run_dir("drill")
    clean(run)
    ini = dict(setting.split("=", 1) for setting in arguments.ini)
    stack = Stack(
        run, paths.ports(20700), arguments.workers, arguments.wordpress, ini, arguments.health_workers, arguments.own_parameter,
    )
    try:
        stack.start()
        answer(stack.where())
        for line in sys.stdin:
            try:
                command = json.loads(line)
                answer(stack.do(command["do"], command["host"]))
            except Exception as problem:
                answer({"error": f"{line.strip()}: {problem!r}"})
    except BrokenPipeError:
        pass  # Whoever asked has gone; so do we.
    except (RuntimeError, OSError, wait.Timeout) as problem:
        return cannot(str(problem))
    finally:
        process.stop_all(run)
    return 0


if __name__ == "__main__":
    sys.exit(main())
