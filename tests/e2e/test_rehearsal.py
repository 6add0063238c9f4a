"""A short rehearsal of a lost Region, with its limits."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import paths, process

from test_drills import STACK, assert_stands_alone

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
        done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False, env=env, cwd="/")
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
    assert "DNS: answers us-west-2 from now on" in done.stderr
    assert_stands_alone(page, plots=1)


@pytest.mark.skipif(not BOOTSTRAP.is_file(), reason=f"{BOOTSTRAP} is missing: cargo build -p wp-dynamodb-failover")
def test_the_usual_recipe_does_not_see_that_dynamodb_is_lost(rehearse: Rehearse, tmp_path: Path) -> None:
    report, page = tmp_path / "report.json", tmp_path / "report.html"
    done = rehearse("--quick", "--recipe", "--json-file", str(report), "--html", str(page))
    assert done.returncode == 0
    told = {of["scenario"]["design"]: of["result"] for of in json.loads(report.read_text())["scenarios"]}
    ours, recipe = told["ours"]["figures"], told["recipe"]["figures"]
    assert all(check["met"] for check in told["ours"]["checks"]) and told["recipe"]["checks"] == []
    # A page that only says OK goes on saying so: no check fails, no alarm fires, nobody writes a parameter, DNS stays.
    assert ours["parameter_s"] is not None and recipe["parameter_s"] is None
    assert ours["dns_s"] is not None and recipe["dns_s"] is None
    tracks = told["recipe"]["told"]["tracks"]
    assert [value for _, value in tracks[f"parameter {EAST}"]] == [EAST]
    assert [value for _, value in tracks[f"alarm {EAST}"]] == ["OK"]
    # So its visitors fail as long as the loss lasts; ours do not notice.
    assert ours["failed"] == 0 < recipe["failed"]
    assert ours["good_at_the_end"] == 1.0 > 0.5 > recipe["good_at_the_end"]
    assert_stands_alone(page, plots=2)


@pytest.mark.parametrize(
    ("becomes_of_it", "code", "why"),
    [("exit 1", 3, "could not be started (usual recipe)"), ("kill -INT $PPID; exec sleep 5", 1, "interrupted")],
    ids=["fails", "interrupted"],
)
def test_what_was_measured_is_kept_when_it_breaks_off(rehearse: Rehearse, tmp_path: Path, becomes_of_it: str, code: int, why: str) -> None:
    """The recipe's stack does not come up, or Ctrl-C is pressed meanwhile: the report has what came before, and says that it is not all."""
    stack, report, page = tmp_path / "stack", tmp_path / "report.json", tmp_path / "report.html"
    stack.write_text(f'#!/bin/sh\ncase "$*" in *--own-parameter*) {becomes_of_it};; esac\nexec {STACK} "$@"\n')
    stack.chmod(0o755)
    wanted = ("--json-file", str(report), "--html", str(page), "--stack", str(stack))
    done = rehearse("--quick", "--recipe", "--scale", "10", *wanted, bootstrap=does_nothing(tmp_path))
    assert done.returncode == code and why in done.stderr and "Broke off: " in done.stdout
    told = json.loads(report.read_text())
    assert [of["scenario"]["design"] for of in told["scenarios"]] == ["ours"] and told["scenarios"][0]["result"]
    assert told["met"] is False and why in told["broke_off"]
    assert "Broke off: " in page.read_text()


def does_nothing(folder: Path) -> Path:
    """A function that answers and decides nothing."""
    idle = folder / "bootstrap"
    idle.write_text(
        "#!/usr/bin/python3\nimport os, urllib.request\n"
        "API = f\"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation\"\n"
        "while True:\n"
        "    with urllib.request.urlopen(f'{API}/next') as answer:\n"
        "        request = answer.headers['Lambda-Runtime-Aws-Request-Id']\n"
        "    urllib.request.urlopen(f'{API}/{request}/response', b'{\"decision\": \"stay\"}')\n"
    )
    idle.chmod(0o755)
    return idle


def test_a_controller_that_does_nothing_misses_the_limits(rehearse: Rehearse, tmp_path: Path) -> None:
    """DNS moves all the same, the parameter does not, and the report says so."""
    done = rehearse("--quick", "--scale", "10", "--json", bootstrap=does_nothing(tmp_path))
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
        (["--html", "/nowhere/report.html"], "/nowhere/report.html"),
        (["--bootstrap", "/nowhere/bootstrap"], "/nowhere/bootstrap is missing"),
    ],
)
def test_wrong_usage(rehearse: Rehearse, asked: list[str], says: str) -> None:
    bootstrap = Path("/bin/true")
    done = rehearse(*asked, bootstrap=bootstrap) if "--bootstrap" not in asked else rehearse(bootstrap=Path(asked[1]))
    assert done.returncode == 2 and says in done.stderr
