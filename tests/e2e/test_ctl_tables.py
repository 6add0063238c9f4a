"""`wp-dynamodb-ctl table create` against something that knows global tables."""

from collections.abc import Iterator

import pytest
from controller import CTL, EAST, WEST, Ctl
from global_tables import GlobalTables, global_tables

from harness import paths

pytestmark = pytest.mark.skipif(not CTL.is_file(), reason=f"{CTL} is missing: cargo build -p wp-dynamodb-failover")

SESSIONS, CONTROL, LOGINS = "wordpress_sessions", "wordpress_failover", "wordpress_logins"


@pytest.fixture
def tables() -> Iterator[tuple[GlobalTables, Ctl]]:
    with global_tables() as (made, endpoint):
        ctl = Ctl(paths.ports(19700), CONTROL)
        ctl.env["WP_DYNAMODB_ENDPOINTS"] = ",".join(f"{region}={endpoint}" for region in paths.REGIONS)
        yield made, ctl


def keys(made: GlobalTables, table: str) -> list[tuple[str, str]]:
    return [(key["AttributeName"], key["KeyType"]) for key in made.tables[table][WEST]["description"]["KeySchema"]]


def steps(answer: dict) -> dict[str, list[tuple[str, str]]]:
    return {table["table"]: [(step["step"], step["region"]) for step in table["steps"]] for table in answer["tables"]}


WHOLE = [("create", EAST), ("ttl", EAST), ("replica", WEST), ("protect", EAST), ("protect", WEST)]
# The audit trail is worth a backup; the others live for days.
TRAIL = [*WHOLE, ("recovery", EAST), ("recovery", WEST)]


def test_from_nothing_and_once_more(tables: tuple[GlobalTables, Ctl]) -> None:
    made, ctl = tables
    assert steps(ctl.json("table", "create", "--dry-run", "--logins")) == {SESSIONS: WHOLE, CONTROL: TRAIL, LOGINS: WHOLE}
    assert made.changes == [] and made.tables == {}, "a dry run changes nothing"
    assert steps(ctl.json("table", "create", "--logins")) == {SESSIONS: WHOLE, CONTROL: TRAIL, LOGINS: WHOLE}
    assert keys(made, SESSIONS) == [("session_id", "HASH")]
    assert keys(made, CONTROL) == [("pk", "HASH"), ("sk", "RANGE")]
    assert keys(made, LOGINS) == [("user", "HASH"), ("item", "RANGE")]
    for table in made.tables.values():
        assert {region: (of["left"], of["ttl"], of["replicas"]) for region, of in table.items()} == {EAST: (0, "expires", [WEST]), WEST: (0, "expires", [EAST])}
        assert table[EAST]["description"]["BillingMode"] == "PAY_PER_REQUEST"
    guards = {name: {(of["protected"], of["recovery"]) for of in table.values()} for name, table in made.tables.items()}
    assert guards == {SESSIONS: {(True, False)}, CONTROL: {(True, True)}, LOGINS: {(True, False)}}, "in every Region"
    before = list(made.changes)
    assert steps(ctl.json("table", "create", "--logins")) == {SESSIONS: [], CONTROL: [], LOGINS: []}
    assert made.changes == before, "what is complete is left alone"
    assert "complete, nothing to do" in ctl.run("table", "create").stdout


def test_protection_and_recovery_can_be_left_out(tables: tuple[GlobalTables, Ctl]) -> None:
    made, ctl = tables
    answer = ctl.json("table", "create", "--no-deletion-protection", "--no-point-in-time-recovery")
    assert steps(answer) == {SESSIONS: WHOLE[:3], CONTROL: WHOLE[:3]}
    # What was left out is what the next run without the flags adds.
    answer = ctl.json("table", "create", "--no-deletion-protection")
    assert steps(answer) == {SESSIONS: [], CONTROL: TRAIL[5:]}
    assert not any(of["protected"] for table in made.tables.values() for of in table.values())


def test_only_what_is_missing_is_added(tables: tuple[GlobalTables, Ctl]) -> None:
    made, ctl = tables
    made.CreateTable(WEST, SESSIONS, {
        "TableName": SESSIONS, "KeySchema": [{"AttributeName": "session_id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "session_id", "AttributeType": "S"}],
    })
    made.tables[SESSIONS][WEST]["left"] = 0
    answer = ctl.json("table", "create", "--no-control")
    assert steps(answer) == {SESSIONS: [("ttl", WEST), ("stream", WEST), ("replica", EAST), ("protect", EAST), ("protect", WEST)]}
    assert set(made.tables[SESSIONS]) == {EAST, WEST}


def test_a_wrong_key_is_an_error_that_changes_nothing(tables: tuple[GlobalTables, Ctl]) -> None:
    made, ctl = tables
    made.CreateTable(EAST, CONTROL, {
        "TableName": CONTROL, "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    })
    made.calls.clear()
    error = ctl.json("table", "create", code=1)["error"]
    assert f'table {CONTROL} in {EAST} has hash key "id" (S)' in error and "--control-table" in error
    assert made.changes == [] and SESSIONS not in made.tables, "the other table is not made either"


def test_two_tables_of_one_name_are_not_joined(tables: tuple[GlobalTables, Ctl]) -> None:
    made, ctl = tables
    for region in (EAST, WEST):
        made.CreateTable(region, SESSIONS, {
            "TableName": SESSIONS, "KeySchema": [{"AttributeName": "session_id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "session_id", "AttributeType": "S"}],
        })
    made.calls.clear()
    assert "no replica of it" in ctl.json("table", "create", "--no-control", code=1)["error"]
    assert made.changes == []


def test_a_region_that_does_not_answer_ends_it_before_it_begins(tables: tuple[GlobalTables, Ctl]) -> None:
    made, ctl = tables
    ctl.env["WP_DYNAMODB_ENDPOINTS"] = ctl.env["WP_DYNAMODB_ENDPOINTS"].replace(f"{WEST}=http://127.0.0.1:", f"{WEST}=http://127.0.0.1:1")
    assert "nothing was changed" in ctl.json("table", "create", code=1)["error"]
    assert made.changes == []
