"""Alerts of a running engine: a look every few seconds, what begins and ends written, and told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as StoreConnection
from twisted.internet.defer import CancelledError, Deferred, DeferredList

from engine.alerts import book, conditions, facts
from engine.alerts.book import Row
from engine.alerts.clock import ClockWatch
from engine.alerts.damp import Change, Damper, Key
from engine.alerts.facts import Facts
from engine.alerts.rates import Rates, counted
from engine.alerts.telling import Teller, targets_of
from engine.alerts.texts import Place, Telling
from engine.message import Failure, Unavailable
from engine.repeat import Repeat
from engine.site.model import Alert, Connection
from engine.store.clock import local

log = logging.getLogger(__name__)

LOOK = 5.0
"""Seconds between two looks."""
FRESH = 600.0
"""Seconds for which the end of a certificate is not read again."""
FORGET = 3600.0
"""Seconds between two removals of what is over for long."""

Ends = Callable[[Connection], "datetime | None"]


class Alerts:
    """`start` and `stop` once each. certificate_ends: blocking, of one connection."""

    def __init__(
        self, runtime: Any, state: Path, place: Place, certificate_ends: Ends = lambda _: None, every: float = LOOK
    ) -> None:
        self._runtime = runtime
        self._state = state
        self._certificate_ends = certificate_ends
        self.teller = Teller(runtime, place)
        self._damper = Damper()
        self._clock = ClockWatch()
        self._rates = Rates()
        self._live: list[Row] = []
        self._ends: dict[str, tuple[float, Any, datetime | None]] = {}
        self._unwritten: dict[Key, tuple[str, set[str]]] = {}
        self._heart = 0
        self._forgot = runtime.reactor.seconds()
        self._looking = Repeat(runtime.reactor, "alerts", every, self.look)
        self._telling = Repeat(runtime.reactor, "telling of alerts", every, self.tell)

    def start(self) -> None:
        """Look and tell from now on."""
        self._runtime.spawn("alerts", self._looking.run())
        self._runtime.spawn("telling of alerts", self._telling.run())

    def stop(self) -> None:
        self._looking.stop()
        self._telling.stop()

    # --- a look

    async def look(self) -> None:
        """Judge every rule once; what begins and ends is written, and the telling begins."""
        alerts = self._runtime.site.alerts
        await self._read_live()
        if not alerts and not self._live:
            return
        seen = await self._facts()
        found, unknown = self._judge(alerts, seen)
        needed = {name: float(alert.for_) for name, alert in alerts.items()}
        change = self._damper.judge(found.keys(), unknown, book.open_keys(self._live).keys(), needed, seen.seconds)
        await self._write(change, found, seen)

    def _judge(self, alerts: dict[str, Alert], seen: Facts) -> tuple[dict[Key, str], set[Key]]:
        """What holds, with its text; and what is open of which nobody can tell now."""
        found: dict[Key, str] = {}
        unknown: set[Key] = set()
        for name, alert in alerts.items():
            looked = [(when.word, conditions.look(alert, when.word, when.settings, seen)) for when in alert.when]
            looked.append(("overdue", conditions.raised(alert, seen)))
            for word, things in looked:
                if things is None:
                    unknown |= {row.key for row in self._live if row.key[:2] == (name, word)}
                for thing in things or ():
                    key = (name, word, thing.subject)
                    if thing.sure:
                        found.setdefault(key, thing.text)
                    else:
                        unknown.add(key)
        return found, unknown

    async def _write(self, change: Change, found: dict[Key, str], seen: Facts) -> None:
        is_open, alerts, now = book.open_keys(self._live), seen.site.alerts, seen.now
        begins = {key: found[key] for key in change.begins}
        if not seen.refusing:  # told while it could not be written: it has begun, even if it is over by now
            begins |= {key: text for key, (text, _) in self._unwritten.items() if key not in is_open}

        def write(conn: StoreConnection) -> int:
            for key, text in begins.items():
                book.begin(conn, key, text, now, self._unwritten.get(key, ("", set()))[1])
            for key in change.ends:
                alert = alerts.get(key[0])
                book.end(conn, is_open[key].id, now, quiet=alert is None or not targets_of(alert))
            return book.wake(conn, now)

        if begins or change.ends or self._put_off(now):
            try:
                woken = await self._runtime.store.write(write)
            except Unavailable:
                await self._tell_unwritten(change, found, seen)
                return
            self._unwritten.clear()
            self._say(Change(tuple(begins), change.ends), woken)

    def _say(self, change: Change, woken: int) -> None:
        for key in change.begins:
            log.warning("alert %s begins: %s %s", *key)
        for key in change.ends:
            log.info("alert %s ends: %s %s", *key)
        if change.begins or change.ends or woken:
            self._runtime.notify({"alerts", "dashboard"})
            self._telling.poke()

    def _put_off(self, now: int) -> bool:
        return any(row.sleeps_out(now) for row in self._live)

    async def _read_live(self) -> None:
        try:
            self._live = await self._runtime.store.read(book.live)
        except Unavailable:
            return  # what was known last counts

    # --- facts

    async def _facts(self) -> Facts:
        runtime, site = self._runtime, self._runtime.site
        now, seconds = runtime.now(), runtime.reactor.seconds()
        self._clock.look(now, seconds)
        asked = facts.words(site.alerts.values())
        sources = {name for route in site.routes.values() for name in route.receive.from_}
        count: dict[str, int] = {}
        if "rate_below" in asked or "rate_above" in asked:
            count = counted(runtime.counters(), sources)
            self._rates.sample(conditions.windows(site.alerts.values(), site.connections), count, seconds)
        disk = await runtime.in_thread("alerts", facts.disk_of, self._state) if "disk_low" in asked else None
        at = local(now)
        return Facts(
            site=site, now=now, seconds=seconds, rows=await self._rows(site, now), health=runtime.health(),
            aside=frozenset(runtime.paused.connections), disk=disk, ends=await self._certificates(site, seconds),
            jump=self._clock.jump, rates=self._rates, counted=count, minute=at.hour * 60 + at.minute,
            refusing=await self._refusing() if "store" in asked else None,
        )  # fmt: skip

    async def _rows(self, site: Any, now: int) -> facts.Rows | None:
        try:
            rows: facts.Rows = await self._runtime.store.read(facts.read(site, now))
        except Unavailable:
            return None
        return rows

    async def _refusing(self) -> str:
        """Whether a write goes through to the disk: a number in the file's head is changed."""
        self._heart = (self._heart + 1) % 1000
        number = self._heart

        def beat(conn: StoreConnection) -> None:
            conn.exec_driver_sql(f"PRAGMA user_version = {number}")

        try:
            await self._runtime.store.write(beat)
        except Unavailable as failure:
            return f"{failure.code} {failure.reason}"
        return ""

    async def _certificates(self, site: Any, seconds: float) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for one in conditions.secured(site.alerts.values(), site.connections.values()):
            read_at, of, ends = self._ends.get(one.name, (float("-inf"), None, None))
            if of != one.settings or seconds - read_at > FRESH:
                ends = await self._runtime.in_thread("alerts", self._certificate_ends, one)
                self._ends[one.name] = (seconds, one.settings, ends)
            if ends is not None:
                found[one.name] = ends
        return found

    # --- telling

    async def tell(self) -> None:
        """Each target of each rule what it has not been told; those that do not answer stop nobody else."""
        alerts = self._runtime.site.alerts
        self.teller.forget((name, target) for name, alert in alerts.items() for target in targets_of(alert))
        rows = await self._runtime.store.read(book.live)
        asked = [
            self._runtime.spawn("telling of an alert", self._tell(alert, target, mine))
            for alert in alerts.values()
            if (mine := [row for row in rows if row.rule == alert.name])
            for target in targets_of(alert)
        ]
        if asked:
            await _all(asked)
        await self._leave(alerts, rows)
        await self._forget()

    async def _leave(self, alerts: dict[str, Alert], rows: list[Row]) -> None:
        """A reload took the rule away, or those that it told: there is nobody to tell of the end."""
        now = self._runtime.now()
        left = [
            row.id for row in rows
            if row.ended_at is not None and not (row.rule in alerts and targets_of(alerts[row.rule]))
        ]  # fmt: skip
        if left:
            await self._runtime.store.write(lambda conn: book.tell_nobody(conn, left, now))

    async def _tell(self, alert: Alert, target: str, rows: list[Row]) -> None:
        try:
            if await self.teller.tell(alert, target, rows):
                self._runtime.notify({"alerts"})
        except CancelledError:
            raise
        except Failure as failure:  # told, but it could not be written: it is told again rather than not at all
            log.error("alert %s: %s", alert.name, failure.code)

    async def _tell_unwritten(self, change: Change, found: dict[Key, str], seen: Facts) -> None:
        """The store takes nothing: that itself is told all the same, once to each target."""
        for key in change.begins:
            alert = seen.site.alerts[key[0]]
            for target in targets_of(alert) if key[1] == "store" else ():
                _, knows = self._unwritten.setdefault(key, (found[key], set()))
                row = Row(0, *key, found[key], seen.now, None, None, frozenset())
                if target not in knows and await self.teller.send(Telling(alert, (row,)), target):
                    knows.add(target)

    async def _forget(self) -> None:
        runtime = self._runtime
        if runtime.reactor.seconds() - self._forgot > FORGET:
            self._forgot, now = runtime.reactor.seconds(), runtime.now()
            await runtime.store.write(lambda conn: book.forget(conn, now), background=True)


def _all(asked: list[Deferred[Any]]) -> Awaitable[Any]:
    return DeferredList(asked, consumeErrors=True)
