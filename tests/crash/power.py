"""Loss of power: one run of the daemon under load is recorded, and cut off at any record of what it wrote."""

from __future__ import annotations

import contextlib
import hashlib
import random
import shutil
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.crash.children import until
from tests.crash.mill import Mill, rows
from tests.crash.shim import Shim
from tests.crash.shim.disk import Disk, Record, records
from tests.crash.traffic import Sender

NAMED_BLOBS = "SELECT blob FROM message WHERE blob IS NOT NULL UNION SELECT blob FROM value WHERE blob IS NOT NULL"


@dataclass(frozen=True)
class Cut:
    """One loss of power: at which record, and what becomes of what was not synced."""

    place: int
    torn: random.Random | None
    sector: int

    def __str__(self) -> str:
        return f"record {self.place}, {f'torn by {self.sector}' if self.torn else 'unsynced is lost'}"


class Recorded:
    """A daemon under load for some seconds, then dead; `cut` makes the disk of a moment in it."""

    def __init__(self, mill: Mill, folder: Path, seconds: float) -> None:
        self.mill = mill
        self._folder = folder
        self._start = folder / "start"
        log = folder / "disk.log"
        shutil.copytree(mill.site, self._start)
        mill.start(Shim(mill.site, folder / "control", log).environment())
        self.first = sum(1 for _ in records(log))
        self.senders: list[Sender] = mill.senders(2)
        for sender in self.senders:
            sender.pause = 0.005
            sender.start()
        end = mill.lab.at[-1] if mill.lab.at else 0.0
        until(lambda: mill.lab.at and mill.lab.at[-1] - (end or mill.lab.at[0]) > seconds, 60, "no traffic")
        mill.daemon.kill()
        for sender in self.senders:
            sender.end()
        self.records: list[Record] = list(records(log))
        log.unlink()

    def cuts(self, count: int, seed: int) -> list[Cut]:
        """At random; every other one is torn."""
        chance = random.Random(seed)
        return [
            Cut(
                chance.randrange(self.first, len(self.records)),
                random.Random(chance.random()) if number % 2 else None,
                chance.choice((512, 4096)),
            )
            for number in range(count)
        ]

    def at(self, cut: Cut) -> float:
        return self.records[cut.place - 1].at

    def make(self, cut: Cut, target: Path) -> Path:
        """The site's folder as it is after the cut."""
        disk = Disk(self.mill.site, self._start)
        for record in self.records[: cut.place]:
            disk.play(record)
        disk.write(target, cut.torn, cut.sector)
        return target

    def answered(self, cut: Cut) -> list[str]:
        """What had been answered before the cut."""
        return [name for sender in self.senders for name in sender.taken(self.at(cut))]

    def judge(self, cut: Cut, site: Path) -> None:
        """What was answered is in the store, whole."""
        check(site / "var", self.answered(cut), str(cut))

    def live_on(self, cut: Cut, site: Path) -> Counter[str]:
        """Start the daemon on what is left; everything ends, and nothing came twice without a second attempt."""
        mill, log = self.mill, self._folder / f"{site.name}.log"
        began = {peer: len(peer.got) for peer in (mill.lab, mill.ward)}
        daemon = mill.child(site, log)
        daemon.start()
        try:
            until(lambda: mill.office.is_ready() or not daemon.alive, 60, "the daemon is not ready")
            assert daemon.alive, f"{cut}: it does not start: {daemon.tail()}"
            open_runs = "SELECT route, state, step, code, reason FROM run WHERE ended_at IS NULL LIMIT 3"
            until(
                lambda: not rows(site / "var", open_runs), 60,
                lambda: f"{cut}: {rows(site / 'var', open_runs)}; {daemon.tail()}",
            )  # fmt: skip
        finally:
            daemon.kill()
        came: Counter[str] = Counter()
        for peer, before in began.items():
            came.update(peer.between(0, self.at(cut)))
            came.update(peer.got[before:])
        lost = [name for name in self.answered(cut) if not came[name]]
        assert not lost, f"{cut}: {len(lost)} were answered and never arrived: {lost[:3]}"
        tries = attempts(site / "var")
        wrong = {name: count for name, count in came.items() if count > tries.get(name, count)}
        assert not wrong, f"{cut}: came more often than the ledger says: {wrong}"
        return Counter({name: count for name, count in came.items() if count > 1})


def attempts(state: Path) -> dict[str, int]:
    """How often the effect of each message was tried, by the message's own id."""
    sql = (
        "SELECT label.value, max(effect.attempts) FROM effect JOIN label ON label.run = effect.run"
        " WHERE label.name = 'id' GROUP BY 1"
    )
    return dict(rows(state, sql))


def check(state: Path, answered: list[str], what: str) -> None:
    """The store passes SQLite's own check, holds what was answered, and every blob that it names is whole."""
    try:
        known, blobs, orphans = contents(state, what)
    except sqlite3.DatabaseError as broken:
        raise AssertionError(f"{what}: the store cannot be read: {broken}") from broken
    lost = [name for name in answered if name not in known]
    assert not lost, f"{what}: {len(lost)} of {len(answered)} answered messages are not in the store: {lost[:3]}"
    assert orphans == 0, f"{what}: messages without a run"
    for name in blobs:
        path = state / "blobs" / name[:2] / name[2:4] / name
        assert path.exists(), f"{what}: a blob that the store names is missing"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name, f"{what}: a blob is not whole"


def contents(state: Path, what: str) -> tuple[set[str], list[str], int]:
    """The ids of the messages, the blobs that are named, and how many accepted messages have no run."""
    with contextlib.closing(sqlite3.connect(state / "waybill.sqlite")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], what
        assert db.execute("PRAGMA foreign_key_check").fetchall() == [], what
        known = {name for (name,) in db.execute("SELECT value FROM label WHERE name = 'id'")}
        blobs = [name for (name,) in db.execute(NAMED_BLOBS)]
        ((orphans,),) = db.execute(
            "SELECT count(*) FROM message WHERE outcome = 'accepted' AND id NOT IN (SELECT message_id FROM run)"
        )
    return known, blobs, orphans
