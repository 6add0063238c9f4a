"""Route 53's checks and records, and the alarm that comes from them."""

import alarms
import iam
from cfn import ACCOUNT, PARTITION
from registry import check, controllers
from stacks import PRIMARY, REGIONS, SITE, STANDBY, arn


@check
def the_site_alarm_means_unhealthy(w):
    for site in (w.plain, w.full):
        found = [a for a in site.of_type("AWS::CloudWatch::Alarm") if a.properties["Namespace"] == "AWS/Route53"]
        if len(found) != len(REGIONS):
            yield f"{len(found)} alarms for {len(REGIONS)} Regions"
        for alarm in found:
            if alarm.region != "us-east-1":
                yield f"{alarm.id} is in {alarm.region}, where Route 53 has no metrics"
            for value, wanted in ((1, "OK"), (0, "ALARM"), (alarms.MISSING, "ALARM")):
                try:
                    state = alarms.state(alarm.properties, [value])
                except ValueError as error:
                    state = f"refused: {error}"
                if state != wanted:
                    yield f"{alarm.id}: HealthCheckStatus {value} is {state}, not {wanted}"
            if alarm.properties["MetricName"] != "HealthCheckStatus" or alarm.properties["Statistic"] not in ("Minimum", "Average"):
                yield f"{alarm.id} looks at {alarm.properties['Statistic']} of {alarm.properties['MetricName']}"


KNOWN = {
    "Type", "FullyQualifiedDomainName", "IPAddress", "Port", "ResourcePath", "SearchString", "RequestInterval", "FailureThreshold", "MeasureLatency", "Inverted",
    "EnableSNI", "Regions", "HealthThreshold", "ChildHealthChecks", "AlarmIdentifier", "InsufficientDataHealthStatus", "RoutingControlArn",
}  # fmt: skip


@check
def health_checks_look_deep(w):
    for site in (w.plain, w.full):
        for found in site.of_type("AWS::Route53::HealthCheck"):
            config = found.properties["HealthCheckConfig"]
            if config.get("Disabled"):
                yield f"{found.id} is disabled, which counts as healthy"
            for unknown in set(config) - KNOWN - {"Disabled"}:
                yield f"{found.id}: Route 53 has no {unknown}"
            if config["Type"] not in ("HTTP_STR_MATCH", "HTTPS_STR_MATCH") or config.get("SearchString") != "OK":
                yield f"{found.id}: {config['Type']} with {config.get('SearchString')} does not look for OK"
            if "Regions" in config and len(config["Regions"]) < 3:
                yield f"{found.id}: {len(config['Regions'])} checker Regions; Route 53 wants 3, and one of few decides"
            if "level=ready" not in config["ResourcePath"]:
                yield f"{found.id} looks at {config['ResourcePath']}, which does not write to DynamoDB"
            if config.get("Inverted"):
                yield f"{found.id} says the opposite"
            if config["RequestInterval"] * config["FailureThreshold"] + 60 > 180:
                yield f"{found.id}: DNS moves later than 3 minutes"
            region = next((r for r in REGIONS if config["FullyQualifiedDomainName"] == f"{r}.origin.{SITE}"), None)
            if region is None:
                yield f"{found.id} asks {config['FullyQualifiedDomainName']}, which any Region may answer"


@check
def dns_fails_over(w):
    for site in (w.plain, w.full):
        records = site.of_type("AWS::Route53::RecordSet")
        by_name = {r.properties["Name"]: r.properties["AliasTarget"]["DNSName"] for r in records}
        for kind in {r.properties["Type"] for r in records if "Failover" in r.properties}:
            pair = {r.properties["Failover"]: r.properties for r in records if "Failover" in r.properties and r.properties["Type"] == kind}
            if set(pair) != {"PRIMARY", "SECONDARY"}:
                yield f"{kind}: failover records are {sorted(pair)}"
                continue
            for role, region in (("PRIMARY", PRIMARY), ("SECONDARY", STANDBY)):
                check_id = pair[role].get("HealthCheckId")
                found = [r for r in site.of_type("AWS::Route53::HealthCheck") if r.stack.physical(r.id) == check_id]
                if not found:
                    yield f"{kind} {role} has no health check"
                    continue
                asked = found[0].properties["HealthCheckConfig"]["FullyQualifiedDomainName"]
                if not asked.startswith(region) or by_name.get(asked) != pair[role]["AliasTarget"]["DNSName"]:
                    yield f"{kind} {role} is checked at {asked}, which is not where it leads"


@check
def the_alarm_reaches_every_controller(w):
    stack = w.plain.stack("advisory", "us-east-1")
    if stack is None:
        yield "advisory.yaml is not in us-east-1"
        return
    (rule,) = stack.of_type("AWS::Events::Rule")
    found = {a.properties["AlarmName"].removeprefix("wp-dynamodb-failover-site-"): a for a in stack.of_type("AWS::CloudWatch::Alarm")}
    for region, alarm in found.items():
        for value in ("ALARM", "OK", "INSUFFICIENT_DATA"):
            event = alarms.change(alarm.arn, value, ACCOUNT, "us-east-1")
            if not alarms.matches(rule.properties["EventPattern"], event):
                yield f"{value} of {alarm.arn} is not sent"
            for home in REGIONS:
                there = w.plain.stack("region", home)
                rules = there.of_type("AWS::Events::Rule") if there else []
                if not rules or not alarms.matches(rules[0].properties["EventPattern"], event):
                    yield f"{home} does not take {value} of {alarm.arn}"
        for function in controllers(w.plain):
            if f"{region}={alarm.arn}" not in function.properties["Environment"]["Variables"].get("WP_DYNAMODB_ALARMS", "").split(","):
                yield f"{function.region}'s controller refuses {alarm.arn}"
    buses = {b.arn: b for b in w.plain.of_type("AWS::Events::EventBus")}
    role = stack.resources["SenderRole"]
    targets = {t["Arn"]: t for t in rule.properties["Targets"]}
    for home in REGIONS:
        bus = arn("events", home, "event-bus/wp-dynamodb-failover")
        if bus not in targets or bus not in buses or targets[bus].get("RoleArn") != role.arn:
            yield f"nothing is sent to {bus}"
            continue
        if not iam.allows(role, "events:PutEvents", bus):
            yield f"the rule may not send to {bus}"
        policies = [p.properties["Statement"] for p in buses[bus].stack.of_type("AWS::Events::EventBusPolicy")]
        if not any(p["Resource"] == bus and p["Principal"]["AWS"] == f"arn:{PARTITION}:iam::{ACCOUNT}:root" and p["Condition"] for p in policies):
            yield f"{bus} takes anything, or nothing"
        (listening,) = buses[bus].stack.of_type("AWS::Events::Rule")
        may = buses[bus].stack.of_type("AWS::Lambda::Permission")
        if listening.properties["EventBusName"] != "wp-dynamodb-failover" or not any(p.properties["SourceArn"] == listening.arn for p in may):
            yield f"{home}'s rule does not reach its controller"
    if iam.grants(role) != {("events:PutEvents", arn("events", r, "event-bus/wp-dynamodb-failover")) for r in REGIONS}:
        yield "the sender may do more than send"
