"""The rights of the controller, of the hosts and of the person on call: each call that the code makes, and no other."""

import json

import calls
import iam
from cfn import ACCOUNT, PARTITION
from stacks import REGIONS, arn

SESSIONS, CONTROL, LOGINS, PARAMETER = "table/wordpress_sessions", "table/wordpress_failover", "table/wordpress_logins", "parameter/wordpress/dynamodb_region"


def controller_rights(w):
    for site in (w.plain, w.full):
        for stack in site.named("region"):
            home, role = stack.region, stack.resources["ControllerRole"]
            everywhere, keys = {"sessions": SESSIONS, "": PARAMETER}, calls.canary_keys(home, REGIONS)
            wanted = set()
            for action, table in calls.controller():
                if action.startswith("states:"):
                    # Only when there is something to start.
                    wanted |= {(action, arn("states", home, "stateMachine:wp-dynamodb-failover-after-switch"))} if site is w.full else set()
                elif table == "control":
                    wanted.add((action, arn("dynamodb", home, CONTROL)))
                else:
                    wanted |= {(action, arn(action.split(":")[0], region, everywhere[table])) for region in REGIONS}
            # What Lambda does in the function's name.
            log = arn("logs", home, "log-group:/aws/lambda/wp-dynamodb-failover:*")
            wanted |= {("logs:CreateLogStream", log), ("logs:PutLogEvents", log), ("sqs:SendMessage", arn("sqs", home, "wp-dynamodb-failover-dead-letters"))}
            yield from _compare(f"the controller in {home}", role, wanted)
            for region in REGIONS:
                table = arn("dynamodb", region, SESSIONS)
                for action in ("dynamodb:GetItem", "dynamodb:UpdateItem"):
                    for key in keys:
                        if not iam.allows(role, action, table, [key]):
                            yield f"the controller in {home} may not {action} {key} in {region}"
                    other = next(r for r in REGIONS if r != home)
                    for key in ("n0t-0ur-k3y", "wp-dynamodb/canary", calls.canary_keys(other, REGIONS)[0]):
                        if iam.allows(role, action, table, [key]) or iam.allows(role, action, table, [keys[0], key]):
                            yield f"the controller in {home} may {action} {key} in {region}"
                    if iam.allows(role, action, table, None):
                        yield f"the controller in {home} may {action} without a key"
            schedule = stack.resources["ScheduleRole"]
            yield from _compare(f"the schedule in {home}", schedule, {("lambda:InvokeFunction", stack.arn("Controller"))})


def host_rights(w):
    extension = calls.extension()
    for site, logins in ((w.plain, False), (w.full, True)):
        for stack in site.named("task-role"):
            wanted = set()
            for region in REGIONS:
                for action, table in extension:
                    if action.startswith("ssm:"):
                        wanted.add((action, arn("ssm", region, PARAMETER)))
                    elif table in ("sessions", "any"):
                        wanted.add((action, arn("dynamodb", region, SESSIONS)))
                    if table == "any" and logins:
                        wanted.add((action, arn("dynamodb", region, LOGINS)))
                    if table == "named by the plugin" and logins and action in calls.plugin():
                        wanted.add((action, arn("dynamodb", region, LOGINS)))
            yield from _compare("a host", stack.resources["HostRole"], wanted)


# What DynamoDB asks for in the Region where a replica is made, and the role that its first one makes (V2gt_IAM.html of its developer guide).
REPLICA = ("CreateTableReplica", "Scan", "Query", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
REPLICATION = f"arn:{PARTITION}:iam::{ACCOUNT}:role/aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication"
# IAM refuses a managed policy of more characters, white space aside.
LONGEST = 6144


def operator_rights(w):
    made = calls.operator()
    for site in (w.plain, w.full):
        for stack in site.named("operator"):
            policy, optional = stack.resources["Operator"], site is w.full
            parts = [p for p in made if p in ("orders", "doctor", "drills") or optional]
            tables = {
                "sessions": [SESSIONS],
                "control": [CONTROL],
                "sessions and control": [SESSIONS, CONTROL],
                "all": [SESSIONS, CONTROL, LOGINS],
                "imported": ["table/sessions"],
            }
            wanted = set()
            for action, table in {call for part in parts for call in made[part]}:
                if action.startswith("dynamodb:"):
                    wanted |= {(action, arn("dynamodb", region, name)) for region in REGIONS for name in tables[table]}
                elif action.startswith("ssm:"):
                    wanted |= {(action, arn("ssm", region, PARAMETER)) for region in REGIONS}
                elif action.startswith("route53:"):
                    wanted.add((action, f"arn:{PARTITION}:route53:::healthcheck/*"))
                elif action != "sts:GetCallerIdentity":
                    wanted.add((action, "*"))
            if "tables" in parts:
                wanted |= {(f"dynamodb:{a}", arn("dynamodb", region, name)) for a in REPLICA for region in REGIONS for name in tables["all"]}
                wanted.add(("iam:CreateServiceLinkedRole", REPLICATION))
            # A part that is not in this checkout is not asked about.
            skip = set() if "imports" in made else {(a, r) for a, r in iam.grants(policy) if r.endswith("table/sessions")}
            yield from _compare("the person on call", policy, wanted, skip)
            if len("".join(json.dumps(policy.properties["PolicyDocument"]).split())) > LONGEST:
                yield "the policy is too long for IAM"
            if optional:
                continue
            for region in REGIONS:
                for action in ("dynamodb:GetItem", "dynamodb:UpdateItem"):
                    table = arn("dynamodb", region, SESSIONS)
                    yield from (f"the person on call may not {action} {k}" for p in parts for k in calls.keys(p) if not iam.allows(policy, action, table, [k]))
                    for keys in (["n0t-0ur-k3y"], ["wp-dynamodb/controller/a/b", "n0t-0ur-k3y"], None):
                        if iam.allows(policy, action, table, keys):
                            yield f"the person on call may {action} {keys}"


# What infra/README.md has a person on call do after a switch, beside what the steps themselves do: what shows and starts these, and the controller's orders.
FOLLOW = {
    "lambda:InvokeFunction": ("lambda", "function:wp-dynamodb-failover"),
    "states:ListExecutions": ("states", "stateMachine:wp-dynamodb-failover-after-switch"),
    "states:StartExecution": ("states", "stateMachine:wp-dynamodb-failover-after-switch"),
    "states:DescribeExecution": ("states", "execution:wp-dynamodb-failover-after-switch:*"),
}


def follow_rights(w):
    if any("FollowSwitch" in stack.resources for stack in w.plain.named("operator")):
        yield "people on call may move the database by default"
    for stack in w.full.named("operator"):
        wanted = {(action, arn(service, region, rest)) for action, (service, rest) in FOLLOW.items() for region in REGIONS}
        for region in w.full.named("region"):
            wanted |= iam.grants(region.resources["AfterSwitchRole"])
        yield from _compare("the person on call after a switch", stack.resources["FollowSwitch"], wanted)
        if len("".join(json.dumps(stack.resources["FollowSwitch"].properties["PolicyDocument"]).split())) > LONGEST:
            yield "the policy is too long for IAM"


def _compare(who, role, wanted, skip=frozenset()):
    granted = iam.grants(role) - skip
    yield from (f"{who} calls {action} on {resource} and may not" for action, resource in sorted(wanted - granted))
    yield from (f"{who} may {action} on {resource} and never does" for action, resource in sorted(granted - wanted))
