"""Runs a Step Functions definition without AWS: which calls it would make."""

from fnmatch import fnmatchcase


def run(definition, substitutions, given):
    """Gives (calls, how it ends): each call is (integration, parameters)."""
    definition = put(definition, substitutions)
    states, name, data, calls = definition["States"], definition["StartAt"], dict(given), []
    for _ in range(50):
        state = states[name]
        kind = state["Type"]
        if kind == "Succeed":
            return calls, "succeeded"
        if kind == "Fail":
            return calls, f"failed: {state['Error']}"
        if kind == "Pass":
            data[state["ResultPath"].removeprefix("$.")] = state["Result"]
        if kind == "Task":
            calls.append((state["Resource"].split(":::")[1], state["Parameters"]))
        chosen = (c["Next"] for c in state.get("Choices", []) if _holds(c, data))
        name = state["Next"] if kind != "Choice" else next(chosen, state.get("Default"))
    raise ValueError("no end")


def put(node, substitutions):
    if isinstance(node, dict):
        return {k: put(v, substitutions) for k, v in node.items()}
    if isinstance(node, list):
        return [put(v, substitutions) for v in node]
    if isinstance(node, str):
        for key, value in substitutions.items():
            node = node.replace(f"${{{key}}}", str(value))
        if "${" in node:
            raise ValueError(f"not replaced: {node}")
    return node


def _holds(rule, data):
    if "And" in rule:
        return all(_holds(r, data) for r in rule["And"])
    found, present = data, True
    for part in rule["Variable"].removeprefix("$.").split("."):
        present = present and isinstance(found, dict) and part in found
        found = found[part] if present else None
    if "IsPresent" in rule:
        return present == rule["IsPresent"]
    if not present:
        raise ValueError(f"{rule['Variable']} is not there: the execution would fail")
    if "StringEquals" in rule:
        return found == rule["StringEquals"]
    if "StringMatches" in rule:
        return fnmatchcase(found, rule["StringMatches"])
    return found is rule["BooleanEquals"]
