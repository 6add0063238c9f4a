"""What the table holds: nothing that would give anybody a session."""

import base64
import json

from browsing import Guest

from harness import paths
from harness.fpm import Fpm
from harness.lab import Lab

REGION = paths.REGIONS[0]
SECRET = "a-secret-that-must-not-be-readable"


def own_item(lab: Lab, host: Fpm, **query: object) -> tuple[Guest, dict]:
    before = {json.dumps(item, sort_keys=True) for item in lab.dump(REGION)}
    guest = Guest(host)
    guest.ok("put", **query)
    (item,) = [item for item in lab.dump(REGION) if json.dumps(item, sort_keys=True) not in before]
    return guest, item


def test_a_dump_holds_neither_id_nor_data(host: Fpm, lab: Lab) -> None:
    guest, item = own_item(lab, host, text=SECRET)
    bytes_of_it = json.dumps(item).encode() + b"".join(base64.b64decode(value["B"]) for value in item.values() if "B" in value)
    for clear in (guest.id, SECRET, "text|s:", "PHPSESSID"):
        assert clear.encode() not in bytes_of_it
        assert base64.b64encode(clear.encode()).rstrip(b"=")[:-1] not in bytes_of_it
    assert {"session_id", "data", "expires"} <= set(item)


def test_data_that_compresses_is_stored_smaller(host: Fpm, lab: Lab) -> None:
    guest, item = own_item(lab, host, text="long " * 4000)
    assert len(base64.b64decode(item["data"]["B"])) < 2000
    assert guest.ok()["found"] == {"text": "long " * 4000}


def test_a_changed_byte_gives_a_warning_and_no_data(host: Fpm, lab: Lab) -> None:
    guest, item = own_item(lab, host, text=SECRET)
    data = bytearray(base64.b64decode(item["data"]["B"]))
    data[len(data) // 2] ^= 1
    damaged = item | {"data": {"B": base64.b64encode(bytes(data)).decode()}}
    lab.item_put(REGION, damaged)
    answer = guest.get("add")
    assert answer["started"] is False and SECRET not in json.dumps(answer)
    assert paths.TABLE in " ".join(answer["warnings"])
    assert guest.last.cookies == {}
    key = {"session_id": item["session_id"]}
    assert lab.item_get(REGION, key) == damaged, "the stored item stays"
    lab.item_put(REGION, item)
    assert guest.ok()["found"] == {"text": SECRET}
