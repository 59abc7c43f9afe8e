"""Rehearse many stored messages: each on the revision that its run was on, and on another configuration.

Both sides are computed by the same code from the same record, so what only the clock, an id or the order of work made
different does not show. What differs by itself from one time to the next (a random number in a plug-in) is found by
doing the old side twice, and told apart.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlalchemy import Connection
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults

from engine.message import Value
from engine.registry import Registry
from engine.rehearsal import record
from engine.rehearsal.differences import Difference, differences
from engine.rehearsal.groups import Rehearsal
from engine.rehearsal.record import Selection, Stored
from engine.rehearsal.sides import Side, Way, side
from engine.rehearsal.walk import Walked
from engine.runtime import revisions
from engine.runtime.runtime import Runtime
from engine.site.load import load_site
from engine.site.model import Route, Site
from engine.site.problems import Invalid
from engine.store.sql import pieces
from engine.tasks import Tasks
from engine.testing.trying import Bench, TwoBlobs
from engine.threads import Pools
from engine.transform.pool import Pool

T = TypeVar("T")
BATCH = 100
"""Messages that are read at once."""
AT_A_TIME = 24
WORKERS = 2

Read = Callable[[Callable[[Connection], Any]], Any]
"""Asks the store, read only, in one short transaction."""
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """site: the new configuration. state: the folder with blobs and revisions."""

    site: Site
    registry: Registry
    state: Path
    selection: Selection
    read: Read = field(repr=False)


async def rehearse(reactor: Any, plan: Plan, told: Told = lambda done, most: None) -> Rehearsal:
    """All messages of the selection. `told` hears how far it is."""
    began = time.monotonic()
    pool, threads = Pool(reactor, size=WORKERS, idle=0.0), Pools(reactor)
    pool.start()
    try:
        with TemporaryDirectory(prefix="waybill-rehearse-") as folder:
            blobs = TwoBlobs(Path(folder), plan.state / "blobs")
            play = _Play(plan, Bench(reactor, plan.site, plan.registry, pool, blobs), threads)
            await play.all(told)
    finally:
        threads.stop()
        await pool.stop()
    play.result.seconds = time.monotonic() - began
    return play.result


@dataclass(frozen=True)
class _Stage:
    """A configuration at work."""

    site: Site
    runtime: Runtime


class _Play:
    def __init__(self, plan: Plan, bench: Bench, threads: Pools) -> None:
        self.result = Rehearsal()
        self._plan = plan
        self._bench = bench
        self._threads = threads
        self._new = self._stage(plan.site)
        self._old: dict[Path, _Stage] = {}
        self._routes: dict[tuple[str, str], tuple[_Stage, Route] | None] = {}
        self._deployed: dict[str, str] = {}

    def _stage(self, site: Site) -> _Stage:
        bench = Bench(self._bench.reactor, site, self._plan.registry, self._bench.pool, self._bench.blobs)
        return _Stage(site, bench.runtime(Tasks(), self._threads))

    async def all(self, told: Told) -> None:
        selection, read = self._plan.selection, self._plan.read
        seqs: list[int] = read(lambda conn: record.numbers(conn, selection))
        self._deployed = read(record.deployed)
        turns = DeferredSemaphore(AT_A_TIME)
        told(0, len(seqs))
        for some in pieces(seqs, BATCH):
            batch: list[Stored] = read(partial(record.load, seqs=some, blobs=self._bench.blobs))
            works: list[Deferred[None]] = [turns.run(self._started, stored) for stored in batch]
            await gatherResults(works, consumeErrors=True)
            self.result.looked_at += len(batch)
            told(self.result.looked_at, len(seqs))

    def _started(self, stored: Stored) -> Deferred[None]:
        return Deferred.fromCoroutine(self._one(stored))

    async def _one(self, stored: Stored) -> None:
        before = self._before(stored)
        if isinstance(before, str):
            self.result.not_compared[before] += 1
            return
        after = self._after(stored)
        pairs = _pairs([route for _, route in before], after)
        if all(old and new and old.revision == new.revision for old, new in pairs) and _in_order(pairs, before, after):
            self.result.same += 1
            return
        mates = {new.name: old for old, new in pairs if new is not None}
        old_ways = [Way(stage.runtime, route, route) for stage, route in before]
        new_ways = [Way(self._new.runtime, route, mates[route.name]) for route in after]
        old_side = await side(stored, old_ways, self._assume(before[0][0] if before else self._new))
        new_side = await side(stored, new_ways, self._assume(self._new))
        names = [(old.name if old else "", new.name if new else "") for old, new in pairs]
        found = differences(old_side, new_side, names)
        if found:
            found = await self._sure(stored, old_ways, before, old_side, names, found)
        self.result.add(stored.id, found)
        self.result.assumed.update(_assumed(new_side))
        self.result.otherwise += sum(_otherwise(stored, name, walked) for name, walked in old_side.runs.items())

    async def _sure(
        self, stored: Stored, ways: list[Way], before: Sequence[tuple[_Stage, Route]], first: Side,
        names: list[tuple[str, str]], found: list[Difference],
    ) -> list[Difference]:  # fmt: skip
        """Without what is different each time, as doing the old side again shows."""
        again = await side(stored, ways, self._assume(before[0][0] if before else self._new))
        same = [(old, old) for old, _ in names if old]
        renamed = {old: new for old, new in names if old and new}
        chance = {(renamed.get(one.route, one.route), *one.exact()[2:]) for one in differences(first, again, same)}
        sure = []
        for one in found:
            if (one.route, *one.exact()[2:]) in chance:
                self.result.chance[f"{one.route}.{one.step} {one.what} {one.field}"] += 1
            else:
                sure.append(one)
        return sure

    # ---- which routes

    def _before(self, stored: Stored) -> list[tuple[_Stage, Route]] | str:
        """The routes that the message took, the one that replied first; or why it cannot be told."""
        wanted = {name: one.run.revision for name, one in stored.runs.items()}
        if not wanted and stored.outcome == "accepted":
            return "its run is not in the store any more"
        if not wanted and stored.route:
            wanted = {stored.route: self._deployed.get(stored.route, "")}
        found = []
        for name in sorted(wanted, key=lambda name: name != stored.route):
            if self._plan.selection.route in ("", name):
                kept = self._kept(name, wanted[name])
                if kept is None:
                    return f"revision {wanted[name][:12]} of {name} is not kept or cannot be read"
                found.append(kept)
        return found

    def _after(self, stored: Stored) -> list[Route]:
        routes = self._new.site.receivers(stored.connection).get(stored.operation, ())
        return [route for route in routes if self._plan.selection.route in ("", route.name)]

    def _kept(self, name: str, revision: str) -> tuple[_Stage, Route] | None:
        """A route as it was; its site is read once."""
        if (name, revision) not in self._routes:
            self._routes[name, revision] = self._loaded(name, revision)
        return self._routes[name, revision]

    def _loaded(self, name: str, revision: str) -> tuple[_Stage, Route] | None:
        folder = (self._plan.state / "revisions" / revision).resolve()
        try:
            if not revision or not folder.is_dir():
                return None
            route = revisions.kept(name, revision, folder.parent, lambda _: self._site(folder))
        except (Invalid, OSError, KeyError):
            return None
        return self._old[folder], route

    def _site(self, folder: Path) -> Site:
        if folder not in self._old:
            self._old[folder] = self._stage(load_site(folder, self._plan.registry))
        return self._old[folder].site

    def _assume(self, stage: _Stage) -> Callable[[str, str, Mapping[str, Any]], Value]:
        """The good answer of a peer of this side, where its channel knows one."""

        def answer(connection: str, operation: str, arguments: Mapping[str, Any]) -> Value:
            known = stage.site.connections[connection]
            good = getattr(self._plan.registry.channel(known.type), "good_answer", None)
            made: Value = None if good is None else good(known.settings, operation, arguments)
            return made

        return answer


Pair = tuple[Route | None, Route | None]


def _pairs(before: list[Route], after: list[Route]) -> list[Pair]:
    """By name; a route that is gone and one that is new are one that was renamed."""
    names = {route.name: route for route in before}
    gone = [route for route in before if all(route.name != new.name for new in after)]
    found: list[Pair] = []
    for new in after:
        old = names.get(new.name)
        found.append((old if old is not None else gone.pop(0) if gone else None, new))
    return [*found, *((route, None) for route in gone)]


def _in_order(pairs: list[Pair], before: Sequence[tuple[_Stage, Route]], after: list[Route]) -> bool:
    """Whether the same route replies."""
    return bool(before) == bool(after) and (not after or pairs[0][0] is before[0][1])


def _assumed(made: Side) -> Counter[str]:
    found: Counter[str] = Counter()
    waiting = list(made.runs.values())
    while waiting:
        one = waiting.pop()
        found.update(f"{one.route}.{sent.step}" for sent in one.sent if sent.assumed)
        waiting += one.parts
    return found


def _otherwise(stored: Stored, name: str, walked: Walked) -> bool:
    """Whether a run that has ended came to another end on its own revision than it really did."""
    known = stored.runs.get(name)
    if known is None or known.is_open:
        return False
    if known.parts or walked.parts:
        states = Counter(part.state for part in known.parts if not part.is_open)
        return not states <= Counter(part.state for part in walked.parts)
    return known.state != walked.state
