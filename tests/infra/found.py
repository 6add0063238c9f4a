"""Whether what CloudFormation says it has made is there, asked of each service itself: what is missing or different, as words; none is well."""

import json

from emulator import client

FINDERS = {}


def finder(kind):
    def register(function):
        FINDERS[kind] = function
        return function

    return register


def same(what, wanted, found):
    if wanted != found:
        yield f"{what}: {found!r}"


@finder("AWS::DynamoDB::GlobalTable")
def _(resource, name):
    p, dynamodb = resource.properties, client("dynamodb", resource.region)
    table = dynamodb.describe_table(TableName=name)["Table"]
    yield from same("keys", p["KeySchema"], table["KeySchema"])
    yield from same("stream", "NEW_AND_OLD_IMAGES", table.get("StreamSpecification", {}).get("StreamViewType"))
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    yield from same("TTL", ("ENABLED", "expires"), (ttl["TimeToLiveStatus"], ttl.get("AttributeName")))
    here = {r["RegionName"] for r in table.get("Replicas", [])} | {resource.region}
    yield from (f"no replica in {r['Region']}" for r in p["Replicas"] if r["Region"] not in here)


@finder("AWS::SSM::Parameter")
def _(resource, name):
    found = client("ssm", resource.region).get_parameter(Name=name)["Parameter"]
    yield from same("value", ("String", "us-east-1"), (found["Type"], found["Value"]))


@finder("AWS::Lambda::Function")
def _(resource, name):
    lambda_, p = client("lambda", resource.region), resource.properties
    found = lambda_.get_function_configuration(FunctionName=name)
    for key in ("Runtime", "Handler", "Timeout", "MemorySize", "Architectures"):
        yield from same(key, p[key], found.get(key))
    wanted = {k: str(v) for k, v in p["Environment"]["Variables"].items()}
    yield from same("variables", wanted, found.get("Environment", {}).get("Variables"))
    yield from same("dead-letter queue", p["DeadLetterConfig"]["TargetArn"], found.get("DeadLetterConfig", {}).get("TargetArn"))
    yield from same("concurrency", 3, lambda_.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions"))


@finder("AWS::Lambda::EventInvokeConfig")
def _(resource, name):
    found = client("lambda", resource.region).get_function_event_invoke_config(FunctionName="wp-dynamodb-failover", Qualifier="$LATEST")
    for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
        yield from same(key, resource.properties[key], found.get(key))


@finder("AWS::Lambda::Permission")
def _(resource, name):
    policy = json.loads(client("lambda", resource.region).get_policy(FunctionName="wp-dynamodb-failover")["Policy"])
    yield from same("who", True, "events.amazonaws.com" in json.dumps(policy["Statement"][0]["Principal"]))


@finder("AWS::Logs::LogGroup")
def _(resource, name):
    groups = client("logs", resource.region).describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    yield from same("retention", [90], [g.get("retentionInDays") for g in groups])


@finder("AWS::SQS::Queue")
def _(resource, name):
    sqs = client("sqs", resource.region)
    found = sqs.get_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=resource.properties["QueueName"])["QueueUrl"], AttributeNames=["All"])
    yield from same("retention", "1209600", found["Attributes"].get("MessageRetentionPeriod"))


@finder("AWS::IAM::Role")
def _(resource, name):
    iam = client("iam", resource.region)
    for policy in resource.properties["Policies"]:
        found = iam.get_role_policy(RoleName=name, PolicyName=policy["PolicyName"])["PolicyDocument"]
        # The names of things in ARNs that only the service knows are not compared.
        yield from same("actions", [s["Action"] for s in policy["PolicyDocument"]["Statement"]], [s["Action"] for s in found["Statement"]])


@finder("AWS::IAM::ManagedPolicy")
def _(resource, name):
    iam = client("iam", resource.region)
    version = iam.get_policy(PolicyArn=name)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=name, VersionId=version)["PolicyVersion"]["Document"]
    yield from same("statements", [s["Sid"] for s in resource.properties["PolicyDocument"]["Statement"]], [s["Sid"] for s in found["Statement"]])


@finder("AWS::IAM::InstanceProfile")
def _(resource, name):
    found = client("iam", resource.region).get_instance_profile(InstanceProfileName=name.rsplit("/", 1)[-1])["InstanceProfile"]
    yield from same("roles", 1, len(found["Roles"]))


