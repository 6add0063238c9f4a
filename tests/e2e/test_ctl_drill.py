"""`wp-dynamodb-ctl drill switch`: there and back, measured; whatever happens, the way back is offered."""

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from controller import CTL, EAST, WEST, Ctl, Sites, sites
from test_ctl import parameters

from harness import paths, wait
from harness.lab import Lab

pytestmark = pytest.mark.skipif(not CTL.is_file(), reason=f"{CTL} is missing: cargo build -p wp-dynamodb-failover")


@pytest.fixture
def ctl(lab: Lab, ports: paths.Ports, request: pytest.FixtureRequest) -> Ctl:
    lab._parameter_changed = True
    name = "ctl_" + "".join(c if c.isalnum() else "_" for c in request.node.name)[:60]
    lab.table(name, hash_key="pk", range_key="sk")
    return Ctl(ports, name)


@pytest.fixture
def both() -> Iterator[Sites]:
    with sites() as made:
        yield made


def test_there_and_back(ctl: Ctl, lab: Lab, both: Sites) -> None:
    done = ctl.run("--json", "drill", "switch", "--yes", "--hold", "1", "--health-urls", both.urls)
    report = ctl.json("status")
    assert report["active"] == EAST and parameters(lab) == {EAST: EAST, WEST: EAST}
    assert "What visitors may notice" in done.stderr, "the plan is told, beside the JSON"
    report = json.loads(done.stdout)
    for way, (left, entered) in {"there": (EAST, WEST), "back": (WEST, EAST)}.items():
        measured = report[way]
        assert (measured["from"], measured["to"]) == (left, entered)
        assert measured["agreed_ms"] < 10_000 and measured["stragglers"] == {}
        markers = measured["markers"]
        assert markers["acknowledged"] == markers["arrived"] > 8 and markers["missing"] == markers["refused"] == 0
        assert {region: site["failed"] for region, site in measured["sites"].items()} == {EAST: 0, WEST: 0}
    trail = [(e["what"], e["why"]) for e in ctl.json("history") if e["what"] == "switched"]
    assert trail == [("switched", "drill: rehearsal")] * 2


