"""`wp-dynamodb-ctl doctor`: each fault is found, said with its fix, and nothing is changed by looking."""

import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from alarms import cloudwatch
from controller import CTL, EAST, SECRET, WEST, Ctl, Sites, sites

from harness import paths
from harness.lab import Lab
from harness.process import Daemon

pytestmark = pytest.mark.skipif(not CTL.is_file(), reason=f"{CTL} is missing: cargo build -p wp-dynamodb-failover")

ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:site-east"


@pytest.fixture
def ctl(lab: Lab, ports: paths.Ports, request: pytest.FixtureRequest) -> Ctl:
    name = "".join(c if c.isalnum() else "_" for c in request.node.name)[:60]
    lab.table(f"ctl_{name}", hash_key="pk", range_key="sk")
    return Ctl(ports, f"ctl_{name}")


@pytest.fixture
def both() -> Iterator[Sites]:
    with sites() as made:
        yield made


@pytest.fixture(scope="module")
def moto(run: Path, ports: paths.Ports) -> Iterator[str]:
    """Route 53 and STS."""
    port = ports.base + 70
    endpoint = f"http://127.0.0.1:{port}"
    daemon = Daemon("moto-doctor", run)
    command = [str(paths.MOTO), "-H", "127.0.0.1", "-p", str(port)]
    daemon.start(command, env={}, ready=lambda: client("sts", endpoint).get_caller_identity(), timeout=40)
    yield endpoint
    daemon.stop()


def client(service: str, endpoint: str):
    return boto3.client(service, region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="y")


def doctor(ctl: Ctl, *arguments: str, code: int) -> dict[tuple[str, str | None], dict]:
    answer = ctl.json("doctor", *arguments, code=code)
    return {(check["name"], check.get("region")): check for check in answer["checks"]}


def failed(checks: dict[tuple[str, str | None], dict]) -> set[tuple[str, str | None]]:
    assert all(check["fix"] for check in checks.values() if check["verdict"] in ("fail", "warn")), "each has its fix"
    return {name for name, check in checks.items() if check["verdict"] == "fail"}


def test_all_is_well(ctl: Ctl, lab: Lab, both: Sites) -> None:
    before = lab.status()["regions"][EAST]["parameter"]
    checks = doctor(ctl, "--health-urls", both.urls, code=0)
    for region in paths.REGIONS:
        for name in ("session table", "session table: keys", "session table: TTL", "control table", "control table: keys", "parameter"):
            assert checks[name, region]["verdict"] == "ok", name
        for name in ("your right: canary", "your right: PutParameter", "your right: control table", "site", "quorum"):
            assert checks[name, region]["verdict"] == "ok", name
        assert checks["session table: replicas", region]["verdict"] == "skipped", "an emulator has none"
    assert checks["parameters agree", None]["verdict"] == "ok"
    assert lab.status()["regions"][EAST]["parameter"] == before, "its version, too"
    assert lab.dump(EAST, ctl.control_table) == []


def test_a_missing_table_and_a_wrong_one(ctl: Ctl, both: Sites) -> None:
    checks = doctor(ctl, "--health-urls", both.urls, "--table", "there_is_none", code=3)
    assert ("session table", EAST) in failed(checks)
    assert "wp-dynamodb-ctl table create --regions us-east-1,us-west-2 --table there_is_none" in checks["session table", EAST]["fix"]
    # The control table as session table: its keys are others.
    checks = doctor(ctl, "--health-urls", both.urls, "--table", ctl.control_table, code=3)
    assert ("session table: keys", WEST) in failed(checks)


def test_ttl_of_another_attribute(ctl: Ctl, both: Sites) -> None:
    checks = doctor(ctl, "--health-urls", both.urls, "--expires", "ends", code=3)
    assert {("session table: TTL", EAST), ("session table: TTL", WEST)} <= failed(checks)
    assert "Enabled=false,AttributeName=expires" in checks["session table: TTL", EAST]["fix"]


def test_parameters_that_do_not_agree_and_a_bad_one(ctl: Ctl, lab: Lab, both: Sites) -> None:
    time.sleep(1.1)  # moto keeps whole seconds
    lab.parameter(WEST, (WEST,))
    checks = doctor(ctl, "--health-urls", both.urls, code=3)
    assert failed(checks) == {("parameters agree", EAST)}
    assert f'--region {EAST} --name {paths.PARAMETER} --type String --value "{WEST}" --overwrite' in checks["parameters agree", EAST]["fix"]
    lab.parameter("eu-west-9", (EAST,))
    assert ("parameter", EAST) in failed(doctor(ctl, "--health-urls", both.urls, code=3))
    lab.parameter(None)
    checks = doctor(ctl, "--health-urls", both.urls, code=3)
    assert {("parameter", EAST), ("parameter", WEST)} <= failed(checks)
    assert checks["your right: PutParameter", EAST]["verdict"] == "skipped"
    assert lab.status()["regions"][EAST]["parameter"]["value"] is None, "looking has not made it"


def test_a_missing_right_is_said_as_a_statement(ctl: Ctl, lab: Lab, both: Sites) -> None:
    lab.fault(WEST, "dynamodb", "denied")
    lab.fault(EAST, "ssm", "denied")
    checks = doctor(ctl, "--health-urls", both.urls, code=3)
    assert {("your right: canary", WEST), ("your right: control table", WEST)} <= failed(checks)
    assert '"dynamodb:UpdateItem"' in checks["your right: canary", WEST]["fix"] and f":{WEST}:" in checks["your right: canary", WEST]["fix"]
    assert checks["session table", WEST]["verdict"] == "skipped", "only the person who looks lacks it"
    assert "ssm:GetParameter" in checks["parameter", EAST]["fix"]
    assert checks["your right: canary", EAST]["verdict"] == "ok"


