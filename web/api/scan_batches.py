"""BATCHES and BATCH: found, described, claimed, edited, closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection, Row, select

from engine.store.schema_records import batch, scan_file
from records import acts, audit, batch_list, batches, edits, files, locks, pages
from records.desk import Wish
from web.api import models_scan as models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, Number, PublicId, key_of, need, opaque
from web.api.problems import not_found
from web.api.scan_looks import look

router = APIRouter(prefix="/api/v1/scan/batches", tags=["scan"])

Operator = Annotated[Person, Depends(need("scan"))]
Do = Callable[[Connection, Row[Any], int], Any]
"""Gets the connection, the batch's row and the time."""


@router.post("/search")
def search_batches(asked: models.BatchesAsked, person: Operator, bridge: Engine) -> models.Batches:
    """Batches, newest first, with what they count; no patient is named."""
    items, following, counts = bridge.read(
        lambda conn: batch_list.search(
            conn, me=person.id, at=bridge.now(), states=asked.states, station=asked.station, mine=asked.mine,
            box_code=asked.box, first=asked.first, after=key_of(asked.after), limit=asked.limit,
        )
    )  # fmt: skip
    rows = [models.BatchRow.model_validate(row) for row in items]
    return models.Batches(items=rows, next=opaque(following), counts=counts)


@router.post("")
def create_batch(asked: models.BatchNew, person: Operator, bridge: Engine) -> models.Batch:
    """A new, open batch; what its station scans next goes into it."""
    at = bridge.now()

    def new(conn: Connection) -> str:
        key = batches.new(conn, by=person.id, at=at, **asked.model_dump())
        return str(conn.execute(select(batch.c.public_id).where(batch.c.id == key)).scalar_one())

    public_id = bridge.act(new)
    tell(bridge, public_id)
    return _whole(bridge, person, public_id)


