"""A document is filed once for its effect, under the id that was announced."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from engine.message import Blob, Refused, document_id
from engine.store.schema import blob, document
from engine.store.schema_records import page
from records import documents, filing
from records.documents import file_document
from records.patients import upsert
from tests.records import seed
from tests.records.filed import PDF, scanned

SIGNED = Blob("ab" * 32, 10, "application/pdf", "report.pdf")


def filed(conn: Connection, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "number": "1", "kind": "ANS report", "title": "", "blob": SIGNED, "run": 7, "run_id": "run-7",
        "effect": "e1", "at": 5,
    }  # fmt: skip
    return file_document(conn, **(given | changes))


def test_a_document_is_filed_under_the_announced_id(conn: Connection) -> None:
    owner = upsert(conn, "1", {"name": "示例"}, 1)
    answer = filed(conn)
    assert answer["id"] == document_id("run-7", SIGNED.sha256)
    assert answer["path"] == f"/d/{answer['id']}"
    row = conn.execute(select(document)).one()
    assert (row.patient, row.kind, row.blob, row.run, row.effect) == (owner["id"], "ANS report", SIGNED.sha256, 7, "e1")
    assert conn.execute(select(blob.c.sha256, blob.c.content_type)).all() == [(SIGNED.sha256, "application/pdf")]


def test_the_same_effect_and_the_same_bytes_file_nothing_new(conn: Connection) -> None:
    upsert(conn, "1", {"name": "示例"}, 1)
    first = filed(conn)
    assert filed(conn) == first
    assert filed(conn, effect="e2") == first
    other = Blob("cd" * 32, 11, "application/pdf", "report.pdf")
    assert filed(conn, effect="e3", blob=other) != first
    assert len(conn.execute(select(document)).all()) == 2


def test_without_its_patient_nothing_is_filed(conn: Connection) -> None:
    with pytest.raises(Refused, match="no patient has this number"):
        filed(conn)
    assert conn.execute(select(document)).all() == []


def test_a_document_is_read_in_a_version(conn: Connection) -> None:
    owner = upsert(conn, "1", {"name": "示例"}, 1)["id"]
    key = scanned(conn, owner)
    public_id = conn.execute(select(document.c.public_id).where(document.c.id == key)).scalar_one()
    found = documents.read(conn, public_id)
    assert found == documents.read(conn, public_id, 1)
    assert found is not None
    assert (found.sha256, found.size, found.content_type) == (PDF.sha256, PDF.size, "application/pdf")
    newer = Blob("ef" * 32, 12, "application/pdf")
    filing.version(conn, key, 2, pdf=newer, keys=filing.pages_of(conn, key, 1), by=None, at=9)
    conn.execute(update(document).values(version=2, blob=newer.sha256))
    read = [documents.read(conn, public_id, version) for version in (0, 1, 2)]
    assert [one.sha256 if one else "" for one in read] == [newer.sha256, PDF.sha256, newer.sha256]
    assert documents.read(conn, public_id, 3) is None
    assert documents.read(conn, "NONE") is None


def test_a_version_with_pages_that_were_repaired_away_is_not_sent_out_again(conn: Connection) -> None:
    owner, other = seed.patient(conn), seed.patient(conn, "0009000002")
    keys = seed.pages(conn, seed.batch(conn, state="filed"), 2, patient=owner)
    key, newer = scanned(conn, owner, keys), Blob("cd" * 32, 12, "application/pdf")
    public_id = conn.execute(select(document.c.public_id).where(document.c.id == key)).scalar_one()
    filing.version(conn, key, 2, pdf=newer, keys=keys[1:], by=None, at=5)
    conn.execute(update(document).where(document.c.id == key).values(version=2, blob=newer.sha256))
    first = documents.read(conn, public_id, 1)
    assert first is not None
    assert first.sha256 == PDF.sha256
    conn.execute(update(page).where(page.c.id == keys[0]).values(patient=other))
    assert documents.read(conn, public_id, 1) == documents.read(conn, public_id)
