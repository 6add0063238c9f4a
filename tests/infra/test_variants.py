"""Deployments other than the plain one: a third Region, what is there already, and what the templates refuse."""

import alarms
import calls
import iam
import pytest
from cfn import Stack, templates
from stacks import HEALTH_URLS, PLAN, PRIMARY, REGIONS, STANDBY, Site, arn

THIRD = "eu-west-1"
OURS = templates()
GIVEN = {"HealthUrls": HEALTH_URLS, "CodeBucket": "code"}


def test_a_third_region_has_tables_and_rights():
    data = Stack("data", OURS["data"], STANDBY, {"ThirdRegion": THIRD, "LoginsTable": "wordpress_logins"})
    for table in data.of_type("AWS::DynamoDB::GlobalTable"):
        assert {r["Region"] for r in table.properties["Replicas"]} == {*REGIONS, THIRD}
    region = Stack("region", OURS["region"], THIRD, {**GIVEN, "ThirdRegion": THIRD})
    assert region.broken_rules() == []
    role, variables = region.resources["ControllerRole"], region.resources["Controller"].properties["Environment"]["Variables"]
    assert variables["WP_DYNAMODB_REGIONS"] == f"{PRIMARY},{STANDBY},{THIRD}"
    assert [pair.split("=")[0] for pair in variables["WP_DYNAMODB_ALARMS"].split(",")] == [*REGIONS, THIRD]
    for name, key in zip([*REGIONS, THIRD] * 2, calls.canary_keys(THIRD, [*REGIONS, THIRD]), strict=True):
        assert iam.allows(role, "dynamodb:UpdateItem", arn("dynamodb", name, "table/wordpress_sessions"), [key])
        assert iam.allows(role, "ssm:PutParameter", arn("ssm", name, "parameter/wordpress/dynamodb_region"))
    hosts = Stack("task-role", OURS["task-role"], STANDBY, {"ThirdRegion": THIRD, "LoginsTable": "wordpress_logins"}).resources["HostRole"]
    for action, table in (("GetItem", "sessions"), ("Query", "logins"), ("DescribeTable", "logins")):
        assert iam.allows(hosts, f"dynamodb:{action}", arn("dynamodb", THIRD, f"table/wordpress_{table}"))


def test_a_third_region_is_the_person_on_calls_as_well():
    given = {"ThirdRegion": THIRD, "MakesTables": "on", "LoginsTable": "wordpress_logins", "ImportFrom": "sessions"}
    after = {"AfterSwitch": "on", "AuroraGlobalCluster": "g", "AuroraCluster": "c", "EcsCluster": "c", "EcsService": "s", "AutoScalingGroup": "a"}
    stack = Stack("operator", OURS["operator"], STANDBY, given | after)
    policy = stack.resources["Operator"]
    for statement in iam.statements(stack.resources["FollowSwitch"]):
        places = [r.split(":")[3] for r in iam.each(statement["Resource"]) if ":global-cluster:" not in r]
        assert places == [*REGIONS, THIRD], statement["Sid"]
    regions = {r.split(":")[3] for s in iam.statements(policy) for r in iam.each(s["Resource"]) if ":dynamodb:" in r or ":ssm:" in r}
    assert regions == {*REGIONS, THIRD}
    for statement in iam.statements(policy):
        tables = [r for r in iam.each(statement["Resource"]) if ":dynamodb:" in r or ":ssm:" in r]
        assert len([r for r in tables if THIRD in r]) * 3 == len(tables), statement["Sid"]
    assert len("".join(str(policy.properties["PolicyDocument"]).split())) < 6144


def test_a_third_regions_alarm_is_sent_to_all():
    stack = Stack("advisory", OURS["advisory"], PRIMARY, {"PrimaryCheckId": "1", "StandbyCheckId": "2", "ThirdCheckId": "3", "ThirdRegion": THIRD})
    assert alarms.state(stack.resources["ThirdAlarm"].properties, [0]) == "ALARM"
    targets = {t["Arn"].split(":")[3] for t in stack.resources["Sender"].properties["Targets"]}
    assert targets == {*REGIONS, THIRD} == {r.split(":")[3] for _, r in iam.grants(stack.resources["SenderRole"])}


def test_what_is_there_already_is_left_alone():
    assert not Stack("region", OURS["region"], STANDBY, {**GIVEN, "MakeParameter": "no"}).of_type("AWS::SSM::Parameter")
    data = Stack("data", OURS["data"], STANDBY, {"MakeSessions": "no"})
    assert list(data.resources) == ["Control"] and list(data.outputs()) == ["ControlTableArn"]


def test_without_the_advisory_alarm_nothing_waits_for_it():
    stack = Stack("region", OURS["region"], STANDBY, {**GIVEN, "AdvisoryAlarms": "off"})
    assert not [r for r in stack.resources.values() if r.type.startswith("AWS::Events::") or r.type == "AWS::Lambda::Permission"]
    assert "WP_DYNAMODB_ALARMS" not in stack.resources["Controller"].properties["Environment"]["Variables"]
    # Two signals are left, and the quorum is two.
    assert stack.parameters["Quorum"] == 2


