"""Rows of signing jobs: reader and writer functions. What the states mean is `signing.jobs`' matter."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from engine.message import Blob
from engine.runtime import journal
from engine.runtime.filebook import keep_blob
from engine.runtime.outcome import Run
from engine.runtime.values import encode
from engine.store.schema import sign_job, users
from engine.store.sql import Row, Statement

P = bindparam

REFUSAL = "~refusal"
"""The value in which a refusal waits for the step, until the run jumps or is tried again: {user, reason}."""
ON_PHONE = "on the phone"

_OF_RUN = Statement(select(sign_job).where(sign_job.c.run == P("run")).order_by(sign_job.c.generation.desc()))
_OWNER = Statement(select(users).where(users.c.id == P("id")))
_ABANDONED = Statement(
    select(sign_job)
    .where(sign_job.c.state == "cancelled", sign_job.c.reference != "", sign_job.c.findings == P("none"),
           sign_job.c.ended_at > P("since"))
    .limit(50)
)  # fmt: skip
_CANCEL = Statement(
    update(sign_job)
    .where(sign_job.c.run == P("of"), sign_job.c.state.in_(["prepared", "submitted", "waiting", "returned"]))
    .values(state="cancelled", ended_at=P("ended_at"), reason=P("reason"))
)
_LATE_REFERENCE = Statement(
    update(sign_job)
    .where(sign_job.c.id == P("of"), sign_job.c.state == "cancelled", sign_job.c.reference == "")
    .values(reference=P("reference"), ended_at=P("ended_at"))
)


@dataclass(slots=True)
class Job:
    """A row of `sign_job`; `state` follows the moves that this process made."""

    id: int
    run: int
    generation: int
    key: str
    provider: str
    state: str
    owner: int
    sent: str
    reference: str
    returned: str
    reason: str
    created_at: int
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Owner:
    """The job's owner, as the signing rules need one."""

    id: int
    login: str
    roles: frozenset[str]
    department: str
    staff_number: str
    certificate_id: str = field(repr=False)
    disabled: bool


def by_run(conn: Connection, run: int) -> list[Job]:
    """The run's jobs, the newest first: only that one counts."""
    return [_job(row) for row in _OF_RUN.all(conn, run=run)]


def owner_of(conn: Connection, user: int) -> Owner:
    row = _OWNER.one(conn, id=user)
    assert row is not None, "a foreign key names it"
    return Owner(
        row["id"], row["login"], frozenset(json.loads(row["roles"])), row["department"], row["staff_number"] or "",
        row["certificate_id"] or "", row["disabled_at"] is not None,
    )  # fmt: skip


def move(conn: Connection, job: int, old: str, new: str, **columns: Any) -> bool:
    """Move a job; False when somebody else (its owner, an order's update) moved it first."""
    change = update(sign_job).where(sign_job.c.id == job, sign_job.c.state == old).values(state=new, **columns)
    return conn.execute(change).rowcount == 1


def begun(conn: Connection, job: int, reference: str, now: int) -> bool:
    """The provider has the job. One that was taken back meanwhile keeps the reference, for `abandoned`."""
    if move(conn, job, "submitted", "waiting", reference=reference):
        return True
    _LATE_REFERENCE.run(conn, of=job, reference=reference, ended_at=now)
    return False


def refused(conn: Connection, run: Run, job: Job, owner: Owner, now: int) -> bool:
    """The physician refused on the phone; the value says so to the step, whatever happens before it jumps."""
    moved = move(conn, job.id, "waiting", "refused", reason=f"refused {ON_PHONE}", ended_at=now)
    if moved:
        refuse(conn, run.seq, owner.login, ON_PHONE, now)
        journal.add_event(conn, run.seq, None, now, "refused", run.step, text=ON_PHONE, user=owner.login)
    return moved


def refuse(conn: Connection, run: int, user: str, reason: str, now: int) -> None:
    """Leave a refusal for the step."""
    refusal: Any = {"user": user, "reason": reason}
    journal.put_value(conn, run, REFUSAL, encode(refusal), None, now)


def cancel(conn: Connection, run: int, reason: str, now: int) -> None:
    """The run ends: its open jobs end with it, and what still comes of them is only evidence."""
    _CANCEL.run(conn, of=run, reason=reason, ended_at=now)


def keep_answer(conn: Connection, job: int, answer: Blob, now: int) -> bool:
    """What came back is kept before anything is said about it."""
    keep_blob(conn, answer, now)
    return move(conn, job, "waiting", "returned", returned=answer.sha256)


def quarantine(conn: Connection, run: Run, job: Job, findings: Iterable[tuple[str, str]], now: int) -> bool:
    """The gate refused the answer: an entry for a person, with every broken rule. findings: code and line."""
    listed = list(findings)
    code, reason = listed[0]
    lines = [line for _, line in listed]
    moved = move(conn, job.id, "returned", "quarantined", findings=lines, reason=reason[:400], ended_at=now)
    if moved:
        journal.add_attention(
            conn, "quarantine", now, code, f"the signed answer was refused: {reason}", run=run.seq, route=run.route,
            step=run.step, message_id=run.message_id,
        )  # fmt: skip
        journal.add_event(conn, run.seq, None, now, "quarantine", run.step, code=code, text="; ".join(lines))
    return moved


def abandoned(conn: Connection, since: int) -> list[Job]:
    """Cancelled jobs that their provider has not been told of."""
    return [_job(row) for row in _ABANDONED.all(conn, none="[]", since=since)]


def told(conn: Connection, job: int, answer: str) -> None:
    """The provider was told; its answer is kept as evidence."""
    conn.execute(update(sign_job).where(sign_job.c.id == job).values(findings=[answer]))


def _job(row: Row) -> Job:
    return Job(
        row["id"], row["run"], row["generation"], row["key"], row["provider"], row["state"], row["owner"], row["sent"],
        row["reference"], row["returned"] or "", row["reason"], row["created_at"], row["expires_at"],
    )  # fmt: skip
