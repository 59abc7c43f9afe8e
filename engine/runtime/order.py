"""Order per key: runs of one route with the same key go one after the other. Writer functions.

A run that has the key of an earlier one which still holds it waits, `behind RUN`, and is ready in the commit in which
the earlier lets go: when the step `until` has settled, when it has ended, or when a person releases it. The key is
kept as a hash, for it may be a patient's number.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, bindparam, select, text, update

from engine.runtime.states import State
from engine.site.model import Label, Route
from engine.store.schema import run
from engine.store.sql import Row, Statement

P = bindparam
NAME = "~order"
"""The label under which the key is read from a message, or from the part of a split."""
BEHIND = "behind "

# SQLite uses the partial index only when its condition stands literally in the question.
_HELD = text("run.order_held = 1")
_LAST = Statement(select(run.c.id).where(run.c.order_key == P("of"), _HELD).order_by(run.c.seq.desc()).limit(1))
_BEFORE = Statement(
    select(run.c.id).where(run.c.order_key == P("of"), _HELD, run.c.seq < P("mark")).order_by(run.c.seq.desc()).limit(1)
)
_AFTER = Statement(
    select(run.c.seq, run.c.state, run.c.waits_for)
    .where(run.c.order_key == P("of"), _HELD, run.c.seq > P("mark")).order_by(run.c.seq).limit(1)
)  # fmt: skip
_LET_GO = Statement(update(run).where(run.c.seq == P("key")).values(order_held=0))
_WAKE = Statement(
    update(run).where(run.c.seq == P("key"), run.c.state == "waiting")
    .values(state="ready", waits_for="", since=P("at"), first_try_at=P("at"))
)  # fmt: skip
_BEHIND = Statement(update(run).where(run.c.seq == P("key")).values(waits_for=P("behind")))


def label(route: Route) -> tuple[Label, ...]:
    """How the key is read, for those that read labels; empty for a route without order."""
    order = route.receive.order
    return () if order is None else (Label(NAME, order.key, optional=True),)


def at_accept(route: Route) -> tuple[Label, ...]:
    """As `label`, for the message as a whole: with a split each part has its own key."""
    return () if any(step.verb == "split" for step in route.steps) else label(route)


def key_of(route: str, key: str) -> str | None:
    """The key as it is kept; None for a message without one, which is in no order."""
    return hashlib.sha256(f"{route}\0{key}".encode()).hexdigest() if key else None


def ahead(conn: Connection, key: str) -> str:
    """The run that a new one with this key has to wait for; empty when it may go."""
    row = _LAST.one(conn, of=key)
    return "" if row is None else str(row["id"])


def left(conn: Connection, row: Row, now: int) -> bool:
    """The run of `row` lets its key go. Whether that made the next one ready."""
    if not row["order_held"]:
        return False
    key, seq = row["order_key"], row["seq"]
    _LET_GO.run(conn, key=seq)
    follower = _AFTER.one(conn, of=key, mark=seq)
    if follower is None or not waits_behind(follower):
        return False
    before = _BEFORE.one(conn, of=key, mark=seq)
    if before is not None:
        _BEHIND.run(conn, key=follower["seq"], behind=f"{BEHIND}{before['id']}")
        return False
    return _WAKE.run(conn, key=follower["seq"], at=now).rowcount == 1


def waits_behind(row: Row) -> bool:
    """Whether only the order keeps this run from going."""
    return row["state"] == State.WAITING and str(row["waits_for"]).startswith(BEHIND)


def settled(conn: Connection, row: Row, route: Route, now: int) -> bool:
    """After a settle: let the key go when the route says so. row: as it is now. Whether a run is ready by that."""
    order = route.receive.order
    if not row["order_held"]:
        return False
    failed = row["state"] in (State.DEAD, State.HELD)
    if order is None or (failed and order.on_failure == "pass") or (not failed and _passed(route, order.until, row)):
        return left(conn, row, now)
    return False


def _passed(route: Route, until: str, row: Row) -> bool:
    ids = [step.id for step in route.steps]
    return until in ids and row["step"] in ids and ids.index(row["step"]) > ids.index(until)
