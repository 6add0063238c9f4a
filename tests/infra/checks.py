"""What the templates must mean. Each check gives the problems it finds, as sentences; none is well.

A check sees `w.plain` (all defaults) and `w.full` (everything optional) of one set of templates: test_meaning.py runs them over ours, test_mistakes.py over
templates with one mistake each.
"""

import json
import re

import alarms
import iam
import machine
import rights
from cfn import ACCOUNT, INFRA, PARTITION
from stacks import PRIMARY, REGIONS, SITE, STANDBY, Site, arn

CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


class World:
    def __init__(self, templates=None, plan=None, files=None):
        self.plain = Site(templates, plan)
        self.full = Site(templates, plan, optional=True)
        self.files = files or {"stack-policy.json": (INFRA / "stack-policy.json").read_text()}


def controllers(site):
    return [r for r in site.of_type("AWS::Lambda::Function")]


# ---- stacks and Regions ----


@check
def stacks_can_be_made(w):
    for site in (w.plain, w.full):
        for (name, region), stack in site.stacks.items():
            for broken in stack.broken_rules() + stack.wrong_values:
                yield f"{name} in {region}: {broken}"
            stack.outputs()


@check
def the_standby_holds_what_moves_the_site(w):
    """With everything in the primary Region gone, the standby's controller has all it needs in its own Region."""
    stack = w.plain.stack("region", STANDBY)
    if stack is None:
        yield f"no controller in {STANDBY}"
        return
    for kind in ("AWS::SSM::Parameter", "AWS::Lambda::Function", "AWS::Scheduler::Schedule", "AWS::Logs::LogGroup", "AWS::SQS::Queue"):
        if len(stack.of_type(kind)) != 1:
            yield f"{STANDBY}'s stack makes no {kind}"
    for schedule in stack.of_type("AWS::Scheduler::Schedule"):
        if schedule.properties["Target"]["Arn"] != stack.arn("Controller"):
            yield "the schedule does not tick its own Region's controller"
        if json.loads(schedule.properties["Target"]["Input"]) != {"action": "tick"}:
            yield "the schedule sends something else than a tick"
        if schedule.properties.get("State", "ENABLED") != "ENABLED":
            yield "the schedule is off"
    for name in ("data", "dns"):
        if w.plain.stack(name, STANDBY) is None or w.plain.stack(name, PRIMARY) is not None:
            yield f"the {name} stack is not in the standby"
    first = [(name, region) for name, region, _ in w.plain.plan if name == "region"]
    if first[:1] != [("region", STANDBY)]:
        yield "the standby's controller is not deployed first"


@check
def every_region_has_controller_and_parameter(w):
    for region in REGIONS:
        stack = w.plain.stack("region", region)
        found = stack.of_type("AWS::SSM::Parameter") if stack else []
        if not found:
            yield f"no parameter in {region}"
        for parameter in found:
            p = parameter.properties
            if p["Type"] != "String" or p["Value"] not in REGIONS:
                yield f"{region}'s parameter: hosts would ignore {p['Type']} {p['Value']!r}"
            if parameter.attributes.get("DeletionPolicy") != "Retain" or parameter.attributes.get("UpdateReplacePolicy") != "Retain":
                yield f"{region}'s parameter goes with its stack"


@check
def an_update_of_the_stack_moves_nothing(w):
    """CloudFormation would write the parameter's first value again, as the newest."""
    ids = [key for key, raw in w.plain.templates["region"]["Resources"].items() if raw["Type"] == "AWS::SSM::Parameter"]
    denied = [s["Resource"] for s in json.loads(w.files["stack-policy.json"])["Statement"] if s["Effect"] == "Deny" and s["Action"] == "Update:*"]
    if [f"LogicalResourceId/{i}" for i in ids] != denied:
        yield f"stack-policy.json protects {denied}, the parameter is {ids}"


@check
def actions_are_in_the_alarms_region(w):
    for site in (w.plain, w.full):
        for alarm in site.of_type("AWS::CloudWatch::Alarm"):
            for key in ("AlarmActions", "OKActions", "InsufficientDataActions"):
                for action in alarm.properties.get(key, []):
                    if action.split(":")[3] != alarm.region:
                        yield f"{alarm.id} in {alarm.region} acts on {action}: an alarm's actions are in its own Region"


# ---- the decision ----


