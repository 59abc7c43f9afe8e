"""The rows of alerts: begun, ended, told. Writer functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select, update

from engine.alerts.damp import Key
from engine.store.schema import alert, alert_told
from engine.store.sql import Statement

BEGIN, END = "begin", "end"
LIVE_LIMIT = 5000
"""Rows that are looked after at a time; a site with more alerts than that has other worries."""
ENDED_LIMIT = 400 * 86_400_000
"""Milliseconds after which an alert that is over is forgotten."""
FORGET = 500

P = bindparam
_LIVE = Statement(select(alert).where(alert.c.told_end_at.is_(None)).order_by(alert.c.id).limit(P("most")))
_TOLD = Statement(
    select(alert_told.c.alert, alert_told.c.phase, alert_told.c.target)
    .join(alert, alert.c.id == alert_told.c.alert)
    .where(alert.c.told_end_at.is_(None))
)
_BEGIN = Statement(
    insert(alert).values(
        rule=P("rule"), condition=P("condition"), subject=P("subject"), state="open", text=P("text"),
        began_at=P("began_at"), acknowledged_by="", note=P("note"), snoozed_until=P("snoozed_until"),
    )
)  # fmt: skip
_LAST = Statement(
    select(alert.c.snoozed_until, alert.c.note)
    .where(
        alert.c.rule == P("rule"), alert.c.condition == P("condition"), alert.c.subject == P("subject"),
        alert.c.snoozed_until > P("now"), alert.c.ended_at.isnot(None),
    )
    .order_by(alert.c.id.desc())
    .limit(1)
)  # fmt: skip
_IS_OPEN = Statement(
    select(alert.c.id).where(
        alert.c.rule == P("rule"), alert.c.condition == P("condition"), alert.c.subject == P("subject"),
        alert.c.ended_at.is_(None),
    )
)  # fmt: skip
_END = Statement(
    update(alert)
    .where(alert.c.id == P("of"), alert.c.ended_at.is_(None))
    .values(state="ended", ended_at=P("at"), told_end_at=P("quiet"))
)
_MARK = Statement(
    insert(alert_told).prefix_with("OR IGNORE").values(alert=P("of"), phase=P("phase"), target=P("target"), at=P("at"))
)
_TOLD_BEGIN = Statement(
    update(alert).where(alert.c.id == P("of"), alert.c.told_begin_at.is_(None)).values(told_begin_at=P("at"))
)
_TOLD_END = Statement(update(alert).where(alert.c.id == P("of")).values(told_end_at=P("at")))
_SNOOZED_OUT = Statement(
    select(alert.c.id).where(
        alert.c.told_end_at.is_(None), alert.c.ended_at.is_(None), alert.c.snoozed_until <= P("now"),
        or_(alert.c.told_begin_at < alert.c.snoozed_until, alert.c.state == "acknowledged"),
    )
)  # fmt: skip
_WAKE = Statement(update(alert).where(alert.c.id == P("of")).values(state="open", told_begin_at=None))
_UNMARK = Statement(delete(alert_told).where(alert_told.c.alert == P("of"), alert_told.c.phase == BEGIN))


@dataclass(frozen=True, slots=True)
class Row:
    """An alert that is not over, or whose end is not told everywhere. told: phase and target."""

    id: int
    rule: str
    condition: str
    subject: str
    text: str
    began_at: int
    ended_at: int | None
    snoozed_until: int | None
    told: frozenset[tuple[str, str]]
    told_begin_at: int | None = None
    state: str = "open"

    def sleeps_out(self, now: int) -> bool:
        """It was put off until a time that has come, and is still there."""
        until = self.snoozed_until
        if until is None or until > now or self.ended_at is not None:
            return False
        return self.state == "acknowledged" or (self.told_begin_at is not None and self.told_begin_at < until)

    @property
    def key(self) -> Key:
        return (self.rule, self.condition, self.subject)


def live(conn: Connection) -> list[Row]:
    """All of them, oldest first."""
    told: dict[int, set[tuple[str, str]]] = {}
    for of, phase, target in _TOLD.all(conn):
        told.setdefault(of, set()).add((phase, target))
    return [
        Row(
            row["id"], row["rule"], row["condition"], row["subject"], row["text"], row["began_at"], row["ended_at"],
            row["snoozed_until"], frozenset(told.get(row["id"], ())), row["told_begin_at"], row["state"],
        )
        for row in _LIVE.all(conn, most=LIVE_LIMIT)
    ]  # fmt: skip


def begin(conn: Connection, key: Key, text: str, now: int, told: Iterable[str] = ()) -> None:
    """Once, however often it is said. told: targets that know it already.

    What was put off when it ended last, and still is, begins quietly.
    """
    rule, condition, subject = key
    who = {"rule": rule, "condition": condition, "subject": subject[:200]}
    if _IS_OPEN.one(conn, **who) is not None:
        return
    last = _LAST.one(conn, **who, now=now)
    snoozed, note = (last["snoozed_until"], last["note"]) if last is not None else (None, "")
    made = _BEGIN.run(conn, **who, text=text[:1000], began_at=now, snoozed_until=snoozed, note=note)
    for target in told:
        _MARK.run(conn, of=made.lastrowid, phase=BEGIN, target=target, at=now)


def end(conn: Connection, number: int, now: int, quiet: bool) -> None:
    """quiet: its end is told nobody, for its rule is no more, or tells nobody."""
    _END.run(conn, of=number, at=now, quiet=now if quiet else None)


def told(conn: Connection, rows: Iterable[tuple[int, str]], target: str, targets: Iterable[str], now: int) -> None:
    """rows: alert and phase that `target` has been told. targets: all of the rule."""
    everyone = set(targets)
    for number, phase in rows:
        _MARK.run(conn, of=number, phase=phase, target=target, at=now)
        query = select(alert_told.c.target).where(and_(alert_told.c.alert == number, alert_told.c.phase == phase))
        if everyone <= {row[0] for row in conn.execute(query)}:
            (_TOLD_BEGIN if phase == BEGIN else _TOLD_END).run(conn, of=number, at=now)


def tell_nobody(conn: Connection, numbers: Iterable[int], now: int) -> None:
    """Over, and there is nobody to tell any more."""
    for number in numbers:
        _TOLD_END.run(conn, of=number, at=now)


def wake(conn: Connection, now: int) -> int:
    """What was put off until now and is not over is open again, and is told again. How many."""
    numbers = [row["id"] for row in _SNOOZED_OUT.all(conn, now=now)]
    for number in numbers:
        _WAKE.run(conn, of=number)
        _UNMARK.run(conn, of=number)
    return len(numbers)


def forget(conn: Connection, now: int) -> None:
    """Alerts that were over long ago, a piece at a time."""
    query = (
        select(alert.c.id).where(alert.c.began_at < now - ENDED_LIMIT, alert.c.told_end_at.isnot(None)).limit(FORGET)
    )
    numbers = [row[0] for row in conn.execute(query)]
    if numbers:
        conn.execute(delete(alert_told).where(alert_told.c.alert.in_(numbers)))
        conn.execute(delete(alert).where(alert.c.id.in_(numbers)))


def open_keys(rows: Iterable[Row]) -> Mapping[Key, Row]:
    """Those that are not over, by key."""
    return {row.key: row for row in rows if row.ended_at is None}
