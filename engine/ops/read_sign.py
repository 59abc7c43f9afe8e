"""The signing queue and one report, as a physician sees them: document, order, patient, and what does not match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, select

from engine.message import Blob
from engine.ops import read
from engine.ops.read_patients import PatientRow, patient_row
from engine.ops.read_values import find_blob
from engine.ops.read_worklist import shown_name
from engine.store.schema import file, folder_owner, run, sign_job, wait

MOST = 500


@dataclass(frozen=True, slots=True)
class JobRow:
    id: int
    state: str
    owner: int
    owner_me: bool
    expires_at: int | None
    reason: str
    ended: bool


@dataclass(frozen=True, slots=True)
class SignRow:
    seq: int
    patient: int | None
    run_id: str
    name: str = field(repr=False)
    patient_number: str = field(repr=False)
    exam: str
    order_id: str
    since: int
    urgent: bool
    job: JobRow | None
    blocked: str | None
    by: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Match:
    rule: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a report that waits, or waited, for its signature."""

    run: Row[Any] = field(repr=False)
    title: str
    by: dict[str, Any] = field(repr=False)
    waits: bool
    labels: dict[str, read.Label] = field(repr=False)
    patient: PatientRow | None
    document: Blob | None
    matches: list[Match]
    job: JobRow | None


def queue(conn: Connection, user: int) -> list[SignRow]:
    """Every report that waits for a signature: urgent ones first, then the longest waiting."""
    query = (
        select(run, wait.c.armed_at, wait.c.match)
        .join(run, run.c.seq == wait.c.run)
        .where(wait.c.kind == "sign")
        .order_by(wait.c.armed_at, run.c.seq)
        .limit(MOST)
    )
    rows = conn.execute(query).all()
    seqs = [row.seq for row in rows]
    labels = read.labels_of(conn, seqs, names=True)
    patients = read.patients_of(conn, [read.text_of(labels.get(seq), read.PATIENT) for seq in seqs])
    jobs = newest_jobs(conn, seqs, user)
    found = [_row(row, labels.get(row.seq, {}), patients, jobs.get(row.seq)) for row in rows]
    return sorted(found, key=lambda row: not row.urgent)


def _row(row: Row[Any], labels: dict[str, read.Label], patients: dict[str, Row[Any]], job: JobRow | None) -> SignRow:
    number = read.text_of(labels, read.PATIENT)
    known = patients.get(number)
    return SignRow(
        seq=row.seq,
        patient=known.id if known else None,
        run_id=row.id,
        name=shown_name(labels, known, names=True),
        patient_number=number,
        exam=read.text_of(labels, read.EXAM),
        order_id=read.text_of(labels, read.ORDER),
        since=row.armed_at,
        urgent=read.text_of(labels, read.URGENT).lower() in ("1", "y", "yes", "true"),
        job=job,
        blocked=row.blocked or None,
        by=dict((row.match or {}).get("by") or {}),
    )


def waiting_count(conn: Connection) -> int:
    """How many reports wait for a signature."""
    return conn.execute(select(func.count()).select_from(wait).where(wait.c.kind == "sign")).scalar_one()


def newest_jobs(conn: Connection, runs: Sequence[int], user: int) -> dict[int, JobRow]:
    """The newest signing job of each run: only that one counts."""
    query = select(sign_job).where(sign_job.c.run.in_(runs)).order_by(sign_job.c.run, sign_job.c.generation)
    return {
        row.run: JobRow(
            row.id, row.state, row.owner, row.owner == user, row.expires_at, row.reason, row.ended_at is not None
        )
        for row in conn.execute(query)
    }


def report(conn: Connection, run_id: str, user: int) -> Report | None:
    """One report with what is compared before it may be signed."""
    row = read.run_by_id(conn, run_id)
    if row is None:
        return None
    waiting = conn.execute(select(wait).where(wait.c.run == row.seq, wait.c.kind == "sign")).first()
    sent = conn.execute(
        select(sign_job.c.sent).where(sign_job.c.run == row.seq).order_by(sign_job.c.generation.desc()).limit(1)
    ).scalar()
    if waiting is None and sent is None:
        return None
    asked = dict(waiting.match or {}) if waiting else {}
    labels = read.labels_of(conn, [row.seq], names=True).get(row.seq, {})
    known = read.patients_of(conn, [read.text_of(labels, read.PATIENT)])
    person = next(iter(known.values()), None)
    wanted = asked.get("document") or sent
    document = find_blob(conn, str(wanted)) if wanted else None
    return Report(
        run=row,
        title=str(asked.get("title", "")),
        by=dict(asked.get("by") or {}),
        waits=waiting is not None,
        labels=labels,
        patient=patient_row(person) if person else None,
        document=document,
        matches=_matches(conn, row, labels, person, document),
        job=newest_jobs(conn, [row.seq], user).get(row.seq),
    )


def _matches(
    conn: Connection, row: Row[Any], labels: dict[str, read.Label], person: Row[Any] | None, document: Blob | None
) -> list[Match]:
    named = read.text_of(labels, read.NAME)
    return [
        Match("document", document is not None, "The report is stored."),
        Match("patient", person is not None, "The order's patient number is registered."),
        Match("name", person is not None and named in ("", person.name), "The order's name is the registered one."),
        _own_file(conn, row, document),
        Match("order", not row.blocked, row.blocked or "No change of the order waits to be read."),
    ]


def _own_file(conn: Connection, row: Row[Any], document: Blob | None) -> Match:
    """A report from a drop folder must lie in the folder of this very order."""
    text = "The report came from the folder of this order."
    if document is None:
        return Match("folder", False, text)
    taken = conn.execute(
        select(file.c.path, file.c.connection, file.c.decided_by)
        .where(file.c.state == "taken", file.c.run == row.seq, file.c.blob == document.sha256)
        .limit(1)
    ).first()
    if taken is None:
        return Match("folder", True, "The report did not come from a drop folder.")
    if taken.decided_by:
        return Match("folder", True, f"{taken.decided_by} gave the report to this order.")
    query = select(folder_owner.c.path).where(
        folder_owner.c.connection == taken.connection, folder_owner.c.path.in_(_folders(taken.path))
    )
    owner = conn.execute(query.where(folder_owner.c.run == row.seq)).scalar()
    return Match("folder", owner is not None, text)


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
