"""Redis and Memcached of our own, on loopback, each behind a network that can be made longer. No service of the machine is touched."""

import shutil
import socket
import sys
from pathlib import Path

from harness import paths, process, wait

DELAY = Path(__file__).parent / "delay.py"
# From the base port: behind those of the lab and of nginx.
FIRST_PORT = 60
# Redis must keep nothing, or its saving would be measured; both have room for all sessions of a run.
SERVERS = {
    "redis": ["redis-server", "--bind", "127.0.0.1", "--port", "{port}", "--save", "", "--appendonly", "no", "--dir", "{run}"],
    "memcached": ["memcached", "-l", "127.0.0.1", "-p", "{port}", "-U", "0", "-m", "256", "-c", "1024", "-u", "nobody"],
}


class Store:
    def __init__(self, name: str, run: Path, ports: paths.Ports):
        self.name = name
        self.port = ports.base + FIRST_PORT + 2 * list(SERVERS).index(name)
        self.far_port = self.port + 1
        self._run = run
        self._control = run / f"{name}.delay"
        self._server = process.Daemon(name, run)
        self._delay = process.Daemon(f"{name}-delay", run)

    def start(self) -> "Store":
        if not shutil.which(SERVERS[self.name][0]):
            raise RuntimeError(f"{SERVERS[self.name][0]} is not installed: make bench installs it, and --handlers leaves it out")
        command = [part.format(port=self.port, run=self._run) for part in SERVERS[self.name]]
        self._server.start(command, env={}, ready=lambda: answers(self.port))
        self._control.unlink(missing_ok=True)
        command = [sys.executable, str(DELAY), "--listen", str(self.far_port), "--server", str(self.port), "--control", str(self._control)]
        self._delay.start(command, env={}, ready=self._control.exists)
        wait.until(lambda: answers(self.far_port), what=f"the network of {self.name}", timeout=10, logs=[self._delay.log])
        return self

    def far(self, ms: float) -> None:
        """The round trip that the network adds from now on."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(5)
            control.connect(str(self._control))
            control.sendall(f"{ms}\n".encode())
            if control.recv(3) != b"ok\n":
                raise RuntimeError(f"the network of {self.name} did not take {ms} ms{wait.tails([self._delay.log])}")

    def path(self, rtt: int) -> str:
        """session.save_path. Without a round trip the proxy is left out, for it is one more way through the machine."""
        port = self.far_port if rtt else self.port
        return f"tcp://127.0.0.1:{port}?persistent=1" if self.name == "redis" else f"127.0.0.1:{port}"


def answers(port: int) -> bool:
    socket.create_connection(("127.0.0.1", port), timeout=1).close()
    return True
