"""The steps after a switch, and drills."""

import re

import iam
import machine
from cfn import ACCOUNT, PARTITION
from registry import check
from stacks import REGIONS, arn


@check
def nothing_acts_in_a_lost_region(w):
    for stack in w.plain.named("region"):
        if stack.of_type("AWS::StepFunctions::StateMachine") or "WP_DYNAMODB_AFTER_SWITCH" in stack.resources["Controller"].properties["Environment"]["Variables"]:
            yield f"{stack.region}: the steps after a switch are on by default"
        if stack.of_type("AWS::IAM::Role") and any(r.id == "AfterSwitchRole" for r in stack.of_type("AWS::IAM::Role")):
            yield f"{stack.region}: the steps' role is there without steps"
        if stack.parameters["AllowDatabaseDataLoss"] != "off":
            yield f"{stack.region}: the database may lose data by default"
    for stack in w.full.named("region"):
        home, lost = stack.region, next(r for r in REGIONS if r != stack.region)
        machines = stack.of_type("AWS::StepFunctions::StateMachine")
        if len(machines) != 1 or stack.resources["Controller"].properties["Environment"]["Variables"].get("WP_DYNAMODB_AFTER_SWITCH") != machines[0].arn:
            yield f"{home}: the controller does not start the steps"
            continue
        p, by = machines[0].properties, f"controller in {home}"
        given = {"id": "x", "from": lost, "to": home, "failback": False, "automatic": True, "by": by, "why": "lost"}
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
        yield from _without_leave(p, given, home)
        for planned in ({**given, "failback": True}, {**given, "automatic": False}, {k: v for k, v in given.items() if k != "automatic"}):
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


def _without_leave(p, given, home):
    """Two votes of one vantage point lose no data by default: a person is told the command, and nothing is restarted before that."""
    calls, end = machine.run(p["Definition"], {**p["DefinitionSubstitutions"], "DataLoss": "off"}, given)
    if calls or end != "failed: DatabaseStays":
        yield f"{home}: without leave to lose data a loss leads to {[c for c, _ in calls]}, {end}"
    cause = machine.put(p["Definition"]["States"].get("DatabaseStays", {}).get("Cause", ""), p["DefinitionSubstitutions"])
    database = f"--global-cluster-identifier wordpress --target-db-cluster-identifier {arn('rds', home, 'cluster:wordpress-here')} --allow-data-loss"
    if f"aws rds failover-global-cluster --region {home} {database}" not in cause:
        yield f"{home}: nobody is told the command: {cause}"


def _steps(home):
    return {
        ("rds:FailoverGlobalCluster", f"arn:{PARTITION}:rds::{ACCOUNT}:global-cluster:wordpress"),
        ("rds:FailoverGlobalCluster", arn("rds", home, "cluster:wordpress-here")),
        ("ecs:UpdateService", arn("ecs", home, "service/web/wordpress")),
        ("autoscaling:StartInstanceRefresh", arn("autoscaling", home, "autoScalingGroup:*:autoScalingGroupName/web")),
    }


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