@check
def decides_within_a_minute(w):
    for function in controllers(w.plain):
        env = {k: v for k, v in function.properties["Environment"]["Variables"].items()}
        failures, every, look_for = (float(env[f"WP_DYNAMODB_{n}"]) for n in ("FAILURES", "LOOK_EVERY", "LOOK_FOR"))
        # The first failed look, and the others after it; each takes up to 2 s.
        if (failures - 1) * (every + 2) + 2 > 60 or (failures - 1) * every > look_for:
            yield f"{failures:g} looks every {every:g} s for {look_for:g} s are not done in a minute"
        if float(env["WP_DYNAMODB_QUORUM"]) > 2:
            yield "the quorum needs the alarm, which comes from us-east-1 or not at all"
        if float(env["WP_DYNAMODB_QUORUM"]) < 2:
            yield "one signal alone moves the site"
        if float(function.properties["Timeout"]) < look_for + 30:
            yield "the function may be ended while it writes the parameters"
    for schedule in w.plain.of_type("AWS::Scheduler::Schedule"):
        if schedule.properties["ScheduleExpression"] != "rate(1 minute)" or schedule.properties["FlexibleTimeWindow"]["Mode"] != "OFF":
            yield "the canary does not look every minute"


@check
def the_function_is_what_was_built(w):
    reserved = {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "_HANDLER"}
    for function in controllers(w.plain):
        p = function.properties
        if (p["Runtime"], p["Handler"], p["Architectures"]) != ("provided.al2023", "bootstrap", ["arm64"]):
            yield "runtime, handler or architecture is not that of the build"
        if p["ReservedConcurrentExecutions"] != 1:
            yield "two decisions at a time"
        if reserved & set(p["Environment"]["Variables"]):
            yield "Lambda refuses variables that it sets itself"
        if function.region not in p["Code"]["S3Bucket"]:
            yield "the code comes from another Region's bucket"
        if p["Environment"]["Variables"]["WP_DYNAMODB_REGIONS"].split(",") != REGIONS:
            yield "the Regions' order"


@check
def failures_reach_somebody(w):
    for region in REGIONS:
        stack = w.plain.stack("region", region)
        if stack is None:
            yield f"no stack in {region}"
            continue
        (function,) = stack.of_type("AWS::Lambda::Function")
        queue = stack.arn("DeadLetters")
        if function.properties.get("DeadLetterConfig", {}).get("TargetArn") != queue:
            yield "events that fail are lost"
        (events,) = stack.of_type("AWS::Lambda::EventInvokeConfig") or [None]
        if events is None or events.properties.get("MaximumRetryAttempts", 0) < 1:
            yield "an event that fails is not tried again"
        elif not 60 <= events.properties["MaximumEventAgeInSeconds"] <= 600:
            yield "an alarm waits for a tick's end for less than a minute, or old ticks pile up"
        rows = [(a.properties["MetricName"], a.properties) for a in stack.of_type("AWS::CloudWatch::Alarm")]
        for metric, value, wanted in (
            ("Ticks", 1, "OK"), ("Ticks", alarms.MISSING, "ALARM"), ("Ticks", 0, "ALARM"),
            ("Errors", 0, "OK"), ("Errors", 1, "ALARM"), ("Errors", alarms.MISSING, "OK"),
            ("ApproximateNumberOfMessagesVisible", 0, "OK"), ("ApproximateNumberOfMessagesVisible", 1, "ALARM"),
            ("Stragglers", 0, "OK"), ("Stragglers", 1, "ALARM"), ("Stragglers", alarms.MISSING, "OK"),
            ("Switches", 0, "OK"), ("Switches", 1, "ALARM"), ("Refused", 0, "OK"), ("Refused", 1, "ALARM"),
        ):  # fmt: skip
            found = [p for m, p in rows if m == metric]
            if not found:
                yield f"no alarm on {metric}"
            for properties in found:
                if alarms.state(properties, [value]) != wanted:
                    yield f"{metric} = {value} is {alarms.state(properties, [value])}, not {wanted}"
                if not properties.get("AlarmActions"):
                    yield f"the alarm on {metric} tells nobody"
        if not all(1 <= log.properties["RetentionInDays"] <= 731 for log in stack.of_type("AWS::Logs::LogGroup")):
            yield "the log is kept for ever"


