"""Each mistake of the usual recipe, and some of our own, made on purpose: the named check must find it.

A mistake is a change of one template, of the order of stacks, or of another file; every row names the check that has to speak.
"""

import copy

import pytest
from cfn import PARTITION, templates
from checks import CHECKS, World
from stacks import HEALTH_URLS, PLAN, PRIMARY, STANDBY, arn

OURS = templates()
MISTAKES = []


def mistake(check, name):
    def register(function):
        MISTAKES.append(pytest.param(check, function, id=name.replace(" ", "_")))
        return function

    return register


def put(check, name, template, path, value):
    """A row that sets one place of a template; None takes it away."""

    def change(w):
        *way, last = path.split("/")
        node = w["templates"][template]["Resources"]
        for step in way:
            node = node[int(step)] if isinstance(node, list) else node[step]
        if value is None:
            del node[last]
        else:
            node[int(last) if isinstance(node, list) else last] = value

    mistake(check, name)(change)


def default(check, name, template, parameter, value):
    """A row that changes a parameter's default."""

    def change(w):
        w["templates"][template]["Parameters"][parameter]["Default"] = value

    mistake(check, name)(change)


ALARM = "PrimaryAlarm/Properties/"
put("the_site_alarm_means_unhealthy", "inverted alarm", "advisory", ALARM + "ComparisonOperator", "GreaterThanThreshold")
put("the_site_alarm_means_unhealthy", "inverted alarm at 0", "advisory", ALARM + "Threshold", 0)
put("the_site_alarm_means_unhealthy", "EqualToThreshold", "advisory", ALARM + "ComparisonOperator", "EqualToThreshold")
put("the_site_alarm_means_unhealthy", "missing data is healthy", "advisory", ALARM + "TreatMissingData", "notBreaching")
put("the_site_alarm_means_unhealthy", "missing data says nothing", "advisory", ALARM + "TreatMissingData", None)
put("the_site_alarm_means_unhealthy", "the best of the minute", "advisory", ALARM + "Statistic", "Maximum")

CHECK = "PrimaryCheck/Properties/HealthCheckConfig/"
put("health_checks_look_deep", "HTTP takes redirects", "dns", CHECK + "Type", "HTTPS")
put("health_checks_look_deep", "HTTP with SearchString", "dns", CHECK + "Type", "HTTP")
put("health_checks_look_deep", "no SearchString", "dns", CHECK + "SearchString", None)
put("health_checks_look_deep", "RequestTimeout", "dns", CHECK + "RequestTimeout", 10)
put("health_checks_look_deep", "one checker Region", "dns", CHECK + "Regions", ["us-east-1"])
put("health_checks_look_deep", "two checker Regions", "dns", CHECK + "Regions", ["us-east-1", "eu-west-1"])
put("health_checks_look_deep", "drill by disabling", "dns", CHECK + "Disabled", True)
put("health_checks_look_deep", "Inverted left on", "dns", CHECK + "Inverted", True)
put("health_checks_look_deep", "a name that any Region answers", "dns", CHECK + "FullyQualifiedDomainName", {"Ref": "SiteName"})
default("health_checks_look_deep", "shallow healthz", "dns", "HealthPath", "/healthz?level=live")
default("health_checks_look_deep", "slow checks", "dns", "FailureThreshold", 10)
put("dns_fails_over", "no check behind the primary", "dns", "PrimaryRecord/Properties/HealthCheckId", None)
put("dns_fails_over", "checks exchanged", "dns", "PrimaryRecord/Properties/HealthCheckId", {"Ref": "StandbyCheck"})
put("dns_fails_over", "two primaries", "dns", "StandbyRecord/Properties/Failover", "PRIMARY")


@mistake("the_standby_holds_what_moves_the_site", "the decision in us-east-1")
def _(w):
    w["plan"] = [row for row in PLAN if row[:2] != ("region", STANDBY)]


@mistake("the_standby_holds_what_moves_the_site", "the primary first")
def _(w):
    w["plan"] = [PLAN[0], PLAN[2], PLAN[1], *PLAN[3:]]


@mistake("the_standby_holds_what_moves_the_site", "the tables' stack in the primary")
def _(w):
    w["plan"] = [("data", PRIMARY, {}), *PLAN[1:]]


