"""The templates on ministack: what is made, asked of each service itself, against the table in infra/README.md."""

import re

import emulator
import found
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from cfn import INFRA


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
