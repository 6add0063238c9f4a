"""What templates and code must agree on: variables, defaults, metrics, what the steps are given."""

import json
import re

import calls
import pytest
from cfn import INFRA, templates
from stacks import STANDBY, Site

REGION = templates()["region"]
# Variables that the template leaves at the code's default: the lab's, and two that nobody should have to set.
LEFT = {f"WP_DYNAMODB_{n}" for n in ("TICK", "HEALTH_TEXT", "SIGNAL_TIMEOUT", "ENDPOINTS", "SSM_ENDPOINTS", "STEPS_ENDPOINT")}


@pytest.fixture(scope="module")
def variables():
    return Site(optional=True).stack("region", STANDBY).resources["Controller"].properties["Environment"]["Variables"]


def test_the_template_sets_what_the_code_reads(variables):
    assert set(calls.variables()) == set(variables) | LEFT


def test_defaults_are_the_codes(variables):
    given = {name: default for name, default in calls.variables().items() if default is not None and name in variables}
    assert len(given) > 10
    for name, default in given.items():
        value = str(variables[name])
        same = float(value) == float(default) if re.fullmatch(r"[\d.]+", default) else value == default
        assert same, f"{name}: the template has {value}, the code {default}"


def test_the_steps_are_given_what_they_ask_for():
    source = (calls.FAILOVER / "aws/steps.rs").read_text()
    given = set(re.findall(r'"(\w+)": order\.', source))
    definition = json.dumps(REGION["Resources"]["AfterSwitch"]["Properties"]["Definition"])
    asked = set(re.findall(r'"\$\.(\w+)"', definition)) - {"settings"}
    assert asked == {"from", "to", "failback", "automatic"} and asked <= given


def test_a_loss_is_what_no_person_ordered():
    """The steps know a loss by `automatic`: whoever names himself like a controller is still a person."""
    (line,) = re.findall(r'"automatic": order\.(\w+)', (calls.FAILOVER / "aws/steps.rs").read_text())
    assert line == "automatic"
    assert "$.by" not in json.dumps(REGION["Resources"]["AfterSwitch"]["Properties"]["Definition"])
    people, controllers = ((calls.FAILOVER / f"controller/{name}.rs").read_text() for name in ("orders", "act"))
    assert "automatic: false" in people and "automatic: true" not in people and "automatic: true" in controllers


def test_metrics_are_the_codes():
    source = (calls.FAILOVER / "answer.rs").read_text()
    namespace = re.search(r'NAMESPACE: &str = "(\w+)"', source)[1]
    for name, raw in REGION["Resources"].items():
        p = raw.get("Properties", {})
        if raw["Type"] == "AWS::CloudWatch::Alarm" and not p["Namespace"].startswith("AWS/"):
            assert p["Namespace"] == namespace and f'"{p["MetricName"]}"' in source, name
            assert "Dimensions" not in p, f"{name}: the controller's own metrics have no dimension"
    body = REGION["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    own = set(re.findall(rf'"{namespace}", "(\w+)"', body))
    assert own == {"SiteHealthy", "DynamoDbHealthy", "Lost", "Ticks", "Switches", "Refused", "Stragglers"}
    assert all(f'"{metric}"' in source for metric in own)


def test_the_dashboard_is_json_that_cloudwatch_can_read():
    for region, stack in ((s.region, s) for s in Site().named("region")):
        body = json.loads(stack.resources["Dashboard"].properties["DashboardBody"])
        kinds = [w["type"] for w in body["widgets"]]
        assert kinds == ["alarm"] + ["metric"] * 4
        # Everything is asked in a Region of the site, so one dashboard is left when the other Region is lost.
        assert {w["properties"]["region"] for w in body["widgets"][1:]} == {region}


def test_tables_made_by_hand_are_guarded_as_the_stacks_are():
    """`table create` and data.yaml: deletion protection for all, point-in-time recovery for the audit trail."""
    source = (calls.FAILOVER / "ctl/tables.rs").read_text().split("#[cfg(test)]")[0]
    made = {title: (backups, protection) for title, backups, protection in re.findall(
        r'title: "(\w+) table".*?backups: (\w+),\s+protection: (\w+),', source, re.S)}  # fmt: skip
    assert set(made) == {"session", "control", "login"}
    default = templates()["data"]["Parameters"]["PointInTimeRecovery"]["Default"]
    data = Site(optional=True, plan=[("data", STANDBY, {"PointInTimeRecovery": default})]).stack("data", STANDBY)
    for title, name in (("session", "Sessions"), ("control", "Control"), ("login", "Logins")):
        for replica in data.resources[name].properties["Replicas"]:
            recovery = replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
            assert (str(recovery).lower(), str(replica["DeletionProtectionEnabled"]).lower()) == made[title], name


def test_logins_table_is_the_plugins_default():
    settings = (calls.ROOT / "wp-plugin/inc/settings.php").read_text()
    assert "'default' => 'wordpress_logins'" in settings
    assert "wordpress_logins" in (INFRA / "data.yaml").read_text()