@mistake("stacks_can_be_made", "the tables' stack in the primary is refused")
def _(w):
    w["plan"] = [("data", PRIMARY, {}), *PLAN[1:]]


@mistake("every_region_has_controller_and_parameter", "the parameter in one Region")
def _(w):
    w["plan"] = [row for row in PLAN if row[:2] != ("region", PRIMARY)]


@mistake("the_alarm_reaches_every_controller", "the site alarm outside us-east-1")
def _(w):
    w["plan"] = [(name, STANDBY if name == "advisory" else region, p) for name, region, p in PLAN]


@mistake("the_site_alarm_means_unhealthy", "metrics that are not there")
def _(w):
    w["plan"] = [(name, STANDBY if name == "advisory" else region, p) for name, region, p in PLAN]


@mistake("actions_are_in_the_alarms_region", "the us-east-1 alarm invokes the standby's Lambda")
def _(w):
    there = arn("lambda", STANDBY, "function:wp-dynamodb-failover")
    w["templates"]["advisory"]["Resources"]["PrimaryAlarm"]["Properties"]["AlarmActions"] = [there]


put("the_standby_holds_what_moves_the_site", "no tick", "region", "Tick/Properties/State", "DISABLED")
put("the_standby_holds_what_moves_the_site", "no schedule", "region", "Tick", None)
put("the_standby_holds_what_moves_the_site", "something else than a tick", "region", "Tick/Properties/Target/Input", "{}")
default("decides_within_a_minute", "a quorum that needs us-east-1", "region", "Quorum", 3)
default("decides_within_a_minute", "one signal is enough", "region", "Quorum", 1)
default("decides_within_a_minute", "slow looks", "region", "LookEvery", 30)
put("decides_within_a_minute", "a tick every 5 minutes", "region", "Tick/Properties/ScheduleExpression", "rate(5 minutes)")
put("a_tick_ends_before_its_function", "Lambda ends too early", "region", "Controller/Properties/Timeout", 90)
default("a_tick_ends_before_its_function", "looks longer than the function has", "region", "LookFor", 90)


@mistake("a_tick_ends_before_its_function", "any lag may be waited for")
def _(w):
    del w["templates"]["region"]["Parameters"]["MaxLag"]["MaxValue"]


@mistake("a_tick_ends_before_its_function", "a decision of many ticks")
def _(w):
    w["templates"]["region"]["Parameters"]["Failures"]["MaxValue"] = 6


@mistake("the_controllers_ask_a_region_for_itself", "the database as well")
def _(w):
    w["plan"] = [(n, r, {**p, "HealthUrls": HEALTH_URLS.replace("region", "ready")} if n == "region" else p) for n, r, p in PLAN]


@mistake("the_controllers_ask_a_region_for_itself", "an example that people copy")
def _(w):
    parameter = w["templates"]["region"]["Parameters"]["HealthUrls"]
    parameter["Description"] = parameter["Description"].replace("level=region", "level=ready", 1)


put("the_function_is_what_was_built", "arm64, whatever was built", "region", "Controller/Properties/Architectures", ["arm64"])
put("the_function_is_what_was_built", "AWS_REGION set by hand", "region", "Controller/Properties/Environment/Variables/AWS_REGION", "us-east-1")
put("the_function_is_what_was_built", "many at a time", "region", "Controller/Properties/ReservedConcurrentExecutions", 10)
put("the_function_is_what_was_built", "an order waits for a tick", "region", "Controller/Properties/ReservedConcurrentExecutions", 1)


@mistake("the_function_is_what_was_built", "code from the primary's bucket")
def _(w):
    w["plan"] = [(n, r, {**p, "CodeBucket": f"code-{PRIMARY}"} if n == "region" else p) for n, r, p in PLAN]


@mistake("the_controllers_ask_a_region_for_itself", "the controller's own check is shallow")
def _(w):
    w["plan"] = [(n, r, {**p, "HealthUrls": HEALTH_URLS.replace("?level=region", "")} if n == "region" else p) for n, r, p in PLAN]


