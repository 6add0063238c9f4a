"""`wp-dynamodb-ctl` against two Regions: orders, what they leave behind, and exit codes."""

import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from controller import CTL, EAST, WEST, Ctl, sites

from harness import paths
from harness.lab import Lab

pytestmark = pytest.mark.skipif(not CTL.is_file(), reason=f"{CTL} is missing: cargo build -p wp-dynamodb-failover")


@pytest.fixture
def ctl(lab: Lab, ports: paths.Ports, request: pytest.FixtureRequest) -> Ctl:
    name = "".join(c if c.isalnum() else "_" for c in request.node.name)[:60]
    # An order writes the parameter behind the lab's back.
    lab._parameter_changed = True
    lab.table(f"ctl_{name}", hash_key="pk", range_key="sk")
    return Ctl(ports, f"ctl_{name}")


def parameters(lab: Lab) -> dict[str, str]:
    return {region: of["parameter"]["value"] for region, of in lab.status()["regions"].items()}


def test_status_when_all_is_well(ctl: Ctl) -> None:
    with sites() as made:
        status = ctl.json("status", "--health-urls", made.urls)
        shown = ctl.run("status", "--health-urls", made.urls).stdout
    assert (status["decision"], status["active"]) == ("stay", EAST)
    assert {region: (s["site"], s["dynamodb"]) for region, s in status["signals"].items()} == {r: ("ok", "ok") for r in paths.REGIONS}
    assert f"{EAST} *" in shown and shown.rstrip().splitlines()[-1].startswith("stay: ")


def test_status_of_a_region_that_is_ill(ctl: Ctl, lab: Lab) -> None:
    lab.fault(EAST, "dynamodb", "refuse")
    status = ctl.json("status", code=3)
    assert status["signals"][EAST]["dynamodb"].startswith("failed: ") and status["signals"][WEST]["dynamodb"] == "ok"
    assert parameters(lab) == {EAST: EAST, WEST: EAST}, "it only looks"


def test_switch_and_failback_move_every_region(ctl: Ctl, lab: Lab) -> None:
    answer = ctl.json("switch", "--to", WEST, "--why", "a test")
    assert (answer["decision"], answer["active"], sorted(answer["written"])) == ("switch", WEST, [EAST, WEST])
    assert parameters(lab) == {EAST: WEST, WEST: WEST}
    assert ctl.json("switch", "--to", WEST)["decision"] == "stay", "once more is no second switch"
    assert ctl.json("failback", "--why", "over")["active"] == EAST
    assert parameters(lab) == {EAST: EAST, WEST: EAST}
    lab.replicated()
    trail = ctl.json("history")
    assert [(e["what"], e.get("to"), e["by"]) for e in trail if e["what"] == "switched"] == [("switched", EAST, "jo"), ("switched", WEST, "jo")]
    assert "a test" in ctl.run("history").stdout


def test_whoever_looks_meanwhile_does_not_hinder_a_failback(ctl: Ctl, lab: Lab) -> None:
    """Both write the same item, one after the other, and replication takes its time."""
    lab.replication(lag_ms=1000)
    ctl.run("switch", "--to", WEST, "--force")
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            subprocess.run(ctl.command("status"), env=ctl.env, capture_output=True, timeout=60, check=False)

    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            pool.submit(look)
        try:
            for _ in range(4):
                assert ctl.json("failback")["active"] == EAST
                ctl.run("switch", "--to", WEST, "--force")
                time.sleep(1.1)  # the lab keeps whole seconds
        finally:
            over.set()


def test_the_history_is_what_all_regions_have_together(ctl: Ctl, lab: Lab) -> None:
    lab.replication(state="pause")
    ctl.run("switch", "--to", WEST, "--force")
    ctl.run("switch", "--to", EAST, "--force")
    switched = [e["to"] for e in ctl.json("history") if e["what"] == "switched"]
    assert switched == [EAST, WEST], "each is written in its own Region, and has not arrived in the other"
    assert [e["to"] for e in ctl.json("history", "--home", WEST) if e["what"] == "switched"] == [WEST]
    lab.replication(state="run")
    lab.replicated()
    assert [e["to"] for e in ctl.json("history") if e["what"] == "switched"] == [EAST, WEST], "each once"
    lab.fault(EAST, "dynamodb", "refuse")
    done = ctl.run("--json", "history", code=3)
    assert len(json.loads(done.stdout)) == 4 and f"{EAST} has not answered" in done.stderr
    lab.fault(WEST, "dynamodb", "refuse")
    assert "no Region has answered" in ctl.json("history", code=1)["error"]


