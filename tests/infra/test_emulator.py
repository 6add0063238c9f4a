"""The templates on ministack: what is made, asked of each service itself, against the table in infra/README.md."""

import json
import re

import alarms
import emulator
import found
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from cfn import ACCOUNT, INFRA
from harness import wait
from stacks import arn


def table():
    """{type: (outcome, what is missing)} of the README."""
    rows = re.findall(r"^\| `(AWS::[\w:]+)` \| (made|in part|refused) \| ?(.*?) ?\|$", (INFRA / "README.md").read_text(), re.M)
    return {kind: (outcome, text) for kind, outcome, text in rows}


@pytest.fixture(scope="module")
def made():
    daemon = emulator.start()
    try:
        yield emulator.Made()
    finally:
        daemon.stop()


def missing(made, kind):
    problems = set()
    for resource, physical in made.of_type(kind):
        if physical is None:
            problems.add("not made")
            continue
        try:
            problems |= set(found.FINDERS[kind](resource, physical))
        except (ClientError, BotoCoreError, ResponseParserError, KeyError, IndexError) as error:
            problems.add(f"{type(error).__name__}: {error}")
    return problems


def test_every_type_is_in_the_table(made):
    ours = {r.type for stack in made.site.stacks.values() for r in stack.resources.values()}
    assert set(table()) == ours


@pytest.mark.parametrize("kind", sorted(table()))
def test_outcome(made, kind):
    outcome, _ = table()[kind]
    if kind in made.refused:
        assert outcome == "refused"
        return
    assert any(True for _ in made.of_type(kind)), "nothing of this type is in the stacks"
    problems = missing(made, kind)
    assert outcome == ("in part" if problems else "made"), problems


@pytest.mark.parametrize(("left", "gone_to", "error"), [
    ("us-west-2", "us-east-1", "NotThisRegion"),
    ("us-east-1", "us-east-1", "NotThisRegion"),
])  # fmt: skip
def test_the_steps_refuse_another_regions_switch(made, left, gone_to, error):
    """The state machine itself, run by ministack: tests/infra/machine.py, which the other tests use, is not the only judge."""
    steps = emulator.client("stepfunctions", "us-west-2")
    (machine,) = [physical for resource, physical in made.of_type("AWS::StepFunctions::StateMachine") if resource.region == "us-west-2"]
    given = {"id": "x", "from": left, "to": gone_to, "failback": False, "automatic": True, "by": "controller in us-west-2", "why": "test"}
    started = steps.start_execution(stateMachineArn=machine, name=f"{left}-{gone_to}", input=json.dumps(given))
    ended = wait.until(lambda: _ended(steps, started["executionArn"]), what="the execution", timeout=10)
    assert (ended["status"], ended.get("error")) == ("FAILED", error)


def test_the_steps_begin_with_the_database(made):
    """For its own Region it goes on, to a call that this emulator cannot answer for a database that is not there."""
    steps = emulator.client("stepfunctions", "us-west-2")
    (machine,) = [physical for resource, physical in made.of_type("AWS::StepFunctions::StateMachine") if resource.region == "us-west-2"]
    given = {"id": "y", "from": "us-east-1", "to": "us-west-2", "failback": False, "automatic": True, "by": "controller in us-west-2", "why": "test"}
    started = steps.start_execution(stateMachineArn=machine, name="own", input=json.dumps(given))

    def entered():
        events = steps.get_execution_history(executionArn=started["executionArn"])["events"]
        names = [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]
        return names if "FailOverDatabase" in names else None

    assert wait.until(entered, what="the first step", timeout=10) == ["Settings", "WhichRegion", "Database", "Loss", "FailOverDatabase"]
    steps.stop_execution(executionArn=started["executionArn"])


def test_rules_take_the_sites_alarms_and_no_other(made):
    """The patterns, judged by ministack: tests/infra/alarms.py judges them elsewhere."""
    for (name, region), stack in made.site.stacks.items():
        for rule in stack.of_type("AWS::Events::Rule"):
            events = emulator.client("events", region)
            ours, other = (arn("cloudwatch", "us-east-1", f"alarm:{n}") for n in ("wp-dynamodb-failover-site-us-west-2", "disk-full"))
            for alarm, state, wanted in ((ours, "ALARM", True), (ours, "OK", True), (other, "ALARM", False)):
                event = {**alarms.change(alarm, state, ACCOUNT, "us-east-1"), "id": "1", "time": "2026-11-25T00:00:00Z"}
                found = events.test_event_pattern(EventPattern=json.dumps(rule.properties["EventPattern"]), Event=json.dumps(event))["Result"]
                assert found == wanted, f"{name} in {region}: {state} of {alarm}"


def _ended(steps, execution):
    found = steps.describe_execution(executionArn=execution)
    return found if found["status"] != "RUNNING" else None
