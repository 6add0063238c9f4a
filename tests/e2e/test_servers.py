"""PHP elsewhere than behind nginx and php-fpm: Apache with mod_php, `php -S`, workers of a queue; and php-fpm whose workers end often."""

import json
import os
import select
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import EAST, WEST, Guest
from conftest import QUICK_POLL, STAYS

from harness import paths, process, wait
from harness.apache import Apache
from harness.builtin import BuiltIn
from harness.fpm import publish
from harness.lab import Lab
from harness.web import WebServer

pytestmark = pytest.mark.skipif(bool(paths.IN_ROOT), reason="Apache's module is that of the machine's PHP")

Make = Callable[..., WebServer]
# Away from the doors of the lab and of the site.
PORT_AWAY = 80


@pytest.fixture
def make(run: Path, ports: paths.Ports, pages: Path, lab: Lab) -> Iterator[Make]:
    servers: list[WebServer] = []

    def start(kind: type[WebServer], name: str, *, ini: dict[str, str] | None = None, **options: object) -> WebServer:
        port = ports.base + PORT_AWAY + len(servers)
        servers.append(kind(name, run, ports, EAST, docroot=pages, port=port, ini=QUICK_POLL | (ini or {}), **options))
        return servers[-1].start()

    yield start
    for server in servers:
        server.stop()


SERVERS = pytest.mark.parametrize("kind, workers", [(Apache, 3), (BuiltIn, 1), (BuiltIn, 3)], ids=["apache", "builtin", "builtin-forked"])


@SERVERS
def test_sessions_of_all_processes(make: Make, lab: Lab, kind: type[WebServer], workers: int) -> None:
    server = make(kind, f"sessions-{kind.__name__}-{workers}", workers=workers, ini=STAYS)
    lab.counters_reset()
    guest = Guest(server)
    answers = [guest.ok("count", boot=5) for _ in range(30)]
    assert answers[-1]["left"] == {"n": 30}
    # A process that Apache or PHP has forked has no connection of its own yet; it makes one and goes on.
    assert len(server.regions(workers)) >= workers
    assert lab.calls(EAST, "dynamodb", "GetItem") == 30 - 1, "the first id was new"
    assert lab.writes(EAST) == 30 and lab.calls(WEST) == 0
    assert guest.ok("destroy")["saved"] is True
    assert guest.get("read", strict=1)["id"] != answers[-1]["id"], "what was destroyed is not there any more"


@SERVERS
def test_all_processes_follow_a_switch(make: Make, lab: Lab, kind: type[WebServer], workers: int) -> None:
    server = make(kind, f"switch-{kind.__name__}-{workers}", workers=workers, ini=STAYS)
    guest = Guest(server)
    guest.ok("add")
    lab.region(WEST)
    wait.until(lambda: set(server.regions(workers).values()) == {WEST}, what=f"{server.name} to use {WEST}", timeout=15, logs=server.logs)
    answer = guest.ok("add")
    assert answer["region"] == WEST and answer["left"] == {"list": [1, 2]}


@SERVERS
def test_the_loss_of_a_region(make: Make, lab: Lab, kind: type[WebServer], workers: int) -> None:
    server = make(kind, f"loss-{kind.__name__}-{workers}", workers=workers)
    guest = Guest(server)
    guest.ok("add")
    lab.replicated()
    lab.fault(EAST, "all", "refuse")
    for number in range(2, 12):
        assert guest.ok("add")["left"] == {"list": list(range(1, number + 1))}


@pytest.mark.parametrize("write", ["sync", "overlap", "behind"])
def test_apache_replaces_its_processes(make: Make, lab: Lab, write: str) -> None:
    """Apache loads PHP twice when it starts and again at each reload, and ends processes after some requests: nothing is lost, nothing crashes."""
    server = make(Apache, f"reload-{write}", ini=STAYS | {"wp_dynamodb.session_write": write}, requests_per_child=20)
    guest = Guest(server)
    pids = set()
    for number in range(1, 151):
        answer = guest.ok("count")
        pids.add(answer["pid"])
        assert answer["left"] == {"n": number}
        if number % 50 == 0:
            server.graceful()
    assert len(pids) >= 7
    server.kill_one()
    assert guest.ok("count")["left"] == {"n": 151}
    server.stop()
    # The one that was killed, by name; nobody else.
    assert [line for line in server.ended_by_signal() if "Killed (9)" not in line] == []