@finder("AWS::Scheduler::Schedule")
def _(resource, name):
    found = client("scheduler", resource.region).get_schedule(Name="wp-dynamodb-failover")
    yield from same("rate", "rate(1 minute)", found["ScheduleExpression"])
    yield from same("input", '{"action":"tick"}', found["Target"].get("Input"))


@finder("AWS::Events::EventBus")
def _(resource, name):
    yield from same("name", "wp-dynamodb-failover", client("events", resource.region).describe_event_bus(Name="wp-dynamodb-failover")["Name"])


@finder("AWS::Events::Rule")
def _(resource, name):
    bus = resource.properties.get("EventBusName", "default")
    found = client("events", resource.region).list_targets_by_rule(Rule=resource.properties["Name"], EventBusName=bus)["Targets"]
    yield from same("targets", {t["Id"] for t in resource.properties["Targets"]}, {t["Id"] for t in found})


@finder("AWS::SNS::Topic")
def _(resource, name):
    yield from same("topic", True, any(t["TopicArn"] == name for t in client("sns", resource.region).list_topics()["Topics"]))


@finder("AWS::SNS::Subscription")
def _(resource, name):
    found = client("sns", resource.region).list_subscriptions()["Subscriptions"]
    yield from same("address", ["ops@example.com"], [s["Endpoint"] for s in found])


@finder("AWS::CloudWatch::Alarm")
def _(resource, name):
    found = client("cloudwatch", resource.region).describe_alarms(AlarmNames=[name])["MetricAlarms"]
    if not found:
        yield "no alarm"
        return
    for key in ("Namespace", "MetricName", "ComparisonOperator", "TreatMissingData", "EvaluationPeriods", "Period", "Statistic"):
        yield from same(key, resource.properties[key], found[0].get(key))
    yield from same("Threshold", float(resource.properties["Threshold"]), found[0].get("Threshold"))
    yield from same("actions", len(resource.properties.get("AlarmActions", [])), len(found[0].get("AlarmActions", [])))


@finder("AWS::CloudWatch::Dashboard")
def _(resource, name):
    body = json.loads(client("cloudwatch", resource.region).get_dashboard(DashboardName=resource.properties["DashboardName"])["DashboardBody"])
    yield from same("widgets", 5, len(body["widgets"]))


@finder("AWS::StepFunctions::StateMachine")
def _(resource, name):
    found = json.loads(client("stepfunctions", resource.region).describe_state_machine(stateMachineArn=name)["definition"])
    yield from same("states", set(resource.properties["Definition"]["States"]), set(found["States"]))
    choice = found["States"]["WhichRegion"]["Choices"][0]["And"][1].get("StringEquals")
    yield from same("Region", resource.region, choice)


@finder("AWS::S3::Bucket")
def _(resource, name):
    s3 = client("s3", resource.region)
    yield from same("versions", "Enabled", s3.get_bucket_versioning(Bucket=name).get("Status"))
    for what, ask in (("replication", s3.get_bucket_replication), ("lifecycle", s3.get_bucket_lifecycle_configuration), ("encryption", s3.get_bucket_encryption)):
        try:
            ask(Bucket=name)
        except s3.exceptions.ClientError as error:
            yield f"no {what} ({error.response['Error']['Code']})"


@finder("AWS::S3::BucketPolicy")
def _(resource, name):
    policy = json.loads(client("s3", resource.region).get_bucket_policy(Bucket=resource.properties["Bucket"])["Policy"])
    yield from same("effect", "Deny", policy["Statement"][0]["Effect"])


@finder("AWS::Route53::RecordSet")
def _(resource, name):
    route53, p = client("route53", "us-east-1"), resource.properties
    zone = next(z["Id"] for z in route53.list_hosted_zones()["HostedZones"])
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    found = [r for r in records if r["Name"].rstrip(".") == p["Name"] and r["Type"] == p["Type"] and r.get("SetIdentifier") == p.get("SetIdentifier")]
    yield from same("records", 1, len(found))
    for record in found:
        yield from same("failover", p.get("Failover"), record.get("Failover"))
        yield from same("alias", p["AliasTarget"]["DNSName"], record.get("AliasTarget", {}).get("DNSName", "").rstrip("."))
        yield from same("health check", "HealthCheckId" in p, "HealthCheckId" in record)
