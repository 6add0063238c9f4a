"""The local Regions: DynamoDB, SSM, replication and faults, driven over the lab's control port."""

import json
import subprocess
from pathlib import Path

import requests

from . import paths, process

# Those that strike whatever way a client came. "dns" is for clients that come by name (Fpm's `names`).
FAULTS = ("latency", "blackhole", "refuse", "reset", "5xx", "throttle", "hang", "denied", "noconnect")


class Lab:
    def __init__(self, run: Path, ports: paths.Ports):
        self.ports = ports
        self._run = run / "lab"
        self._daemon = process.Daemon("lab", run)
        self._parameter_changed = False
        self._http = requests.Session()
        # A proxy of the machine must not come between us and loopback.
        self._http.trust_env = False

    def start(self, lag_ms: int = 50) -> "Lab":
        if not paths.LAB.is_file():
            raise RuntimeError(f"{paths.LAB} is missing: build it first (make build)")
        self._run.mkdir(parents=True, exist_ok=True)
        command = [
            str(paths.LAB), "serve", "--port", str(self.ports.base), "--regions", ",".join(paths.REGIONS), "--moto", str(paths.MOTO),
            "--table", paths.TABLE, "--lag-ms", str(lag_ms), "--run-dir", str(self._run),
        ]
        self._daemon.start(command, env={"RUST_BACKTRACE": "1"}, ready=self._says_ready, timeout=60)
        return self

    def stop(self) -> None:
        self._daemon.stop()

    def _says_ready(self) -> bool:
        return "ready" in self._daemon.log.read_text().splitlines()

    # Control

    def status(self) -> dict:
        return self._get("/status")

    def reset(self) -> None:
        """As it was at the start: no faults, replication running, the parameter naming the first Region, counters at zero. Items stay."""
        for region in paths.REGIONS:
            self.fault(region, "all", "none")
        self.replication(lag_ms=50, state="run")
        # Written only when it was changed: a new version makes the hosts look up.
        if self._parameter_changed:
            # Anew: one that was rewritten lately opens a switch window on each host that starts.
            self.parameter(None)
            self.region(paths.REGIONS[0])
            self._parameter_changed = False
        self.counters_reset()

    def fault(
        self, region: str, service: str, kind: str, *, ms: int | None = None, rate: float | None = None, door: str | None = None,
    ) -> None:
        """Strikes one door, "local" or "remote"; both unless one is named."""
        body: dict = {"region": region, "service": service, "kind": kind}
        if door is not None:
            body["from"] = door
        if ms is not None:
            body["ms"] = ms
        if rate is not None:
            body["rate"] = rate
        self._post("/fault", body)

    def region(self, region: str, regions: tuple[str, ...] | None = None) -> None:
        self.parameter(region, regions)

    def parameter(self, value: str | None, regions: tuple[str, ...] | None = None) -> None:
        """Writes the parameter, any value; None deletes it. Everywhere, unless `regions` are named."""
        self._parameter_changed = True
        self._post("/parameter", {"value": value} | ({"regions": list(regions)} if regions else {}))

    def replication(self, **settings: object) -> None:
        self._post("/replication", settings)

    def table(self, table: str, *, hash_key: str, range_key: str | None = None, ttl_attribute: str = "expires") -> None:
        """Creates one more table in every Region."""
        self._post("/table", {"table": table, "hash_key": hash_key, "range_key": range_key, "ttl_attribute": ttl_attribute})

    def counters(self) -> dict[str, dict[str, dict[str, int]]]:
        return self._get("/counters")

    def counters_reset(self) -> None:
        self._post("/counters/reset", {})

    def calls(self, region: str | None = None, service: str = "dynamodb", *operations: str) -> int:
        """How many calls arrived: in one Region or all, of some operations or all."""
        counters = self.counters()
        return sum(
            count
            for name, services in counters.items() if region in (None, name)
            for operation, count in services.get(service, {}).items() if not operations or operation in operations
        )

    def writes(self, region: str | None = None) -> int:
        return self.calls(region, "dynamodb", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")

    # Items, past faults and counters

    def dump(self, region: str, table: str = paths.TABLE) -> list[dict]:
        lines = self._checked(self._http.get(self._url(f"/dump/{region}"), params={"table": table}, timeout=10), raw=True).text
        return [json.loads(line) for line in lines.splitlines()]

    def item_get(self, region: str, key: dict, table: str = paths.TABLE) -> dict | None:
        return self._post(f"/item/{region}/get", {"table": table, "key": key})["item"]

    def item_put(self, region: str, item: dict, table: str = paths.TABLE) -> None:
        self._post(f"/item/{region}/put", {"table": table, "item": item})

    def item_delete(self, region: str, key: dict, table: str = paths.TABLE) -> None:
        self._post(f"/item/{region}/delete", {"table": table, "key": key})

    def replicated(self) -> None:
        """Returns when what was written has arrived in every Region."""
        self._post("/replication", {"settle": True})

    def command(self, *arguments: str) -> subprocess.CompletedProcess:
        """The command line client, as an operator would use it."""
        self._parameter_changed = True
        command = [str(paths.LAB), *arguments, "--port", str(self.ports.base)]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=process.base_env())

    # HTTP

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.ports.control}{path}"

    def _get(self, path: str):
        return self._checked(self._http.get(self._url(path), timeout=10))

    def _post(self, path: str, body: dict):
        return self._checked(self._http.post(self._url(path), json=body, timeout=20))

    @staticmethod
    def _checked(answer: requests.Response, raw: bool = False):
        if not answer.ok:
            raise RuntimeError(f"lab: {answer.request.method} {answer.request.path_url}: {answer.status_code} {answer.text[:500]}")
        if raw:
            return answer
        return answer.json() if answer.content else {}