def test_a_dry_run_writes_nothing(ctl: Ctl, lab: Lab) -> None:
    answer = ctl.json("switch", "--to", WEST, "--dry-run")
    assert answer["why"].startswith("would ") and answer["written"] == []
    assert parameters(lab) == {EAST: EAST, WEST: EAST}
    assert lab.dump(WEST, ctl.control_table) == lab.dump(EAST, ctl.control_table) == []


def test_an_ill_target_is_refused_and_force_goes_there(ctl: Ctl, lab: Lab) -> None:
    lab.fault(WEST, "dynamodb", "5xx")
    refused = ctl.json("switch", "--to", WEST, "--home", EAST, code=1)
    assert WEST in refused["error"] and "use force" in refused["error"]
    assert parameters(lab) == {EAST: EAST, WEST: EAST}
    assert ctl.json("switch", "--to", WEST, "--home", EAST, "--force")["active"] == WEST
    assert parameters(lab) == {EAST: WEST, WEST: WEST}


def test_one_ssm_that_does_not_answer_is_said_and_is_no_success(ctl: Ctl, lab: Lab) -> None:
    lab.fault(EAST, "ssm", "refuse")
    done = ctl.run("--json", "switch", "--to", WEST, code=3)
    assert list(json.loads(done.stdout)["stragglers"]) == [EAST]
    assert f"{EAST} does not hold the order" in done.stderr


def test_the_left_region_is_gone_altogether(ctl: Ctl, lab: Lab) -> None:
    """What the person on call does in the outage: nothing of the Region that is left is needed."""
    lab.fault(EAST, "all", "blackhole")
    started = time.monotonic()
    answer = ctl.json("switch", "--to", WEST, "--no-wait", code=3)
    assert answer["active"] == WEST and list(answer["stragglers"]) == [EAST]
    assert time.monotonic() - started < 30
    lab.fault(EAST, "all", "none")
    assert parameters(lab)[WEST] == WEST


def test_a_pin_holds_orders_and_unpin_ends_it(ctl: Ctl, lab: Lab) -> None:
    assert ctl.json("pin", "--why", "an incident")["mode"]["way"] == "pinned"
    lab.replicated()
    assert "pinned by jo: an incident" in ctl.json("switch", "--to", WEST, code=1)["error"]
    assert parameters(lab) == {EAST: EAST, WEST: EAST}
    assert ctl.json("unpin")["mode"]["way"] == "default"
    lab.replicated()
    assert ctl.json("switch", "--to", WEST)["active"] == WEST


def test_the_mode_is_seen_in_every_region(ctl: Ctl, lab: Lab) -> None:
    ctl.json("mode", "manual", "--why", "release")
    lab.replicated()
    for home in paths.REGIONS:
        assert ctl.json("status", "--home", home)["mode"]["why"] == "release"
    assert "manual since" in ctl.run("status").stdout
    ctl.run("mode", "auto")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("switch", "--to", "mars"), "mars"),
        (("status", "--regions", "us-east-1,mars"), "mars"),
        (("status", "--alarms", "us-east-1=my-alarm"), "--alarms"),
        (("status", "--home", "eu-west-1"), "--home"),
        (("explode",), "explode"),
        (("mode", "perhaps"), "perhaps"),
    ],
)
def test_wrong_usage_is_code_2_and_says_what(ctl: Ctl, lab: Lab, arguments: tuple[str, ...], says: str) -> None:
    assert says in ctl.run(*arguments, code=2).stderr
    assert parameters(lab) == {EAST: EAST, WEST: EAST}


def test_without_a_control_table_an_order_is_refused_with_the_way_out(ctl: Ctl, lab: Lab) -> None:
    done = ctl.json("switch", "--to", WEST, "--control-table", "there_is_none", code=1)
    assert "there_is_none" in done["error"] and "force" in done["error"]
    assert parameters(lab) == {EAST: EAST, WEST: EAST}