put("failures_reach_somebody", "no dead-letter queue", "region", "Controller/Properties/DeadLetterConfig", None)
put("failures_reach_somebody", "no retry", "region", "ControllerEvents/Properties/MaximumRetryAttempts", 0)
put("failures_reach_somebody", "ticks pile up for hours", "region", "ControllerEvents/Properties/MaximumEventAgeInSeconds", 21600)
put("failures_reach_somebody", "an order is repeated five minutes later", "region", "ControllerEvents/Properties/MaximumEventAgeInSeconds", 300)
put("failures_reach_somebody", "a silent watchdog is well", "region", "SilentAlarm/Properties/TreatMissingData", "notBreaching")
put("failures_reach_somebody", "an inverted watchdog", "region", "SilentAlarm/Properties/ComparisonOperator", "GreaterThanThreshold")
put("failures_reach_somebody", "nobody reads the dead letters", "region", "DeadLetterAlarm/Properties/Threshold", 1000)
put("failures_reach_somebody", "no alarm on errors", "region", "ErrorAlarm", None)
put("failures_reach_somebody", "stragglers are silent", "region", "StragglerAlarm/Properties/AlarmActions", None)
put("failures_reach_somebody", "a log for ever", "region", "Log/Properties/RetentionInDays", 3653)

put("the_alarm_reaches_every_controller", "OK is not sent", "advisory", "Sender/Properties/EventPattern/detail", {"state": {"value": ["ALARM"]}})
put("the_alarm_reaches_every_controller", "another alarm's name", "advisory", ALARM + "AlarmName", "site-down")
TARGET = "Sender/Properties/Targets/0/"
put("the_alarm_reaches_every_controller", "not sent to the standby", "advisory", TARGET + "Arn", arn("events", PRIMARY, "event-bus/wp-dynamodb-failover"))
put("the_alarm_reaches_every_controller", "no role to cross Regions", "advisory", TARGET + "RoleArn", None)
put("the_alarm_reaches_every_controller", "a bus open to everybody", "region", "BusPolicy/Properties/Statement/Principal/AWS", "*")
put("the_alarm_reaches_every_controller", "Lambda refuses the rule", "region", "AlarmMayInvoke", None)
put("the_alarm_reaches_every_controller", "the rule on the default bus", "region", "AlarmRule/Properties/EventBusName", "default")

TABLES = "tables_are_global_and_can_hold_sessions"
for table in ("Sessions", "Control"):
    put(TABLES, f"{table}: a table of one Region", "data", f"{table}/Type", "AWS::DynamoDB::Table")
    put(TABLES, f"{table}: no stream", "data", f"{table}/Properties/StreamSpecification", None)
    put(TABLES, f"{table}: keys only in the stream", "data", f"{table}/Properties/StreamSpecification", {"StreamViewType": "KEYS_ONLY"})
    put(TABLES, f"{table}: no TTL", "data", f"{table}/Properties/TimeToLiveSpecification", None)
    put(TABLES, f"{table}: TTL off", "data", f"{table}/Properties/TimeToLiveSpecification/Enabled", False)
    put(TABLES, f"{table}: MRSC", "data", f"{table}/Properties/MultiRegionConsistency", "STRONG")
    put(TABLES, f"{table}: one replica", "data", f"{table}/Properties/Replicas", [{"Region": {"Ref": "StandbyRegion"}}])
    put(TABLES, f"{table}: goes with its stack", "data", f"{table}/DeletionPolicy", "Delete")
put(TABLES, "legacy global table", "data", "Sessions", {"Type": "AWS::CloudFormation::CustomResource", "Properties": {}})


RULE = "Bucket/Properties/ReplicationConfiguration/Fn::If/1/Rules/0/"
put("media_go_both_ways", "deleted files stay", "media", RULE + "DeleteMarkerReplication/Status", "Disabled")
put("media_go_both_ways", "the old form of rules", "media", RULE + "Filter", None)
put("media_go_both_ways", "replicas' tags stay", "media", RULE + "SourceSelectionCriteria", None)
put("media_go_both_ways", "no versions", "media", "Bucket/Properties/VersioningConfiguration", None)
put("media_go_both_ways", "files go with their stack", "media", "Bucket/DeletionPolicy", None)
put("media_go_both_ways", "the role may not delete", "media", "ReplicationRole/Properties/Policies/0/PolicyDocument/Statement/2/Action", ["s3:ReplicateObject"])


@mistake("media_go_both_ways", "one way")
def _(w):
    w["plan"] = [row for i, row in enumerate(PLAN) if i != 5]


