"""The machine's wall clock jumps under the real daemon: it is noticed, nothing expires by it, the work goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.children import until
from tests.crash.mill import Mill, mill
from tests.crash.shim import Shim
from tests.crash.traffic import MllpSender, ScanSender

HOUR = 3600.0


class Clocked(Mill):
    """A mill whose wall clock is set by the test."""

    shim: Shim


@pytest.fixture(name="here", scope="module")
def fixture_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    folder = tmp_path_factory.mktemp("clock")
    with mill(folder, kind=Clocked, until="1h") as made:
        assert isinstance(made, Clocked)
        made.shim = Shim(made.site, folder / "control")
        made.start(made.shim.environment())
        made.office.make_user()
        until(made.health, 30, "nobody can sign in")
        yield made


def processor(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("hours", [2, -2, 48, -48])
def test_a_jump_expires_nothing_and_stops_nothing(here: Clocked, hours: int):
    scans = ScanSender(here.http, f"F{hours % 100}")
    name = scans.once().id
    until((here.drop / name).is_dir, 30, lambda: f"no folder: {here.open_runs()}")
    until(lambda: [row[1] for row in here.open_runs()] == ["waiting"], 30, lambda: f"{here.open_runs()}")
    traffic = MllpSender(here.adt, f"A{hours % 100}")
    traffic.pause = 0.02
    traffic.start()
    until(lambda: len(traffic.taken()) > 5, 30, "no traffic")
    here.shim.jump(hours * HOUR)
    try:
        word = "ahead" if hours > 0 else "back"
        until(
            lambda: f"the clock jumped {word}" in here.health().get("adt", ("", ""))[1], 30, lambda: f"{here.health()}"
        )
        assert here.ready()["ready"], "messages are taken all the same"
        assert any("the clock jumped" in reason for reason in here.ready()["reasons"])
        before, used = len(traffic.taken()), processor(here.daemon.pid)
        until(lambda: len(traffic.taken()) > before + 20, 30, "the work has stopped")
        traffic.end()
        used, idle = processor(here.daemon.pid), traffic.sent[-1].at
        until(lambda: scans.reachable() and _later(idle, 2.0), 10, "time stands still")
        assert processor(here.daemon.pid) - used < 1.5, "a busy loop"
        # What was taken gets done, however slow the machine is; what waits has not expired.
        until(lambda: len(here.open_runs()) == 1, 60, lambda: f"{here.open_runs()}")
        assert [row[:3] for row in here.open_runs()] == [("scans", "waiting", "file")], "nothing has expired"
    finally:
        here.shim.jump(0)
        traffic.end()
    until(lambda: here.health().get("adt", ("", ""))[0] == "up", 30, lambda: f"{here.health()}")
    assert here.ready() == {"ready": True, "reasons": []}
    (here.drop / name / "scan.txt").write_text(f"a page of {name}")
    here.finish()
    assert here.ward.got.count(name) == 1
    mine = [one for one in here.lab.got if one.startswith(f"WB{traffic.name}-")]
    assert mine == sorted(traffic.taken()), "all, once, in order"
    traffic.close()


def _later(since: float, seconds: float) -> bool:
    return time.monotonic() - since > seconds
