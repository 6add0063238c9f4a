"""The calls that are read from the source: what this test's own sources say, and that nothing is overlooked in silence."""

import calls
import pytest


def source(folder, text, name="ledger.rs"):
    (folder / "aws").mkdir(exist_ok=True)
    (folder / "aws" / name).write_text(f"use aws_sdk_dynamodb::Client;\n{text}")
    return calls.calls(folder, but=("ctl",))


def test_one_line_and_many(tmp_path):
    text = "let a = client.put_item().table_name(self.table);\nlet b = self\n    .client\n    .query()\n    .table_name(self.table)\n    .limit(1);\n"
    assert source(tmp_path, text) == {("dynamodb:PutItem", "control"), ("dynamodb:Query", "control")}


def test_other_services_are_not_taken_for_dynamodb(tmp_path):
    assert source(tmp_path, 'let a = client.put_parameter().name("x");\nlet b = client.start_execution();') == {("ssm:PutParameter", ""), ("states:StartExecution", "")}


def test_a_new_call_is_a_right_too_few(tmp_path, monkeypatch):
    """What the code would call beyond the policy is what the check of rights finds."""
    from checks import CHECKS, World

    wanted = calls.controller() | source(tmp_path, "let a = client.delete_item().table_name(self.table);")
    monkeypatch.setattr(calls, "controller", lambda: wanted)
    found = list(CHECKS["controller_rights"](World()))
    assert found and all("dynamodb:DeleteItem" in line and "may not" in line for line in found)


def test_a_call_without_a_table_is_no_answer(tmp_path):
    with pytest.raises(LookupError, match="which table"):
        source(tmp_path, "let get = client.get_item();\nlet get = get.table_name(self.table);")


def test_a_table_that_nobody_has_named_is_no_answer(tmp_path):
    with pytest.raises(KeyError):
        source(tmp_path, "let get = client.get_item().table_name(other);")


def test_tests_and_the_command_line_are_not_the_lambda(tmp_path):
    (tmp_path / "ctl").mkdir()
    (tmp_path / "ctl" / "table.rs").write_text("client.create_table().table_name(name);")
    assert source(tmp_path, "#[cfg(test)]\nmod tests { fn x() { client.delete_table().table_name(self.table); } }") == set()


def test_all_of_the_controller_is_seen():
    """Against an overlooked folder: at least what a controller cannot do without."""
    assert {action for action, _ in calls.controller()} >= {
        "dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:Query", "ssm:GetParameter", "ssm:PutParameter", "states:StartExecution",
    }  # fmt: skip
