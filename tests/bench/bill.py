"""What DynamoDB charges for: calls, units, dollars."""

import base64
from collections.abc import Mapping

# US East (N. Virginia), on demand, from https://aws.amazon.com/dynamodb/pricing/on-demand/ as of the price cut of November 2024.
# A replicated write unit of a global table costs what a write unit costs, in each Region.
USD_PER_MILLION_READ_UNITS = 0.125
USD_PER_MILLION_WRITE_UNITS = 0.625

READS = ("GetItem",)
WRITES = ("PutItem", "UpdateItem", "DeleteItem")


def units(calls: Mapping[str, float], item_bytes: int, consistent: bool) -> tuple[float, float]:
    """Read and write units of some calls on items of one size."""
    read = -(-item_bytes // 4096) * (1.0 if consistent else 0.5)
    write = -(-item_bytes // 1024)
    return sum(calls.get(name, 0) for name in READS) * read, sum(calls.get(name, 0) for name in WRITES) * write


def usd_per_million(read_units: float, write_units: float, regions: int) -> float:
    """Dollars of a million pages that use so many units each; writes are paid in every Region that has the table."""
    return read_units * USD_PER_MILLION_READ_UNITS + write_units * USD_PER_MILLION_WRITE_UNITS * regions


def item_size(item: dict) -> int:
    """An item's size as DynamoDB counts it, names included."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: dict) -> int:
    (kind, content), = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(base64.b64decode(content))
        case "N":
            # Two digits a byte, and one more.
            return len(content.strip("-").replace(".", "")) // 2 + 2
        case _:
            return 1
