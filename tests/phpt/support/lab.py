"""The lab for a test run: the one that answers on the control port already, or one of our own."""

import contextlib
import json
import selectors
import signal
import subprocess
import sys
import time
import urllib.request

from . import paths
from .php import Missing


# A proxy of the machine must not come between us and loopback.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method: str, path: str, body: object = None, timeout: float = 10.0):
    """One call to the lab's HTTP control; returns the decoded answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{paths.base_port()}{path}", data=data, method=method, headers={"content-type": "application/json"}
    )
    with _DIRECT.open(request, timeout=timeout) as answer:
        text = answer.read()
    return json.loads(text) if text.strip() else None


def answers() -> bool:
    try:
        call("GET", "/status", timeout=2.0)
        return True
    except (OSError, ValueError):
        return False


def calm() -> None:
    """No faults, replication running, parameter on the first Region: what every suite starts from."""
    for region in paths.REGIONS:
        call("POST", "/fault", {"region": region, "service": "all", "kind": "none"})
    call("POST", "/replication", {"state": "run"})
    call("POST", "/parameter", {"value": paths.REGIONS[0]})


def _wait_ready(process: subprocess.Popen, log, seconds: float) -> None:
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if selector.select(timeout=0.2):
            line = process.stdout.readline()
            if line.strip() == "ready":
                return
            if not line and process.poll() is not None:
                break
    process.terminate()
    raise Missing(f"the lab did not get ready within {seconds:.0f} s: see {log.name}")


@contextlib.contextmanager
def running():
    """A lab for the time of the block; one of our own is stopped at its end, another one is left as it is."""
    # So that a runner that is told to stop takes its lab with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if answers():
        calm()
        yield "already running"
        calm()
        return
    binary, moto = paths.lab(), paths.moto()
    if not binary.exists():
        raise Missing(f"{binary} is missing: build it with `cargo build -p wp-dynamodb-lab`")
    if not moto:
        raise Missing("moto_server is neither in .run/cache/venv/bin nor on PATH: `make test` installs it")
    folder = paths.run_dir() / "lab"
    folder.mkdir(exist_ok=True)
    command = [str(binary), "serve", "--port", str(paths.base_port()), "--moto", moto, "--run-dir", str(folder)]
    with open(folder / "lab.log", "w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, stdin=subprocess.DEVNULL)
        try:
            _wait_ready(process, log, 90.0)
            calm()
            yield "started"
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=15)
            process.stdout.close()
