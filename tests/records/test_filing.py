"""A draft is filed once, whole, and only as its pages look."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree
from sqlalchemy import Connection, select, update

from engine.message import Blob, Refused
from engine.store.schema import audit, document
from engine.store.schema_records import (
    batch,
    document_page,
    document_version,
    draft,
    making,
    outbox,
    page,
)
from records import filing
from tests.records import seed

PDF = Blob("ab" * 32, 10, "application/pdf")


class Desk:
    """A closed batch with one complete draft of two pages, and one page beside it."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.user = seed.user(conn, "ana", ("CL",))
        self.patient = seed.patient(conn)
        self.batch = seed.batch(conn, state="closed")
        self.pages = seed.pages(conn, self.batch, 2, patient=self.patient)
        self.draft = self.of(self.pages)

    def of(self, pages: list[int], **changes: Any) -> int:
        return seed.draft(self.conn, self.batch, pages, **({"kind": "consent", "date": "2026-03-01"} | changes))

    def file(self, draft_id: int | None = None, made_of: str | None = None) -> filing.Filed:
        key = draft_id or self.draft
        name = filing.plan(self.conn, key).made_of if made_of is None else made_of
        return filing.file(self.conn, key, pdf=PDF, made_of=name, by=self.user, login="ana", at=9)


@pytest.fixture(name="desk")
def fixture_desk(conn: Connection) -> Desk:
    return Desk(conn)


def test_everything_is_written_in_one_go(conn: Connection, desk: Desk) -> None:
    rest = seed.pages(conn, desk.batch, 1, patient=desk.patient)
    filed = desk.file()
    row = conn.execute(select(document)).one()
    assert (row.public_id, row.patient, row.kind, row.date) == (filed.document, desk.patient, "consent", "2026-03-01")
    assert (row.origin, row.state, row.version, row.pages, row.blob) == ("scan", "current", 1, 2, PDF.sha256)
    version = conn.execute(select(document_version)).one()
    assert (version.version, version.form, version.by, version.attributes["kind"]) == (
        1,
        "pictures",
        desk.user,
        "consent",
    )
    assert [one.page for one in conn.execute(select(document_page).order_by(document_page.c.position))] == desk.pages
    assert conn.execute(select(making.c.document)).scalar_one() == row.id
    message = conn.execute(select(outbox)).one()
    assert (message.operation, message.document, message.version) == ("document_filed", row.id, 1)
    assert etree.fromstring(message.body).findtext("id") == filed.document
    assert conn.execute(select(draft.c.state, draft.c.document)).one() == ("filed", row.id)
    assert conn.execute(select(audit.c.act, audit.c.user, audit.c.patient)).all() == [
        ("document.file", "ana", desk.patient)
    ]
    assert conn.execute(select(batch.c.state)).scalar_one() == "closed"
    assert not filed.batch_filed
    assert desk.file(desk.of(rest)).batch_filed
    assert conn.execute(select(batch.c.state)).scalar_one() == "filed"


def test_filing_again_is_the_same_document(conn: Connection, desk: Desk) -> None:
    first = desk.file()
    again = desk.file()
    assert (again.document, again.new) == (first.document, False)
    assert len(conn.execute(select(outbox)).all()) == 1


def test_what_is_missing_is_said_in_words(conn: Connection, desk: Desk) -> None:
    other = seed.patient(conn, "0009000002")
    empty = desk.of([], kind="", date="")
    with pytest.raises(Refused, match="not complete: pages, patient, kind, date"):
        desk.file(empty)
    conn.execute(update(page).where(page.c.id == desk.pages[0]).values(patient=other))
    with pytest.raises(Refused, match="patient, mixed"):
        desk.file()
    conn.execute(update(page).values(patient=other))
    conn.execute(update(batch).values(state="open"))
    with pytest.raises(Refused, match="not complete: closed"):
        desk.file()
    assert conn.execute(select(document)).all() == []


def test_a_pdf_of_other_pages_is_not_filed(conn: Connection, desk: Desk) -> None:
    name = filing.plan(conn, desk.draft).made_of
    conn.execute(update(page).where(page.c.id == desk.pages[0]).values(recipe={"rotate": 90}))
    with pytest.raises(Refused, match="WB-8304"):
        desk.file(made_of=name)


def test_somebody_elses_batch_is_left_alone(conn: Connection, desk: Desk) -> None:
    conn.execute(update(batch).values(locked_by=seed.user(conn, "bea", ("SC",)), locked_at=9))
    with pytest.raises(Refused, match="WB-8102"):
        desk.file()


def test_a_draft_is_found_by_its_id(conn: Connection, desk: Desk) -> None:
    row = filing.find(conn, seed.public(conn, draft, desk.draft)[0])
    assert row is not None
    assert row.id == desk.draft
    assert filing.owner(conn, row) == desk.patient
    assert filing.batch_of(conn, row) == seed.public(conn, batch, desk.batch)[0]
    assert filing.find(conn, "NONE") is None
