"""What a CloudWatch alarm says of a row of data points, and which events a rule's pattern takes."""

COMPARISONS = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}
MISSING = None


def state(alarm, points):
    """OK, ALARM or INSUFFICIENT_DATA, given the newest `EvaluationPeriods` points, `MISSING` among them; raises for an alarm that CloudWatch refuses."""
    comparison = alarm["ComparisonOperator"]
    if comparison not in COMPARISONS:
        raise ValueError(f"there is no {comparison}")
    periods = alarm["EvaluationPeriods"]
    needed = alarm.get("DatapointsToAlarm", periods)
    points = [points[min(i, len(points) - 1)] for i in range(periods)]
    treat = alarm.get("TreatMissingData", "missing")
    if treat not in ("breaching", "notBreaching", "ignore", "missing"):
        raise ValueError(f"TreatMissingData: {treat}")
    if all(p is MISSING for p in points) and treat in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if treat == "missing" else "OK"
    breaching = sum(treat == "breaching" if p is MISSING else COMPARISONS[comparison](p, alarm["Threshold"]) for p in points)
    return "ALARM" if breaching >= needed else "OK"


def matches(pattern, event):
    """Whether an EventBridge pattern takes an event: exact values and prefixes, which is what ours have."""
    for key, wanted in pattern.items():
        found = event.get(key)
        if isinstance(wanted, dict):
            if not isinstance(found, dict) or not matches(wanted, found):
                return False
            continue
        found = found if isinstance(found, list) else [found]
        if not any(_one(w, f) for w in wanted for f in found):
            return False
    return True


def _one(wanted, found):
    if isinstance(wanted, dict):
        return isinstance(found, str) and found.startswith(wanted["prefix"])
    return wanted == found


def change(arn, value, account, region):
    """An alarm's change of state as EventBridge carries it (shape B)."""
    return {
        "version": "0",
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "account": account,
        "region": region,
        "resources": [arn],
        "detail": {"alarmName": arn.rsplit(":", 1)[1], "state": {"value": value}},
    }
