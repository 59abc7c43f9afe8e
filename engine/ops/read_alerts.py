"""Alerts as the screen shows them: open and acknowledged ones, and the last that ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, or_, select

from engine.store.schema import alert

OPEN_SHOWN = 500
ENDED_SHOWN = 100


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Times in UTC ms. state: open, acknowledged, ended."""

    id: int
    rule: str
    condition: str
    subject: str
    state: str
    text: str
    began_at: int
    ended_at: int | None
    told_begin_at: int | None
    told_end_at: int | None
    acknowledged_by: str
    acknowledged_at: int | None
    snoozed_until: int | None
    note: str


_COLUMNS = [alert.c[name] for name in AlertRow.__slots__]


def alerts(conn: Connection) -> list[AlertRow]:
    """What is not over, the newest first, then what ended last."""
    live = select(*_COLUMNS).where(alert.c.ended_at.is_(None)).order_by(alert.c.id.desc()).limit(OPEN_SHOWN)
    ended = select(*_COLUMNS).where(alert.c.ended_at.isnot(None)).order_by(alert.c.began_at.desc()).limit(ENDED_SHOWN)
    over = sorted((AlertRow(*row) for row in conn.execute(ended)), key=lambda row: -(row.ended_at or 0))
    return [*(AlertRow(*row) for row in conn.execute(live)), *over]


def open_count(conn: Connection, rules: Collection[str], now: int) -> int:
    """How many alerts of these rules need somebody: nobody looks after them, and they are not put off."""
    awake = or_(alert.c.snoozed_until.is_(None), alert.c.snoozed_until <= now)
    needs = and_(alert.c.ended_at.is_(None), alert.c.state == "open", awake, alert.c.rule.in_(list(rules)))
    return conn.execute(select(func.count()).select_from(alert).where(needs)).scalar_one()
