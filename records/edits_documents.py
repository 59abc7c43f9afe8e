"""Changes to filed documents: attributes, withdrawal, pages; each recorded, undone while nothing stands on it.

Who was told of a document is told of what changed: of other pages, another kind or date, and of withdrawals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select, update

from engine.message import Blob, Refused
from engine.points import point
from engine.store.schema import document, users
from engine.store.schema_records import act, document_page, document_version, draft, page
from engine.store.sql import pieces
from records import acts, drafts, filing, outbox, sources, tree
from records.states import PageState

REFUSED = "WB-8310"  # a change that this document does not take: of its state, its origin, or somebody else's pages

TOLD = ("kind", "date")
"""Attributes that those who were told of a document know it by."""
EDIT, WITHDRAW, RESTORE, PAGES = "document.edit", "document.withdraw", "document.restore", "document.pages"
UNDONE = (EDIT, WITHDRAW, RESTORE, PAGES)
HIDDEN = (tree.PINNED, tree.LOOSE)
"""Acts that are a person's own: of no history."""


@dataclass(frozen=True, slots=True)
class NewPages:
    """What a new version is made of."""

    document: int
    public_id: str
    title: str
    sources: list[dict[str, Any]] = field(repr=False)
    made_of: str


def edit(
    conn: Connection, document_id: int, said: Mapping[str, Any], *, by: int, at: int, reason: str = "", bulk: str = ""
) -> int:
    """Say something else of a document; the act, 0 when nothing changes."""
    row = _current(conn, document_id)
    values = changed(conn, row, said)
    if not values:
        return 0
    number = acts.change(
        conn, kind=EDIT, by=by, at=at, document=document_id, bulk=bulk, note=reason,
        rows={"document": {document_id: values}},
    )  # fmt: skip
    if set(values) & set(TOLD):
        outbox.put(conn, operation=outbox.REPLACED, document_id=document_id, at=at, reason=reason)
    return number


