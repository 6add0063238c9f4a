"""What a controller may do, tried by the real one under its own role, and told by `doctor` and `status`."""

import json
from collections.abc import Iterator

import pytest
from controller import CTL, EAST, WEST, Ctl, Sites, sites
from refusing import Door, refusing
from test_ctl_doctor import doctor, failed
from test_lambda import BOOTSTRAP, Invoke, control, invoke  # noqa: F401

from harness import paths
from harness.lab import Lab

pytestmark = pytest.mark.skipif(not (CTL.is_file() and BOOTSTRAP.is_file()), reason="cargo build -p wp-dynamodb-failover")

TICK, CHECK = {"action": "tick"}, {"action": "check"}
MACHINE = f"arn:aws:states:{WEST}:111122223333:stateMachine:wp-dynamodb-failover-after-switch"


@pytest.fixture
def ctl(ports: paths.Ports, control: str) -> Ctl:  # noqa: F811
    """With the table of the test's controllers."""
    return Ctl(ports, control)


@pytest.fixture
def both() -> Iterator[Sites]:
    with sites() as made:
        yield made


@pytest.fixture
def door(ports: paths.Ports) -> Iterator[Door]:
    """us-east-1's SSM, which lets nobody write."""
    with refusing("PutParameter", behind=f"http://127.0.0.1:{ports.ssm(EAST)}") as made:
        yield made


def through(door: Door, ports: paths.Ports) -> tuple[str, str]:
    return "--env", f"WP_DYNAMODB_SSM_ENDPOINTS={EAST}={door.endpoint},{WEST}=http://127.0.0.1:{ports.ssm(WEST)}"


def about_rights(done: dict) -> list[dict]:
    return [line for line in map(json.loads, done["log"]) if "the right " in line.get("message", "")]


def name(right: str, region: str) -> tuple[str, str]:
    """Of us-west-2's controller."""
    return f"the controller's right: {right} in {region}", WEST


def test_each_controller_tries_its_own_and_all_is_well(ctl: Ctl, lab: Lab, both: Sites, invoke: Invoke) -> None:  # noqa: F811
    before = lab.status()["regions"]
    for region in paths.REGIONS:
        (done,) = invoke(TICK, region=region)
        assert done["answer"]["decision"] == "stay" and about_rights(done) == []
    lab.replicated()
    checks = doctor(ctl, "--health-urls", both.urls, code=0)
    for region in paths.REGIONS:
        assert checks["controller", region]["verdict"] == checks["the controller's rights", region]["verdict"] == "ok"
        its = {check for check, home in checks if home == region and check.startswith("the controller's right: ")}
        assert its == {f"the controller's right: {r} in {of}" for r in ("canary", "GetParameter", "PutParameter") for of in paths.REGIONS} | {
            f"the controller's right: control table in {region}"
        }
        assert {checks[check, region]["verdict"] for check in its} == {"ok"}
    assert {r: of["parameter"] for r, of in lab.status()["regions"].items()} == {r: of["parameter"] for r, of in before.items()}, "not written"
    status = ctl.json("status", "--health-urls", both.urls)
    assert set(status["rights"]) == set(paths.REGIONS)


