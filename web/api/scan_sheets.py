"""SHEETS: header, separator and label sheets as a PDF. A header sheet makes its batch, which waits for its pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool

from engine.message import Refused
from engine.store.schema_records import batch
from records import batches, codes, patients
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import bridge_of, need
from web.api.models_sheets import SheetsAsked
from web.api.problems import not_found
from web.api.scan_batches import tell

router = APIRouter(prefix="/api/v1/scan", tags=["scan"])

Scanning = Annotated[Person, Depends(need("capture"))]

INCOMPLETE = "WB-8031"  # sheets are asked for without what must be on them
BATCH = "X-Waybill-Batch"
JOB = "records.sheets:make"


@router.post("/sheets", response_class=Response)
async def print_sheets(asked: SheetsAsked, request: Request, person: Scanning) -> Response:
    """The PDF; the header `X-Waybill-Batch` names the batch that was made for it."""
    bridge = bridge_of(request)
    given = await run_in_threadpool(_given, bridge, person, asked)
    pdf: bytes = await bridge.work(JOB, asked.kind, given, asked.language, crew="pictures")
    headers = {"content-disposition": 'inline; filename="sheets.pdf"', "cache-control": "no-store"}
    if asked.kind in ("header", "set"):
        headers[BATCH] = await run_in_threadpool(_new, bridge, person, asked, given)
    return Response(pdf, media_type="application/pdf", headers=headers)


def _given(bridge: Bridge, person: Person, asked: SheetsAsked) -> dict[str, Any]:
    """What is printed. What a label shows of a patient is recorded first."""
    if asked.kind == "labels":
        return {"patient": _patient(bridge, person, asked), "count": asked.count or 1}
    if asked.kind == "separators":
        return _separators(bridge, asked)
    if not asked.station.strip() or (asked.kind == "set" and asked.documents is None):
        raise Refused(INCOMPLETE, "a header sheet names its station, a set how many documents follow")
    ours = 1 + (asked.documents or 0)
    sheets = None if asked.sheets is None else asked.sheets + ours
    return {
        "batch": codes.new_number(), "station": asked.station.strip(), "title": asked.title.strip(),
        "documents": asked.documents, "sheets": sheets,
    }  # fmt: skip


def _separators(bridge: Bridge, asked: SheetsAsked) -> dict[str, Any]:
    if asked.count is None:
        raise Refused(INCOMPLETE, "how many separators are printed is not said")
    given: dict[str, Any] = {"count": asked.count, "first": asked.first}
    if asked.batch is not None:
        wanted = asked.batch
        row = bridge.read(lambda conn: batches.find(conn, wanted))
        if row is None or row.header is None:
            raise not_found()
        given |= {"batch": row.header, "station": row.station, "documents": row.documents}
    return given


def _patient(bridge: Bridge, person: Person, asked: SheetsAsked) -> dict[str, Any]:
    wanted = asked.patient
    found = bridge.read(lambda conn: patients.by_public_id(conn, wanted)) if wanted is not None else None
    if found is None:
        raise not_found()
    bridge.audit(person, "scan.label", patient=found["id"])
    return {name: found[name] for name in ("number", "name", "birth_date")}


def _new(bridge: Bridge, person: Person, asked: SheetsAsked, given: dict[str, Any]) -> str:
    """The batch of a header; its public id."""
    at = bridge.now()

    def new(conn: Connection) -> str:
        key = batches.new(
            conn, station=given["station"], by=person.id, at=at, header=given["batch"], title=given["title"],
            sheets=given["sheets"], documents=asked.documents,
        )  # fmt: skip
        return str(conn.execute(select(batch.c.public_id).where(batch.c.id == key)).scalar_one())

    public_id = bridge.act(new)
    tell(bridge, public_id)
    return public_id
