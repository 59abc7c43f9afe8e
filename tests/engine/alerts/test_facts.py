"""What the store says: open entries, conflicts, and runs that stand too long at a call."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.alerts import facts
from engine.message import Unavailable
from tests.engine.alerts.house import desk
from tests.engine.runtime.house import change, order

QUEUE = "[{queue_older_than: 10m}, {queue_older_than: 10m, connections: [pager]}, {identity_conflict: all}]"


@pytest.mark.limit(60)
async def test_a_real_engine(tmp_path: Path) -> None:
    async with desk(tmp_path, QUEUE) as it:

        def away(_: object) -> None:
            raise Unavailable("WB-3001", "away")

        it.channel("sink").answer = away
        await it.put(order(1), "order")
        await it.put(order(1, "<other/>"), "order")
        await it.until(lambda: any(row["state"] == "waiting" for row in it.runs()))
        site, now = it.daemon.site, it.daemon.runtime.now()
        found = it.read(facts.read(site, now))
        assert [old for olds in found.queues.values() for old in olds] == []
        assert found.conflicts == {"source": 1}
        await it.daemon.desk.pause("connection", "sink", "op", "for the test")
        await it.until(lambda: it.runs()[0]["state"] == "waiting")
        change(tmp_path, "UPDATE run SET first_try_at = first_try_at - 700000")
        found = it.read(facts.read(site, now))
        everyone, pager = found.queues.values()
        assert ([(old.route, old.step, old.connection) for old in everyone], pager) == ([("r", "out", "sink")], ())
        assert everyone[0].since < now - 600_000


def test_the_disk(tmp_path: Path) -> None:
    disk = facts.disk_of(tmp_path)
    assert disk is not None
    assert 0 <= disk.free <= disk.total
    assert facts.disk_of(tmp_path / "nowhere") is None
