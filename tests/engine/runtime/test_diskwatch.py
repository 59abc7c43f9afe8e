"""A disk that takes no writes is known before a sender meets it, and so is its recovery."""

from __future__ import annotations

from pathlib import Path

from twisted.internet import reactor

from engine.message import Unavailable
from engine.runtime.condition import Condition
from engine.runtime.diskwatch import DiskWatch
from engine.store.database import Store


async def test_a_look_really_writes(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()
    try:
        condition = Condition()
        watch = DiskWatch(reactor, store, condition)
        await watch.look()
        before = store.wal_bytes()
        await watch.look()
        assert condition.text() == ""
        assert store.wal_bytes() > before, "what writes nothing learns nothing of the disk"
    finally:
        store.close()


async def test_full_and_well_again() -> None:
    class Disk:
        full = True

        async def write(self, _: object) -> None:
            if self.full:
                raise Unavailable("WB-1012", "the store does not take writes (SQLITE_FULL)")

    disk, condition = Disk(), Condition()
    watch = DiskWatch(reactor, disk, condition)
    await watch.look()
    assert condition.reasons("disk") == ["the store does not take writes (SQLITE_FULL)"]
    disk.full = False
    await watch.look()
    assert condition.text() == ""
