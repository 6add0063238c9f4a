"""The drills, end to end and short: that they run, find what is wrong, and write their reports."""

import json
import os
import subprocess
import xml.etree.ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import paths, process

STACK = paths.ROOT / "tests" / "drill" / "stack"
# Beside the lab that the other tests share.
PORTS_AWAY = 200

Drill = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def drill(run: Path, ports: paths.Ports) -> Drill:
    def start(*arguments: str) -> subprocess.CompletedProcess:
        env = process.base_env() | {
            "WPD_RUN": str(run / "drill"), "WPD_PORT": str(ports.base + PORTS_AWAY), "WPD_ROOT": str(paths.ROOT),
            "WPD_LAB": str(paths.LAB), "WPD_EXTENSION": str(paths.EXTENSION),
        }
        command = [str(paths.LAB), "drill", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=env, cwd="/")
        print(done.stdout, done.stderr)
        return done

    return start


def test_drills_meet_their_limits(drill: Drill, tmp_path: Path) -> None:
    report, page = tmp_path / "report.json", tmp_path / "report.html"
    done = drill("blackhole", "ssm-down", "worker-killed", "--quick", "--no-wordpress", "--json-file", str(report), "--html", str(page))
    assert done.returncode == 0
    drills = {drill["name"]: drill for drill in json.loads(report.read_text())["drills"]}
    assert set(drills) == {"blackhole", "ssm-down", "worker-killed"}
    for name, of in drills.items():
        (of_page,) = of["passes"]
        figures = of_page["figures"]
        assert figures["requests"] == 1800, name
        assert figures["final_check"] == {"sessions": 600, "failed": 0, "differing_items": 0}, name
        assert all(host["requests"] > 800 for host in figures["hosts"]), name
    bridged = drills["blackhole"]["passes"][0]["figures"]
    assert all(0 < host["away_ms"] <= 2000 for host in bridged["hosts"])
    assert bridged["calls"][1]["dynamodb"] > 300, "nothing arrived in the other Region"
    assert drills["ssm-down"]["passes"][0]["figures"]["calls"][1]["dynamodb"] == 0
    assert drills["worker-killed"]["passes"][0]["figures"]["killed_at_work"] > 0
    assert_stands_alone(page, plots=3)


def test_missed_limits_are_found(drill: Drill, tmp_path: Path) -> None:
    """Hosts that must not leave the active Region: the same drill fails, and says what."""
    stack = tmp_path / "stack"
    stack.write_text(f'#!/bin/sh\nexec {STACK} --ini wp_dynamodb.failover=follow "$@"\n')
    stack.chmod(0o755)
    done = drill("blackhole", "--quick", "--no-wordpress", "--stack", str(stack), "--json")
    assert done.returncode == 1
    (of,) = json.loads(done.stdout)["drills"]
    checks = {check["what"]: check for check in of["passes"][0]["checks"]}
    assert of["met"] is False
    assert checks["failed requests"]["met"] is False and int(checks["failed requests"]["measured"]) > 10
    assert checks["time of the bridge, host in us-east-1"] | {"met": False, "measured": "never"} == checks["time of the bridge, host in us-east-1"]
    assert checks["lost sessions"]["met"] is True, "an outage must not cost sessions"


def test_a_stack_that_does_not_start(drill: Drill) -> None:
    missing = drill("blackhole", "--stack", "/nowhere/stack")
    assert missing.returncode == 3 and "/nowhere/stack is missing" in missing.stderr
    ends = drill("blackhole", "--stack", "/bin/false")
    assert ends.returncode == 3 and "could not be started" in ends.stderr


def test_wrong_usage(drill: Drill) -> None:
    for arguments in ((), ("earthquake",), ("blackhole", "--rate", "0")):
        assert drill(*arguments).returncode == 2, arguments


def test_the_list_holds_the_limits(drill: Drill) -> None:
    drills = json.loads(drill("--list", "--json").stdout)
    assert len(drills) >= 19
    limits = next(drill["limits"] for drill in drills if drill["name"] == "blackhole")
    assert limits["failed requests"] == "0" and "away within 2 s" in limits["route of each host"]


def assert_stands_alone(page: Path, plots: int) -> None:
    html = page.read_text()
    assert "<script" not in html
    assert html.count("<svg") == plots
    # The one address in it is the name of SVG's namespace: nothing is fetched.
    assert set(part.split('"')[0] for part in html.split("http")[1:]) == {"://www.w3.org/2000/svg"}
    for svg in html.split("<svg")[1:]:
        drawing = xml.etree.ElementTree.fromstring("<svg" + svg.split("</svg>")[0] + "</svg>")
        assert drawing.find("{http://www.w3.org/2000/svg}title").text and drawing.find("{http://www.w3.org/2000/svg}desc").text
    assert os.path.getsize(page) < 75_000 * plots


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--workers", "0"], "0 is not in 1..=200"),
        (["--html", "/nowhere/report.html"], "/nowhere/report.html"),
        (["no-such-drill"], "no such drill"),
    ],
)
def test_what_is_asked_for_in_a_wrong_way_is_said_at_once(drill: Drill, asked: list[str], says: str) -> None:
    done = drill("blackhole", *asked)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
