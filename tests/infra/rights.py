"""The rights of the controller and of the hosts: each call that the code makes, and no other."""

import calls
import iam
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


def _compare(who, role, wanted):
    granted = iam.grants(role)
    yield from (f"{who} calls {action} on {resource} and may not" for action, resource in sorted(wanted - granted))
    yield from (f"{who} may {action} on {resource} and never does" for action, resource in sorted(granted - wanted))