# ---- Route 53 ----


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
    for function in controllers(w.plain):
        if not all("level=ready" in url for url in function.properties["Environment"]["Variables"]["WP_DYNAMODB_HEALTH_URLS"].split(",")):
            yield "the controller's own check is shallow"


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


# ---- the advisory alarm ----


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


# ---- data ----


@check
def tables_are_global_and_can_hold_sessions(w):
    for site in (w.plain, w.full):
        for kind in ("AWS::DynamoDB::Table", "AWS::CloudFormation::CustomResource"):
            for found in site.of_type(kind):
                yield f"{found.id} is a {kind}, which is in one Region"
        found = {t.properties["TableName"]: t for t in site.of_type("AWS::DynamoDB::GlobalTable")}
        keys = {"wordpress_sessions": ["session_id"], "wordpress_failover": ["pk", "sk"], "wordpress_logins": ["user", "item"]}
        wanted = set(keys) if site is w.full else set(keys) - {"wordpress_logins"}
        if set(found) != wanted:
            yield f"global tables are {sorted(found)}"
        for name, table in found.items():
            p = table.properties
            if sorted(r["Region"] for r in p["Replicas"]) != sorted(REGIONS):
                yield f"{name} is not in all Regions"
            if p.get("StreamSpecification", {}).get("StreamViewType") != "NEW_AND_OLD_IMAGES":
                yield f"{name}: replication needs a stream of NEW_AND_OLD_IMAGES"
            if p.get("TimeToLiveSpecification") != {"AttributeName": "expires", "Enabled": True}:
                yield f"{name}: TTL is not on"
            if p.get("MultiRegionConsistency", "EVENTUAL") != "EVENTUAL":
                yield f"{name}: MRSC has no TTL"
            if p.get("BillingMode") != "PAY_PER_REQUEST":
                yield f"{name}: capacity must be planned for a whole Region's visitors"
            if [k["AttributeName"] for k in p["KeySchema"]] != keys.get(name):
                yield f"{name}: keys"
            if table.attributes.get("DeletionPolicy") != "Retain" or table.attributes.get("UpdateReplacePolicy") != "Retain":
                yield f"{name} goes with its stack"
            if table.region == PRIMARY:
                yield f"{name}'s stack is in the primary"


@check
def media_go_both_ways(w):
    for site in (w.plain, w.full):
        ways = set()
        for bucket in site.of_type("AWS::S3::Bucket"):
            p, name = bucket.properties, bucket.properties["BucketName"]
            if p.get("VersioningConfiguration", {}).get("Status") != "Enabled":
                yield f"{name}: replication needs versions"
            if bucket.attributes.get("DeletionPolicy") != "Retain" or bucket.attributes.get("UpdateReplacePolicy") != "Retain":
                yield f"{name} goes with its stack"
            for rule in p.get("ReplicationConfiguration", {}).get("Rules", []):
                there = rule["Destination"]["Bucket"]
                if rule["Status"] != "Enabled" or rule.get("Filter") != {"Prefix": ""}:
                    yield f"{name}: not everything is replicated"
                if rule.get("DeleteMarkerReplication", {}).get("Status") != "Enabled":
                    yield f"{name}: what is deleted stays in the other Region"
                if rule.get("SourceSelectionCriteria", {}).get("ReplicaModifications", {}).get("Status") != "Enabled":
                    yield f"{name}: changed tags of replicas do not go back"
                if ("ReplicationTime" in rule["Destination"]) != (site is w.full):
                    yield f"{name}: Replication Time Control"
                role = bucket.stack.resources["ReplicationRole"]
                for action in ("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"):
                    if not iam.allows(role, action, f"{there}/x") or iam.allows(role, action, f"{bucket.arn}/x"):
                        yield f"{name}: {action} of the role"
                for action in ("s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"):
                    if not iam.allows(role, action, f"{bucket.arn}/x"):
                        yield f"{name}: {action} of the role"
                ways.add((bucket.arn, there))
        one, other = (f"arn:{PARTITION}:s3:::site-media-{r}" for r in REGIONS)
        if ways != {(one, other), (other, one)}:
            yield f"files go {sorted(ways)}"
    first = [parameters for name, _, parameters in w.plain.plan if name == "media"][:1]
    if first and first[0].get("Replication", "off") == "on":
        yield "the first bucket replicates to one that is not there yet"


# ---- after a switch ----