def test_a_black_hole_ends_at_its_deadline(ctl: Ctl, lab: Lab, both: Sites) -> None:
    lab.fault(EAST, "all", "blackhole")
    started = time.monotonic()
    checks = doctor(ctl, "--health-urls", both.urls, code=3)
    assert time.monotonic() - started < 25
    assert {("session table", EAST), ("control table", EAST), ("your right: canary", EAST)} <= failed(checks)
    assert not {name for name in failed(checks) if name[1] == WEST}, "the other Region is looked at all the same"


def test_a_redirect_and_a_page_without_the_text(ctl: Ctl, both: Sites) -> None:
    both.answer(EAST, 301, b"OK")
    both.answer(WEST, 200, b"FAIL")
    checks = doctor(ctl, "--health-urls", both.urls, code=3)
    assert failed(checks) == {("site", EAST), ("site", WEST)}
    assert "redirect" in checks["site", EAST]["seen"]


def test_without_sites_no_quorum_is_left(ctl: Ctl) -> None:
    checks = doctor(ctl, code=3)
    assert failed(checks) == {("quorum", EAST), ("quorum", WEST)}


def test_a_pin_is_seen(ctl: Ctl, lab: Lab, both: Sites) -> None:
    ctl.run("pin", "--why", "an incident")
    lab.replicated()
    checks = doctor(ctl, "--health-urls", both.urls, code=0)
    assert checks["who decides", None]["verdict"] == "warn" and "an incident" in checks["who decides", None]["seen"]


def looked_at(ctl: Ctl, moto: str, both: Sites, check: dict, changes: dict, code: int) -> dict[str, dict]:
    """What the doctor says of an alarm and of the health check behind it."""
    config = {"Type": "HTTPS_STR_MATCH", "FullyQualifiedDomainName": "127.0.0.1", "ResourcePath": "/healthz?level=ready", "SearchString": "OK"} | check
    made = client("route53", moto).create_health_check(CallerReference=str(time.time()), HealthCheckConfig=config)["HealthCheck"]["Id"]
    alarm = {
        "AlarmName": "site-east", "AlarmArn": ALARM, "Namespace": "AWS/Route53", "MetricName": "HealthCheckStatus", "Statistic": "Minimum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching", "StateValue": "OK",
        "Dimensions": [{"Name": "HealthCheckId", "Value": made}], "ActionsEnabled": True, "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:topic"],
    }
    with cloudwatch() as (alarms, endpoint):
        alarms.append(alarm | changes)
        ctl.env |= {"AWS_ENDPOINT_URL_CLOUDWATCH": endpoint, "AWS_ENDPOINT_URL_ROUTE_53": moto, "AWS_ENDPOINT_URL_STS": moto}
        checks = doctor(ctl, "--health-urls", both.urls, "--alarms", f"{EAST}={ALARM}", code=code)
    assert checks["credentials", None]["verdict"] == "ok"
    failed(checks)
    return {name.split(" ")[0]: check for (name, _), check in checks.items() if name.startswith(("alarm ", "health check "))}


def test_a_good_alarm_and_its_health_check(ctl: Ctl, moto: str, both: Sites) -> None:
    checks = looked_at(ctl, moto, both, {}, {}, 0)
    assert "fires on 0" in checks["alarm"]["seen"] and checks["health"]["verdict"] == "ok"


def test_an_alarm_the_wrong_way_round_and_a_disabled_check(ctl: Ctl, moto: str, both: Sites) -> None:
    checks = looked_at(ctl, moto, both, {"Disabled": True}, {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.0}, 3)
    assert checks["alarm"]["verdict"] == "fail" and "wrong way round" in checks["alarm"]["seen"]
    assert "--comparison-operator LessThanThreshold" in checks["alarm"]["fix"]
    assert checks["health"]["verdict"] == "fail" and "--no-disabled" in checks["health"]["fix"]


def test_an_alarm_that_is_not_there(ctl: Ctl, moto: str, both: Sites) -> None:
    checks = looked_at(ctl, moto, both, {}, {"AlarmArn": ALARM + "-2"}, 3)
    assert checks["alarm"]["verdict"] == "fail" and "no such alarm in us-east-1" in checks["alarm"]["seen"]


def test_without_credentials_that_is_all_it_says(ctl: Ctl, both: Sites) -> None:
    ctl.env = {name: value for name, value in ctl.env.items() if not name.startswith(("AWS_ACCESS", "AWS_SECRET", "WP_DYNAMODB_"))}
    started = time.monotonic()
    checks = doctor(ctl, "--health-urls", both.urls, code=3)
    assert failed(checks) == {("credentials", None)} and time.monotonic() - started < 10
    assert checks["site", EAST]["verdict"] == "ok"


def test_no_secret_is_shown_to_people_either(ctl: Ctl, both: Sites) -> None:
    shown = ctl.run("doctor", "--health-urls", both.urls, "--table", "there_is_none", code=3)
    assert SECRET not in shown.stdout + shown.stderr
    assert "fix: wp-dynamodb-ctl table create" in shown.stdout and shown.stdout.rstrip().endswith("skipped")