@pytest.mark.parametrize("write", ["sync", "behind"])
def test_workers_that_end_after_some_requests(start_fpm, lab: Lab, write: str) -> None:
    """pm.max_requests: each worker ends with what it had behind stored, and its successor is a worker as any."""
    host = start_fpm(f"max-requests-{write}", workers=3, max_requests=10, ini=STAYS | {"wp_dynamodb.session_write": write})
    guests = [Guest(host) for _ in range(5)]
    pids = set()
    for number in range(1, 61):
        for guest in guests:
            answer = guest.ok("count")
            pids.add(answer["pid"])
            assert answer["left"] == {"n": number}
    assert len(pids) >= 25
    sessions = host.metrics()["sessions"]
    print(f"{len(pids)} workers, sessions: {sessions}")
    assert (sessions["failed"], sessions["killed"]) == (0, 0)
    host.stop()


@pytest.fixture
def queue_worker(run: Path, ports: paths.Ports, lab: Lab) -> Iterator["QueueWorker"]:
    worker = QueueWorker(run, ports)
    yield worker
    worker.end()


class QueueWorker:
    """tests/e2e/programs/jobs.php, which is told what to do by lines."""

    def __init__(self, run: Path, ports: paths.Ports):
        # Its settings are a web server's; it serves nobody.
        self.settings = WebServer("queue", run, ports, EAST, docroot=run, port=0, ini=QUICK_POLL)
        programs = publish(Path(__file__).parent / "programs", run / "programs")
        self._popen = subprocess.Popen(
            [*paths.PHP_AS_WEB_USER, "-c", str(self.settings.ini), str(programs / "jobs.php")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=process.base_env() | self.settings.env, text=True, bufsize=1,
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def ask(self, *words: object) -> dict:
        self._popen.stdin.write(" ".join(map(str, words)) + "\n")
        answered, _, _ = select.select([self._popen.stdout], [], [], 60)
        assert answered, f"no answer to {words} within 60 s"
        answer = json.loads(self._popen.stdout.readline())
        assert answer["warnings"] == [], answer
        return answer

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def end(self) -> int:
        self._popen.stdin.close()
        try:
            return self._popen.wait(10)
        finally:
            self._popen.kill()


def test_a_worker_of_a_queue(queue_worker: QueueWorker, lab: Lab) -> None:
    """It lives through jobs, children, a switch, a loss; and is afterwards as large as before."""
    assert queue_worker.ask("count", "job-a", 20)["n"] == 20
    # A child of a process that has a connection makes its own; the parent's stays good.
    assert queue_worker.ask("fork", 8, "child-a", 10)["exits"] == [0] * 8
    assert queue_worker.ask("count", "job-a", 1)["n"] == 21

    lab.region(WEST)
    wait.until(lambda: queue_worker.ask("count", "job-b", 1)["region"] == WEST, what="the worker to follow", timeout=15)
    assert queue_worker.ask("count", "job-a", 1)["n"] == 22
    assert queue_worker.ask("fork", 8, "child-a", 5)["exits"] == [1] * 8, "they go on where the others had stopped"
    lab.replicated()
    lab.fault(WEST, "all", "blackhole")
    assert queue_worker.ask("count", "job-a", 10)["n"] == 32
    assert queue_worker.ask("fork", 4, "child-b", 5)["exits"] == [0] * 4


def test_a_worker_of_a_queue_does_not_grow(queue_worker: QueueWorker, lab: Lab) -> None:
    def work(name: str) -> None:
        queue_worker.ask("count", "grow", 2000)
        assert queue_worker.ask("fork", 20, name, 1)["exits"] == [0] * 20

    work("warm-up")
    before, files = memory(queue_worker.pid), queue_worker.open_files()
    for number in range(5):
        work(f"children-{number}")
    after = memory(queue_worker.pid)
    print(f"anonymous memory of the worker before and after 10,000 sessions and 100 children: {before}, {after} KiB; open files: {files}")
    assert after - before <= 512
    assert queue_worker.open_files() == files
    assert queue_worker.end() == 0


def memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))
