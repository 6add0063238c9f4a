"""The site that the tests deploy: infra/README.md's order of stacks, in two Regions, and again with everything optional."""

from cfn import ACCOUNT, PARTITION, Stack, templates

PRIMARY, STANDBY = "us-east-1", "us-west-2"
REGIONS = [PRIMARY, STANDBY]
SITE = "www.example.com"
HEALTH_URLS = ",".join(f"{r}=https://{r}.origin.{SITE}/healthz?level=region" for r in REGIONS)


def arn(service, region, rest):
    return f"arn:{PARTITION}:{service}:{region}:{ACCOUNT}:{rest}"


# (template, Region, parameters without a default), in the order of deployment: the standby first.
PLAN = [
    ("data", STANDBY, {}),
    ("region", STANDBY, {"HealthUrls": HEALTH_URLS, "CodeBucket": f"code-{STANDBY}"}),
    ("region", PRIMARY, {"HealthUrls": HEALTH_URLS, "CodeBucket": f"code-{PRIMARY}"}),
    ("media", STANDBY, {"BucketPrefix": "site-media", "OtherRegion": PRIMARY}),
    ("media", PRIMARY, {"BucketPrefix": "site-media", "OtherRegion": STANDBY, "Replication": "on"}),
    ("media", STANDBY, {"BucketPrefix": "site-media", "OtherRegion": PRIMARY, "Replication": "on"}),
    ("task-role", STANDBY, {}),
    ("operator", STANDBY, {}),
    (
        "dns",
        STANDBY,
        {
            "HostedZoneId": "Z0000000000000000000",
            "SiteName": SITE,
            "PrimaryTarget": "primary.us-east-1.elb.amazonaws.com",
            "PrimaryTargetZone": "Z00000000000PRIMARY",
            "StandbyTarget": "standby.us-west-2.elb.amazonaws.com",
            "StandbyTargetZone": "Z00000000000STANDBY",
        },
    ),
    ("advisory", PRIMARY, {"PrimaryCheckId": "<dns.PrimaryCheck>", "StandbyCheckId": "<dns.StandbyCheck>"}),
    ("drills", PRIMARY, {"SubnetArns": arn("ec2", PRIMARY, "subnet/subnet-1"), "StopAlarmArn": arn("cloudwatch", PRIMARY, "alarm:visitors")}),
]

# What everything optional adds.
OPTIONS = {
    "data": {"LoginsTable": "wordpress_logins", "PointInTimeRecovery": "all"},
    "region": {
        "NotifyEmail": "ops@example.com",
        "AuroraGlobalCluster": "wordpress",
        "AuroraCluster": "wordpress-here",
        "AllowDatabaseDataLoss": "on",
        "EcsCluster": "web",
        "EcsService": "wordpress",
        "AutoScalingGroup": "web",
    },
    "media": {"ReplicationTimeControl": "on"},
    "task-role": {"LoginsTable": "wordpress_logins", "TestConnection": "on", "Hosts": "ec2"},
    "operator": {
        "MakesTables": "on",
        "LoginsTable": "wordpress_logins",
        "ImportFrom": "sessions",
        "AfterSwitch": "on",
        "AuroraGlobalCluster": "wordpress",
        "AuroraCluster": "wordpress-here",
        "EcsCluster": "web",
        "EcsService": "wordpress",
        "AutoScalingGroup": "web",
    },
    "dns": {"Ipv6": "on"},
}


class Site:
    """All stacks, as they stand when the last one is deployed. `optional`: with everything that is off by default."""

    def __init__(self, given=None, plan=None, optional=False):
        self.templates = given if given is not None else templates()
        self.plan = plan if plan is not None else PLAN
        self.stacks = {}
        for name, region, parameters in self.plan:
            extra = OPTIONS.get(name, {}) if optional else {}
            topic = {"NotifyTopicArn": arn("sns", region, "wp-dynamodb-failover")} if optional and name == "media" else {}
            # The last deployment of one stack counts.
            self.stacks[(name, region)] = Stack(name, self.templates[name], region, {**extra, **topic, **parameters})

    def named(self, name):
        return [stack for (n, _), stack in self.stacks.items() if n == name]

    def stack(self, name, region):
        return self.stacks.get((name, region))

    def of_type(self, kind):
        return [r for stack in self.stacks.values() for r in stack.of_type(kind)]
