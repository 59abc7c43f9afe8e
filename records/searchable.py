"""The searchable form of filed documents: what is due, and what came of it. Storing never waits for it.

A document is due when none of its pages waits to be read. Its pictures stay what they are: only the file changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, exists, select, update

from engine.message import Blob
from engine.store.schema import document
from engine.store.schema_records import document_page, document_version, making, reading
from records import filing, sources

NOT_MADE = "WB-8306"  # the searchable PDF of a document could not be made, or its check at write found something
GIVE_UP = 5
"""Attempts; then it waits for a person."""
FIRST, LONGEST = 30_000, 3_600_000
"""Milliseconds to the next attempt."""
NEVER = 2**53
AGAIN = 15_000
"""Milliseconds until a document whose pages are being read is looked at again; the reading wakes it earlier."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the searchable form of a document's newest version is made of."""

    document: int
    public_id: str
    version: int
    patient: int
    title: str
    created: int
    sources: list[dict[str, Any]] = field(repr=False)


def due(conn: Connection, at: int, most: int) -> tuple[list[int], list[int]]:
    """Of the documents whose time has come: those to be made now, and those whose pages are still to be read."""
    rows = conn.execute(
        select(making.c.document, _waits().label("waits"))
        .where(making.c.due_at <= at)
        .order_by(making.c.due_at, making.c.document)
        .limit(most)
    ).all()
    return [row.document for row in rows if not row.waits], [row.document for row in rows if row.waits]


def postpone(conn: Connection, keys: list[int], at: int) -> None:
    """Look later at these, which wait for their pages' text."""
    conn.execute(update(making).where(making.c.document.in_(keys), making.c.due_at <= at).values(due_at=at + AGAIN))


def _waits() -> Any:
    queued = (
        select(reading.c.page)
        .join(document_page, document_page.c.page == reading.c.page)
        .join(document, document.c.id == document_page.c.document)
        .where(
            document_page.c.document == making.c.document,
            document_page.c.version == document.c.version,
            reading.c.state == "queued",
        )
        .correlate(making)
    )
    return exists(queued)


def plan(conn: Connection, document_id: int) -> Plan | None:
    """None: it is not to be made any more."""
    row = conn.execute(select(document).where(document.c.id == document_id)).one_or_none()
    if row is None or row.origin != "scan":
        return None
    keys = filing.pages_of(conn, document_id, row.version)
    found = sources.of_pages(conn, keys, words=True)
    title = row.title or row.kind
    return Plan(row.id, row.public_id, row.version, row.patient, title, row.created_at, found)


def done(conn: Connection, made: Plan, blob: Blob, at: int) -> bool:
    """The searchable form is durable: it takes the place of the pictures' PDF. False: a newer version came."""
    current = conn.execute(select(document.c.version).where(document.c.id == made.document)).scalar_one()
    if current != made.version:
        return False
    filing.keep(conn, blob, at)
    of = (document_version.c.document == made.document, document_version.c.version == made.version)
    values = {"blob": blob.sha256, "form": "searchable", "checks": [], "made_at": at}
    conn.execute(update(document_version).where(*of).values(values))
    conn.execute(update(document).where(document.c.id == made.document).values(blob=blob.sha256))
    conn.execute(making.delete().where(making.c.document == made.document))
    return True


def failed(conn: Connection, document_id: int, code: str, reason: str, at: int, *, final: bool = False) -> None:
    """Try again later; after `GIVE_UP` attempts, or when trying is of no use, a person says when."""
    row = conn.execute(select(making).where(making.c.document == document_id)).one_or_none()
    if row is None:
        return
    attempts = row.attempts + 1
    wait = min(FIRST * 4 ** (attempts - 1), LONGEST)
    due_at = NEVER if final or attempts >= GIVE_UP else at + wait
    values = {"attempts": attempts, "due_at": due_at, "code": code, "reason": reason[:500]}
    conn.execute(update(making).where(making.c.document == document_id).values(values))


def drop(conn: Connection, document_id: int) -> None:
    """Nothing is due of this document any more."""
    conn.execute(making.delete().where(making.c.document == document_id))


def texted(conn: Connection, page_id: int, at: int) -> None:
    """A page's text came, or will never come: the documents that it is in are looked at now."""
    mine = (
        select(document_page.c.document)
        .join(document, document.c.id == document_page.c.document)
        .where(document_page.c.page == page_id, document_page.c.version == document.c.version)
    )
    for key in conn.execute(mine).scalars().all():
        filing.due(conn, key, at)