@mistake("media_go_both_ways", "one pass")
def _(w):
    w["plan"] = [(n, r, {**p, "Replication": "on"} if n == "media" else p) for n, r, p in PLAN]


@mistake("every_region_has_controller_and_parameter", "a secret parameter")
def _(w):
    w["templates"]["region"]["Resources"]["ActiveRegion"]["Properties"]["Type"] = "SecureString"


@mistake("an_update_of_the_stack_moves_nothing", "updates write the parameter")
def _(w):
    w["files"] = {"stack-policy.json": '{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}'}


put("an_update_of_the_stack_moves_nothing", "the policy names another resource", "region", "Second", {"Type": "AWS::SSM::Parameter", "Properties": {}})

STATES = "AfterSwitch/Properties/Definition/States/"
put("nothing_acts_in_a_lost_region", "no question which Region", "region", STATES + "Settings/Next", "Database")
put("nothing_acts_in_a_lost_region", "any Region is ours", "region", STATES + "WhichRegion/Default", "Database")
put("nothing_acts_in_a_lost_region", "Aurora stays behind", "region", STATES + "Database/Default", "Containers")
PASS = {"Type": "Pass", "Result": "", "ResultPath": "$.x", "Next": "Containers"}
put("nothing_acts_in_a_lost_region", "Aurora is not called after a loss", "region", STATES + "FailOverDatabase", PASS)
put("nothing_acts_in_a_lost_region", "data is lost without leave", "region", STATES + "Loss/Default", "FailOverDatabase")
put("nothing_acts_in_a_lost_region", "hosts restart without a writer", "region", STATES + "Loss/Default", "Containers")
put("nothing_acts_in_a_lost_region", "nobody is told the command", "region", STATES + "DatabaseStays/Cause", "Ask somebody.")
default("nothing_acts_in_a_lost_region", "leave to lose data by default", "region", "AllowDatabaseDataLoss", "on")
put("nothing_acts_in_a_lost_region", "a person's switch is a loss", "region", STATES + "Database/Choices/1/And/3", {"Variable": "$.by", "IsPresent": True})
put("nothing_acts_in_a_lost_region", "a planned switch loses data", "region", STATES + "SwitchOverDatabase/Parameters/AllowDataLoss", True)
put("nothing_acts_in_a_lost_region", "no forced deployment", "region", STATES + "RestartContainers/Parameters", {"Cluster": "${Cluster}", "Service": "${Service}"})


@mistake("nothing_acts_in_a_lost_region", "on by default")
def _(w):
    w["templates"]["region"]["Parameters"]["AutoScalingGroup"]["Default"] = "web"


@mistake("nothing_acts_in_a_lost_region", "the failed Region's group is refreshed")
def _(w):
    policies = w["templates"]["region"]["Resources"]["AfterSwitchRole"]["Properties"]["Policies"]
    policies[2]["Fn::If"][1]["PolicyDocument"]["Statement"][0]["Resource"] = arn("autoscaling", PRIMARY, "autoScalingGroup:*:autoScalingGroupName/web")


put("drills_end", "nothing stops the drill", "drills", "SiteUnreachable/Properties/StopConditions", [{"Source": "none", "Value": ""}])
put("drills_end", "no end", "drills", "SiteUnreachable/Properties/Actions/Unreachable/Parameters/duration", "PT12H")

