"""CLASSIFY: what a group of pages is, and filing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection, Row
from starlette.concurrency import run_in_threadpool

from engine.message import Refused
from engine.points import point
from records import drafts, filing, pages
from records.filing import Filed, Plan
from web.api import models_records, models_scan
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, PublicId, need
from web.api.pdfs import filed as made
from web.api.problems import not_found
from web.api.scan_batches import found as found_batch
from web.api.scan_looks import look

router = APIRouter(prefix="/api/v1/scan", tags=["scan"])

Operator = Annotated[Person, Depends(need("scan"))]


@router.patch("/drafts/{id}")
def patch_draft(
    id: PublicId,  # noqa: A002 - the address's word
    asked: models_records.Attributes,
    person: Operator,
    bridge: Engine,
) -> models_scan.Draft:
    """Say what the pages are; what is not sent stays."""
    said = asked.model_dump(exclude_none=True)
    return _done(bridge, person, id, lambda conn, row, at: drafts.patch(conn, row.id, said, by=person.id, at=at))


@router.post("/drafts/{id}/same")
def same_draft(id: PublicId, person: Operator, bridge: Engine) -> models_scan.Draft:  # noqa: A002
    """Kind, date, department, author, title and episode of the draft before it."""
    return _done(bridge, person, id, lambda conn, row, at: drafts.same(conn, row.id, by=person.id, at=at))


@router.post("/drafts/{id}/suggest")
def suggest_draft(id: PublicId, person: Operator, bridge: Engine) -> models_scan.Draft:  # noqa: A002
    """The draft with what the machine says of it; when that is not there yet, it comes by itself."""
    bridge.notify({"work:sort"})
    return _shown(bridge, person, id)


@router.post("/drafts/{id}/file")
async def file_draft(id: PublicId, person: Operator, bridge: Engine) -> models_scan.Draft:  # noqa: A002
    """File it: the PDF is made, then the document is there, and whoever is to be told will be."""
    row = await run_in_threadpool(bridge.read, lambda conn: _draft(conn, id))
    await _file(bridge, person, row.id)
    return await run_in_threadpool(_shown, bridge, person, id)


@router.post("/batches/{id}/file-all")
async def file_all_drafts(id: PublicId, person: Operator, bridge: Engine) -> models_records.FiledAll:  # noqa: A002
    """File all drafts that are complete, one after the other; each is told to the screens as it is done."""
    waiting = await run_in_threadpool(bridge.read, lambda conn: _waiting(conn, id))
    filed, left = 0, []
    for key, public_id, missing in waiting:
        if not missing:
            try:
                await _file(bridge, person, key)
                filed += 1
                continue
            except Refused as refused:
                if refused.code not in (filing.REFUSED, filing.CHANGED):
                    raise
                missing = ["changed"]
        left.append(models_records.DraftLeft(draft=public_id, missing=missing))
    return models_records.FiledAll(filed=filed, left=left)


async def _file(bridge: Bridge, person: Person, key: int) -> Filed:
    plan = await run_in_threadpool(bridge.read, lambda conn: filing.plan(conn, key))
    at = bridge.now()
    if plan.document is not None:
        return Filed(plan.document, plan.batch, new=False)
    pdf = await made(bridge, plan.sources, plan.title, at, plan.public_id)

    def commit(conn: Connection) -> Filed:
        return filing.file(
            conn, key, pdf=pdf, made_of=plan.made_of, by=person.id, login=person.login, at=at, origin=person.origin
        )

    done = await run_in_threadpool(bridge.act, commit)
    point("file.committed")
    _tell(bridge, plan)
    return done


def _tell(bridge: Bridge, plan: Plan) -> None:
    bridge.notify({"scan", f"batch:{plan.batch}", "records", "work:hand", "work:make"})


def _waiting(conn: Connection, batch: str) -> list[tuple[int, str, list[str]]]:
    """The open drafts of a batch that have pages: number, id, what is missing."""
    within = found_batch(conn, batch)
    shown = [one for one in pages.drafts(conn, within.id) if one["state"] == "open"]
    rows = [_draft(conn, one["id"]) for one in shown]
    return [(row.id, row.public_id, filing.missing(conn, row, within.state)) for row in rows]


def _done(
    bridge: Bridge,
    person: Person,
    public_id: str,
    act: Callable[[Connection, Row[Any], int], Any],
) -> models_scan.Draft:
    at, row = bridge.now(), bridge.read(lambda conn: _draft(conn, public_id))
    bridge.act(lambda conn: act(conn, row, at))
    shown = _shown(bridge, person, public_id)
    batch = bridge.read(lambda conn: filing.batch_of(conn, _draft(conn, public_id)))
    bridge.notify({"scan", f"batch:{batch}"})
    return shown


def _shown(bridge: Bridge, person: Person, public_id: str) -> models_scan.Draft:
    def read(conn: Connection) -> tuple[dict[str, Any], str, int | None]:
        row = _draft(conn, public_id)
        return drafts.view(conn, row), filing.batch_of(conn, row), filing.owner(conn, row)

    shown, batch, owner = bridge.read(read)
    look(bridge, person, batch, [owner])
    return models_scan.Draft.model_validate(shown)


def _draft(conn: Connection, public_id: str) -> Row[Any]:
    row = filing.find(conn, public_id)
    if row is None:
        raise not_found()
    return row
