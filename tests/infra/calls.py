"""The AWS calls that the code makes, read from its source."""

import re
from pathlib import Path

import botocore.session
from botocore import xform_name

ROOT = Path(__file__).resolve().parents[2]
FAILOVER = ROOT / "crates/failover/src"
# IAM's prefix, and botocore's name of the service.
SERVICES = {
    "dynamodb": "dynamodb", "ssm": "ssm", "states": "stepfunctions", "sqs": "sqs", "rds": "rds", "ecs": "ecs", "autoscaling": "autoscaling",
    "cloudwatch": "cloudwatch", "route53": "route53", "sts": "sts",
}  # fmt: skip
# What a call's argument of the source stands for. A new one must be named here: the test fails until somebody has said which table it is.
TABLES = {
    ("canary.rs", "&settings.table.name"): "sessions",
    ("ledger.rs", "self.table"): "control",
    ("dynamo.rs", "&key.table"): "sessions",
    ("dynamo_items.rs", "&place.table"): "named by the plugin",
    ("dynamo_items.rs", "&query.table"): "named by the plugin",
    ("dynamo_tables.rs", "table"): "any",
    ("rights.rs", "&settings.control_table"): "control",
    ("table.rs", "&wanted.name"): "sessions and control",
    ("make.rs", "&self.wanted.name"): "all",
    ("mod.rs", "&wanted.name"): "all",
    ("probe.rs", "&table.name"): "sessions",
    ("copy.rs", "table"): "imported",
    ("copy.rs", "&key.table"): "sessions",
}


def _operations():
    """Each operation of the services as Rust's SDK names it, with IAM's name. DynamoDB's come first where two services share a name."""
    session, known = botocore.session.get_session(), {}
    for prefix, service in SERVICES.items():
        for operation in session.get_service_model(service).operation_names:
            known.setdefault(xform_name(operation), f"{prefix}:{operation}")
    return known


OPERATIONS = _operations()


def calls(folder, but=()):
    """{(action, table or "")} of the SDK calls in a folder's Rust files: `.operation()`, in files that use a client, with its table in the same statement."""
    found = set()
    for path in sorted(folder.rglob("*.rs")):
        if any(part in path.relative_to(folder).as_posix() for part in but):
            continue
        text = path.read_text().split("#[cfg(test)]")[0]
        if "aws_sdk_" not in text and "client" not in text:
            continue
        for match in re.finditer(r"\.([a-z_]+)\(\)", text):
            action = OPERATIONS.get(match[1])
            if action is None:
                continue
            statement = text[match.end() : text.find(";", match.end())]
            table = re.search(r"\.table_name\(([^()]*)\)", statement)
            if action.startswith("dynamodb:"):
                if table is None:
                    raise LookupError(f"{path.name}: which table is {match[0]} for? Name it in the same statement")
                found.add((action, TABLES[(path.name, table[1])]))
            else:
                found.add((action, ""))
    return found


def controller():
    """What the Lambda calls. The command line has the rights of who runs it."""
    return calls(FAILOVER, but=("ctl",))


# Folders of the command line that call AWS by themselves, as the parts of the operator's policy are called. A new one must be named here.
PARTS = {"doctor": "doctor", "table": "tables", "drill": "drills", "import": "imports"}


def operator():
    """{part: calls} of the command line. "orders": what all commands share with the controller; a person's machine starts no state machine."""
    found = {"orders": calls(FAILOVER / "aws", but=("steps.rs",)) | calls(FAILOVER / "ctl", but=tuple(f"{p}/" for p in PARTS))}
    return found | {part: calls(FAILOVER / "ctl" / folder) for folder, part in PARTS.items() if (FAILOVER / "ctl" / folder).exists()}


def keys(part):
    """The form of the keys that a part of the command line writes in the session table: everything in braces is any text."""
    folder = {v: k for k, v in PARTS.items()}.get(part)
    text = "".join(p.read_text() for p in (FAILOVER / "ctl" / folder if folder else FAILOVER / "aws").rglob("*.rs"))
    return {re.sub(r"\{.*?\}", "any", form) for form in re.findall(r'"(wp-dynamodb/[^"]*\{[^"]*)"', text)}


def extension():
    """What a host's extension calls."""
    return calls(ROOT / "crates/core/src", but=("_tests.rs",))


def plugin():
    """What the plugin has the extension call on the table of login sessions."""
    functions = {"get": "GetItem", "put": "PutItem", "update": "UpdateItem", "delete": "DeleteItem", "query": "Query", "query_ahead": "Query"}
    found = set()
    for path in (ROOT / "wp-plugin").rglob("*.php"):
        for match in re.finditer(r"\bwp_dynamodb_(\w+)\(\s*(?:self::table\(\)|\(string\) setting\( 'logins_table' \))", path.read_text()):
            found.add(f"dynamodb:{functions[match[1]]}")
    return found


def canary_keys(home, regions):
    """The keys of the controller's canary, as the source forms them: one for each Region, and one for each to measure replication by."""
    text = (FAILOVER / "aws/canary.rs").read_text()
    form = re.search(r'format!\("(wp-dynamodb/controller/[^"]*)", settings\.policy\.home\)', text)[1]
    lag = re.search(r'key\(settings, from\) \+ "([^"]*)"', text)[1]
    return [form.replace("{}", home).replace("{region}", region) + end for end in ("", lag) for region in regions]


def variables():
    """{environment variable: default or None} that the controller reads."""
    text = (FAILOVER / "settings.rs").read_text().split("#[cfg(test)]")[0]
    found = {}
    for match in re.finditer(r'"(WP_DYNAMODB_[A-Z_]+)"(?:, ("[^"]*"|[\d.]+|&\[\("\w+"))?', text):
        default = (match[2] or "").removeprefix('&[(').strip('"')
        found.setdefault(match[1], default or None)
    return found
