"""ministack, and the stacks of the site made on it."""

import io
import json
import os
import sys
import zipfile

import boto3
from botocore.config import Config
from cfn import ACCOUNT, INFRA, load
from harness import paths, wait
from harness.process import Daemon
from stacks import PLAN, REGIONS, Site

PORT = paths.ports(19790).base
ENDPOINT = f"http://127.0.0.1:{PORT}"
CODE = "wp-dynamodb/failover-x86_64.zip"


def client(service, region):
    config = Config(retries={"max_attempts": 1}, connect_timeout=2, read_timeout=20)
    # The key is the account, for ministack.
    return boto3.client(service, region_name=region, endpoint_url=ENDPOINT, aws_access_key_id=ACCOUNT, aws_secret_access_key="none", config=config)


def start():
    daemon = Daemon("ministack", paths.run_dir("infra"))
    # Without BIND_HOST it listens on all addresses.
    env = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(PORT), "PATH": os.environ["PATH"]}
    daemon.start([sys.executable, "-m", "ministack"], env=env, ready=lambda: client("sts", REGIONS[0]).get_caller_identity(), timeout=40)
    return daemon


class Made:
    """The stacks of the plan, with everything optional. `refused`: what the emulator's CloudFormation has no provisioner for, by type."""

    def __init__(self):
        self.refused = {}
        self.stacks = {}
        self.site = Site(optional=True)
        self.checks = {}
        zone = client("route53", "us-east-1").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"].split("/")[-1]
        for region in REGIONS:
            self._code(region)
        for number, (name, region, parameters) in enumerate(PLAN):
            given = {**self.site.stack(name, region).parameters, **parameters}
            if name == "dns":
                given["HostedZoneId"] = zone
            if name == "advisory":
                given |= {f"{who}CheckId": self.checks[f"{who}Check"] for who in ("Primary", "Standby")}
            # The first pass of the first bucket: before the other one is there.
            self._deploy(name, region, {k: str(v) for k, v in given.items()}, again=(name, region) in [row[:2] for row in PLAN[:number]])

    def _code(self, region):
        program = io.BytesIO()
        with zipfile.ZipFile(program, "w") as archive:
            archive.writestr("bootstrap", "#!/bin/sh\n")
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3 = client("s3", region)
        s3.create_bucket(Bucket=f"code-{region}", **where)
        s3.put_object(Bucket=f"code-{region}", Key=CODE, Body=program.getvalue())

    def _deploy(self, name, region, parameters, again):
        """Makes a stack; what makes it fail is left out, and made by its own service where that is possible."""
        text, out = (INFRA / f"{name}.yaml").read_text(), []
        while True:
            body = text if not out else json.dumps(self._without(name, out))
            status, refused = self._try(name, region, body, parameters, again)
            if refused is None:
                assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), f"{name} in {region}: {status}"
                return
            assert refused not in out, f"{name} in {region}: {refused} is out and still refused"
            out.append(refused)
            self.refused.setdefault(refused, set()).add(name)
            if refused == "AWS::Route53::HealthCheck":
                self._health_checks(region)

    def _try(self, name, region, body, parameters, again):
        cf, stack = client("cloudformation", region), f"wp-{name}"
        act = cf.update_stack if again else cf.create_stack
        act(StackName=stack, TemplateBody=body, Capabilities=["CAPABILITY_IAM"], Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()])

        def settled():
            state = cf.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            return None if state.endswith("IN_PROGRESS") else state

        status = wait.until(settled, what=f"{name} in {region}", timeout=20)
        events = cf.describe_stack_events(StackName=stack)["StackEvents"]
        failed = [e for e in events if e["ResourceStatus"].endswith("FAILED") and "Unsupported resource type" in e.get("ResourceStatusReason", "")]
        if failed and status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            cf.delete_stack(StackName=stack)
            if name == "region":
                self._forget(region)
            return status, failed[0]["ResourceType"]
        self.stacks[(name, region)] = {r["LogicalResourceId"]: r for r in cf.describe_stack_resources(StackName=stack)["StackResources"]}
        return status, None

    @staticmethod
    def _forget(region):
        """A parameter outlives its stack (DeletionPolicy), and would be in the next try's way."""
        ssm = client("ssm", region)
        for found in ssm.describe_parameters()["Parameters"]:
            ssm.delete_parameter(Name=found["Name"])

    def _without(self, name, types):
        """The template without resources of some types; references to health checks become the ids of those made by hand."""
        template = load(INFRA / f"{name}.yaml")
        gone = {k for k, r in template["Resources"].items() if r["Type"] in types}
        template["Resources"] = {k: r for k, r in template["Resources"].items() if k not in gone}
        template["Outputs"] = {k: o for k, o in template.get("Outputs", {}).items() if not any(f'"{g}"' in json.dumps(o) for g in gone)}
        if not template["Outputs"]:
            del template["Outputs"]

        def put(node):
            if isinstance(node, dict):
                return self.checks[node["Ref"]] if node.get("Ref") in self.checks else {k: put(v) for k, v in node.items()}
            return [put(n) for n in node] if isinstance(node, list) else node

        return put(template)

    def _health_checks(self, region):
        route53 = client("route53", "us-east-1")
        for found in self.site.stack("dns", region).of_type("AWS::Route53::HealthCheck"):
            config = found.properties["HealthCheckConfig"]
            made = route53.create_health_check(CallerReference=found.id, HealthCheckConfig=config)
            self.checks[found.id] = made["HealthCheck"]["Id"]

    def of_type(self, kind):
        """(our resource, physical id) of a type."""
        for (name, region), made in self.stacks.items():
            for resource in self.site.stack(name, region).of_type(kind):
                yield resource, made.get(resource.id, {}).get("PhysicalResourceId")