@router.get("/{id}")
def get_batch(id: PublicId, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002 - the address's word
    """All of a batch: pages, drafts, files, acts, ledger. Opening it is recorded for each patient in it."""
    return _whole(bridge, person, id)


@router.patch("/{id}")
def describe_batch(id: PublicId, asked: models.BatchPatch, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002
    """Say how many sheets were fed, and the like; what is not sent stays."""
    said = asked.model_dump(exclude_unset=True)
    return _done(bridge, person, id, lambda conn, row, at: batches.describe(conn, row.id, said, by=person.id, at=at))


@router.post("/{id}/claim")
def claim_batch(id: PublicId, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002
    """Work on it, when nobody else does."""
    return _done(bridge, person, id, lambda conn, row, at: locks.claim(conn, row.id, by=person.id, at=at))


@router.post("/{id}/release")
def release_batch(id: PublicId, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002
    """Work on it no more."""
    return _done(bridge, person, id, lambda conn, row, _: locks.release(conn, row.id, by=person.id))


@router.post("/{id}/take-over")
def take_over_batch(id: PublicId, asked: models.DeskNote, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002
    """Take it from whoever works on it; recorded with the note."""

    def take(conn: Connection, row: Row[Any], at: int) -> None:
        locks.take_over(conn, row.id, by=person.id, at=at, note=asked.note)
        _record(conn, person, "scan.take_over", row, at)

    return _done(bridge, person, id, take)


@router.post("/{id}/close")
def close_batch(id: PublicId, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002
    """Its pages are checked; refused while the ledger does not balance."""
    return _done(bridge, person, id, lambda conn, row, at: batches.close(conn, row.id, by=person.id, at=at))


@router.post("/{id}/reopen")
def reopen_batch(id: PublicId, asked: models.DeskReason, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002
    """Change its pages again; those of filed documents stay."""
    reason = asked.reason
    return _done(
        bridge, person, id, lambda conn, row, at: batches.reopen(conn, row.id, by=person.id, at=at, reason=reason)
    )


@router.post("/{id}/resolve")
def resolve_batch(id: PublicId, asked: models.DeskNote, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002
    """What stopped it has been looked at; it goes on."""
    note = asked.note
    return _done(
        bridge, person, id, lambda conn, row, at: batches.resolve(conn, row.id, by=person.id, at=at, note=note)
    )


@router.post("/{id}/cancel")
def cancel_batch(id: PublicId, asked: models.DeskReason, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002
    """It holds no page of a record; it will not."""
    reason = asked.reason
    return _done(
        bridge, person, id, lambda conn, row, at: batches.cancel(conn, row.id, by=person.id, at=at, reason=reason)
    )


@router.post("/{id}/acts")
def act_on_batch(id: PublicId, asked: models.ActAsked, person: Operator, bridge: Engine) -> models.BatchChanged:  # noqa: A002
    """One act on pages, kept with what was before."""
    wish = Wish(**asked.model_dump())
    return changed(bridge, person, id, lambda conn, row, at: edits.do(conn, row.id, wish, by=person.id, at=at))


@router.post("/{id}/undo")
def undo_in_batch(id: PublicId, asked: models.UndoAsked, person: Operator, bridge: Engine) -> models.BatchChanged:  # noqa: A002
    """Undo an act, the newest when none is named."""

    def undo(conn: Connection, row: Row[Any], at: int) -> acts.Touched:
        touched = edits.undo(conn, row.id, asked.act, by=person.id, at=at)
        _record(conn, person, f"scan.undo.{touched.kind}", row, at)
        return touched

    return changed(bridge, person, id, undo)


@router.post("/{id}/files/{file}/dismiss")
def dismiss_file(
    id: PublicId,  # noqa: A002
    file: Number,
    asked: models.DeskReason,
    person: Operator,
    bridge: Engine,
) -> models.Batch:
    """A file that cannot be read need not be: it does not hinder closing any more."""

    def dismiss(conn: Connection, row: Row[Any], at: int) -> None:
        _own_file(conn, row, file)
        batches.hold(conn, row.id, by=person.id, at=at)
        files.dismiss(conn, file, by=person.id, reason=asked.reason, at=at)
        acts.change(conn, kind="file.dismiss", by=person.id, at=at, batch=row.id, note=asked.reason, rows={})

    return _done(bridge, person, id, dismiss)


@router.post("/{id}/files/{file}/retry")
def retry_file(id: PublicId, file: Number, person: Operator, bridge: Engine) -> models.Batch:  # noqa: A002
    """Try once more to read a file that failed."""

    def retry(conn: Connection, row: Row[Any], at: int) -> None:
        _own_file(conn, row, file)
        batches.hold(conn, row.id, by=person.id, at=at)
        files.retry(conn, file)
        acts.change(conn, kind="file.retry", by=person.id, at=at, batch=row.id, rows={})

    return _done(bridge, person, id, retry)


def tell(bridge: Bridge, public_id: str) -> None:
    """Screens show it anew; pictures are made and pages read where an act made them necessary."""
    bridge.notify({"scan", f"batch:{public_id}", "work:take", "work:read"})


def found(conn: Connection, public_id: str) -> Row[Any]:
    """The batch of this id; 404 when there is none."""
    row = batches.find(conn, public_id)
    if row is None:
        raise not_found()
    return row


def perform(bridge: Bridge, public_id: str, operation: Do) -> Any:
    """One operation on a batch, in one commit; then everybody is told."""
    at = bridge.now()
    result = bridge.act(lambda conn: operation(conn, found(conn, public_id), at))
    tell(bridge, public_id)
    return result


def changed(bridge: Bridge, person: Person, public_id: str, operation: Do) -> models.BatchChanged:
    """As `perform`, of an operation that gives `acts.Touched`; answers what that changed."""
    touched: acts.Touched = perform(bridge, public_id, operation)

    def read(conn: Connection) -> tuple[dict[str, Any], set[int | None]]:
        row = found(conn, public_id)
        shown = pages.change(conn, row.id, touched.rows.get("page", ()), touched.act, me=person.id)
        return shown, set(pages.patients(conn, row.id))

    shown, patients = bridge.read(read)
    look(bridge, person, public_id, patients or {None})
    return models.BatchChanged.model_validate(shown)


def _done(bridge: Bridge, person: Person, public_id: str, operation: Do) -> models.Batch:
    perform(bridge, public_id, operation)
    return _whole(bridge, person, public_id)


def _whole(bridge: Bridge, person: Person, public_id: str) -> models.Batch:
    def read(conn: Connection) -> tuple[dict[str, Any], set[int | None]]:
        row = found(conn, public_id)
        return pages.whole(conn, row, me=person.id, at=bridge.now()), set(pages.patients(conn, row.id))

    shown, patients = bridge.read(read)
    look(bridge, person, public_id, patients or {None})
    return models.Batch.model_validate(shown)


def _record(conn: Connection, person: Person, act: str, row: Row[Any], at: int) -> None:
    audit.record(conn, at=at, user=person.login, act=act, subject=row.public_id, origin=person.origin)


def _own_file(conn: Connection, row: Row[Any], file: int) -> None:
    mine = select(scan_file.c.id).where(scan_file.c.id == file, scan_file.c.batch == row.id)
    if conn.execute(mine).first() is None:
        raise not_found()
