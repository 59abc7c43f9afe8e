"""Telling: who has not been told what, in one message at a time, again and again until it goes out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.alerts import book
from engine.alerts.book import BEGIN, END, Row
from engine.alerts.texts import Place, Telling, body, mail, subject
from engine.message import Failure, Request
from engine.site.alerts import MAIL, POST
from engine.site.model import Alert
from engine.store.clock import local

log = logging.getLogger(__name__)

FIRST, LONGEST = 5.0, 300.0
"""Seconds between attempts: the first pause, doubled up to the longest."""
EMAIL, WEBHOOK = "email", "webhook"

Phase = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a target could not be told."""

    rule: str
    target: str
    connection: str
    attempts: int
    since: int
    reason: str
    again_at: float


def targets_of(alert: Alert) -> dict[str, str]:
    """Each target of a rule with its connection."""
    ways = ((EMAIL, alert.email), (WEBHOOK, alert.webhook))
    return {target: way.through for target, way in ways if way is not None}


def choose(alert: Alert, target: str, rows: Iterable[Row], now: int) -> tuple[Telling, list[Phase]]:
    """What the target is to be told now, and what it knows then. What is put off waits; what began and ended while it
    was put off is not told at all."""
    begins, ends, known = [], [], []
    for row in rows:
        knows_begin, snoozed = (BEGIN, target) in row.told, row.snoozed_until or 0
        if row.ended_at is None:
            if not knows_begin and snoozed <= now:
                begins.append(row)
                known.append((row.id, BEGIN))
        elif (END, target) not in row.told:
            known += [(row.id, BEGIN), (row.id, END)]
            if knows_begin or snoozed <= row.ended_at:
                ends.append(row)
    return Telling(alert, tuple(begins), tuple(ends)), known


def request_of(telling: Telling, target: str, place: Place, now: int, attempt: int, timeout: float) -> Request:
    """The one call that tells it. The key is made from what is told, so that the same has the same."""
    said = [f"{row.id} {row.began_at} {row.ended_at} {row.snoozed_until}" for row in telling.rows]
    key = hashlib.sha256("|".join([place.site, telling.alert.name, target, *said]).encode()).hexdigest()
    alert = telling.alert
    if target == EMAIL:
        assert alert.email is not None
        arguments: dict[str, Any] = {
            "addresses": list(alert.email.to), "subject": subject(telling, place), "text": mail(telling, place),
        }  # fmt: skip
        return Request(MAIL, arguments, key, local(now), attempt=attempt, timeout=timeout)
    assert alert.webhook is not None
    arguments = {"path": alert.webhook.path, "body": body(telling, place, key), "idempotency_header": "Idempotency-Key"}
    return Request(POST, arguments, key, local(now), attempt=attempt, timeout=timeout)


class Teller:
    """Sends through the site's connections. What was told, the store keeps; when the next may go, only the memory."""

    def __init__(self, runtime: Any, place: Place) -> None:
        self._runtime = runtime
        self.place = place
        self.trouble: dict[tuple[str, str], Trouble] = {}
        self._last: dict[tuple[str, str], float] = {}

    async def tell(self, alert: Alert, target: str, rows: Sequence[Row]) -> bool:
        """Tell one target of one rule what it does not know yet, if it is time; whether something was told."""
        now, who = self._runtime.now(), (alert.name, target)
        telling, known = choose(alert, target, rows, now)
        if not known or not self._is_time(alert, who):
            return False
        if telling.rows and not await self.send(telling, target):
            return False
        everyone = targets_of(alert)
        await self._runtime.store.write(lambda conn: book.told(conn, known, target, everyone, now))
        return bool(telling.rows)

    async def send(self, telling: Telling, target: str) -> bool:
        """One attempt; when it fails, the next may come after a pause."""
        runtime, who = self._runtime, (telling.alert.name, target)
        connection, before = targets_of(telling.alert)[target], self.trouble.get(who)
        attempt = before.attempts + 1 if before else 1
        asked = request_of(telling, target, self.place, runtime.now(), attempt, runtime.connection_timeout(connection))
        try:
            await runtime.send(connection, asked)
        except Failure as failure:
            self._failed(who, connection, f"{failure.code} {failure.reason}", before)
            return False
        self.trouble.pop(who, None)
        self._last[who] = runtime.reactor.seconds()
        log.info("alert %s: told by %s through connection %s", telling.alert.name, target, connection)
        return True

    def _is_time(self, alert: Alert, who: tuple[str, str]) -> bool:
        now, trouble = self._runtime.reactor.seconds(), self.trouble.get(who)
        if trouble is not None and now < trouble.again_at:
            return False
        return who not in self._last or now - self._last[who] >= alert.interval

    def _failed(self, who: tuple[str, str], connection: str, reason: str, before: Trouble | None) -> None:
        attempts = before.attempts + 1 if before else 1
        pause = min(LONGEST, FIRST * 2 ** min(attempts - 1, 10))
        since = before.since if before else self._runtime.now()
        again = self._runtime.reactor.seconds() + pause
        self.trouble[who] = Trouble(*who, connection, attempts, since, reason, again)
        if before is None or before.reason != reason:
            log.warning("alert %s: %s not told through connection %s: %s", who[0], who[1], connection, reason)

    def forget(self, alive: Iterable[tuple[str, str]]) -> None:
        """Only these targets are there still."""
        kept = set(alive)
        self.trouble = {who: one for who, one in self.trouble.items() if who in kept}
        self._last = {who: at for who, at in self._last.items() if who in kept}
