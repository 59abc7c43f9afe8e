"""Who opened a batch: written to the audit once for each patient in it, and not again for each picture of a page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from sqlalchemy import Connection

from records import audit
from web.api.auth import Person
from web.api.bridge import Bridge

ACT = "scan.open"
LIFE = 15 * 60_000
"""Milliseconds after which looking again is another look."""
MOST = 2000

Key = tuple[str, str]


class Looks:
    """What was written of late; from any thread. A restart forgets it, and a look is written once more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[Key, tuple[int, set[int | None]]] = OrderedDict()

    def fresh(self, person: Person, batch: str, patients: Iterable[int | None], at: int) -> set[int | None]:
        """Those of these patients (None: pages of nobody yet) whose look is not written."""
        key = (person.session, batch)
        with self._lock:
            since, seen = self._seen.get(key, (at, set()))
            if at - since >= LIFE:
                seen = set()
            return set(patients) - seen

    def written(self, person: Person, batch: str, patients: Iterable[int | None], at: int) -> None:
        """They are durable."""
        key = (person.session, batch)
        with self._lock:
            since, seen = self._seen.pop(key, (at, set()))
            if at - since >= LIFE:
                since, seen = at, set()
            self._seen[key] = (since, seen | set(patients))
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)


def look(bridge: Bridge, person: Person, batch: str, patients: Iterable[int | None]) -> None:
    """Durable when it returns: this person sees pages of these patients in this batch."""
    at = bridge.now()
    looks = looks_of(bridge)
    fresh = looks.fresh(person, batch, patients, at)
    if not fresh:
        return

    def rows(conn: Connection) -> None:
        for patient in sorted(fresh, key=lambda one: one or 0):
            audit.record(conn, at=at, user=person.login, act=ACT, patient=patient, subject=batch, origin=person.origin)

    bridge.store.write_now(rows)
    looks.written(person, batch, fresh, at)


def looks_of(bridge: Bridge) -> Looks:
    """Of this bridge, made when first asked for."""
    if bridge.looks is None:
        bridge.looks = Looks()
    looks: Looks = bridge.looks
    return looks
