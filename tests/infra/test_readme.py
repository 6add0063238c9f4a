"""infra/README.md says what the templates are."""

import re

import pytest
import readme
from cfn import INFRA, templates
from stacks import PLAN

TEMPLATES = templates()


@pytest.mark.parametrize("name", TEMPLATES)
def test_all_parameters_are_explained(name):
    wanted = readme.parameters(TEMPLATES[name])
    assert wanted in readme.chapter(f"`{name}.yaml`"), f"the table must be:\n{wanted}"


def test_the_order_of_deployment_is_the_one_that_is_tested():
    rows = []
    for command in readme.commands("Deployment"):
        found = re.match(r"aws cloudformation deploy --region (\S+) --stack-name wp-(\S+) --template-file infra/(\S+)\.yaml", command)
        if found:
            region, stack, name = found.groups()
            assert stack == name and (INFRA / f"{name}.yaml").exists()
            given = re.search(r"--parameter-overrides (.*)$", command)
            keys = re.findall(r"(?:^| )['\"]?(\w+)=", given[1]) if given else []
            assert set(keys) <= set(TEMPLATES[name]["Parameters"]), command
            needed = {k for k, p in TEMPLATES[name]["Parameters"].items() if "Default" not in p}
            assert needed <= set(keys), f"{command} lacks {needed - set(keys)}"
            makes_roles = any(r["Type"] == "AWS::IAM::Role" for r in TEMPLATES[name]["Resources"].values())
            assert ("CAPABILITY_IAM" in command) == makes_roles, command
            rows.append((name, region, "Replication=on" in command))
    assert rows == [(name, region, parameters.get("Replication") == "on") for name, region, parameters in PLAN]


def test_the_stack_policy_is_set_in_every_region():
    found = [c for c in readme.commands("Deployment") if "set-stack-policy" in c and "file://infra/stack-policy.json" in c and "wp-region" in c]
    assert sorted(re.search(r"--region (\S+)", c)[1] for c in found) == ["us-east-1", "us-west-2"]


def test_the_arithmetic_is_right():
    found = list(readme.sums("Cost"))
    assert len(found) > 20
    for formula, value, stated in found:
        assert abs(value - stated) <= 0.0051, f"{formula} is {value:.4f}, not {stated}"


def test_the_totals_are_the_sums():
    tables = re.findall(r"((?:^\|.*\n)+)", readme.chapter("Cost"), re.M)
    checked = 0
    for table in tables:
        rows = [[c.strip() for c in line.strip("|\n").split("|")] for line in table.strip().splitlines()]
        total = next((r for r in rows if r[0] == "**together**"), None)
        if total is None:
            continue
        for column, cell in enumerate(total):
            stated = re.search(r"\$([\d,]+\.\d\d)", cell)
            if stated:
                parts = [re.findall(r"\$([\d,]+\.\d\d)", r[column]) for r in rows if r is not total]
                assert abs(sum(readme.number(p[-1]) for p in parts if p) - readme.number(stated[1])) < 0.005, f"column {column} of {table}"
                checked += 1
    assert checked >= 3


def test_nothing_of_the_usual_recipe_is_advised():
    for wrong in ("create-global-table", "RequestTimeout", "EqualToThreshold"):
        assert all("not" in line.lower() or "no " in line.lower() for line in readme.TEXT.splitlines() if wrong in line), wrong
    assert "Batch Replication" in readme.TEXT


def test_what_is_lost_is_said_for_every_stack():
    table = readme.chapter("What each stack needs, and what is lost with its Region")
    assert set(re.findall(r"^\| `([\w-]+)` \|", table, re.M)) == set(TEMPLATES)
