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
            makes_roles = any(r["Type"] in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy") for r in TEMPLATES[name]["Resources"].values())
            assert ("CAPABILITY_IAM" in command) == makes_roles, command
            rows.append((name, region, "Replication=on" in command))
    assert rows == [(name, region, parameters.get("Replication") == "on") for name, region, parameters in PLAN]


def test_controllers_are_given_urls_that_ask_a_region_for_itself():
    urls = [u for c in readme.commands("Deployment") for u in re.findall(r"=(https://[^\s,']+)", c)]
    assert len(urls) == 4 and all(u.endswith("/healthz?level=region") for u in urls)
    assert TEMPLATES["dns"]["Parameters"]["HealthPath"]["Default"] == "/healthz?level=ready"


def test_orders_are_given_synchronously():
    """An asynchronous one would be repeated."""
    invokes = [c for c in readme.commands("Orders") if c.startswith("aws lambda invoke ")]
    assert invokes and not any("Event" in c for c in invokes)
    assert "synchronous" in TEMPLATES["region"]["Outputs"]["ControllerArn"]["Description"]


def test_what_a_person_does_after_a_loss_is_what_the_execution_says():
    cause = TEMPLATES["region"]["Resources"]["AfterSwitch"]["Properties"]["Definition"]["States"]["DatabaseStays"]["Cause"]
    flags = set(re.findall(r"--[\w-]+", cause))
    (command,) = [c for c in readme.commands("After a loss: the database") if "failover-global-cluster" in c]
    assert flags == {"--region", "--global-cluster-identifier", "--target-db-cluster-identifier", "--allow-data-loss"} == set(re.findall(r"--[\w-]+", command))


def test_no_pin_is_a_refusal():
    """decide gives "stay" while somebody has pinned: no alarm."""
    source = (INFRA.parent / "crates/failover/src/decide/mod.rs").read_text()
    assert re.search(r"Decision::Stay, format!\(\"pinned", source)
    text = TEMPLATES["region"]["Resources"]["RefusedAlarm"]["Properties"]["AlarmDescription"]["Fn::Sub"]
    assert "pin" not in re.search(r"\((.*)\)", text)[1] and "Not in a pin" in text


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