def changed(conn: Connection, row: Row[Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is said, what is not so already; checked."""
    values = drafts.checked(conn, said)
    return {name: value for name, value in values.items() if row._mapping[name] != value}


def withdraw(conn: Connection, document_id: int, *, by: int, at: int, reason: str) -> int:
    """Take a document out of the record; it stays in the archive, with its reason."""
    _current(conn, document_id)
    number = acts.change(
        conn, kind=WITHDRAW, by=by, at=at, document=document_id, note=reason,
        rows={"document": {document_id: {"state": "withdrawn"}}},
    )  # fmt: skip
    outbox.put(conn, operation=outbox.WITHDRAWN, document_id=document_id, at=at, reason=reason)
    return number


def restore(conn: Connection, document_id: int, *, by: int, at: int) -> int:
    """It is in the record again, and filed anew for whoever was told that it is not."""
    row = _row(conn, document_id)
    if row.state != "withdrawn":
        raise Refused(REFUSED, "the document is not withdrawn")
    number = acts.change(
        conn, kind=RESTORE, by=by, at=at, document=document_id,
        rows={"document": {document_id: {"state": "current"}}},
    )  # fmt: skip
    outbox.put(conn, operation=outbox.FILED, document_id=document_id, at=at)
    return number


def plan_pages(conn: Connection, document_id: int, pages: Sequence[str]) -> NewPages:
    """The pages of a new version, by their public ids; all kept, of this patient, in no other document, and
    those that were not in this one were in another before."""
    row = _current(conn, document_id)
    if row.origin != "scan":
        raise Refused(REFUSED, "a document that a route filed has no pages to change")
    if len(set(pages)) != len(pages):
        raise Refused(REFUSED, "a page is named twice")
    found: dict[str, Any] = {}
    for part in pieces(pages):
        some = select(page.c.id, page.c.public_id, page.c.patient, page.c.state)
        for one in conn.execute(some.where(page.c.public_id.in_(part))):
            found[one.public_id] = one
    if len(found) != len(pages):
        raise Refused(REFUSED, "a page is not there")
    if any(one.patient != row.patient or one.state != PageState.KEPT for one in found.values()):
        raise Refused(REFUSED, "a page is not of this patient, or not of the record")
    keys = [found[name].id for name in pages]
    _free(conn, row.id, keys)
    made = sources.of_pages(conn, keys, words=True)
    return NewPages(row.id, row.public_id, row.title or row.kind, made, sources.name_of(made))


def _free(conn: Connection, document_id: int, keys: Sequence[int]) -> None:
    """`Refused` for pages of another document, and for new ones that the scan desk may still change or file: only
    what left a document comes into one in this way."""
    held = (document_page.c.document == document.c.id) & (document_page.c.version == document.c.version)
    others = (document.c.id != document_id, document.c.state == "current")
    elsewhere = select(document_page.c.page).join(document, held).where(*others)
    own = select(document_page.c.page).where(document_page.c.document == document_id)
    desk = select(page.c.id).outerjoin(draft, draft.c.id == page.c.draft).where(draft.c.state.is_distinct_from("filed"))
    for part in pieces(keys):
        some = part
        taken = elsewhere.where(document_page.c.page.in_(some)).limit(1)
        open_ = desk.where(page.c.id.in_(some), page.c.id.not_in(own)).limit(1)
        if conn.execute(taken).first() or conn.execute(open_).first():
            raise Refused(REFUSED, "a page is in another document, or is to be filed by the scan desk")


def pages(
    conn: Connection, document_id: int, names: Sequence[str], *, pdf: Blob, made_of: str, by: int, at: int, reason: str
) -> int:
    """The next version, of these pages; the former stays readable. Its number."""
    ready = plan_pages(conn, document_id, names)
    if ready.made_of != made_of:
        raise Refused(filing.CHANGED, "the pages changed meanwhile; try again")
    row = _current(conn, document_id)
    number = _next(conn, document_id)
    keys = [one["id"] for one in ready.sources]
    filing.version(conn, document_id, number, pdf=pdf, keys=keys, by=by, at=at, reason=reason)
    acts.change(
        conn, kind=PAGES, by=by, at=at, document=document_id, note=reason,
        rows={"document": {document_id: {"version": number, "pages": len(keys)}}},
    )  # fmt: skip
    conn.execute(update(document).where(document.c.id == row.id).values(blob=pdf.sha256))
    outbox.put(conn, operation=outbox.REPLACED, document_id=document_id, at=at, reason=reason)
    point("file.version")
    return number


def undo(conn: Connection, document_id: int, *, by: int, at: int, number: int | None = None) -> acts.Touched:
    """Undo an act on a document (the newest that is not undone), and tell whoever was told of it."""
    chosen = number or _newest(conn, document_id)
    row = conn.execute(select(act).where(act.c.id == (chosen or 0), act.c.document == document_id)).one_or_none()
    if row is None or row.kind not in UNDONE:
        raise Refused(acts.NO_UNDO, "there is nothing to undo")
    touched = acts.undo(conn, row.id, by=by, at=at)
    if row.kind == PAGES:
        _as_before(conn, document_id)
    operation = {WITHDRAW: outbox.FILED, RESTORE: outbox.WITHDRAWN, PAGES: outbox.REPLACED}.get(row.kind)
    if row.kind == EDIT and {name for values in row.after.get("document", {}).values() for name in values} & set(TOLD):
        operation = outbox.REPLACED
    if operation is not None:
        outbox.put(conn, operation=operation, document_id=document_id, at=at)
    return touched


def history(
    conn: Connection, document_id: int, after: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """What was done to a document, newest first; a person is named by login."""
    undone = users.alias("undone")
    query = (
        select(act, users.c.login, undone.c.login.label("undoer"))
        .outerjoin(users, users.c.id == act.c.by)
        .outerjoin(undone, undone.c.id == act.c.undone_by)
        .where(act.c.document == document_id, act.c.kind.not_in(HIDDEN))
    )
    if after is not None:
        query = query.where(act.c.id < after)
    rows = conn.execute(query.order_by(act.c.id.desc()).limit(limit + 1)).all()
    newest = _newest(conn, document_id)
    return [_entry(row, newest) for row in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None


def _entry(row: Row[Any], newest: int | None) -> dict[str, Any]:
    before = next(iter(row.before.get("document", {}).values()), None) or {}
    after = next(iter(row.after.get("document", {}).values()), None) or {}
    return {
        "id": row.id,
        "kind": row.kind,
        "by": row.login,
        "at": row.at,
        "note": row.note,
        "changes": [{"name": name, "before": before.get(name), "after": after[name]} for name in after],
        "bulk": row.bulk,
        "undone_at": row.undone_at,
        "undone_by": row.undoer,
        "can_undo": row.id == newest,
    }


def _newest(conn: Connection, document_id: int) -> int | None:
    mine = (act.c.document == document_id, act.c.undone_at.is_(None), act.c.kind.in_(UNDONE))
    return conn.execute(select(act.c.id).where(*mine).order_by(act.c.id.desc()).limit(1)).scalar_one_or_none()


def _as_before(conn: Connection, document_id: int) -> None:
    """The blob of the version that counts again; its searchable form may still be due."""
    row = _row(conn, document_id)
    of = (document_version.c.document == document_id, document_version.c.version == row.version)
    version = conn.execute(select(document_version).where(*of)).one()
    conn.execute(update(document).where(document.c.id == document_id).values(blob=version.blob))
    if version.form == "pictures":
        filing.due(conn, document_id, row.changed_at)


def _next(conn: Connection, document_id: int) -> int:
    """After the highest that ever was: a version that was undone keeps its number."""
    query = select(document_version.c.version).where(document_version.c.document == document_id)
    return int(conn.execute(query.order_by(document_version.c.version.desc()).limit(1)).scalar_one()) + 1


def _row(conn: Connection, document_id: int) -> Row[Any]:
    return conn.execute(select(document).where(document.c.id == document_id)).one()


def _current(conn: Connection, document_id: int) -> Row[Any]:
    row = _row(conn, document_id)
    if row.state != "current":
        raise Refused(REFUSED, "the document is withdrawn; restore it first")
    return row
