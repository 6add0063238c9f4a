"""The Lambda runner of the lab: the real controller against a running lab, and what becomes of it when it is killed at its work."""

import json
import os
import subprocess
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import paths, process
from harness.lab import Lab

BOOTSTRAP = Path(os.environ.get("WPD_BOOTSTRAP", paths.TARGET / "bootstrap"))
EAST, WEST = paths.REGIONS
ALARM = f"arn:aws:cloudwatch:{EAST}:111122223333:alarm:wp-dynamodb-site-{EAST}"
SWITCH = {"action": "switch", "to": WEST, "by": "test", "why": "a test of the runner"}

Invoke = Callable[..., list[dict]]

pytestmark = pytest.mark.skipif(not BOOTSTRAP.is_file(), reason=f"{BOOTSTRAP} is missing: cargo build -p wp-dynamodb-failover")


@pytest.fixture
def invoke(lab: Lab, ports: paths.Ports, tmp_path: Path, request: pytest.FixtureRequest) -> Invoke:
    # Each test's controller remembers nothing of the others'.
    table = f"failover_{zlib.crc32(request.node.name.encode()):08x}"

    def start(*events: dict, region: str = WEST, succeeds: bool = True, arguments: tuple[str, ...] = ()) -> list[dict]:
        command = [str(paths.LAB), "--port", str(ports.base), "--json", "lambda", "--bootstrap", str(BOOTSTRAP), "--region", region]
        # Only DynamoDB is looked at here: sites and alarms are the rehearsal's.
        command += ["--env", "WP_DYNAMODB_QUORUM=1", "--env", f"WP_DYNAMODB_CONTROL_TABLE={table}", *arguments]
        for number, event in enumerate(events):
            file = tmp_path / f"event-{number}.json"
            file.write_text(json.dumps(event))
            command += ["--event", str(file)]
        # What a test changes is put back by the lab's fixture.
        lab._parameter_changed = True
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=process.base_env())
        print(done.stdout, done.stderr)
        assert (done.returncode == 0) == succeeds
        return [json.loads(line) for line in done.stdout.splitlines()]

    return start


def parameters(lab: Lab) -> dict[str, str]:
    return {region: of["parameter"]["value"] for region, of in lab.status()["regions"].items()}


def test_a_cold_and_a_warm_tick(invoke: Invoke) -> None:
    cold, warm = invoke({"action": "tick"}, {"action": "tick"})
    assert cold["answer"]["decision"] == warm["answer"]["decision"] == "stay"
    assert cold["invocation"]["cold_start_ms"] > 0 and warm["invocation"]["cold_start_ms"] is None
    assert any(json.loads(line).get("message", "").startswith("stay") for line in cold["log"])


def test_an_order_moves_the_parameter_in_both_regions(invoke: Invoke, lab: Lab) -> None:
    (done,) = invoke(SWITCH)
    assert (done["answer"]["decision"], done["answer"]["active"]) == ("switch", WEST)
    assert parameters(lab) == {EAST: WEST, WEST: WEST}


@pytest.fixture
def alarm(lab: Lab) -> Callable[..., dict]:
    """The event of an alarm's change, as the lab's simulator of CloudWatch writes it."""
    return lambda *arguments: json.loads(lab.command("alarm", *arguments).stdout)


@pytest.mark.parametrize("shape", ["direct", "eventbridge", "composite", "sns"])
def test_an_alarm_in_each_shape_is_heard_and_moves_nothing_by_itself(invoke: Invoke, lab: Lab, alarm: Callable[..., dict], shape: str) -> None:
    known = ("--env", f"WP_DYNAMODB_ALARMS={EAST}={ALARM}", "--env", "WP_DYNAMODB_QUORUM=2")
    now = int(time.time() * 1000)
    fired, ok = alarm("--shape", shape, "--at", str(now - 60_000)), alarm("--shape", shape, "--state", "OK", "--at", str(now))
    first, repeated, over, late = invoke(fired, fired, ok, fired, arguments=known)
    heard = [done["answer"]["signals"][EAST]["alarm"] for done in (first, repeated, over, late)]
    # The last one was sent before the alarm was over, and arrives after it.
    assert heard == ["alarm", "alarm", "ok", "ok"]
    assert parameters(lab) == {EAST: EAST, WEST: EAST}


@pytest.mark.parametrize("shape", ["direct", "eventbridge", "sns"])
def test_an_alarm_that_nobody_named_is_refused(invoke: Invoke, alarm: Callable[..., dict], shape: str) -> None:
    known = ("--env", f"WP_DYNAMODB_ALARMS={EAST}={ALARM}")
    (refused,) = invoke(alarm("--shape", shape, "--name", "another"), succeeds=False, arguments=known)
    assert set(refused["invocation"]["outcome"]) == {"failed"}


@pytest.mark.parametrize("event", [{}, {"action": "explode"}, {"Records": []}, {"action": "x" * 256 * 1024}], ids=["empty", "unknown", "records", "256KB"])
def test_what_is_no_event_fails_the_invocation_and_the_process_lives(invoke: Invoke, lab: Lab, event: dict) -> None:
    """Lambda tries a failed invocation twice more and keeps it in the dead-letter queue: it must not look like a success."""
    bad, good = invoke(event, {"action": "tick"}, succeeds=False)
    assert set(bad["invocation"]["outcome"]) == {"failed"} and len(json.dumps(bad["invocation"]["outcome"])) < 2000
    assert good["answer"]["decision"] == "stay" and good["invocation"]["cold_start_ms"] is None
    assert parameters(lab) == {EAST: EAST, WEST: EAST}


def test_killed_between_the_two_writes_the_next_tick_repairs_it(invoke: Invoke, lab: Lab) -> None:
    # SSM of the Region that is left takes its time, so that there is a moment between the two writes.
    lab.fault(EAST, "ssm", "latency", ms=800, door="remote")
    (killed,) = invoke(SWITCH, succeeds=False, arguments=("--kill-after", f"{WEST}:ssm:PutParameter", "--kill-delay", "100"))
    assert killed["invocation"]["outcome"] == {"exited": "signal: 9 (SIGKILL)"}
    assert parameters(lab) == {EAST: EAST, WEST: WEST}, "one is written, the other is not"
    lab.fault(EAST, "ssm", "none")
    (repaired,) = invoke({"action": "tick"})
    assert repaired["answer"]["active"] == WEST, "the newer write is the order"
    assert parameters(lab) == {EAST: WEST, WEST: WEST}
    (quiet,) = invoke({"action": "tick"})
    assert quiet["answer"]["decision"] == "stay" and quiet["answer"]["written"] == []


def test_a_process_that_hangs_is_ended_at_the_time_limit(invoke: Invoke, lab: Lab) -> None:
    lab.fault(EAST, "ssm", "latency", ms=5000, door="remote")
    (late,) = invoke(SWITCH, succeeds=False, arguments=("--timeout", "0.5"))
    assert late["invocation"]["outcome"] == "timed_out"