@pytest.mark.parametrize(("named", "more"), [
    ({}, set()),
    ({"AuroraGlobalCluster": "g", "AuroraCluster": "c"}, {"rds:FailoverGlobalCluster"}),
    ({"EcsCluster": "c", "EcsService": "s"}, {"ecs:UpdateService"}),
    ({"AutoScalingGroup": "a"}, {"autoscaling:StartInstanceRefresh"}),
])  # fmt: skip
def test_people_may_do_after_a_switch_what_is_named(named, more):
    from rights import FOLLOW

    stack = Stack("operator", OURS["operator"], STANDBY, {"AfterSwitch": "on", **named})
    assert {action for action, _ in iam.grants(stack.resources["FollowSwitch"])} == {*FOLLOW} | more
    assert "FollowSwitch" not in Stack("operator", OURS["operator"], STANDBY, named).resources, "names alone give no right"


@pytest.mark.parametrize(("step", "call"), [
    ({"AuroraGlobalCluster": "g", "AuroraCluster": "c", "AllowDatabaseDataLoss": "on"}, "rds:FailoverGlobalCluster"),
    ({"EcsCluster": "c", "EcsService": "s"}, "ecs:UpdateService"),
    ({"AutoScalingGroup": "a"}, "autoscaling:StartInstanceRefresh"),
])  # fmt: skip
def test_one_step_alone_has_its_own_right_only(step, call):
    from machine import run

    stack = Stack("region", OURS["region"], STANDBY, {**GIVEN, **step})
    p = stack.resources["AfterSwitch"].properties
    given = {"id": "x", "from": PRIMARY, "to": STANDBY, "failback": False, "automatic": True, "by": f"controller in {STANDBY}", "why": "lost"}
    made, end = run(p["Definition"], p["DefinitionSubstitutions"], given)
    assert [c.split(":")[1] for c, _ in made] == [call.split(":")[0]] and end == "succeeded"
    assert {action for action, _ in iam.grants(stack.resources["AfterSwitchRole"])} == {call}


@pytest.mark.parametrize(("template", "region", "parameters"), [
    ("region", "eu-central-1", GIVEN),
    ("region", STANDBY, {**GIVEN, "InitialRegion": "eu-central-1"}),
    ("region", STANDBY, {**GIVEN, "AuroraGlobalCluster": "g"}),
    ("region", STANDBY, {**GIVEN, "EcsCluster": "c"}),
    ("operator", STANDBY, {"AuroraGlobalCluster": "g"}),
    ("operator", STANDBY, {"EcsCluster": "c"}),
    ("data", PRIMARY, {}),
    ("data", STANDBY, {"PrimaryRegion": STANDBY}),
    ("data", STANDBY, {"Encryption": "customer", "PrimaryKeyArn": "arn"}),
    ("media", STANDBY, {"BucketPrefix": "x", "OtherRegion": STANDBY}),
    ("advisory", STANDBY, {"PrimaryCheckId": "1", "StandbyCheckId": "2"}),
    ("advisory", PRIMARY, {"PrimaryCheckId": "1", "StandbyCheckId": "2", "ThirdCheckId": "3"}),
])  # fmt: skip
def test_what_cannot_work_is_refused_before_anything_is_made(template, region, parameters):
    assert len(Stack(template, OURS[template], region, parameters).broken_rules()) == 1


@pytest.mark.parametrize(("template", "parameters"), [
    ("region", {**GIVEN, "HealthUrls": "https://www.example.com/healthz"}),
    ("region", {**GIVEN, "LookFor": 300}),
    ("region", {**GIVEN, "LookFor": 20}),
    ("region", {**GIVEN, "LookEvery": 30}),
    ("region", {**GIVEN, "Failures": 10}),
    ("region", {**GIVEN, "MaxLag": 60}),
    ("region", {**GIVEN, "AllowDatabaseDataLoss": "yes"}),
    ("region", {**GIVEN, "RegionParameter": "wordpress"}),
    ("drills", {"SubnetArns": "x", "StopAlarmArn": "my-alarm"}),
    ("drills", {"SubnetArns": "x", "StopAlarmArn": arn("cloudwatch", PRIMARY, "alarm:x"), "Duration": "PT12H"}),
])  # fmt: skip
def test_bad_values_are_refused(template, parameters):
    assert len(Stack(template, OURS[template], STANDBY, parameters).wrong_values) == 1


def test_customer_keys_are_each_regions_own():
    keys = {f"{who}KeyArn": arn("kms", region, "key/1") for who, region in (("Primary", PRIMARY), ("Standby", STANDBY))}
    stack = Stack("data", OURS["data"], STANDBY, {"Encryption": "customer", **keys})
    for table in stack.of_type("AWS::DynamoDB::GlobalTable"):
        assert table.properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
        for replica in table.properties["Replicas"]:
            assert replica["SSESpecification"]["KMSMasterKeyId"].split(":")[3] == replica["Region"]


def test_a_drill_turns_one_check_round():
    plan = [(name, region, {**p, "Invert": "primary"} if name == "dns" else p) for name, region, p in PLAN]
    checks = Site(plan=plan).of_type("AWS::Route53::HealthCheck")
    assert [c.properties["HealthCheckConfig"]["Inverted"] for c in checks] == [True, False]
