"""Stacks and Regions, and the decision."""

import json

import alarms
from registry import check, controllers
from stacks import PRIMARY, REGIONS, STANDBY


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
