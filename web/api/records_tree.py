"""RECORDS: a patient's documents as a tree, and one document as it is read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathPart
from sqlalchemy import Connection, Row, select
from starlette.concurrency import run_in_threadpool

from engine.message import Blob
from engine.store.schema import patient as patients
from engine.store.schema_records import document_version
from records import acts, flags, reader, tree
from web.api import models_records as models
from web.api import scan_pages
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.files import send_path
from web.api.guard import Engine, PublicId, key_of, need, opaque
from web.api.problems import BAD_REQUEST, Denied, not_found
from web.api.rows import owner_of, readable_document
from web.api.scan_looks import looks_of
from web.api.scan_pages import Look

router = APIRouter(prefix="/api/v1", tags=["records"])

Reader = Annotated[Person, Depends(need("records"))]
By = Annotated[str, Query(pattern=r"^[a-z]+(,[a-z]+){0,3}$", max_length=40)]
PageNumber = Annotated[int, PathPart(ge=1, le=100_000)]
ACT = "document.reader"
FOREIGN = "WB-8313"  # an old version of a document holds pages that were given to another patient
BRIEF = ("number", "name", "birth_date", "sex")


@router.get("/patients/{id}/tree")
def get_patient_tree(
    id: PublicId,  # noqa: A002 - the address's word
    person: Reader,
    bridge: Engine,
    by: By = "department,kind,date",
    withdrawn: bool = False,
) -> models.Tree:
    """The documents by these levels, any of `episode department kind date`, each once. Many are asked for by branch."""
    levels = by.split(",")
    if not set(levels) <= set(tree.LEVELS) or len(set(levels)) != len(levels):
        raise Denied(422, BAD_REQUEST, "The levels of the tree are episode, department, kind and date, each once.")
    owner = _owner(bridge, person, id, "record.tree")
    shown = bridge.read(
        lambda conn: tree.tree(
            conn, owner.id, levels, user=person.id, login=person.login, withdrawn=_may(person, withdrawn)
        )
    )
    return models.Tree.model_validate(shown | {"patient": brief(owner)})


@router.post("/patients/{id}/tree/documents")
def get_branch(id: PublicId, asked: models.BranchAsked, person: Reader, bridge: Engine) -> models.DocBriefs:  # noqa: A002
    """The documents of one branch, newest first."""
    owner = _owner(bridge, person, id, "record.tree")
    items, following = bridge.read(
        lambda conn: tree.branch(
            conn, owner.id, asked.by, asked.keys, user=person.id, login=person.login,
            withdrawn=_may(person, asked.withdrawn), after=key_of(asked.after), limit=asked.limit,
        )
    )  # fmt: skip
    return models.DocBriefs(items=[models.DocBrief.model_validate(one) for one in items], next=opaque(following))


@router.get("/documents/{id}/reader")
def get_reader(id: PublicId, person: Reader, bridge: Engine) -> models.ReaderDocument:  # noqa: A002
    """A document with its versions and pages; opening it is recorded."""
    row = _document(bridge, person, id)
    _looked(bridge, person, row, again=True)

    def read(conn: Connection) -> dict[str, Any]:
        (shown,) = tree.briefs(conn, [row], user=person.id, login=person.login, patient_id=row.patient)
        owner = conn.execute(select(patients).where(patients.c.id == row.patient)).one()
        pages = reader.pages(conn, row.id, row.version) if row.origin == "scan" else None
        versions = reader.versions(conn, row.id)
        return {
            "document": shown, "patient": brief(owner), "details": row.details, "versions": versions, "pages": pages,
            "flags": flags.of(conn, row, person.id),
        }  # fmt: skip

    return models.ReaderDocument.model_validate(bridge.read(read))


@router.get("/documents/{id}/pages/{n}/view", response_class=Response)
async def get_document_view(
    id: PublicId,  # noqa: A002
    n: PageNumber,
    request: Request,
    person: Reader,
    bridge: Engine,
    r: Look = None,
) -> Response:
    """A large picture of a page of the newest version."""
    return await _picture(request, bridge, person, id, n, "view", r)


@router.get("/documents/{id}/pages/{n}/thumb", response_class=Response)
async def get_document_thumb(
    id: PublicId,  # noqa: A002
    n: PageNumber,
    request: Request,
    person: Reader,
    bridge: Engine,
    r: Look = None,
) -> Response:
    """A small one."""
    return await _picture(request, bridge, person, id, n, "thumb", r)


@router.post("/documents/{id}/find")
def find_in_document(id: PublicId, asked: models.FindAsked, person: Reader, bridge: Engine) -> models.Found:  # noqa: A002
    """Where a text stands on its pages."""
    row = _document(bridge, person, id)
    _looked(bridge, person, row)
    hits = bridge.read(lambda conn: reader.find(conn, row.id, row.version, asked.text))
    return models.Found.model_validate({"hits": hits})


@router.post("/documents/{id}/pin", status_code=204)
def pin_document(id: PublicId, asked: models.PinAsked, person: Reader, bridge: Engine) -> None:  # noqa: A002
    """Keep it at the top for oneself, or no longer."""
    row = _document(bridge, person, id)
    kind = tree.PINNED if asked.on else tree.LOOSE
    at = bridge.now()
    bridge.store.write_now(lambda conn: acts.change(conn, kind=kind, by=person.id, at=at, document=row.id, rows={}))


@router.get("/documents/{id}/versions/{n}", response_class=Response)
def get_document_version(id: PublicId, n: PageNumber, person: Reader, bridge: Engine) -> Response:  # noqa: A002
    """The PDF of a version. One with pages that a repair gave to another patient is only for who repairs."""
    row = _document(bridge, person, id)
    if "repair" not in person.rights and n in bridge.read(lambda conn: reader.foreign(conn, row.id)):
        bridge.audit(person, "document.version.denied", patient=row.patient, subject=id)
        raise Denied(403, FOREIGN, "This version holds pages that are not of this patient.", "repair")
    of = (document_version.c.document == row.id, document_version.c.version == n)
    name = bridge.read(lambda conn: conn.execute(select(document_version.c.blob).where(*of)).scalar_one_or_none())
    if name is None and n != row.version:
        raise not_found()
    bridge.audit(person, "document.version", patient=row.patient, subject=id)
    return send_path(bridge.blobs.path(Blob(name or row.blob, 0)), "application/pdf", id)


def brief(row: Row[Any]) -> dict[str, Any]:
    """Whose it is, of a row of `patient`."""
    return {"id": row.public_id} | {name: row._mapping[name] for name in BRIEF}


def _may(person: Person, withdrawn: bool) -> bool:
    return withdrawn and "edit" in person.rights


def _owner(bridge: Bridge, person: Person, public_id: str, act: str) -> Row[Any]:
    """The patient, with the look written down first."""
    row = bridge.read(lambda conn: owner_of(conn, public_id))
    bridge.audit(person, act, patient=row.id)
    return row


def _document(bridge: Bridge, person: Person, public_id: str) -> Row[Any]:
    return bridge.read(lambda conn: readable_document(conn, public_id, person))


def _looked(bridge: Bridge, person: Person, row: Row[Any], *, again: bool = False) -> None:
    """The look is written down when the document is opened, and once for all its pages."""
    at, looks, name = bridge.now(), looks_of(bridge), f"document:{row.public_id}"
    if again or looks.fresh(person, name, {row.patient}, at):
        bridge.audit(person, ACT, patient=row.patient, run=row.run, subject=row.public_id)
        looks.written(person, name, {row.patient}, at)


async def _picture(
    request: Request, bridge: Bridge, person: Person, public_id: str, number: int, which: str, wanted: str | None
) -> Response:
    def find() -> Row[Any]:
        row = _document(bridge, person, public_id)
        found = bridge.read(lambda conn: reader.page_row(conn, row.id, row.version, number))
        if found is None:
            raise not_found()
        _looked(bridge, person, row)
        return found

    return await scan_pages.send_page(request, await run_in_threadpool(find), which, wanted)
