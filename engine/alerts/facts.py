"""What conditions are judged by: rows of the store, health, disk, certificates, clock and counters, at one moment."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, and_, case, func, select, text

from engine.alerts.rates import Rates
from engine.channel import Health
from engine.site.alerts import QueueOlderThan, When
from engine.site.calls import CallSettings
from engine.site.model import Alert, Site
from engine.store.schema import attention, message, run

QUEUED = ("ready", "running", "waiting")


@dataclass(frozen=True, slots=True)
class Pile:
    """Open entries of Attention of one kind at one step. reason: of overdue ones only."""

    kind: str
    route: str
    step: str
    reason: str
    count: int
    code: str


@dataclass(frozen=True, slots=True)
class Old:
    """Runs that stand too long at a step that calls; since: of the oldest (ms)."""

    route: str
    step: str
    connection: str
    since: int


@dataclass(frozen=True, slots=True)
class Rows:
    """What the store says. queues: by the condition that asks for it."""

    piles: tuple[Pile, ...] = ()
    conflicts: Mapping[str, int] = field(default_factory=dict)
    queues: Mapping[QueueOlderThan, tuple[Old, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Disk:
    free: int
    total: int


@dataclass(frozen=True)
class Facts:
    """rows and disk are None when nobody could tell. ends: of certificates. refusing: why the store takes no writes,
    '' when it does, None when it was not asked. aside: connections that a person has paused or stopped."""

    site: Site
    now: int
    seconds: float
    rows: Rows | None = None
    health: Mapping[str, Health] = field(default_factory=dict)
    aside: frozenset[str] = frozenset()
    disk: Disk | None = None
    ends: Mapping[str, datetime] = field(default_factory=dict)
    jump: float = 0.0
    rates: Rates = field(default_factory=Rates)
    counted: Mapping[str, int] = field(default_factory=dict)
    minute: int = 0
    refusing: str | None = None


def words(alerts: Iterable[Alert]) -> dict[str, list[When]]:
    """All conditions of the site by their word."""
    found: dict[str, list[When]] = {}
    for alert in alerts:
        for when in alert.when:
            found.setdefault(when.word, []).append(when)
    return found


def disk_of(state: Path) -> Disk | None:
    """Blocking."""
    try:
        usage = shutil.disk_usage(state)
    except OSError:
        return None
    return Disk(usage.free, usage.total)


def read(site: Site, now: int) -> Callable[[Connection], Rows]:
    """The question to the store."""
    asked = words(site.alerts.values())
    queues = [when.settings for when in asked.get("queue_older_than", ())]

    def query(conn: Connection) -> Rows:
        conflicts = _conflicts(conn) if "identity_conflict" in asked else {}
        old = {one: tuple(_old(conn, site, one, now)) for one in queues}
        return Rows(tuple(_piles(conn)), conflicts, old)

    return query


def _piles(conn: Connection) -> Iterable[Pile]:
    reason = case((attention.c.kind == "overdue", attention.c.reason), else_="")
    columns = (attention.c.kind, attention.c.route, attention.c.step, reason)
    query = (
        select(*columns, func.count(), func.max(attention.c.code))
        .where(attention.c.closed_at.is_(None), attention.c.route != "")
        .group_by(*columns)
    )
    return [Pile(*row) for row in conn.execute(query)]


def _conflicts(conn: Connection) -> dict[str, int]:
    query = (
        select(message.c.connection, func.count())
        .join_from(attention, message, attention.c.message_id == message.c.id)
        .where(attention.c.closed_at.is_(None), attention.c.kind == "conflict")
        .group_by(message.c.connection)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def _old(conn: Connection, site: Site, asked: QueueOlderThan, now: int) -> Iterable[Old]:
    before = now - int(asked.queue_older_than * 1000)
    since = func.coalesce(run.c.first_try_at, run.c.since)
    for route, step, connection in calls(site):
        if not (asked.routes.has(route) and asked.connections.has(connection)):
            continue
        here = and_(run.c.route == route, run.c.state.in_(QUEUED), run.c.step == step, text("run.ended_at IS NULL"))
        # The first that is found will do: the oldest is asked for only where there is one.
        if conn.execute(select(run.c.seq).where(here, since < before).limit(1)).first() is not None:
            oldest = conn.execute(select(func.min(since)).where(here)).scalar_one()
            yield Old(route, step, connection, oldest)


def calls(site: Site) -> list[tuple[str, str, str]]:
    """Route, step and connection of each step that calls."""
    return [
        (route.name, step.id, step.settings.to)
        for route in site.routes.values()
        for step in route.steps
        if isinstance(step.settings, CallSettings)
    ]
