"""What a page waits for its session, unchanged and changed, at a round trip that the lab sets; beside a raw HTTP client on the same server.

Everything is measured in one run on one machine; the figures to look at are the ratios.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import requests

from harness import paths
from harness.fpm import Fpm, publish
from harness.lab import Lab

REGION = paths.REGIONS[0]
COLUMNS = "{:<60} {:>9} {:>9} {:>9}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--rtt", type=int, default=6, help="round trip to DynamoDB in milliseconds (default 6)")
    parser.add_argument("--against", type=Path, metavar="SO", help="another build of the extension, measured in turns with this one")
    parser.add_argument("--pages", type=int, default=300, help="pages of each kind (default 300)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wpd-bench-", dir="/var/tmp") as folder:
        run = Path(folder)
        run.chmod(0o755)
        ports = paths.ports(29700)
        lab = Lab(run, ports).start()
        pages = publish(Path(__file__).parent / "pages", run / "pages")
        hosts = {"": Fpm("bench", run, ports, REGION, docroot=pages, workers=1)}
        if options.against:
            hosts["other build: "] = Fpm("against", run, ports, REGION, docroot=pages, workers=1, build=options.against)
        try:
            figures = measure(lab, {name: host.start() for name, host in hosts.items()}, ports, options.rtt, options.pages)
        finally:
            for host in hosts.values():
                host.stop()
            lab.stop()
    report(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def measure(lab: Lab, hosts: dict[str, Fpm], ports: paths.Ports, rtt: int, pages: int) -> dict:
    cookies = {name: {"PHPSESSID": f"benchbenchbenchbenchbench{n}"} for n, name in enumerate(hosts)}
    for name, host in hosts.items():
        for _ in range(20):
            assert host.get("page.php", cookies[name], change=1).json()["started"]
    figures: dict = {"rtt_ms": rtt, "pages": pages, "rows": {}}
    for delay in (0, rtt):
        lab.fault(REGION, "dynamodb", "latency", ms=delay) if delay else lab.fault(REGION, "dynamodb", "none")
        figures["rows"][f"raw HTTP client, one GetItem, RTT {delay} ms"] = summary(raw(ports, pages))
        for kind, query in (("unchanged", {}), ("changed", {"change": 1})):
            seen: dict[str, list[dict]] = {name: [] for name in hosts}
            # In turns, so that whatever else the machine does strikes all alike.
            for _ in range(pages):
                for name, host in hosts.items():
                    seen[name].append(host.get("page.php", cookies[name], **query).json())
            for name, answers in seen.items():
                assert all(page["started"] for page in answers)
                figures["rows"][f"{name}{kind} page waits, RTT {delay} ms"] = summary([page["read_ms"] + page["write_ms"] for page in answers])
                figures["rows"][f"{name}{kind} page, CPU of the worker, RTT {delay} ms"] = summary([page["cpu_ms"] for page in answers])
    return figures


def raw(ports: paths.Ports, count: int) -> list[float]:
    """One GetItem with a ready-made body over one connection: what the network and the server cost, without SDK."""
    client = requests.Session()
    url = f"http://127.0.0.1:{ports.dynamodb(REGION)}/"
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.GetItem", "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=lab/20260101/{REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        "X-Amz-Date": "20260101T000000Z",
    }
    body = json.dumps({"TableName": paths.TABLE, "Key": {"session_id": {"S": "nobody"}}})
    took = []
    for _ in range(count):
        begin = time.perf_counter()
        answer = client.post(url, data=body, headers=headers, timeout=5)
        took.append((time.perf_counter() - begin) * 1000)
        assert answer.status_code == 200, answer.text
    return took


def summary(values: list[float]) -> dict:
    ordered = sorted(values)
    figures = {"median_ms": statistics.median(ordered), "mean_ms": statistics.fmean(ordered), "p99_ms": ordered[int(len(ordered) * 0.99)]}
    return {name: round(figure, 3) for name, figure in figures.items()}


def report(figures: dict) -> None:
    print(COLUMNS.format("", "median ms", "mean ms", "p99 ms"))
    for name, row in figures["rows"].items():
        print(COLUMNS.format(name, row["median_ms"], row["mean_ms"], row["p99_ms"]))
    rtt = figures["rtt_ms"]
    raw_wait = figures["rows"][f"raw HTTP client, one GetItem, RTT {rtt} ms"]["median_ms"]
    for kind in ("unchanged", "changed"):
        wait = figures["rows"][f"{kind} page waits, RTT {rtt} ms"]["median_ms"]
        print(f"{kind} page: {wait / raw_wait:.2f} x one raw GetItem at RTT {rtt} ms")
    for name, row in figures["rows"].items():
        if other := figures["rows"].get(f"other build: {name}"):
            print(f"{name}: {row['median_ms'] / other['median_ms']:.3f} x the other build's median, {row['mean_ms'] / other['mean_ms']:.3f} x its mean")


if __name__ == "__main__":
    sys.exit(main())
