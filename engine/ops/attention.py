"""Attention: what needs a person is acknowledged and closed here. Writer functions."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from engine.message import Refused
from engine.ops.read_audit import record
from engine.ops.runs import UNKNOWN
from engine.runtime import journal
from engine.runtime.states import State
from engine.store.clock import now_ms
from engine.store.schema import attention
from engine.store.sql import Row, Statement

ACTS = ("acknowledge", "close")
"""What commands may call over the control socket."""

P = bindparam
_GET = Statement(select(attention).where(attention.c.id == P("id")))
_ACKNOWLEDGE = Statement(
    update(attention).where(attention.c.id == P("of")).values(acknowledged_by=P("acknowledged_by"), note=P("note"))
)
_CLOSE = Statement(
    update(attention)
    .where(attention.c.id == P("of"))
    .values(closed_at=P("closed_at"), closed_by=P("closed_by"), answer=P("answer"), note=P("note"))
)


def acknowledge(conn: Connection, number: int, user: str, note: str, origin: str = "") -> None:
    """Somebody has seen it and looks after it; it stays open."""
    entry = _open(conn, number)
    _ACKNOWLEDGE.run(conn, of=number, acknowledged_by=user, note=note or entry["note"])
    record(conn, now_ms(), user, "attention.acknowledge", run=entry["run"], subject=str(number), origin=origin)


def close(conn: Connection, number: int, answer: str, user: str, note: str, origin: str = "") -> None:
    """Done with. For a repeat that came with other content: `ignore` filters it, `anew` lets it run."""
    entry = _open(conn, number)
    now = now_ms()
    if entry["kind"] == "update" and entry["run"] is not None:
        _settle_update(conn, entry["run"], answer, user, now)
    elif entry["kind"] == "person":
        raise Refused("WB-7303", "answer the question: that closes the entry")
    elif entry["kind"] in ("dead", "held", "doubt", "stopped", "bug"):
        raise Refused("WB-7303", "retry or cancel the run, or answer its doubt: that closes the entry")
    _CLOSE.run(conn, of=number, closed_at=now, closed_by=user, answer=answer[:40], note=note)
    record(conn, now, user, "attention.close", run=entry["run"], subject=str(number), origin=origin)


def _settle_update(conn: Connection, seq: int, answer: str, user: str, now: int) -> None:
    row = journal.state_of(conn, seq)
    if row["state"] != State.HELD:
        return  # an update that came too late: it was noted
    if answer == "anew":
        # Another generation: a part of the same message with this identity may have had the same effects.
        journal.move(conn, row, State.READY, now, code="", reason="", generation=row["generation"] + 1)
    elif answer == "ignore":
        journal.move(conn, row, State.FILTERED, now, reason="a person ignored this repeat with other content")
    else:
        raise Refused("WB-7304", "the answers are ignore and anew")
    journal.add_event(conn, seq, None, now, "operator", row["step"] or "", text=answer, user=user)


def _open(conn: Connection, number: int) -> Row:
    entry = _GET.one(conn, id=number)
    if entry is None or entry["closed_at"] is not None:
        raise Refused(UNKNOWN, "there is no such open entry")
    return entry
