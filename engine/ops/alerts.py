"""Alerts: somebody looks after one, or puts it off until later. Writer functions."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from engine.message import Refused
from engine.ops.read_audit import record
from engine.ops.runs import UNKNOWN
from engine.store.clock import now_ms
from engine.store.schema import alert
from engine.store.sql import Row, Statement

ACTS = ("acknowledge", "snooze")
"""What commands may call over the control socket."""

LONGEST = 30 * 24 * 60
"""Minutes that an alert may be put off."""
TOO_LONG = "WB-7803"
"""An alert can be put off for a minute to 30 days."""

P = bindparam
_GET = Statement(select(alert).where(alert.c.id == P("id")))
_ACKNOWLEDGE = Statement(
    update(alert)
    .where(alert.c.id == P("of"))
    .values(state="acknowledged", acknowledged_by=P("by"), acknowledged_at=P("at"), note=P("note"), snoozed_until=None)
)
_SNOOZE = Statement(update(alert).where(alert.c.id == P("of")).values(snoozed_until=P("until"), note=P("note")))


def acknowledge(conn: Connection, number: int, user: str, note: str = "", origin: str = "") -> None:
    """Somebody has seen it and looks after it: it stays there, and is told again only when it has ended."""
    entry, now = _open(conn, number), now_ms()
    _ACKNOWLEDGE.run(conn, of=number, by=user, at=now, note=(note or entry["note"])[:1000])
    record(conn, now, user, "alert.acknowledge", subject=_subject(entry), origin=origin)


def snooze(conn: Connection, number: int, minutes: int, user: str, note: str = "", origin: str = "") -> None:
    """Put it off for so many minutes: it needs nobody till then; if it is still there, it is told again."""
    entry, now = _open(conn, number), now_ms()
    if not 1 <= minutes <= LONGEST:
        raise Refused(TOO_LONG, "an alert can be put off for a minute to 30 days")
    _SNOOZE.run(conn, of=number, until=now + minutes * 60_000, note=(note or entry["note"])[:1000])
    record(conn, now, user, "alert.snooze", subject=_subject(entry), origin=origin)


def _open(conn: Connection, number: int) -> Row:
    entry = _GET.one(conn, id=number)
    if entry is None or entry["ended_at"] is not None:
        raise Refused(UNKNOWN, "there is no such open alert")
    return entry


def _subject(entry: Row) -> str:
    return f"{entry['id']} {entry['rule']} {entry['condition']} {entry['subject']}"
