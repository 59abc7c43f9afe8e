"""REPAIR: what was filed under the wrong patient, seen first and then moved, with everybody told who was told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from engine.points import point
from records import lookup, repair
from records.lookup import Found
from records.repair import Done, Made, Part, Plan
from web.api import models_people as models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, need
from web.api.models_scan import PatientBrief
from web.api.pdfs import filed

router = APIRouter(prefix="/api/v1/records/repair", tags=["records"])

Clerk = Annotated[Person, Depends(need("repair"))]


@router.post("/preview")
def preview_repair(asked: models.RepairAsked, person: Clerk, bridge: Engine) -> models.RepairPreview:
    """What would go from whom to whom, what was told onward and is withdrawn, and who saw it. Changes nothing."""

    def read(conn: Connection) -> tuple[Plan, list[tuple[str, int]], dict[int, Found]]:
        made = _plan(conn, asked, person, bridge)
        return made, repair.readers(conn, made), lookup.brief(conn, sorted(made.losers))

    made, seen, people = bridge.read(read)
    bridge.audit_each(person, "repair.preview", sorted({*made.losers, made.to.key}))
    return models.RepairPreview(
        from_=[PatientBrief.model_validate(one) for one in people.values()],
        to=PatientBrief.model_validate(made.to),
        documents=[_document(part, people) for part in made.parts],
        pages=len(made.pages),
        withdrawals=sum(part.sent for part in made.parts if part.is_whole),
        readers=[models.RepairReader(who=who, when=when) for who, when in seen],
        conflicts=made.conflicts,
    )


@router.post("/apply")
async def apply_repair(asked: models.RepairNoted, person: Clerk, bridge: Engine) -> models.Repaired:
    """Do it, in one commit. Undoing it is the same repair back."""
    at = bridge.now()
    waiting = await run_in_threadpool(bridge.read, lambda conn: _wanted(conn, asked, person, bridge))
    pdfs = {name: await _made(bridge, name, pages, at) for name, pages in waiting.items()}
    who = person.who

    def commit(conn: Connection) -> Done:
        made = _plan(conn, asked, person, bridge)
        return repair.apply(conn, made, pdfs, who=who, at=at, note=asked.note)

    done = await run_in_threadpool(bridge.act, commit)
    point("desk.repaired")
    bridge.notify({"records", "scan", "work:hand", "work:make", *(f"batch:{name}" for name in done.batches)})
    return models.Repaired(act=done.act, moved=done.moved, made=done.made, pages=done.pages)


Pages = list[dict[str, Any]]


def _plan(conn: Connection, asked: models.RepairAsked, person: Person, bridge: Bridge) -> Plan:
    return repair.plan(conn, documents=asked.documents, pages=asked.pages, to=asked.to, me=person.id, at=bridge.now())


def _wanted(
    conn: Connection, asked: models.RepairAsked, person: Person, bridge: Bridge
) -> Mapping[str, tuple[Pages, Pages, str, str]]:
    """Of each document that is split, what its two PDFs are made of."""
    made = _plan(conn, asked, person, bridge)
    return {
        part.row.public_id: (*repair.wanted(conn, part), part.row.title or part.row.kind)
        for part in made.parts
        if not part.is_whole and not made.conflicts
    }


async def _made(bridge: Bridge, name: str, pages: tuple[Pages, Pages, str, str], at: int) -> Made:
    rest, gone, made_of, title = pages
    return Made(await filed(bridge, rest, title, at, name), await filed(bridge, gone, title, at, name), made_of)


def _document(part: Part, people: Mapping[int, Found]) -> models.RepairDocument:
    row = part.row
    return models.RepairDocument(
        id=row.public_id, kind=row.kind, title=row.title, date=row.date,
        from_=PatientBrief.model_validate(people[row.patient]),
        becomes="moved" if part.is_whole else "split", pages=len(part.leaving), left=len(part.staying), sent=part.sent,
    )  # fmt: skip