def test_what_does_not_arrive_and_a_site_that_fails_are_counted(ctl: Ctl, lab: Lab, both: Sites) -> None:
    """Replication stops while the order is carried out: the controller was sure of it a moment ago, and markers still go to the old Region."""
    lab.fault(EAST, "ssm", "latency", ms=1200)
    process = subprocess.Popen(
        ctl.command("--json", "drill", "switch", "--yes", "--hold", "1", "--health-urls", both.urls),
        env=ctl.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    wait.until(lambda: parameters(lab)[WEST] == WEST, what="the order", timeout=20, every=0.02)
    lab.replication(state="pause")
    both.answer(WEST, 503, b"FAIL")
    time.sleep(1)
    both.answer(WEST, 200, b"OK")
    time.sleep(1)
    lab.fault(EAST, "ssm", "none")
    # The way back is refused while replication is behind, and tried again.
    refused = next(line for line in process.stderr if "not yet: " in line)
    assert "replication is behind" in refused
    lab.replication(state="run")
    out, err = process.communicate(timeout=60)
    print(out, err)
    assert process.returncode == 3
    there = json.loads(out)["there"]
    assert there["markers"]["missing"] > 0
    assert there["sites"][WEST]["failed"] > 0 and there["sites"][WEST]["longest_outage_ms"] >= 500
    assert parameters(lab) == {EAST: EAST, WEST: EAST}, "it went back all the same"


@pytest.mark.parametrize(("typed", "code", "active"), [("no\n", 1, EAST), (f"{WEST}\n{EAST}\n", 0, EAST), (f"{WEST}\nstay\n", 0, WEST)], ids=["no", "back", "stay"])
def test_a_person_types_the_names(ctl: Ctl, lab: Lab, typed: str, code: int, active: str) -> None:
    done = ctl.run("drill", "switch", stdin=typed, code=code)
    assert parameters(lab) == {EAST: active, WEST: active}
    if code:
        assert "nothing was done" in done.stderr
    else:
        assert "recovery point (RPO)" in done.stdout and f"{active} is active" in done.stdout
    plan, after = done.stdout.split("The way back at any time: ", 1)
    assert after.startswith(f"wp-dynamodb-ctl switch --to {EAST} --alone"), "the plan says it beforehand"
    # Afterwards it is said to whoever stays, and to nobody else.
    assert (f"the way back: wp-dynamodb-ctl switch --to {EAST}" in after) == (active == WEST)


def test_ctrl_c_goes_back_at_once(ctl: Ctl, lab: Lab) -> None:
    process = subprocess.Popen(
        ctl.command("drill", "switch", "--yes", "--hold", "300"), env=ctl.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    wait.until(lambda: set(parameters(lab).values()) == {WEST}, what="the order", timeout=20)
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "going back now" in out and parameters(lab) == {EAST: EAST, WEST: EAST}


def begun(ctl: Ctl, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        ctl.command("drill", "switch", *arguments), env=ctl.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=0,
    )


def read_until(stream: object, words: str) -> str:
    """A question ends with no line."""
    text = ""
    while words not in text:
        char = stream.read(1)
        assert char, f"ended without {words!r}: {text}"
        text += char
    return text


def ended(process: subprocess.Popen) -> tuple[str, str]:
    """By Ctrl-C, in the way that shells and scripts know."""
    # communicate() closes it at once, and the end of the input is an answer, too: no.
    typing, process.stdin = process.stdin, None
    with typing:
        out, err = process.communicate(timeout=60)
    print(out, err)
    assert process.returncode == 130
    return out, err


def interrupt(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGINT)


def test_ctrl_c_before_the_order_leaves_all_as_it_is(ctl: Ctl, lab: Lab) -> None:
    asked = begun(ctl)
    read_until(asked.stderr, "to begin")
    interrupt(asked)
    assert "interrupted: nothing was done" in ended(asked)[1]
    # While it looks whether it can begin.
    lab.fault(EAST, "ssm", "latency", ms=1500)
    looking = begun(ctl, "--yes")
    time.sleep(1)
    interrupt(looking)
    assert "interrupted: nothing was done" in ended(looking)[1]
    lab.fault(EAST, "ssm", "none")
    # In the three seconds before the order.
    waiting = begun(ctl, "--yes")
    read_until(waiting.stdout, "The way back at any time")
    time.sleep(0.5)
    interrupt(waiting)
    assert "interrupted: nothing was done" in ended(waiting)[1]
    assert parameters(lab) == {EAST: EAST, WEST: EAST}
    assert [e for e in ctl.json("history") if e["what"] == "begun"] == []


def test_ctrl_c_while_the_order_is_carried_out_is_heard_after_it(ctl: Ctl, lab: Lab) -> None:
    lab.fault(EAST, "ssm", "latency", ms=1200)
    process = begun(ctl, "--yes", "--hold", "300")
    wait.until(lambda: parameters(lab)[WEST] == WEST, what="the order", timeout=30, every=0.02)
    interrupt(process)
    assert "which is not cut" in read_until(process.stdout, "then the drill ends")
    assert f"interrupted: {EAST} is active again" in ended(process)[1]
    assert parameters(lab) == {EAST: EAST, WEST: EAST}, "no order was cut in half"


def test_ctrl_c_while_it_measures_goes_back_or_asks(ctl: Ctl, lab: Lab) -> None:
    process = begun(ctl, "--yes", "--hold", "300")
    wait.until(lambda: set(parameters(lab).values()) == {WEST}, what="the order", timeout=30, every=0.02)
    time.sleep(1)
    interrupt(process)
    assert f"interrupted: {EAST} is active again" in ended(process)[1]
    assert parameters(lab) == {EAST: EAST, WEST: EAST}
    stays = f"{WEST} is active; the way back: wp-dynamodb-ctl switch --to {EAST}"
    for typed, left in ((f"{EAST}\n", f"{EAST} is active again"), ("stay\n", stays), (None, stays)):
        process = begun(ctl)
        process.stdin.write(f"{WEST}\n")
        wait.until(lambda: set(parameters(lab).values()) == {WEST}, what="the order", timeout=30, every=0.02)
        time.sleep(1)
        interrupt(process)
        read_until(process.stderr, "to go back")
        if typed:
            process.stdin.write(typed)
        else:
            interrupt(process)
        assert left in ended(process)[1]
        lab.parameter(EAST)
        time.sleep(1.1)  # the lab keeps whole seconds


@pytest.mark.parametrize("which", [signal.SIGHUP, signal.SIGTERM], ids=["hangup", "term"])
def test_a_terminal_that_is_gone_leaves_no_site_moved(ctl: Ctl, lab: Lab, which: signal.Signals) -> None:
    """A dropped connection: nobody is there to read, or to go back."""
    terminal, its = pty.openpty()
    command = ctl.command("drill", "switch", "--yes", "--hold", "300")
    process = subprocess.Popen(command, env=ctl.env, stdin=its, stdout=its, stderr=its)
    os.close(its)
    wait.until(lambda: set(parameters(lab).values()) == {WEST}, what="the order", timeout=30, every=0.02)
    time.sleep(1)
    if which == signal.SIGHUP:
        os.close(terminal)
    process.send_signal(which)
    # In the hold it goes back at once, and the drill ends as it would have.
    assert process.wait(60) in (0, 130)
    assert parameters(lab) == {EAST: EAST, WEST: EAST}


def test_ctrl_c_leaves_a_way_back_that_is_hindered(ctl: Ctl, lab: Lab) -> None:
    process = begun(ctl, "--yes", "--hold", "0")
    wait.until(lambda: set(parameters(lab).values()) == {WEST}, what="the order", timeout=30, every=0.02)
    lab.replicated()
    lab.replication(state="pause")
    read_until(process.stdout, "not yet: ")
    interrupt(process)
    assert f"interrupted: {WEST} is active; the way back: wp-dynamodb-ctl switch --to {EAST}" in ended(process)[1]
    assert parameters(lab) == {EAST: WEST, WEST: WEST}


def test_it_does_not_begin_when_something_is_ill(ctl: Ctl, lab: Lab) -> None:
    lab.fault(WEST, "dynamodb", "refuse")
    assert f"{WEST} is not well" in ctl.json("drill", "switch", "--yes", "--hold", "0", code=1)["error"]
    assert parameters(lab) == {EAST: EAST, WEST: EAST}
    ctl.run("--json", "drill", "switch", code=2)
