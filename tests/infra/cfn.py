"""CloudFormation templates as data: loads them, and says what a stack of one has in it, given a Region and parameters."""

import copy
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

INFRA = Path(__file__).resolve().parents[2] / "infra"
ACCOUNT = "111122223333"
PARTITION = "aws"
NOTHING = object()


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, which become the long ones."""


def _tag(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tag)


def load(path):
    return yaml.load(Path(path).read_text(), _Loader)


def templates():
    """All templates of infra/, by name."""
    return {path.stem: load(path) for path in sorted(INFRA.glob("*.yaml"))}


@dataclass
class Resource:
    id: str
    type: str
    properties: dict
    attributes: dict
    stack: "Stack" = field(repr=False)

    @property
    def region(self):
        return self.stack.region

    @property
    def arn(self):
        return self.stack.arn(self.id)


class Stack:
    """What CloudFormation makes of a template."""

    def __init__(self, name, template, region, parameters=None):
        self.name, self.template, self.region = name, template, region
        given = dict(parameters or {})
        self.parameters = {key: given.pop(key, spec.get("Default")) for key, spec in template["Parameters"].items()}
        if given:
            raise KeyError(f"{name}.yaml has no parameters {sorted(given)}")
        missing = [key for key, value in self.parameters.items() if value is None]
        if missing:
            raise KeyError(f"{name}.yaml needs {missing}")
        self.wrong_values = [
            f"{name}: {key} = {value!r}" for key, value in self.parameters.items() if not _allowed(template["Parameters"][key], str(value))
        ]
        self.resources = {}
        for key, raw in template["Resources"].items():
            if "Condition" in raw and not self.condition(raw["Condition"]):
                continue
            attributes = {k: v for k, v in raw.items() if k not in ("Type", "Properties")}
            self.resources[key] = Resource(key, raw["Type"], {}, attributes, self)
        for key, resource in self.resources.items():
            resource.properties = self.value(copy.deepcopy(template["Resources"][key].get("Properties", {})))

    def of_type(self, kind):
        return [r for r in self.resources.values() if r.type == kind]

    def broken_rules(self):
        """Descriptions of the assertions that do not hold."""
        broken = []
        for rule in self.template.get("Rules", {}).values():
            if "RuleCondition" in rule and not self.truth(rule["RuleCondition"]):
                continue
            broken += [a["AssertDescription"] for a in rule["Assertions"] if not self.truth(a["Assert"])]
        return broken

    def outputs(self):
        given = self.template.get("Outputs", {})
        return {k: self.value(o["Value"]) for k, o in given.items() if "Condition" not in o or self.condition(o["Condition"])}

    def condition(self, name):
        return self.truth(self.template["Conditions"][name])

    def truth(self, node):
        ((function, given),) = node.items()
        if function == "Condition":
            return self.condition(given)
        if function == "Fn::Equals":
            return str(self.value(given[0])) == str(self.value(given[1]))
        if function == "Fn::Not":
            return not self.truth(given[0])
        if function == "Fn::And":
            return all(self.truth(g) for g in given)
        if function == "Fn::Or":
            return any(self.truth(g) for g in given)
        if function == "Fn::Contains":
            return self.value(given[1]) in self.value(given[0])
        raise ValueError(f"{function} is no condition")

    def value(self, node):
        """`node` without functions; what AWS::NoValue stands for is left out."""
        if isinstance(node, list):
            return [v for v in (self.value(n) for n in node) if v is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, given),) = node.items()
            if function == "Ref":
                return self.ref(given)
            if function.startswith("Fn::"):
                return self.function(function, given)
        return {k: v for k, v in ((k, self.value(v)) for k, v in node.items()) if v is not NOTHING}

    def function(self, name, given):
        if name == "Fn::If":
            return self.value(given[1] if self.condition(given[0]) else given[2])
        if name == "Fn::GetAtt":
            return self.attribute(*given)
        if name == "Fn::Sub":
            text, own = given if isinstance(given, list) else (given, {})
            own = {k: self.value(v) for k, v in own.items()}

            def put(match):
                key = match[1]
                if key in own:
                    return str(own[key])
                return str(self.attribute(*key.split(".", 1)) if "." in key else self.ref(key))

            return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", put, text)
        raise ValueError(f"{name} is not known here")

    def ref(self, name):
        pseudo = {"AWS::Region": self.region, "AWS::AccountId": ACCOUNT, "AWS::Partition": PARTITION, "AWS::NoValue": NOTHING}
        if name in pseudo:
            return pseudo[name]
        if name in self.parameters:
            value = self.parameters[name]
            if self.template["Parameters"][name]["Type"].startswith(("CommaDelimitedList", "List<")) and isinstance(value, str):
                return [part.strip() for part in value.split(",")]
            return value
        if self.resource(name).type in ("AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::IAM::ManagedPolicy"):
            return self.arn(name)
        return self.physical(name)

    def attribute(self, name, attribute):
        if attribute == "Arn":
            return self.arn(name)
        if attribute in ("QueueName", "Name"):
            return self.physical(name)
        return f"<{name}.{attribute}>"

    def resource(self, name):
        if name not in self.resources:
            raise KeyError(f"{self.name}.yaml: {name} is not made, but something refers to it")
        return self.resources[name]

    def physical(self, name):
        """The name that a resource gets, if the template gives it one."""
        key = {
            "AWS::CloudWatch::Alarm": "AlarmName", "AWS::Events::EventBus": "Name", "AWS::Events::Rule": "Name", "AWS::Lambda::Function": "FunctionName",
            "AWS::Logs::LogGroup": "LogGroupName", "AWS::S3::Bucket": "BucketName", "AWS::SNS::Topic": "TopicName", "AWS::SQS::Queue": "QueueName",
            "AWS::Scheduler::Schedule": "Name", "AWS::StepFunctions::StateMachine": "StateMachineName", "AWS::DynamoDB::GlobalTable": "TableName",
        }.get(self.resource(name).type)
        given = self.template["Resources"][name].get("Properties", {})
        return self.value(given[key]) if key in given else f"<{self.name}.{name}>"

    def arn(self, name):
        service, middle = {
            "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm:"), "AWS::DynamoDB::GlobalTable": ("dynamodb", "table/"), "AWS::Events::EventBus": ("events", "event-bus/"),
            "AWS::Events::Rule": ("events", "rule/"), "AWS::IAM::Role": ("iam", "role/"), "AWS::IAM::ManagedPolicy": ("iam", "policy/"),
            "AWS::Lambda::Function": ("lambda", "function:"), "AWS::S3::Bucket": ("s3", ""),
            "AWS::SNS::Topic": ("sns", ""), "AWS::SQS::Queue": ("sqs", ""), "AWS::StepFunctions::StateMachine": ("states", "stateMachine:"),
        }[self.resource(name).type]
        region = "" if service in ("iam", "s3") else self.region
        account = "" if service == "s3" else ACCOUNT
        return f"arn:{PARTITION}:{service}:{region}:{account}:{middle}{self.physical(name)}"


def _allowed(spec, value):
    if "AllowedValues" in spec and value not in [str(v) for v in spec["AllowedValues"]]:
        return False
    if "AllowedPattern" in spec and not re.fullmatch(spec["AllowedPattern"], value):
        return False
    low, high = spec.get("MinValue"), spec.get("MaxValue")
    return (low is None or float(value) >= low) and (high is None or float(value) <= high)
