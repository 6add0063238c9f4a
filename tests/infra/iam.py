"""What the statements of IAM policies allow."""

from fnmatch import fnmatchcase


def statements(role):
    """All statements of a role's own policies, or of a managed policy."""
    return [s for policy in role.properties.get("Policies", [role.properties]) for s in policy["PolicyDocument"]["Statement"]]


def each(value):
    return value if isinstance(value, list) else [value]


def grants(role):
    """All pairs of action and resource that a role's statements name."""
    return {(action, resource) for s in statements(role) for action in each(s["Action"]) for resource in each(s["Resource"])}


def allows(role, action, resource, keys=None):
    """Whether a role may do it. `keys`: the partition keys that the call names (DynamoDB's LeadingKeys); None: it names none, as a Scan."""
    allowed = False
    for statement in statements(role):
        fits = any(fnmatchcase(action.lower(), a.lower()) for a in each(statement["Action"]))
        fits = fits and any(fnmatchcase(resource, r) for r in each(statement["Resource"]))
        if fits and _conditions(statement.get("Condition", {}), keys):
            if statement["Effect"] == "Deny":
                return False
            allowed = True
    return allowed


def _conditions(conditions, keys):
    for operator, tests in conditions.items():
        for key, wanted in tests.items():
            if key != "dynamodb:LeadingKeys":
                raise ValueError(f"condition on {key}")
            if operator == "ForAllValues:StringEquals":
                # True of nothing, too: what Null is there for.
                if not all(k in each(wanted) for k in keys or []):
                    return False
            elif operator == "ForAllValues:StringLike":
                if not all(any(fnmatchcase(k, w) for w in each(wanted)) for k in keys or []):
                    return False
            elif operator == "Null":
                if (keys is None) != (str(wanted).lower() == "true"):
                    return False
            else:
                raise ValueError(f"condition operator {operator}")
    return True