@check
def nothing_acts_in_a_lost_region(w):
    for stack in w.plain.named("region"):
        if stack.of_type("AWS::StepFunctions::StateMachine") or "WP_DYNAMODB_AFTER_SWITCH" in stack.resources["Controller"].properties["Environment"]["Variables"]:
            yield f"{stack.region}: the steps after a switch are on by default"
        if stack.of_type("AWS::IAM::Role") and any(r.id == "AfterSwitchRole" for r in stack.of_type("AWS::IAM::Role")):
            yield f"{stack.region}: the steps' role is there without steps"
    for stack in w.full.named("region"):
        home, lost = stack.region, next(r for r in REGIONS if r != stack.region)
        machines = stack.of_type("AWS::StepFunctions::StateMachine")
        if len(machines) != 1 or stack.resources["Controller"].properties["Environment"]["Variables"].get("WP_DYNAMODB_AFTER_SWITCH") != machines[0].arn:
            yield f"{home}: the controller does not start the steps"
            continue
        p, by = machines[0].properties, f"controller in {home}"
        given = {"id": "x", "from": lost, "to": home, "failback": False, "by": by, "why": "lost"}
        try:
            calls, end = machine.run(p["Definition"], p["DefinitionSubstitutions"], given)
        except ValueError as error:
            yield f"{home}: {error}"
            continue
        wanted = ["aws-sdk:rds:failoverGlobalCluster", "aws-sdk:ecs:updateService", "aws-sdk:autoscaling:startInstanceRefresh"]
        if [c for c, _ in calls] != wanted or end != "succeeded":
            yield f"{home}: a loss leads to {[c for c, _ in calls]}, {end}"
        elif not calls[0][1].get("AllowDataLoss") or home not in calls[0][1]["TargetDbClusterIdentifier"]:
            yield f"{home}: the database does not move here after a loss"
        if calls and "ForceNewDeployment" not in dict(calls).get(wanted[1], {}):
            yield f"{home}: no new deployment"
        for planned in ({**given, "failback": True}, {**given, "by": "anna"}):
            calls, _ = machine.run(p["Definition"], p["DefinitionSubstitutions"], planned)
            if any(parameters.get("AllowDataLoss") for _, parameters in calls) or not any(parameters.get("Switchover") for _, parameters in calls):
                yield f"{home}: a planned switch may lose data"
        for wrong in ({**given, "from": home, "to": lost}, {**given, "to": lost}, {**given, "from": home}, {"id": "x", "from": lost}, {}):
            calls, end = machine.run(p["Definition"], p["DefinitionSubstitutions"], wrong)
            if calls or end != "failed: NotThisRegion":
                yield f"{home}: {wrong} leads to {[c for c, _ in calls]}, {end}"
        for action, resource in iam.grants(stack.resources["AfterSwitchRole"]):
            if resource.split(":")[3] not in ("", home) or resource == "*":
                yield f"{home}: the steps may {action} on {resource}"
        if iam.grants(stack.resources["AfterSwitchRole"]) != _steps(home):
            yield f"{home}: the steps' rights are not what the steps call"


def _steps(home):
    return {
        ("rds:FailoverGlobalCluster", f"arn:{PARTITION}:rds::{ACCOUNT}:global-cluster:wordpress"),
        ("rds:FailoverGlobalCluster", arn("rds", home, "cluster:wordpress-here")),
        ("ecs:UpdateService", arn("ecs", home, "service/web/wordpress")),
        ("autoscaling:StartInstanceRefresh", arn("autoscaling", home, "autoScalingGroup:*:autoScalingGroupName/web")),
    }


# ---- drills ----


@check
def drills_end(w):
    for found in w.plain.of_type("AWS::FIS::ExperimentTemplate"):
        p = found.properties
        if not any(s["Source"] == "aws:cloudwatch:alarm" and s["Value"].split(":")[3] == found.region for s in p.get("StopConditions", [])):
            yield f"{found.id}: nothing stops it"
        for action in p["Actions"].values():
            minutes = re.fullmatch(r"PT(\d+)M", action["Parameters"].get("duration", ""))
            if not minutes or int(minutes[1]) > 60:
                yield f"{found.id}: no end"
        for target in p["Targets"].values():
            if any(a.split(":")[3] != found.region for a in target["ResourceArns"]):
                yield f"{found.id} strikes another Region"


# ---- rights ----

check(rights.controller_rights)
check(rights.host_rights)
