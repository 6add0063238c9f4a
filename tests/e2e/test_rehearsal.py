"""A short rehearsal of a lost Region, with its limits."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import paths, process

from test_drills import assert_stands_alone

BOOTSTRAP = Path(os.environ.get("WPD_BOOTSTRAP", paths.TARGET / "bootstrap"))
EAST, WEST = paths.REGIONS
# Beside the lab that the other tests share, and beside the drills'.
PORTS_AWAY = 300

Rehearse = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def rehearse(run: Path, ports: paths.Ports) -> Rehearse:
    def start(*arguments: str, bootstrap: Path = BOOTSTRAP) -> subprocess.CompletedProcess:
        env = process.base_env() | {
            "WPD_RUN": str(run / "rehearsal"), "WPD_PORT": str(ports.base + PORTS_AWAY), "WPD_ROOT": str(paths.ROOT),
            "WPD_LAB": str(paths.LAB), "WPD_EXTENSION": str(paths.EXTENSION),
        }
        command = [str(paths.LAB), "rehearse", "--bootstrap", str(bootstrap), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, env=env, cwd="/")
        print(done.stdout, done.stderr)
        return done

    return start


@pytest.mark.skipif(not BOOTSTRAP.is_file(), reason=f"{BOOTSTRAP} is missing: cargo build -p wp-dynamodb-failover")
def test_a_lost_region_is_left_and_gone_back_to(rehearse: Rehearse, tmp_path: Path) -> None:
    report, page = tmp_path / "report.json", tmp_path / "report.html"
    done = rehearse("--quick", "--json-file", str(report), "--html", str(page))
    assert done.returncode == 0
    (scenario,) = json.loads(report.read_text())["scenarios"]
    plan, result = scenario["scenario"]["plan"], scenario["result"]
    figures, tracks = result["figures"], result["told"]["tracks"]
    assert all(check["met"] for check in result["checks"]) and len(result["checks"]) >= 10
    # Nothing came from us-east-1 while it was lost: what moved the parameter was the standby's controller by itself.
    lost = (plan["lost_s"], plan["returns_s"])
    assert not [at for at, _ in tracks[f"alarm {EAST}"] if lost[0] < at < lost[1]]
    switches = [run for run in result["runs"] if run["invocation"]["outcome"].get("answered", {}).get("decision") == "switch"]
    assert [(run["region"], run["event"]) for run in switches] == [(WEST, "tick")]
    assert figures["failed"] > 0, "until DNS moved, visitors were sent to a black hole"
    assert [value for _, value in tracks["dns"]] == [EAST, WEST, EAST]
    assert [value for _, value in tracks[f"parameter {WEST}"]] == [EAST, WEST, EAST]
    assert_stands_alone(page, plots=1)


def test_a_controller_that_does_nothing_misses_the_limits(rehearse: Rehearse, tmp_path: Path) -> None:
    """A function that answers and decides nothing: DNS moves all the same, the parameter does not, and the report says so."""
    idle = tmp_path / "bootstrap"
    idle.write_text(
        "#!/usr/bin/python3\nimport os, urllib.request\n"
        "API = f\"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation\"\n"
        "while True:\n"
        "    with urllib.request.urlopen(f'{API}/next') as answer:\n"
        "        request = answer.headers['Lambda-Runtime-Aws-Request-Id']\n"
        "    urllib.request.urlopen(f'{API}/{request}/response', b'{\"decision\": \"stay\"}')\n"
    )
    idle.chmod(0o755)
    done = rehearse("--quick", "--scale", "10", "--json", bootstrap=idle)
    assert done.returncode == 1
    (scenario,) = json.loads(done.stdout)["scenarios"]
    checks = {check["what"]: check for check in scenario["result"]["checks"]}
    assert scenario["met"] is False
    missed = checks["first failed canary → parameter in the standby"]
    assert (missed["met"], missed["measured"]) == (False, "never")
    assert checks["automatic switches"]["measured"] == "0"
    assert scenario["result"]["figures"]["dns_s"] is not None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--scale", "0"], "1 to 20"),
        (["--quick", "--recipe"], "cannot be used with"),
        (["--html", "/nowhere/report.html"], "/nowhere/report.html"),
        (["--bootstrap", "/nowhere/bootstrap"], "/nowhere/bootstrap is missing"),
    ],
)
def test_wrong_usage(rehearse: Rehearse, asked: list[str], says: str) -> None:
    bootstrap = Path("/bin/true")
    done = rehearse(*asked, bootstrap=bootstrap) if "--bootstrap" not in asked else rehearse(bootstrap=Path(asked[1]))
    assert done.returncode == 2 and says in done.stderr
