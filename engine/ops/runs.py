"""What a person does to one run: retry, cancel, and the three answers to a doubt. Writer functions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.message import Refused
from engine.ops.read_audit import record
from engine.runtime import journal, ledger, sign_jobs
from engine.runtime.states import State
from engine.store.clock import now_ms
from engine.store.schema import run
from engine.store.sql import Row, Statement

ACTS = ("retry", "cancel", "answer_doubt")
"""What commands may call over the control socket."""

_BY_ID = Statement(select(run).where(run.c.id == bindparam("id")))

NOT_NOW = "WB-7301"
UNKNOWN = "WB-7302"
ANSWERS = {"arrived": "it arrived", "again": "send again", "ask": "ask the peer"}


def by_id(conn: Connection, run_id: str) -> Row:
    """The run's row; `Refused` when there is none."""
    row = _BY_ID.one(conn, id=run_id)
    if row is None:
        raise Refused(UNKNOWN, "there is no such run")
    return row


def retry(conn: Connection, run_id: str, user: str, note: str = "", origin: str = "") -> None:
    """Try the current step again: of a dead or held run, or of one that waits for its next attempt."""
    row = by_id(conn, run_id)
    state = State(row["state"])
    if row["code"] and _in_doubt(conn, row):
        raise Refused(NOT_NOW, "the effect is in doubt: say that it arrived, send again, or ask the peer")
    if state not in (State.DEAD, State.HELD) and not (state is State.WAITING and _asks_again(conn, row)):
        raise Refused(NOT_NOW, f"a run that is {state} is not retried")
    now = now_ms()
    _wake(conn, row, now, user, "retry", note)
    record(conn, now, user, "run.retry", run=row["seq"], origin=origin)


def cancel(conn: Connection, run_id: str, user: str, note: str, origin: str = "") -> None:
    """End the run for good; its row and folder stay."""
    row, now = by_id(conn, run_id), now_ms()
    end(conn, row, now, user, note)
    record(conn, now, user, "run.cancel", run=row["seq"], origin=origin)


def end(conn: Connection, row: Row, now: int, user: str, note: str) -> None:
    """As `cancel`, as part of another act."""
    state = State(row["state"])
    if state in (State.RUNNING, State.DONE, State.FILTERED, State.CANCELLED, State.INVALID):
        raise Refused(NOT_NOW, f"a run that is {state} is not cancelled")
    if row["open_children"]:
        raise Refused(NOT_NOW, "cancel its parts")
    journal.move(conn, row, State.CANCELLED, now, reason=f"cancelled by {user}")
    sign_jobs.cancel(conn, row["seq"], f"the run was cancelled by {user}", now)
    journal.add_event(conn, row["seq"], None, now, "cancelled", row["step"] or "", text=note, user=user)


def answer_doubt(conn: Connection, run_id: str, answer: str, user: str, note: str, origin: str = "") -> None:
    """`arrived`: it was done, go on. `again`: it was not, send again. `ask`: ask the peer by our key."""
    if answer not in ANSWERS:
        raise Refused(NOT_NOW, "the answers are arrived, again and ask")
    row, now = by_id(conn, run_id), now_ms()
    if row["state"] != State.HELD or ledger.answer(conn, row["seq"], row["step"], answer, now) == 0:
        raise Refused(NOT_NOW, "nothing is in doubt here")
    _wake(conn, row, now, user, f"answered: {ANSWERS[answer]}", note)
    record(conn, now, user, "run.doubt", run=row["seq"], subject=answer, origin=origin)


def _asks_again(conn: Connection, row: Row) -> bool:
    """It waits for its next attempt or its next question, not for a file, a person or another run."""
    sql = "SELECT 1 FROM wait WHERE run = ?"
    return row["due_at"] is not None and conn.exec_driver_sql(sql, (row["seq"],)).first() is None


def _in_doubt(conn: Connection, row: Row) -> bool:
    sql = "SELECT 1 FROM effect WHERE run = ? AND step = ? AND state = 'doubt'"
    return conn.exec_driver_sql(sql, (row["seq"], row["step"])).first() is not None


def _wake(conn: Connection, row: Row, now: int, user: str, what: str, note: str) -> None:
    # The policy's clock starts again; attempts count on from 1 so that the ledger is asked what became of the last.
    changes: dict[str, Any] = {"attempts": 1, "first_try_at": now, "waits_for": "", "code": "", "reason": ""}
    journal.move(conn, row, State.READY, now, **changes)
    journal.drop_values(conn, row["seq"], [sign_jobs.REFUSAL])  # a report that was held as refused may be signed
    journal.close_attention(conn, row["seq"], now, user, what)
    text = f"{what}: {note}" if note else what
    journal.add_event(conn, row["seq"], None, now, "operator", row["step"] or "", text=text, user=user)