def test_a_denied_call_is_shown_until_it_is_allowed(
    ctl: Ctl, lab: Lab, both: Sites, ports: paths.Ports, door: Door, invoke: Invoke,  # noqa: F811
) -> None:
    denied, again = invoke(TICK, TICK, arguments=through(door, ports))
    assert denied["answer"]["decision"] == again["answer"]["decision"] == "stay", "a missing right is in no decision's way"
    (line,) = about_rights(denied)
    assert (line["level"], line["right"], line["region"], line["on"]) == ("ERROR", "put-parameter", EAST, paths.PARAMETER)
    assert "not authorized to perform: PutParameter" in line["cause"]
    assert door.calls.count("PutParameter") == 1, "once an hour"
    memory = next(i for i in lab.dump(WEST, ctl.control_table) if i["pk"] == {"S": "memory"})
    assert memory["version"] == {"N": "2"}, "its version is the looks' alone"
    (cold,) = invoke(TICK, arguments=through(door, ports))
    assert door.calls.count("PutParameter") == 1 and about_rights(cold) == [], "a new process finds what the other one has left"
    lab.replicated()
    checks = doctor(ctl, "--health-urls", both.urls, code=3)
    assert failed(checks) == {name("PutParameter", EAST)}
    assert '"ssm:PutParameter"' in checks[name("PutParameter", EAST)]["fix"] and f":{EAST}:" in checks[name("PutParameter", EAST)]["fix"]
    assert checks["your right: PutParameter", EAST]["verdict"] == "ok", "whoever asks may"
    shown = ctl.run("status", "--health-urls", both.urls, code=3).stdout
    assert f"{WEST}'s controller lacks the right PutParameter in {EAST}" in shown
    # Somebody has attached the statement, and does not wait for the hour.
    (checked,) = invoke(CHECK)
    assert checked["answer"]["decision"] == "check" and "none is refused" in checked["answer"]["why"]
    lab.replicated()
    assert failed(doctor(ctl, "--health-urls", both.urls, code=0)) == set()
    ctl.run("status", "--health-urls", both.urls)


def test_a_table_that_denies_is_said_by_a_check(ctl: Ctl, lab: Lab, invoke: Invoke) -> None:  # noqa: F811
    lab.fault(EAST, "dynamodb", "denied", door="remote")
    (checked,) = invoke(CHECK)
    assert [(t["right"], t["region"]) for t in checked["answer"]["rights"][WEST]["tried"] if t["found"] == "missing"] == [("canary", EAST)]
    lab.fault(EAST, "dynamodb", "none")
    lab.fault(WEST, "dynamodb", "denied")
    (checked,) = invoke(CHECK)
    missing = [t["right"] for t in checked["answer"]["rights"][WEST]["tried"] if t["found"] == "missing"]
    assert missing == ["canary", "control-table"] and any("PutItem" in w for w in checked["answer"]["warnings"]), "it is tried and told, if not kept"


def test_in_an_outage_nothing_is_tried(ctl: Ctl, lab: Lab, invoke: Invoke) -> None:  # noqa: F811
    lab.fault(EAST, "dynamodb", "refuse")
    invoke(TICK, arguments=("--env", "WP_DYNAMODB_FAILURES=9", "--env", "WP_DYNAMODB_LOOK_FOR=0"))
    assert not [i for i in lab.dump(WEST, ctl.control_table) if i["pk"] == {"S": "rights"}]
    lab.fault(EAST, "dynamodb", "none")
    invoke(TICK)
    assert [i["sk"] for i in lab.dump(WEST, ctl.control_table) if i["pk"] == {"S": "rights"}] == [{"S": WEST}]


@pytest.mark.parametrize(("refused", "found"), [((), "held"), (("StartExecution",), "missing")], ids=["allowed", "denied"])
def test_what_follows_a_switch_is_tried_and_not_started(invoke: Invoke, refused: tuple[str, ...], found: str) -> None:  # noqa: F811
    with refusing(*refused) as machine:
        follows = ("--env", f"WP_DYNAMODB_AFTER_SWITCH={MACHINE}", "--env", f"WP_DYNAMODB_STEPS_ENDPOINT={machine.endpoint}")
        (checked,) = invoke(CHECK, arguments=follows)
    (tried,) = [t for t in checked["answer"]["rights"][WEST]["tried"] if t["right"] == "start-execution"]
    assert (tried["found"], tried["on"]) == (found, MACHINE)


def test_a_persons_order_is_no_look(ctl: Ctl, lab: Lab, both: Sites) -> None:
    """With no Lambda there is no controller, whoever has moved the site."""
    lab._parameter_changed = True
    lab.table(ctl.control_table, hash_key="pk", range_key="sk")
    ctl.run("switch", "--to", WEST, "--health-urls", both.urls)
    lab.replicated()
    checks = doctor(ctl, "--health-urls", both.urls, code=0)
    for region in paths.REGIONS:
        assert checks["controller", region]["verdict"] == "warn" and "none has ever looked" in checks["controller", region]["seen"]
        assert ("the controller's rights", region) not in checks
