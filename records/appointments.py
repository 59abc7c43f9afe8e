"""Who comes when: appointments as the HIS says them, and what of each patient is scanned, in work or on paper.

Pure functions inside a store operation. Each appointment has the HIS's own key. News that are older than the last (a
retry may come late) only fill what is empty, so order does not matter, nor whether a cancellation comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, case, func, insert, or_, select, update

from engine.message import Refused
from engine.store.schema import document, patient
from engine.store.schema_records import appointment, batch, box, draft, page, patient_number
from records import lookup, patients
from records.lookup import Found

REFUSED = "WB-8701"  # an appointment that the table does not take
UNKNOWN = "WB-8702"  # no appointment at this place

LONGEST = {"id": 100, "number": 60, "name": 200, "department": 40, "reason": 200, "paper": 100}
FIELDS = ("number", "name", "department", "day", "time", "reason", "paper")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(:[0-5]\d)?")


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who comes. scanned: documents; in_work: pages that are in none yet; box: where those in work lie."""

    key: int
    patient: Found | None
    number: str = field(repr=False)
    name: str = field(repr=False)
    department: str
    time: str
    reason: str = field(repr=False)
    paper: str
    first: bool
    scanned: int
    in_work: int
    box: str


def put(conn: Connection, fields: Mapping[str, str], at: int) -> dict[str, Any]:
    """Write an appointment: `id number name department day time reason paper`. Its `id` and `state`."""
    key, given = _cleaned(fields)
    row = conn.execute(select(appointment).where(appointment.c.key == key)).mappings().one_or_none()
    if row is None:
        conn.execute(insert(appointment).values(key=key, **given, changed_at=at))
        return {"id": key, "state": "planned"}
    older = at < row["changed_at"]
    told = {name: text for name, text in given.items() if text and (not older or not row[name])}
    state = row["state"] if older else "planned"
    values = told | {"state": state, "changed_at": max(at, row["changed_at"])}
    conn.execute(update(appointment).where(appointment.c.id == row["id"]).values(values))
    return {"id": key, "state": state}


def cancel(conn: Connection, key: str, at: int) -> dict[str, Any]:
    """It does not take place. One that has not come yet is cancelled from its start."""
    key = _text({"id": key}, "id")
    if not key:
        raise Refused(REFUSED, "the appointment has no id")
    row = conn.execute(select(appointment).where(appointment.c.key == key)).mappings().one_or_none()
    if row is None:
        conn.execute(insert(appointment).values(key=key, number="", day="", state="cancelled", changed_at=at))
        return {"id": key, "state": "cancelled"}
    if at >= row["changed_at"]:
        changed = update(appointment).where(appointment.c.id == row["id"])
        conn.execute(changed.values(state="cancelled", changed_at=at))
        return {"id": key, "state": "cancelled"}
    return {"id": key, "state": row["state"]}


