"""Stacks and Regions, and the decision."""

import json
import re

import alarms
import calls
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
    for schedule in w.plain.of_type("AWS::Scheduler::Schedule"):
        if schedule.properties["ScheduleExpression"] != "rate(1 minute)" or schedule.properties["FlexibleTimeWindow"]["Mode"] != "OFF":
            yield "the canary does not look every minute"


# What a tick calls after its last look has begun, one after the other, as the controller does (watch.rs, act.rs). Each may take its whole deadline, clients.rs' CALL;
# what runs side by side counts once.
CALLS = (
    "recall", "keep", "keep: whose version is it", "overruled: mode and parameters", "order the new Region, beside the trail's first entry", "order the others",
    "the trail's second entry", "start what follows", "the trail's third entry", "keep", "keep: whose version is it",
)  # fmt: skip


@check
def a_tick_ends_before_its_function(w):
    """At the defaults, and at the most that the parameters take."""
    call = float(re.search(r"const CALL: Duration = Duration::from_secs\((\d+)\)", (calls.FAILOVER / "aws/clients.rs").read_text())[1])
    signal = float(calls.variables()["WP_DYNAMODB_SIGNAL_TIMEOUT"])
    timeout = min(float(function.properties["Timeout"]) for function in controllers(w.plain))
    parameters = w.plain.templates["region"]["Parameters"]
    for which in ("Default", "MaxValue"):
        # Without a limit, what nobody would set.
        look_for, lag = (float(parameters[name].get(which, 3600)) for name in ("LookFor", "MaxLag"))
        # A look may begin when all of LookFor is spent. It asks for the signals, and for the lag, which takes a signal's time longer than what is allowed.
        longest = look_for + signal + (lag + signal) + call * len(CALLS)
        if longest >= timeout:
            yield f"{which}: a tick may take {longest:g} s, the function ends after {timeout:g} s"
    # The looks of a decision fit into one tick, whatever is set.
    failures, every = (float(parameters[name].get("MaxValue", 3600)) for name in ("Failures", "LookEvery"))
    if (failures - 1) * (every + signal) > float(parameters["LookFor"].get("MinValue", 0)):
        yield f"{failures:g} looks every {every:g} s may not be done in one tick"


@check
def the_controllers_ask_a_region_for_itself(w):
    """level=ready asks the database as well: a standby whose writer is in the lost Region would never be well. Route 53 asks for that (dns.yaml), controllers do not."""
    for function in controllers(w.plain):
        for url in function.properties["Environment"]["Variables"]["WP_DYNAMODB_HEALTH_URLS"].split(","):
            if not url.endswith("/healthz?level=region"):
                yield f"the controller asks {url}"
    text = w.plain.templates["region"]["Parameters"]["HealthUrls"]["Description"]
    urls = re.findall(r"https://[^\s,]+", text)
    if len(urls) != 2 or not all(url.endswith("/healthz?level=region") for url in urls):
        yield f"the example of HealthUrls is {urls}"


@check
def the_function_is_what_was_built(w):
    reserved = {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "_HANDLER"}
    for function in controllers(w.plain):
        p = function.properties
        if (p["Runtime"], p["Handler"], p["Architectures"]) != ("provided.al2023", "bootstrap", ["x86_64"]):
            yield "runtime, handler or architecture is not that of the build"
        if not 2 <= p["ReservedConcurrentExecutions"] <= 5:
            yield "an order waits for a tick, or a storm of alarms is let in"
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
        elif not 60 <= events.properties["MaximumEventAgeInSeconds"] <= 120:
            yield "an alarm waits for a tick's end for less than a minute, or old events pile up and an order is repeated minutes later"
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
