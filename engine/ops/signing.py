"""What a physician does with a report that waits: sign, refuse, read again, take back. Writer functions.

Who may is decided twice: by the API before this is called, and by the `sign` step before anything is sent.
"""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.message import Refused
from engine.ops.runs import by_id
from engine.runtime import journal, sign_jobs
from engine.runtime.states import State
from engine.store.clock import now_ms
from engine.store.schema import run, sign_job, users, wait
from engine.store.sql import Row, Statement

ACTS = ("request", "refuse", "reread", "cancel")
"""What commands may call over the control socket."""

P = bindparam
UNANSWERED = ("prepared", "submitted", "waiting")
"""States of a job that can be taken back."""
ANSWERED = ("returned", "verified", "delivered")
"""A signature came back: what becomes of it is the gate's word alone."""

NOT_WAITING = "WB-4060"
IN_WORK = "WB-4061"
BLOCKED = "WB-4062"
NOT_OWNER = "WB-4040"

_JOBS = Statement(select(sign_job).where(sign_job.c.run == P("run")).order_by(sign_job.c.generation.desc()))
_WAIT = Statement(select(wait).where(wait.c.run == P("run"), wait.c.kind == "sign"))
_USER = Statement(select(users).where(users.c.id == P("id")))
_ADD = Statement(
    insert(sign_job).values(
        run=P("run"), generation=P("generation"), key=P("key"), provider=P("provider"), state="prepared",
        owner=P("owner"), sent=P("sent"), reference="", returned=None, findings="[]", reason="",
        created_at=P("created_at"), expires_at=None, ended_at=None,
    )
)  # fmt: skip
_END = Statement(
    update(sign_job)
    .where(sign_job.c.id == P("of"), sign_job.c.state.in_(list(UNANSWERED)))
    .values(state=P("state"), reason=P("reason"), ended_at=P("ended_at"))
)
_UNBLOCK = Statement(update(run).where(run.c.seq == P("of")).values(blocked=""))


def request(conn: Connection, run_id: str, user: int) -> int:
    """Begin a signing job of this user; its number. Our key is durable before anything is sent."""
    row, waiting, person = _waiting(conn, run_id, user)
    if row["blocked"]:
        raise Refused(BLOCKED, row["blocked"])
    jobs, match, now = _JOBS.all(conn, run=row["seq"]), json.loads(waiting["match"]), now_ms()
    # A job for the report as it was before the run came back here counts for nothing now.
    if jobs and jobs[0]["sent"] == match["document"] and jobs[0]["state"] in UNANSWERED + ANSWERED:
        raise Refused(IN_WORK, "a signature is already asked for")
    sign_jobs.cancel(conn, row["seq"], "another report came", now)
    generation = (jobs[0]["generation"] if jobs else 0) + 1
    key = hashlib.sha256(f"sign:{row['id']}:{generation}".encode()).hexdigest()
    number = _ADD.run(
        conn, run=row["seq"], generation=generation, key=key, provider=match["provider"], owner=user,
        sent=match["document"], created_at=now,
    ).lastrowid  # fmt: skip
    assert number is not None
    _wake(conn, row, now)
    journal.add_event(
        conn, row["seq"], None, now, "sign", row["step"], text="signature asked for", user=person["login"]
    )
    return number


def refuse(conn: Connection, run_id: str, user: int, reason: str) -> None:
    """The physician does not sign this report; the route says where it goes."""
    if not reason.strip():
        raise Refused("WB-4063", "say why the report is refused")
    row, waiting, person = _waiting(conn, run_id, user)
    now, said = now_ms(), reason.strip()[:400]
    _close_open(conn, row["seq"], waiting, user, now, "refused on the page")
    sign_jobs.refuse(conn, row["seq"], person["login"], said, now)
    _wake(conn, row, now)
    journal.add_event(conn, row["seq"], None, now, "refused", row["step"], text=said, user=person["login"])


def reread(conn: Connection, run_id: str, user: int) -> None:
    """The changed order was read: signing is possible again."""
    row, _, person = _waiting(conn, run_id, user)
    _UNBLOCK.run(conn, of=row["seq"])
    now = now_ms()
    journal.add_event(conn, row["seq"], None, now, "read again", row["step"], user=person["login"])


def cancel(conn: Connection, run_id: str, user: int) -> None:
    """The owner takes the job back: also the physician's word that an unanswered one is not to be waited for."""
    row, waiting, person = _waiting(conn, run_id, user)
    now = now_ms()
    if _close_open(conn, row["seq"], waiting, user, now, "taken back by its owner") == 0:
        raise Refused(NOT_WAITING, "there is nothing to take back")
    _wake(conn, row, now)
    journal.add_event(conn, row["seq"], None, now, "sign", row["step"], text="taken back", user=person["login"])


def _close_open(conn: Connection, seq: int, waiting: Row, user: int, now: int, reason: str) -> int:
    """How many jobs this took back; `Refused` when one is another user's, or its signature came back."""
    closed, document = 0, json.loads(waiting["match"])["document"]
    for job in _JOBS.all(conn, run=seq):
        if job["state"] in ANSWERED and job["sent"] == document:
            raise Refused(IN_WORK, "a signature came back already")
        if job["state"] not in UNANSWERED:
            continue
        if job["owner"] != user:
            raise Refused(NOT_OWNER, "the job belongs to another user")
        closed += _END.run(conn, of=job["id"], state="cancelled", reason=reason, ended_at=now).rowcount
    return closed


def _waiting(conn: Connection, run_id: str, user: int) -> tuple[Row, Row, Row]:
    """The run, its wait and the user; `Refused` when the report does not wait for a signature."""
    row, person = by_id(conn, run_id), _USER.one(conn, id=user)
    waiting = _WAIT.one(conn, run=row["seq"])
    if person is None or person["disabled_at"] is not None:
        raise Refused(NOT_OWNER, "there is no such user")
    if waiting is None or row["state"] not in (State.WAITING, State.READY, State.RUNNING):
        raise Refused(NOT_WAITING, "this report does not wait for a signature")
    return row, waiting, person


def _wake(conn: Connection, row: Row, now: int) -> None:
    """A run that is just being looked at sees the change at its next look."""
    if row["state"] == State.WAITING:
        journal.move(conn, row, State.READY, now)
    elif row["state"] == State.RUNNING:
        conn.exec_driver_sql(
            "INSERT INTO signal (run, source, verb, data, at) VALUES (?, 0, 'wake', '{}', ?)", (row["seq"], now)
        )