CONTROLLER = "ControllerRole/Properties/Policies/0/PolicyDocument/Statement/"
put("controller_rights", "all of DynamoDB", "region", CONTROLLER + "0/Action", ["dynamodb:*"])
put("controller_rights", "all tables", "region", CONTROLLER + "0/Resource", "*")
put("controller_rights", "sessions as well", "region", CONTROLLER + "0/Condition", None)
put("controller_rights", "scans pass", "region", CONTROLLER + "0/Condition/Null", None)
put("controller_rights", "writes only its own parameter", "region", CONTROLLER + "2/Resource", arn("ssm", PRIMARY, "parameter/wordpress/dynamodb_region"))
put("controller_rights", "may not write the parameter", "region", CONTROLLER + "2/Action", ["ssm:GetParameter"])
put("controller_rights", "all parameters", "region", CONTROLLER + "2/Resource", f"arn:{PARTITION}:ssm:*:*:parameter/*")
put("controller_rights", "deletes notes", "region", CONTROLLER + "1/Action", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem"])
put("controller_rights", "starts any machine", "region", CONTROLLER + "5/Fn::If/1/Resource", "*")
put("controller_rights", "the schedule invokes anything", "region", "ScheduleRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource", "*")

HOST = "HostRole/Properties/Policies/0/PolicyDocument/Statement/"
put("host_rights", "hosts write the parameter", "task-role", HOST + "1/Action", ["ssm:GetParameter", "ssm:PutParameter"])
put("host_rights", "hosts read one Region's parameter", "task-role", HOST + "1/Resource", arn("ssm", PRIMARY, "parameter/wordpress/dynamodb_region"))
put("host_rights", "hosts know one Region's table", "task-role", HOST + "0/Resource", arn("dynamodb", PRIMARY, "table/wordpress_sessions"))
put("host_rights", "hosts scan", "task-role", HOST + "0/Action", ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Scan"])
put("host_rights", "hosts cannot delete", "task-role", HOST + "0/Action", ["dynamodb:GetItem", "dynamodb:UpdateItem"])
put("host_rights", "logins are not read", "task-role", HOST + "2/Fn::If/1/Action", ["dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"])

OPERATOR = "Operator/Properties/PolicyDocument/Statement/"
put("operator_rights", "people on call read sessions", "operator", OPERATOR + "0/Condition", None)
put("operator_rights", "people on call scan", "operator", OPERATOR + "0/Condition/Null", None)
put("operator_rights", "people on call cannot tell every controller of a pin", "operator", OPERATOR + "1/Resource", arn("dynamodb", STANDBY, "table/wordpress_failover"))
put("operator_rights", "people on call cannot move the site", "operator", OPERATOR + "2/Action", "ssm:GetParameter")
put("operator_rights", "doctor cannot look at backups", "operator", OPERATOR + "3/Action", ["dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive"])
put("operator_rights", "doctor sees no alarms", "operator", OPERATOR + "4/Resource", arn("cloudwatch", PRIMARY, "alarm:*"))
put("operator_rights", "a drill writes any item", "operator", OPERATOR + "6/Condition", None)
put("operator_rights", "no replica can be made", "operator", OPERATOR + "7/Fn::If/1/Action", ["dynamodb:CreateTable", "dynamodb:UpdateTable"])
put("operator_rights", "all roles", "operator", OPERATOR + "8/Fn::If/1/Resource", "*")
put("operator_rights", "an import reads every table", "operator", OPERATOR + "9/Fn::If/1/Resource", "*")


FOLLOW = "FollowSwitch/Properties/PolicyDocument/Statement/"
put("follow_rights", "any function", "operator", FOLLOW + "0/Resource", "*")
put("follow_rights", "the steps are not seen", "operator", FOLLOW + "1/Action", "states:StartExecution")
put("follow_rights", "why they failed is not seen", "operator", FOLLOW + "2/Resource", arn("states", STANDBY, "stateMachine:wp-dynamodb-failover-after-switch"))
put("follow_rights", "any database", "operator", FOLLOW + "3/Fn::If/1/Resource", "*")
put("follow_rights", "the database is deleted", "operator", FOLLOW + "3/Fn::If/1/Action", "rds:*")
put("follow_rights", "any service", "operator", FOLLOW + "4/Fn::If/1/Resource", arn("ecs", STANDBY, "service/*"))
put("follow_rights", "one Region's group", "operator", FOLLOW + "5/Fn::If/1/Resource", arn("autoscaling", STANDBY, "autoScalingGroup:*:autoScalingGroupName/web"))
default("follow_rights", "on by default", "operator", "AfterSwitch", "on")


@mistake("operator_rights", "people on call make tables by default")
def _(w):
    w["templates"]["operator"]["Parameters"]["MakesTables"]["Default"] = "on"


@pytest.mark.parametrize(("check", "change"), MISTAKES)
def test_mistake_is_found(check, change):
    world = {"templates": copy.deepcopy(OURS), "plan": None, "files": None}
    change(world)
    try:
        found = list(CHECKS[check](World(**world)))
    except KeyError as error:
        # A reference to what is not there: CloudFormation would refuse the template.
        found = [f"refused: {error}"]
    assert found, "nobody noticed"


def test_every_check_has_been_seen_to_fail():
    assert {row.values[0] for row in MISTAKES} == set(CHECKS)