def _cleaned(fields: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The key and the columns; `Refused` names the field, never its value."""
    given = {name: _text(fields, name) for name in LONGEST}
    key = given.pop("id")
    for name, text in (("id", key), ("number", given["number"])):
        if not text:
            raise Refused(REFUSED, f"the appointment has no {name}")
    given["day"], given["time"] = _day(fields.get("day", "")), _time(fields.get("time", ""))
    return key, given


def _text(fields: Mapping[str, str], name: str) -> str:
    text = str(fields.get(name, "")).strip()
    if len(text) > LONGEST[name]:
        raise Refused(REFUSED, f"the appointment's {name} is too long")
    return text


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise Refused(REFUSED, "the appointment's day is not written YYYY-MM-DD") from None


def _time(text: str) -> str:
    if not text.strip():
        return ""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise Refused(REFUSED, "the appointment's time is not written HH:MM")
    return f"{int(match[1]):02}:{match[2]}"


def day(
    conn: Connection, on: str, department: str = "", after: tuple[str, int] | None = None, limit: int = 50
) -> list[Row]:
    """Who comes on this day, by time; after: time and key of the last one. Five queries however many come."""
    rows = conn.execute(_planned(on, department, after).limit(limit)).mappings().all()
    keys = patients_of(conn, {row["number"] for row in rows})
    known = lookup.brief(conn, sorted(set(keys.values())))
    scanned, work = _scanned(conn, list(known)), _in_work(conn, list(known))
    return [_row(row, known.get(keys.get(row["number"], 0)), scanned, work) for row in rows]


def _planned(on: str, department: str, after: tuple[str, int] | None) -> Any:
    query = select(appointment).where(appointment.c.day == on, appointment.c.state == "planned")
    if department:
        query = query.where(appointment.c.department == department)
    if after is not None:
        later = and_(appointment.c.time == after[0], appointment.c.id > after[1])
        query = query.where(or_(appointment.c.time > after[0], later))
    return query.order_by(appointment.c.time, appointment.c.id)


def _row(
    row: Mapping[Any, Any], known: Found | None, scanned: Mapping[int, int], work: Mapping[int, tuple[int, str]]
) -> Row:
    key = known.key if known is not None else 0
    pages, boxes = work.get(key, (0, ""))
    return Row(
        key=row["id"], patient=known, number=row["number"], name=row["name"], department=row["department"],
        time=row["time"], reason=row["reason"], paper=row["paper"], first=bool(row["first"]),
        scanned=scanned.get(key, 0), in_work=pages, box=boxes,
    )  # fmt: skip


def patients_of(conn: Connection, numbers: Iterable[str]) -> dict[str, int]:
    """The patients of these numbers, those that a merge has given away too."""
    asked = list(numbers)
    led = select(patient_number.c.number, patient_number.c.patient).where(patient_number.c.number.in_(asked))
    own = select(patient.c.number, patient.c.id).where(patient.c.number.in_(asked), patient.c.merged_into.is_(None))
    return {row[0]: row[1] for row in conn.execute(own.union(led))}


def _scanned(conn: Connection, keys: Sequence[int]) -> dict[int, int]:
    query = (
        select(document.c.patient, func.count())
        .where(document.c.patient.in_(keys), document.c.state == "current", document.c.origin == "scan")
        .group_by(document.c.patient)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def _in_work(conn: Connection, keys: Sequence[int]) -> dict[int, tuple[int, str]]:
    """By patient: pages that are in no document yet, and a box that they came from."""
    query = (
        select(page.c.patient, func.count(), func.max(box.c.code))
        .join(batch, batch.c.id == page.c.batch)
        .outerjoin(draft, draft.c.id == page.c.draft)
        .outerjoin(box, box.c.id == batch.c.box)
        .where(page.c.patient.in_(keys), page.c.state.in_(("kept", "rescan")))
        .where(or_(draft.c.id.is_(None), draft.c.state != "filed"))
        .group_by(page.c.patient)
    )
    return {key: (count, code or "") for key, count, code in conn.execute(query)}


def counts(conn: Connection, on: str, department: str = "") -> dict[str, int]:
    """Of the whole day: `total`, `first`, `paper` (said to be on paper), and by department `department:CODE`."""
    rows = conn.execute(
        select(
            appointment.c.department,
            func.count(),
            func.sum(appointment.c.first),
            func.sum(case((appointment.c.paper != "", 1), else_=0)),
        )
        .where(appointment.c.day == on, appointment.c.state == "planned")
        .group_by(appointment.c.department)
    ).all()
    made = {f"department:{code}": count for code, count, _, _ in rows if code}
    mine = [row for row in rows if not department or row[0] == department]
    sums = [sum(int(row[place]) for row in mine) for place in (1, 2, 3)]
    return made | dict(zip(("total", "first", "paper"), sums, strict=True))


def mark_first(conn: Connection, key: int, *, on: bool, by: int) -> int | None:
    """Scan this patient's paper first, or no more; the patient's key, if known. `Refused` when there is no such row."""
    row = conn.execute(select(appointment).where(appointment.c.id == key)).mappings().one_or_none()
    if row is None or row["state"] != "planned":
        raise Refused(UNKNOWN, "there is no such appointment, or it is cancelled")
    # `changed_at` is the HIS's: its next news must not count as older than our mark.
    values = {"first": int(on), "first_by": by if on else None}
    conn.execute(update(appointment).where(appointment.c.id == key).values(values))
    return patients.key_of(conn, row["number"])


def first_patients(conn: Connection, today: str) -> set[int]:
    """Patients who come today or later and whose paper is to be scanned first."""
    numbers = conn.execute(
        select(appointment.c.number).where(
            appointment.c.day >= today, appointment.c.first == 1, appointment.c.state == "planned"
        )
    ).scalars()
    asked = set(numbers)
    return set(patients_of(conn, asked).values()) if asked else set()


def first_batches(conn: Connection, batches: Sequence[int], today: str) -> set[int]:
    """Which of these batches have pages of patients who are to be scanned first."""
    keys = first_patients(conn, today)
    if not keys or not batches:
        return set()
    found = select(page.c.batch).where(page.c.patient.in_(keys), page.c.batch.in_(batches)).distinct()
    return set(conn.execute(found).scalars())
