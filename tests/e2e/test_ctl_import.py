"""`wp-dynamodb-ctl sessions import`: what the AWS SDK's handler has stored is found by the extension."""

import time

import pytest
from browsing import Guest
from controller import CTL, EAST, WEST, Ctl

from harness import paths
from harness.fpm import Fpm
from harness.lab import Lab

pytestmark = pytest.mark.skipif(not CTL.is_file(), reason=f"{CTL} is missing: cargo build -p wp-dynamodb-failover")

DATA = 'text|s:5:"hello";'


class Source:
    """A table as the SDK's handler fills it."""

    def __init__(self, lab: Lab, name: str):
        self.lab, self.name = lab, name
        lab.table(name, hash_key="id")

    def put(self, session: str, *, ttl: int | None = 3600, data: str = DATA, name: str = "PHPSESSID") -> None:
        item = {"id": {"S": f"{name}_{session}"}, "data": {"S": data}}
        if ttl is not None:
            item["expires"] = {"N": str(int(time.time()) + ttl)}
        self.lab.item_put(EAST, item, self.name)


@pytest.fixture
def source(lab: Lab, request: pytest.FixtureRequest) -> Source:
    return Source(lab, f"sdk_{request.node.name}"[:60])


@pytest.fixture
def ctl(ports: paths.Ports, source: Source) -> Ctl:
    return Ctl(ports, "none")


def imported(ctl: Ctl, source: Source, *arguments: str, **options) -> dict:
    done = ctl.json("sessions", "import", "--from-table", source.name, *arguments, **options)
    return {name: done[name] for name in ("read", "copied", "kept", "expired", "others", "refused")}


def session_id(number: int) -> str:
    return f"{number:032x}"


def test_a_visitor_stays_in_the_session(ctl: Ctl, source: Source, host: Fpm) -> None:
    source.put(session_id(1))
    source.put(session_id(2), data="")
    ctl.secrets += [session_id(1), session_id(2), "hello"]
    assert imported(ctl, source) == {"read": 2, "copied": 2, "kept": 0, "expired": 0, "others": 0, "refused": 0}
    guest = Guest(host)
    guest.cookies = {"PHPSESSID": session_id(1)}
    assert guest.ok()["found"] == {"text": "hello"}
    guest.ok("put", text="changed")
    assert guest.ok()["found"] == {"text": "changed"}


def test_what_is_not_copied_is_counted_and_nothing_is_shown(ctl: Ctl, source: Source, lab: Lab) -> None:
    before = len(lab.dump(EAST))
    source.put(session_id(3))
    source.put(session_id(4), ttl=-5)
    source.put(session_id(5), ttl=None)
    source.put(session_id(6), name="OTHER")
    source.put("x" * 300)
    ctl.secrets += [session_id(n) for n in (3, 4, 5, 6)] + ["x" * 300, "hello"]
    counted = {"read": 5, "copied": 1, "kept": 0, "expired": 2, "others": 1, "refused": 1}
    assert imported(ctl, source, "--dry-run", code=3) == counted
    assert len(lab.dump(EAST)) == before, "a dry run writes nothing"
    assert imported(ctl, source, code=3) == counted, "what was refused is no success"
    assert len(lab.dump(EAST)) == before + 1
    assert "1 refused" in " ".join(ctl.run("sessions", "import", "--from-table", source.name, code=3).stdout.split())


def test_a_newer_session_is_kept_and_a_second_run_copies_what_has_changed(ctl: Ctl, source: Source, host: Fpm) -> None:
    source.put(session_id(7))
    source.put(session_id(8))
    imported(ctl, source)
    guest = Guest(host)
    guest.cookies = {"PHPSESSID": session_id(7)}
    # The handler's sessions live longer than the host's: an expiry says nothing of age.
    source.put(session_id(7), ttl=86_400, data='text|s:3:"old";')
    source.put(session_id(8), ttl=7200, data='text|s:5:"newer";')
    guest.ok("put", text="of the host")
    assert imported(ctl, source) == {"read": 2, "copied": 1, "kept": 1, "expired": 0, "others": 0, "refused": 0}
    assert guest.ok()["found"] == {"text": "of the host"}
    other = Guest(host)
    other.cookies = {"PHPSESSID": session_id(8)}
    assert other.ok()["found"] == {"text": "newer"}
    assert imported(ctl, source)["kept"] == 2, "once more changes nothing"


def test_a_later_run_brings_no_ended_session_back(ctl: Ctl, source: Source, host: Fpm) -> None:
    source.put(session_id(11), ttl=3000)  # written ten minutes ago
    source.put(session_id(12))
    first = ctl.json("sessions", "import", "--from-table", source.name)
    guest = Guest(host)
    guest.cookies = {"PHPSESSID": session_id(11)}
    guest.ok("destroy")
    # Meanwhile another one was changed by a host that had not been moved yet.
    source.put(session_id(12), ttl=7200, data='text|s:7:"changed";')
    second = ctl.json("sessions", "import", "--from-table", source.name, "--expires-after", str(first["expires_after"]))
    assert (second["copied"], second["earlier"]) == (1, 1)
    other = Guest(host)
    other.cookies = {"PHPSESSID": session_id(12)}
    assert other.ok()["found"] == {"text": "changed"}
    gone = Guest(host)
    gone.cookies = {"PHPSESSID": session_id(11)}
    assert not gone.ok()["found"]


def test_the_sdks_own_layout(ctl: Ctl, source: Source, lab: Lab) -> None:
    source.put(session_id(9))
    lab.table("sdk_target", hash_key="id")
    arguments = ("--table", "sdk_target", "--hash-key", "id", "--format", "aws-sdk")
    assert imported(ctl, source, *arguments)["copied"] == 1
    (item,) = lab.dump(EAST, "sdk_target")
    assert item == lab.dump(EAST, source.name)[0]
    ctl.run("sessions", "import", "--from-table", "sdk_target", *arguments, code=2)


def test_many_are_copied_at_the_rate_and_an_interrupted_run_goes_on(ctl: Ctl, source: Source, lab: Lab) -> None:
    for number in range(100, 180):
        source.put(session_id(number))
    started = time.monotonic()
    assert imported(ctl, source, "--rate", "40", "--segments", "4")["copied"] == 80
    assert 1.5 < time.monotonic() - started < 10
    lab.fault(EAST, "dynamodb", "denied")
    error = ctl.json("sessions", "import", "--from-table", source.name, code=1)["error"]
    assert "--from-segment 0" in error and "what was copied stays" in error
    lab.fault(EAST, "dynamodb", "none")
    rest = imported(ctl, source, "--segments", "4", "--from-segment", "2")
    assert 0 < rest["read"] < 80 and rest["kept"] == rest["read"]


def test_the_active_region_is_written(ctl: Ctl, source: Source, lab: Lab) -> None:
    source.put(session_id(10))
    lab.replicated()
    time.sleep(1.1)  # moto keeps whole seconds
    lab.region(WEST)
    done = ctl.json("sessions", "import", "--from-table", source.name)
    assert done["to"]["region"] == done["from"]["region"] == WEST
