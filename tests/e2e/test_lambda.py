"""The Lambda runner of the lab: the real controller against a running lab, and what becomes of it when it is killed at its work."""

import json
import os
import subprocess
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
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
def control(request: pytest.FixtureRequest) -> str:
    """The name of the test's control table: its controller remembers nothing of the others'."""
    return f"failover_{zlib.crc32(request.node.name.encode()):08x}"


@pytest.fixture
def invoke(lab: Lab, ports: paths.Ports, tmp_path: Path, control: str) -> Invoke:
    def start(*events: dict, region: str = WEST, succeeds: bool = True, arguments: tuple[str, ...] = ()) -> list[dict]:
        command = [str(paths.LAB), "--port", str(ports.base), "--json", "lambda", "--bootstrap", str(BOOTSTRAP), "--region", region]
        # Only DynamoDB is looked at here: sites and alarms are the rehearsal's.
        command += ["--env", "WP_DYNAMODB_QUORUM=1", "--env", f"WP_DYNAMODB_CONTROL_TABLE={control}", *arguments]
        for number, event in enumerate(events):
            file = Path(tempfile.mkstemp(suffix=f"-{number}.json", dir=tmp_path)[1])
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


@pytest.mark.parametrize(
    ("fault", "word"),
    [("denied", "unknown: "), ("missing", "unknown: "), ("throttle", "unknown: "), ("blackhole", "failed: "), ("5xx", "failed: "), ("refuse", "failed: ")],
)
def test_only_silence_and_errors_of_the_region_are_votes(invoke: Invoke, lab: Lab, fault: str, word: str) -> None:
    lab.fault(EAST, "dynamodb", fault)
    (done,) = invoke({"action": "status"})
    signals = done["answer"]["signals"]
    assert signals[EAST]["dynamodb"].startswith(word), signals
    assert signals[WEST]["dynamodb"] == "ok"


class Site(BaseHTTPRequestHandler):
    """A health check in the ways in which it can be wrong."""

    def do_GET(self) -> None:
        if self.path == "/silent":
            self.connection.recv(1)  # until the other side has had enough
            return
        body = {"/good": "OK", "/far": "x" * 5119 + "OK", "/near": "x" * 5118 + "OK", "/bad": "FAIL"}.get(self.path, "OK")
        self.send_response({"/redirect": 301, "/ill": 503}.get(self.path, 200))
        if self.path == "/redirect":
            self.send_header("Location", "/good")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("good", "ok"),
        ("near", "ok"),
        ("far", 'failed: the answer does not hold "OK"'),
        ("bad", 'failed: the answer does not hold "OK"'),
        ("ill", "failed: HTTP 503"),
        ("redirect", "failed: HTTP 301"),
        ("silent", "failed: no answer within 500 ms"),
    ],
)
def test_a_site_is_asked_as_route_53_would(invoke: Invoke, path: str, word: str) -> None:
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        urls = f"{EAST}=http://127.0.0.1:{server.server_port}/{path}"
        (done,) = invoke(
            {"action": "status"}, arguments=("--env", f"WP_DYNAMODB_HEALTH_URLS={urls}", "--env", "WP_DYNAMODB_SIGNAL_TIMEOUT=0.5")
        )
        server.shutdown()
    assert done["answer"]["signals"][EAST]["site"] == word


def test_what_another_version_wrote_holds_up_no_decision_and_is_not_written_over(invoke: Invoke, lab: Lab, control: str) -> None:
    now = f"{int(time.time() * 1000):013}"
    invoke({"action": "tick"})
    lab.item_put(WEST, {"pk": {"S": "audit"}, "sk": {"S": f"{now}#x#y#z"}, "body": {"S": '{"of": "the future"}'}}, control)
    (done,) = invoke({"action": "tick"})
    assert done["answer"]["decision"] == "stay" and "cannot be understood" in done["answer"]["warnings"][0]
    # The memory is another matter: without it nobody knows what was begun.
    memory = {"pk": {"S": "memory"}, "sk": {"S": WEST}, "version": {"N": "7"}, "body": {"S": '{"regions": "of the future"}'}}
    lab.item_put(WEST, memory, control)
    (failed,) = invoke({"action": "tick"}, succeeds=False)
    assert "cannot be understood" in json.dumps(failed["invocation"]["outcome"])
    assert next(i for i in lab.dump(WEST, control) if i["pk"] == {"S": "memory"}) == memory


def test_the_memory_is_kept_under_its_version_only(invoke: Invoke, lab: Lab, control: str) -> None:
    def version() -> str:
        return next(i["version"]["N"] for i in lab.dump(WEST, control) if i["pk"] == {"S": "memory"})

    invoke({"action": "tick"}, {"action": "tick"})
    assert version() == "2"
    memory = next(i for i in lab.dump(WEST, control) if i["pk"] == {"S": "memory"})
    # Two ticks at a time: each keeps what it saw on top of the other, and neither is lost.
    with ThreadPoolExecutor() as pool:
        for done in pool.map(lambda _: invoke({"action": "tick"}), range(2)):
            assert done[0]["answer"]["decision"] == "stay"
    assert version() == "4" and memory["version"]["N"] == "2"


def test_switches_of_another_controller_count(invoke: Invoke, lab: Lab, control: str) -> None:
    invoke({"action": "tick"})
    at = int(time.time() * 1000) - 60_000
    entry = {"id": "us-east-1-1", "at_ms": at, "what": "switched", "by": "controller in us-east-1", "why": "", "automatic": True, "home": EAST}
    entry |= {"from": WEST, "to": EAST}
    lab.item_put(EAST, {"pk": {"S": "audit"}, "sk": {"S": f"{at:013}#{EAST}#1#switched"}, "body": {"S": json.dumps(entry)}}, control)
    lab.replicated()
    lab.fault(EAST, "dynamodb", "blackhole")
    quick = ("--env", "WP_DYNAMODB_LOOK_EVERY=0.1", "--env", "WP_DYNAMODB_SIGNAL_TIMEOUT=0.3", "--env", "WP_DYNAMODB_LOOK_FOR=10")
    (done,) = invoke({"action": "tick"}, arguments=quick)
    assert done["answer"]["decision"] == "refuse" and "the last automatic switch was 6" in done["answer"]["why"]
    assert parameters(lab) == {EAST: EAST, WEST: EAST}


def test_replication_that_is_behind_holds_a_persons_switch_back(invoke: Invoke, lab: Lab) -> None:
    lab.replication(state="pause")
    brief = ("--env", "WP_DYNAMODB_MAX_LAG=0.3")
    (failed,) = invoke(SWITCH, succeeds=False, arguments=brief)
    assert "replication is behind" in json.dumps(failed["invocation"]["outcome"])
    lab.replication(state="run")
    (done,) = invoke(SWITCH, arguments=brief)
    assert done["answer"]["active"] == WEST
