"""What a route asks a person (`wait: {for: person}`): the question is read and answered here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from engine.message import Refused
from engine.ops.read_audit import record
from engine.ops.runs import by_id
from engine.runtime import journal
from engine.runtime.states import State
from engine.runtime.values import encode
from engine.store.clock import now_ms
from engine.store.schema import wait
from engine.store.sql import Row, Statement

ACTS = ("answer",)

NOT_ASKED = "WB-2303"
NO_ANSWER = "WB-2304"
NOTE = 2000
"""Characters of a note."""

_WAIT = Statement(select(wait).where(wait.c.run == bindparam("run"), wait.c.kind == "person"))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, the words of which one is the answer, since when and until when (UTC ms)."""

    step: str
    text: str
    answers: tuple[str, ...]
    since: int
    until: int | None


def question(conn: Connection, run_id: str) -> Question | None:
    """What this run asks now; None when it asks nobody."""
    row = by_id(conn, run_id)
    asked = _asked(conn, row)
    if asked is None:
        return None
    match = json.loads(asked["match"])
    return Question(asked["step"], match["question"], tuple(match["answers"]), asked["armed_at"], asked["until_at"])


def answer(conn: Connection, run_id: str, answer: str, user: str, note: str = "", origin: str = "") -> None:
    """Give one of the answers: the run goes on, and the step's value is `{answer, by, note, at}`."""
    row = by_id(conn, run_id)
    asked = _asked(conn, row)
    if asked is None:
        raise Refused(NOT_ASKED, "this run asks nobody now")
    match, now = json.loads(asked["match"]), now_ms()
    if answer not in match["answers"]:
        raise Refused(NO_ANSWER, f"the answers are {', '.join(match['answers'])}")
    at = datetime.fromtimestamp(now / 1000).astimezone().isoformat(timespec="seconds")
    given = {"answer": answer, "by": user, "note": note.strip()[:NOTE], "at": at}
    journal.put_value(conn, row["seq"], match["into"], encode(given), None, now)
    journal.move(conn, row, State.READY, now, waits_for="")
    journal.close_attention(conn, row["seq"], now, user, answer)
    journal.add_event(conn, row["seq"], None, now, "answered", asked["step"], text=answer, user=user)
    record(conn, now, user, "run.answer", run=row["seq"], subject=asked["step"], origin=origin)


def _asked(conn: Connection, row: Row) -> Row | None:
    return _WAIT.one(conn, run=row["seq"]) if row["state"] == State.WAITING else None
