"""Daemons that outlive the script that started them, known by pid file."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from . import wait


# System calls accept and accept4 on x86_64 and aarch64.
ACCEPT = {"x86_64": ("43", "288"), "aarch64": ("202", "242")}.get(os.uname().machine, ())


class Daemon:
    """One background process (and its children) with a pid file and a log.

    The pid file holds the process's start time as well: a pid alone may meanwhile be somebody else's. Each daemon leads a
    session of its own, so its children are found even when it was killed.
    """

    def __init__(self, name: str, run: Path):
        self.name = name
        self.log = run / "log" / f"{name}.log"
        self.pid_file = run / "pid" / f"{name}.json"
        self._run = run
        self._popen: subprocess.Popen | None = None
        for folder in (self.log.parent, self.pid_file.parent):
            folder.mkdir(parents=True, exist_ok=True)

    def start(
        self, command: list[str], *, env: dict[str, str], ready: Callable[[], object], timeout: float = 30, stop_signal: int = signal.SIGTERM
    ) -> None:
        """Starts the command and returns when `ready` says so."""
        self.stop()
        with self.log.open("w") as log:
            self._popen = subprocess.Popen(
                command, env={**base_env(), "WPD_RUN": str(self._run), **env}, cwd=self._run, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )
        record = {"boot": boot(), "pid": self._popen.pid, "started": start_time(self._popen.pid), "stop_signal": int(stop_signal)}
        self.pid_file.write_text(json.dumps(record))
        popen = self._popen

        def ready_or_dead() -> object:
            return popen.poll() is not None or ready()

        wait.until(ready_or_dead, what=f"start of {self.name}", timeout=timeout, logs=[self.log])
        if popen.poll() is not None:
            raise RuntimeError(f"{self.name} ended at once with code {popen.returncode}{wait.tails([self.log])}")

    @property
    def pid(self) -> int | None:
        """The process, if it is alive and ours."""
        record = self._record()
        return record["pid"] if record and start_time(record["pid"]) == record["started"] else None

    def stop(self, timeout: float = 15) -> None:
        """Stops the process and all its children; those of a killed process, too. Does nothing when there are none."""
        record = self._record()
        if not record:
            return
        pid = self.pid
        if pid:
            send(pid, record["stop_signal"])
            deadline = time.monotonic() + timeout
            while self.alive(pid) and time.monotonic() < deadline:
                time.sleep(0.02)
        self._kill_rest(record)
        self.pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """As a crash or the kernel's out-of-memory killer would end it: the whole session at once, without a goodbye."""
        record = self._record()
        if record:
            self._kill_rest(record)

    def alive(self, pid: int) -> bool:
        if self._popen and self._popen.pid == pid:
            return self._popen.poll() is None
        return start_time(pid) is not None

    def _record(self) -> dict | None:
        """What the pid file holds; nothing when it is of an earlier boot."""
        try:
            record = json.loads(self.pid_file.read_text())
        except (OSError, ValueError):
            return None
        return record if record.get("boot") == boot() else None

    def _kill_rest(self, record: dict) -> None:
        # A session's id stays reserved while the session has a member, and every member is younger than its leader.
        leader = start_time(record["pid"])
        if leader is not None and leader != record["started"]:
            return
        for pid in session_members(record["pid"]):
            if (start_time(pid) or 0) >= record["started"]:
                send(pid, signal.SIGKILL)
        if self._popen and self._popen.pid == record["pid"]:
            self._popen.wait()
        deadline = time.monotonic() + 5
        while session_members(record["pid"]) and time.monotonic() < deadline:
            time.sleep(0.02)


def base_env() -> dict[str, str]:
    """What a daemon gets of our environment: nothing that changes how AWS clients, PHP or Python behave."""
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}


def boot() -> str:
    """Tells one boot of the machine from another: process ids and start times begin again."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def stat_fields(pid: int) -> list[str] | None:
    try:
        # The command's name is in brackets and may hold anything, so what follows the last bracket is taken.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def start_time(pid: int) -> int | None:
    """When the process started (clock ticks since boot), or None when there is none (a zombie counts as none)."""
    fields = stat_fields(pid)
    return int(fields[19]) if fields and fields[0] not in "ZX" else None


def title(pid: int) -> str:
    """The process's command line, which daemons like php-fpm use as a title; empty when it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def in_accept(pid: int) -> bool | None:
    """Whether the process waits for a connection: a php-fpm worker without a request. None when it cannot be told."""
    try:
        number = Path(f"/proc/{pid}/syscall").read_text().split()[0]
    except OSError:
        return None
    return number in ACCEPT if ACCEPT else None


def children(pid: int) -> list[int]:
    return [p for p in all_pids() if (f := stat_fields(p)) and f[1] == str(pid) and f[0] not in "ZX"]


def session_members(session: int) -> list[int]:
    return [p for p in all_pids() if (f := stat_fields(p)) and f[3] == str(session) and f[0] not in "ZX"]


def all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def send(pid: int, which: int) -> None:
    try:
        os.kill(pid, which)
    except ProcessLookupError:
        pass


def stop_all(run: Path) -> list[str]:
    """Stops everything that was started in a run folder, the newest first; returns the names."""
    files = sorted((run / "pid").glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    stopped = []
    for file in files:
        daemon = Daemon(file.stem, run)
        daemon.stop()
        stopped.append(daemon.name)
    return stopped


def sleeps(pid: int) -> bool:
    """Whether a process is in a sleep of its own making (usleep()), not waiting for something."""
    try:
        return Path(f"/proc/{pid}/syscall").read_text().split()[0] in ("35", "230")
    except OSError:
        return False
