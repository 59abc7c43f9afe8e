"""TOMORROW: who comes to which department, with what is scanned, in work or on paper; and whose paper comes first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy import Connection

from records import appointments, audit
from records.appointments import Row
from web.api import models_people as models
from web.api.auth import Person
from web.api.guard import Engine, PublicId, key_of, need, opaque
from web.api.models_scan import PatientBrief
from web.api.problems import not_found

router = APIRouter(prefix="/api/v1/records/tomorrow", tags=["records"])

Clerk = Annotated[Person, Depends(need("tomorrow"))]
SHIFT = 40
"""Bits of a row's number in the opaque place; the minute of the day is before them."""


@router.post("")
def search_tomorrow(asked: models.TomorrowAsked, person: Clerk, bridge: Engine) -> models.Tomorrow:
    """Who comes on this day, by time. Each patient who is shown is recorded."""
    after = _after(asked.after)

    def read(conn: Connection) -> tuple[list[Row], dict[str, int]]:
        rows = appointments.day(conn, asked.day, asked.department, after, asked.limit + 1)
        return rows, appointments.counts(conn, asked.day, asked.department)

    rows, counts = bridge.read(read)
    shown = rows[: asked.limit]
    bridge.audit_each(person, "tomorrow.list", [row.patient.key for row in shown if row.patient is not None])
    following = _place(shown[-1]) if len(rows) > asked.limit else None
    return models.Tomorrow(items=[_row(row) for row in shown], next=opaque(following), counts=counts)


@router.post("/{id}/first", status_code=204)
def mark_first(id: PublicId, asked: models.FirstAsked, person: Clerk, bridge: Engine) -> Response:  # noqa: A002
    """Scan this patient's paper first, or no more."""
    key = key_of(id)
    if not key:
        raise not_found()

    def mark(conn: Connection) -> None:
        patient = appointments.mark_first(conn, key, on=asked.on, by=person.id)
        act = "tomorrow.first" if asked.on else "tomorrow.not_first"
        audit.record(conn, at=bridge.now(), user=person.login, act=act, patient=patient, origin=person.origin)

    bridge.act(mark)
    bridge.notify({"records", "scan"})
    return Response(status_code=204)


def _row(row: Row) -> models.TomorrowRow:
    return models.TomorrowRow(
        id=opaque(row.key) or "", patient=PatientBrief.model_validate(row.patient) if row.patient else None,
        number=row.number, name=row.name, department=row.department, time=row.time, reason=row.reason,
        scanned=row.scanned, in_work=row.in_work, paper=row.paper, box=row.box, first=row.first,
    )  # fmt: skip


def _place(row: Row) -> int:
    """Where a row stands in its day, as one number."""
    minute = 0 if not row.time else 1 + int(row.time[:2]) * 60 + int(row.time[3:])
    return minute << SHIFT | row.key


def _after(text: str | None) -> tuple[str, int] | None:
    place = key_of(text)
    if place is None:
        return None
    minute, key = divmod(place, 1 << SHIFT)
    return ("" if minute == 0 else f"{(minute - 1) // 60:02}:{(minute - 1) % 60:02}"), key
