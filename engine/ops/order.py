"""Order per key: a person lets those go on that wait behind a dead or held run. Writer function."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.message import Refused
from engine.ops.read_audit import record
from engine.ops.runs import NOT_NOW, by_id
from engine.runtime import journal, order
from engine.runtime.states import State
from engine.store.clock import now_ms

ACTS = ("release",)
"""What commands may call over the control socket."""


def release(conn: Connection, run_id: str, user: str, note: str = "", origin: str = "") -> None:
    """The run stays where it is; the next run with its key goes. When it is tried again, it is in no order."""
    row, now = by_id(conn, run_id), now_ms()
    if row["state"] not in (State.DEAD, State.HELD):
        raise Refused(NOT_NOW, f"a run that is {row['state']} goes on by itself: those behind it wait for that")
    if not row["order_held"]:
        raise Refused(NOT_NOW, "no run waits behind this one")
    order.left(conn, row, now)
    text = f"released those behind it: {note}" if note else "released those behind it"
    journal.add_event(conn, row["seq"], None, now, "operator", row["step"] or "", text=text, user=user)
    record(conn, now, user, "run.release", run=row["seq"], origin=origin)
